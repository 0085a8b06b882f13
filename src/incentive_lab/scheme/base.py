"""What every part of a scheme document is made of: frozen models and numbers declared once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A frozen part of a document that refuses keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


@dataclass(frozen=True)
class Tunable:
    """The one declaration of a number that a designer may move.

    Attributes:
        label: What a control calls it.
        unit: currency, share, count, months, number or factor.
        bounds: Hard limits; outside them is an error.
        typical: Where sliders and search look; never clamps.
        step: How far one press of a key moves it.
        help: One sentence for the designer.
        source: Where the docs explain it.
    """

    label: str
    unit: Literal["currency", "share", "count", "months", "number", "factor"]
    bounds: tuple[float, float]
    typical: tuple[float, float]
    step: float
    help: str
    source: str

    def described(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        """A JSON Schema of the number with this declaration in it."""
        return {
            **schema,
            "title": self.label,
            "description": self.help,
            "x-tunable": {
                "unit": self.unit,
                "bounds": list(self.bounds),
                "typical": list(self.typical),
                "step": self.step,
                "source": self.source,
            },
        }


def one_of(names: Sequence[str]) -> str:
    """Names as a readable choice.

    Example:
        >>> one_of(["a", "b", "c"])
        'a, b or c'
    """
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " or " + names[-1]
