"""Addresses by name: how a place in a scheme document is written, `rules.volume-rebate.rate.table.steps.plus.rate`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from incentive_lab.scheme.base import Part

Key = str | int
Location = tuple[Key, ...]

# Lists whose single item is addressed without naming it: `limit.amount`, not `limit.amount-per-month.amount`.
TRANSPARENT = frozenset({"limit", "multiply"})
_SEGMENT = re.compile(r'"((?:[^"\\]|\\.)*)"|([^.]+)')


def quoted(segment: str) -> str:
    """One segment as it is written in a path: in quotes where a dot or a quote would be misread.

    Example:
        >>> quoted("gold"), quoted("v2.0")
        ('gold', '"v2.0"')
    """
    if segment and not any(mark in segment for mark in '."\\'):
        return segment
    return '"' + segment.replace("\\", "\\\\").replace('"', '\\"') + '"'


def join(segments: Sequence[str]) -> str:
    """Segments as one path.

    Example:
        >>> join(["rules", "spif", "rate", "by_type", "v2.0"])
        'rules.spif.rate.by_type."v2.0"'
    """
    return ".".join(quoted(segment) for segment in segments)


def split(path: str) -> tuple[str, ...]:
    """The segments of a path.

    Example:
        >>> split('rules.spif.rate.by_type."v2.0"')
        ('rules', 'spif', 'rate', 'by_type', 'v2.0')
    """
    return tuple(
        re.sub(r"\\(.)", r"\1", match[1]) if match[1] is not None else match[2] for match in _SEGMENT.finditer(path)
    )


def _face(item: object) -> Mapping[str, object]:
    """What an item says, by key: a mapping as it is, a part by its fields that hold something."""
    if isinstance(item, Part):
        fields = type(item).model_fields
        said = {info.alias or name: getattr(item, name) for name, info in fields.items()}
        return {key: value for key, value in said.items() if value is not None}
    return item if isinstance(item, Mapping) else {}


def _natural(field: str, item: object, place: int) -> str:
    """The name an item of a list carries itself, else one from its kind and place."""
    data = _face(item)
    name = data.get("id") or data.get("name")
    if name is not None:
        return str(name)
    if field in ("gates", "caps", "guarantees", "draws"):
        return f"{field[:-1]}-{place}"
    if field == "steps":
        return f"step_{place}"
    if field == "limit":
        kind = next((key for key in ("quantity", "amount", "share") if key in data), "limit")
        return f"{kind}-per-{data.get('per', 'month')}"
    if field == "schedule":
        return f"within-{data.get('within_months', place)}"
    if field == "multiply":
        named = [f"{kind.replace('_', '-')}-{data[kind]}" for kind in ("attainment_of", "scorecard") if kind in data]
        return named[0] if named else "by-table"
    return str(data.get("measure", place)) if field == "targets" else str(place)


def item_keys(field: str, items: Sequence[object]) -> list[str]:
    """The name of each item of a list: its id or name, else what tells it from the others, else its place.

    Example:
        >>> item_keys("rules", [{"id": "spif"}, {"id": "rebate"}])
        ['spif', 'rebate']
        >>> item_keys("limit", [{"amount": 10, "per": "quarter"}, {"quantity": 3}])
        ['amount-per-quarter', 'quantity-per-month']
    """
    seen: Counter[str] = Counter()
    keys = []
    for place, item in enumerate(items, 1):
        name = _natural(field, item, place)
        seen[name] += 1
        keys.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return keys


class Places:
    """Names and positions of the items of a document's lists; each list is named once, however often it is asked for.

    It is for one document, and while that does not change.

    Example:
        >>> places, items = Places(), [{"id": "spif"}, {"id": "rebate"}]
        >>> places.name("rules", items, 1), places.place("rules", items, "rebate"), places.place("rules", items, "mdf")
        ('rebate', 1, None)
    """

    def __init__(self) -> None:
        # The list is held beside its names: as long as it lives, no other list has its number.
        self._known: dict[tuple[str, int], tuple[Sequence[object], list[str], dict[str, int]]] = {}

    def name(self, field: str, items: Sequence[object], place: int) -> str:
        """The name of the item at a position, counted from 0, of a list under a field."""
        return self._of(field, items)[1][place]

    def place(self, field: str, items: Sequence[object], name: str) -> int | None:
        """The position of the first item of that name; None without one."""
        return self._of(field, items)[2].get(name)

    def _of(self, field: str, items: Sequence[object]) -> tuple[Sequence[object], list[str], dict[str, int]]:
        at = field, id(items)
        if at not in self._known:
            names = item_keys(field, items)
            self._known[at] = items, names, {name: len(names) - back for back, name in enumerate(reversed(names), 1)}
        return self._known[at]


def name_path(data: object, location: Location, places: Places | None = None) -> str:
    """The named path of a location of keys and list positions inside a plain document.

    Args:
        data: The document.
        location: The keys and positions that lead to the place.
        places: What names its lists, for whoever asks for many places of one document.

    Example:
        >>> name_path({"rules": [{"id": "spif", "rate": 3}]}, ("rules", 0, "rate"))
        'rules.spif.rate'
    """
    places = places or Places()
    segments: list[str] = []
    field, node = "", data
    for key in location:
        if isinstance(key, int) and isinstance(node, list) and key < len(node):
            if not (field in TRANSPARENT and len(node) == 1):
                segments.append(places.name(field, node, key))
            node = node[key]
        else:
            field = str(key)
            segments.append(field)
            node = node.get(key) if isinstance(node, Mapping) else None
    return join(segments)
