"""What is wrong with a document, in sentences for the person who wrote it, with the nearest known name."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from pydantic import ValidationError

from incentive_lab.errors import InputError, Problem, did_you_mean, nearest
from incentive_lab.format import capital
from incentive_lab.scheme.base import Part
from incentive_lab.scheme.naming import Location, Places, name_path
from incentive_lab.scheme.reading import Source
from incentive_lab.scheme.shapes import Shape, shape_of

_WRITE = {
    "scheme": "Add an id, such as scheme: partner-growth.",
    "currency": "Add an ISO 4217 code, such as currency: USD.",
    "effective": "Add when it runs, such as effective: {from: 2014-01-01, months: 12}.",
    "rules": "Add at least one rule, such as rules: [{id: rebate, on: revenue, rate: 3%}].",
    "id": "Add an id, such as id: volume-rebate.",
    "on": "Add what it pays on, such as on: revenue.",
    "name": "Add a name, such as name: gold.",
    "levels": "Add the levels, lowest first, such as levels: [{name: silver}, {name: gold}].",
    "steps": "Add the steps, lowest first, such as steps: [{from: 0, rate: 1%}, {from: 100_000, rate: 2%}].",
    "amount": "Add an amount, such as amount: 10_000.",
}
_PATTERNS = {
    r"^[a-z0-9][a-z0-9_-]{0,63}$": "an id of at most 64 lower-case letters, digits, '-' and '_', such as volume-rebate",
    r"^[A-Z]{3}$": "an ISO 4217 code of three capital letters, such as USD",
    r"^\d{4}-\d{2}-01$": "the first day of a month, such as 2014-01-01",
    r"^\d{4}-\d{2}$": "a month, such as 2014-03",
}


def shown(value: object) -> str:
    """A value as a message quotes it.

    Example:
        >>> shown("Gold"), shown(Decimal("1.50")), shown(None), shown([1, 2])
        ("'Gold'", '1.50', 'nothing', 'a list of 2')
    """
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (Decimal, int, float, datetime.date)):
        return str(value)
    if isinstance(value, (list, tuple)):
        return f"a list of {len(value)}" if value else "an empty list"
    if isinstance(value, Mapping):
        keys = ", ".join(str(key)[:30] for key in list(value)[:6])
        return "a mapping with " + keys + (" ..." if len(value) > 6 else "") if value else "an empty mapping"
    text = str(value)
    return "'" + (text if len(text) <= 40 else text[:37] + "...") + "'"


@dataclass(frozen=True)
class _Located:
    """One complaint of the model, placed in the document the user wrote.

    Attributes:
        error: The complaint.
        at: Where, as keys and positions of the user's document.
        node: What stands there.
        shape: What may stand there.
        missing: The key that is not there.
        union_at: Where a choice of forms was being tried.
    """

    error: Mapping[str, Any]
    at: Location
    node: Any
    shape: Shape
    missing: str = ""
    union_at: Location | None = None


def _locate(error: Mapping[str, Any], data: Mapping[str, Any], root: Shape) -> _Located:
    """Follow a complaint's location through the document; steps that only the model knows are left out."""
    at: list[str | int] = []
    node: Any = data
    shape, missing, union_at = root, "", None
    last = len(error["loc"]) - 1
    for place, step in enumerate(error["loc"]):
        if isinstance(node, Mapping) and step not in node and isinstance(node.get("effect"), Mapping):
            at.append("effect")
            node = node["effect"]
        if isinstance(node, Mapping) and step in node:
            shape = shape.at(step)
        elif isinstance(step, int):
            shape = shape.item()
            if isinstance(node, Mapping) and at and at[-1] == "levels" and step < len(node):
                step = list(node)[step]
            elif not isinstance(node, list) or step >= len(node):
                continue
        elif step in shape.known():
            # A key that is not there leads on where a mapping stands for it, such as a table for a union of one.
            missing = str(step) if isinstance(node, Mapping) and place == last else ""
            shape = shape if missing else shape.at(step)
            continue
        else:
            union_at = tuple(at) if union_at is None else union_at
            continue
        at.append(step)
        node = node[step]
    return _Located(error, tuple(at), node, shape, missing, union_at)


def _number_limits(found: _Located, shape: Shape) -> str:
    context = found.error.get("ctx") or {}
    if shape.tunable is not None:
        low, high = shape.tunable.bounds
        extent = f"{low:,g} to {high:,g}" if high < 1e6 else f"{low:,.0f} to {high:,.0f}"
        return f"{extent} ({low:.0%} to {high:.0%})" if shape.tunable.unit == "share" else extent
    words = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
    return " and ".join(f"{words[key]} {limit}" for key, limit in context.items() if key in words)


