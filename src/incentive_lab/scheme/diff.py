"""What changed between two schemes, by named address and in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from incentive_lab.scheme.base import Part
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.naming import TRANSPARENT, item_keys, join
from incentive_lab.scheme.paths import Address, tunables
from incentive_lab.scheme.tree import bare_key, tree, written_fields
from incentive_lab.scheme.walk import Segments, fields
from incentive_lab.scheme.words import label_of, written


@dataclass(frozen=True)
class Change:
    """One difference.

    Attributes:
        path: Where.
        before: What the old scheme says there, as plain data; None where it says nothing.
        after: What the new one says.
        sentence: The difference in words.
    """

    path: str
    before: Any
    after: Any
    sentence: str


def diff(old: Scheme, new: Scheme) -> list[Change]:
    """Every difference, in the order of the model; equal schemes have none.

    Items of a list are matched by name: a new tier changes no other line, and another order is one change.

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> text = "{scheme: a, currency: USD, effective: {from: 2024-01-01}, rules: [{id: c, on: revenue, rate: 3%}]}"
        >>> [change.sentence for change in diff(loads(text), loads(text.replace("3%", "4%")))]
        ['c: rate from 3% to 4%']
    """
    declared = {one.path: one for scheme in (old, new) for one in tunables(scheme, defaults=True)}
    return [
        Change(join(segments), before, after, _sentence(segments, before, after, declared))
        for segments, before, after in _parts((), old, new)
    ]


_KINDS = {
    "rules": "rule",
    "levels": "tier",
    "steps": "step",
    "gates": "gate",
    "caps": "cap",
    "guarantees": "guarantee",
    "draws": "draw",
    "pools": "pool",
    "alternatives": "alternatives",
    "targets": "target",
    "limit": "limit",
    "measures": "measure",
    "variants": "variant",
}
Found = Iterator[tuple[Segments, Any, Any]]


def _parts(here: Segments, old: Part, new: Part) -> Found:
    """The differences of two parts of the same kind."""
    bare = bare_key(old) if bare_key(old) == bare_key(new) else None
    said_old, said_new = ({key for key, _, _ in written_fields(part)} for part in (old, new))
    if here and said_old and said_new and not said_old & said_new:
        yield here, _plain(old), _plain(new)
        return
    after = dict(fields(new))
    for key, value in fields(old):
        if value != after[key]:
            yield from _values(here if key == bare else (*here, key), key, value, after[key])


def _values(here: Segments, key: str, old: Any, new: Any) -> Found:
    if isinstance(old, Part) and type(old) is type(new):
        yield from _parts(here, old, new)
    elif isinstance(old, Mapping) and isinstance(new, Mapping) and key != "change":
        yield from _named(here, dict(old), dict(new))
        if key == "variants":
            yield from _order(here, list(old), list(new))
    elif isinstance(old, tuple) and isinstance(new, tuple) and _are_parts((*old, *new)):
        yield from _lists(here, key, old, new)
    elif _are_numbers(old) and _are_numbers(new) and len(old) == len(new):
        places = item_keys(key, old)
        yield from _named(here, dict(zip(places, old, strict=True)), dict(zip(places, new, strict=True)))
    elif _set(key, old) != _set(key, new):
        yield here, _plain(old), _plain(new)


def _are_parts(items: tuple[Any, ...]) -> bool:
    return bool(items) and all(isinstance(item, (Part, Mapping)) for item in items)


def _are_numbers(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(item, Decimal) for item in value)


def _set(key: str, value: Any) -> Any:
    """Lists of names are the same in another order."""
    texts = isinstance(value, tuple) and all(isinstance(item, str) for item in value)
    return tuple(sorted(value)) if texts and key != "ratio" else value


def _lists(here: Segments, key: str, old: tuple[Any, ...], new: tuple[Any, ...]) -> Found:
    if key in TRANSPARENT and len(old) == len(new) == 1:
        yield from _values(here, "", old[0], new[0])
        return
    before, after = (item_keys(key, items) for items in (old, new))
    yield from _named(here, dict(zip(before, old, strict=True)), dict(zip(after, new, strict=True)))
    yield from _order(here, before, after)


def _named(here: Segments, old: dict[str, Any], new: dict[str, Any]) -> Found:
    for name in [*old, *(name for name in new if name not in old)]:
        if name not in new:
            yield (*here, name), _plain(old[name]), None
        elif name not in old:
            yield (*here, name), None, _plain(new[name])
        elif old[name] != new[name]:
            yield from _values((*here, name), name, old[name], new[name])


def _order(here: Segments, old: list[str], new: list[str]) -> Found:
    """Another order of the names that both have."""
    before, after = [name for name in old if name in new], [name for name in new if name in old]
    if before != after:
        yield (*here, "order"), before, after


def _plain(value: Any) -> Any:
    """A value as plain data; a part that is one bare value as that value."""
    if isinstance(value, Part):
        key = bare_key(value)
        return (
            _plain(dict(fields(value))[key]) if key else {name: _plain(item) for name, _, item in written_fields(value)}
        )
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    return tree(value)


def _says(value: Any, unit: str = "number") -> str:
    """A value in words, without the name that stands before it already."""
    if isinstance(value, Mapping):
        return written({key: item for key, item in value.items() if key not in ("id", "name")}, unit)
    return written(value, unit)


def _sentence(segments: Segments, before: Any, after: Any, declared: Mapping[str, Address]) -> str:
    address = declared.get(join(segments))
    unit = address.declaration.unit if address else "number"
    old, new = _says(before, unit), _says(after, unit)
    if segments[-1] == "order":
        return f"The order of {segments[-2]} is {new}; it was {old}"
    if len(segments) == 5 and segments[1] == "levels" and segments[3] == "needs":
        level, measure = segments[2].capitalize(), segments[4]
        if before is None:
            return f"{level} now needs {new} of {measure}"
        return f"{level} no longer needs {measure}" if after is None else f"{level} from {old} to {new} of {measure}"
    kind = _KINDS.get(segments[-2]) if len(segments) > 1 else None
    if kind and before is None:
        return f"New {kind} {segments[-1]}: {new}"
    if kind and after is None:
        return f"The {kind} {segments[-1]} is gone; it was {old}"
    label = address.label if address else label_of(segments)
    if before is None:
        return f"{label}: new, {new}"
    return f"{label}: removed, it was {old}" if after is None else f"{label} from {old} to {new}"
