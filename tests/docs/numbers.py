"""docs/numbers.md: every declared number of a scheme. `python -m tests.docs.numbers` writes it anew."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from pydantic import BaseModel

from incentive_lab.format import count, percent
from incentive_lab.scheme.base import Tunable
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.shapes import declarations

PAGE = Path(__file__).resolve().parents[2] / "docs" / "numbers.md"
HEAD = """# The numbers of a scheme
Every number that a designer may move, with the one declaration from which validation, the JSON Schema, the dashboard's
dials and this page are made; `make docs` writes it anew. Allowed is law: outside of it a document is refused. Typical is where
dials and search look, and never clamps. A rate, a border or a reference is in the unit of the measure it belongs to.

| part | key | number | unit | allowed | typical | step | what it is | explained in |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
"""


def inside(annotation: object) -> list[object]:
    """An annotation and everything it is made of."""
    return [annotation, *(deep for part in get_args(annotation) if part is not annotation for deep in inside(part))]


def models(model: type[BaseModel], seen: dict[type[BaseModel], None] | None = None) -> dict[type[BaseModel], None]:
    """The models a model is made of, in the order in which a document meets them."""
    seen = {} if seen is None else seen
    if model not in seen:
        seen[model] = None
        for info in model.model_fields.values():
            for inner in inside(info.annotation):
                if isinstance(inner, type) and issubclass(inner, BaseModel):
                    models(inner, seen)
    return seen


def written(value: float, unit: str) -> str:
    """A bound in its unit; a thousand million and more is told as a power of ten."""
    if unit == "share":
        return percent(value)
    return f"{value:.0e}".replace("e+0", "e") if abs(value) >= 1e9 else count(value)


def row(part: str, key: str, told: Tunable) -> str:
    """One line of the table."""
    ranges = [f"{written(low, told.unit)} to {written(high, told.unit)}" for low, high in (told.bounds, told.typical)]
    source = told.source.removeprefix("docs/")
    heading = source.partition("#")[2].replace("-", " ") or source
    cells = [
        part,
        f"`{key}`",
        told.label,
        told.unit,
        *ranges,
        written(told.step, told.unit),
        told.help,
        f"[{heading}]({source})",
    ]
    return f"| {' | '.join(cells)} |\n"


def rows() -> Iterator[str]:
    """One line for each declared number, by the part that holds it."""
    for model in models(Scheme):
        for key, told in declarations(model).items():
            yield row(model.__name__, key, told)


def page() -> str:
    """The whole page."""
    return HEAD + "".join(rows())


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