def _sentence(found: _Located) -> tuple[str, str]:
    """The complaint as (message, fix), without its line."""
    kind, value = found.error["type"], shown(found.node)
    context = found.error.get("ctx") or {}
    if kind == "missing":
        key = found.missing or str(found.error["loc"][-1])
        return f"the key '{key}' is missing", _WRITE.get(key, f"Add it: {key} is {found.shape.at(key).words()}.")
    if kind == "extra_forbidden":
        key = str(found.at[-1] if found.at else "")
        if key.isdecimal():
            return f"unknown key '{key[:60]}'", "A comma inside { } ends a number: write 2_000 or 2000."
        return f"unknown key '{key[:60]}'", did_you_mean(key, found.shape.parent_keys)
    if kind == "string_pattern_mismatch":
        return f"found {value}, expected {_PATTERNS.get(context['pattern'], 'another form of text')}", ""
    if kind.startswith(("greater_than", "less_than")):
        return f"found {value}, allowed is {_number_limits(found, found.shape)}", ""
    if kind == "value_error":
        text = str(context.get("error") or found.error["msg"]).removeprefix("Value error, ")
        return (text if text.startswith("found") else f"{text}; found {value}"), ""
    if kind in ("too_short", "too_long"):
        return f"found {value}, expected {found.shape.words()} with {_size(kind, context)}", ""
    if kind == "string_type" and isinstance(found.node, (Decimal, bool)):
        return f"found {value}, expected text", f'Put it in quotes: "{value}".'
    return f"found {value}, expected {found.shape.words()}", found.shape.nearest(found.node)


def _size(kind: str, context: Mapping[str, Any]) -> str:
    count = context.get("min_length" if kind == "too_short" else "max_length", 1)
    return f"{'at least' if kind == 'too_short' else 'at most'} {count}"


def _unknown(found: _Located) -> bool:
    return found.error["type"] == "extra_forbidden" and bool(found.at)


def _told(found: Iterable[_Located]) -> Iterator[_Located]:
    """Leave out what only repeats another complaint: other branches of a choice, lists emptied by their bad items."""
    located = list(found)
    deep: dict[Location, bool] = defaultdict(bool)
    for one in located:
        if one.union_at is not None and (len(one.at) > len(one.union_at) or one.missing):
            deep[one.union_at] = True
    misspelt = {(one.at[:-1], nearest(one.at[-1], one.shape.parent_keys)) for one in located if _unknown(one)}
    told: set[tuple[Location, str]] = set()
    for one in located:
        shallow = one.union_at is not None and one.at == one.union_at and not one.missing
        if shallow and deep[one.union_at or ()]:
            continue
        emptied = one.error["type"] == "too_short" and isinstance(one.node, (list, Mapping))
        if emptied and len(one.node) >= one.error["ctx"]["min_length"]:
            continue
        if (one.at, one.missing) not in told and (one.at, one.missing) not in misspelt:
            told.add((one.at, one.missing))
            yield one


Document = TypeVar("Document", bound=Part)


def validated(source: Source, model: type[Document], name: str) -> Document:
    """Plain data as a document of a kind.

    Args:
        source: What was read, with the problems of reading it.
        model: The kind: a scheme, a pilot, assumptions.
        name: What problems of the whole document are told about.

    Raises:
        InputError: With every problem of the reading and of the model at once; a place that could not be read is told once.
    """
    problems = list(source.problems)
    try:
        made = model.model_validate(source.data)
    except ValidationError as error:
        known = {problem.path for problem in problems}
        problems += [one for one in model_problems(error, source, model, name) if one.path not in known]
    if problems:
        raise InputError(problems)
    return made


def model_problems(error: ValidationError, source: Source, model: type[Part], name: str) -> list[Problem]:
    """Each complaint of the model once, as a sentence with its named path and line.

    Example:
        >>> from incentive_lab.scheme.document import Effective
        >>> try:
        ...     Effective.model_validate({"form": "2014-01-01"})
        ... except ValidationError as error:
        ...     [print(one) for one in model_problems(error, Source({"form": "2014-01-01"}), Effective, "effective")]
        form: Unknown key 'form'. Did you mean from?
        [None]
    """
    root = shape_of(model)
    located = (_locate(one, source.data, root) for one in error.errors(include_url=False))
    problems, places = [], Places()
    for found in _told(located):
        message, fix = _sentence(found)
        line = _line(source, found.at)
        where = f"Line {line}: " if line else ""
        message = message if where else capital(message)
        path = name_path(source.data, (*found.at, found.missing) if found.missing else found.at, places)
        problems.append(Problem(path or name, f"{where}{message}.", fix))
    return problems


def _line(source: Source, at: Location) -> int | None:
    while at and at not in source.lines:
        at = at[:-1]
    return source.lines.get(at)
