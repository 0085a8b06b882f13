"""A scheme as text: YAML for people in its shortest form, JSON for machines; both read back to the same scheme."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from incentive_lab.scheme.base import Part
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.measures import COLUMNS, Condition, Measure
from incentive_lab.scheme.naming import TRANSPARENT, split
from incentive_lab.scheme.numbers import exact
from incentive_lab.scheme.paths import tunables
from incentive_lab.scheme.tree import bare_key, decimal_text, tree, written_fields
from incentive_lab.scheme.walk import Node, Segments, entries
from incentive_lab.scheme.yaml_text import Share, yaml_text

_NUMBERED = {"gates": "gate", "caps": "cap", "guarantees": "guarantee", "draws": "draw"}


def dumps(scheme: Scheme) -> str:
    """A scheme as YAML that a channel manager can read: shortest forms, defaults left out.

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> text = "{scheme: a, currency: USD, effective: {from: 2024-01-01}, rules: [{id: c, on: margin, rate: 0.03}]}"
        >>> print(dumps(loads(text)))
        scheme: a
        currency: USD
        effective: {from: 2024-01-01}
        rules:
          - {id: c, on: margin, rate: 3%}
        <BLANKLINE>
    """
    return yaml_text(document(scheme))


def dumps_json(scheme: Scheme) -> str:
    """A scheme as JSON with the same keys; numbers keep every digit.

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> text = "{scheme: a, currency: USD, effective: {from: 2024-01-01}, rules: [{id: c, on: revenue, rate: 3%}]}"
        >>> json.loads(dumps_json(loads(text)))["rules"]
        [{'id': 'c', 'on': 'revenue', 'rate': 0.03}]
    """
    return _json(document(scheme), "") + "\n"


def document(scheme: Scheme) -> dict[str, Any]:
    """A scheme as plain data in its shortest form; shares are marked, so that YAML writes them as per cent.

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> text = "{scheme: a, currency: USD, effective: {from: 2024-01-01}, rules: [{id: c, on: {measure: units}}]}"
        >>> document(loads(text))["rules"]
        [{'id': 'c', 'on': 'units'}]
    """
    shares = {split(one.path) for one in tunables(scheme, defaults=True) if one.declaration.unit == "share"}
    found: dict[str, Any] = _short(Node((), scheme), frozenset(shares))
    return found


def _short(node: Node, shares: frozenset[Segments]) -> Any:
    """A part in its shortest form."""
    part = node.part
    data = {key: _value(node, key, value, shares) for key, _, value in written_fields(part)}
    key = bare_key(part)
    if key is None:
        return data
    bare = data[key]
    if bare is True and not isinstance(part, Condition):
        return key
    if key == "column" and _reads_as_number(bare):
        return data
    return bare


def _reads_as_number(text: str) -> bool:
    try:
        exact(text)
    except ValueError:
        return False
    return True


def _value(node: Node, key: str, value: Any, shares: frozenset[Segments]) -> Any:
    """What stands under one key of a part."""
    if isinstance(value, (tuple, list)) and any(isinstance(item, Part) for item in value):
        return _items(node, key, value, shares)
    if isinstance(value, dict) and key != "change":
        return {name: _inner(node, key, (name,), item, shares) for name, item in value.items()}
    if isinstance(value, (tuple, list)):
        named = [names for names, _ in entries(key, value)]
        if len(named) == len(value):
            return [_inner(node, key, names, item, shares) for names, item in zip(named, value, strict=True)]
        return tree(value)
    return _inner(node, key, (), value, shares)


def _inner(node: Node, key: str, names: Segments, value: Any, shares: frozenset[Segments]) -> Any:
    segments = (*node.place(key), *names)
    if isinstance(value, Part):
        return _short(Node(segments, value, (*node.parents, node.part), names[-1] if names else key), shares)
    if isinstance(value, dict) and key != "change":
        return {name: _inner(node, key, (*names, name), item, shares) for name, item in value.items()}
    if isinstance(value, Decimal) and (segments in shares or _share_column(node)):
        return Share(value)
    return tree(value)


def _share_column(node: Node) -> bool:
    """Whether a condition's bounds are shares because its column is."""
    measure = node.nearest(Measure)
    if not isinstance(node.part, Condition) or measure is None:
        return False
    return COLUMNS.get(measure.table or "", {}).get(node.key) == "share" and node.part.is_ is None


def _items(node: Node, key: str, items: Any, shares: frozenset[Segments]) -> Any:
    """A list of parts; names that reading would give by itself are left out."""
    short = []
    for place, (names, item) in enumerate(entries(key, items), 1):
        data = _inner(node, key, names, item, shares)
        if key in _NUMBERED:
            rest = {name: inner for name, inner in data.items() if name != "id"}
            data = rest if item.id == f"{_NUMBERED[key]}-{place}" else {"id": item.id, **rest}
        elif key == "steps" and data.get("name") == f"step_{place}":
            data = {name: inner for name, inner in data.items() if name != "name"}
        short.append(data)
    return short[0] if key in TRANSPARENT and len(short) == 1 else short


def _json(value: Any, indent: str) -> str:
    deeper = indent + "  "
    if isinstance(value, dict) and value:
        lines = [f"{deeper}{json.dumps(key)}: {_json(item, deeper)}" for key, item in value.items()]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    if isinstance(value, (list, tuple)) and value:
        return "[\n" + ",\n".join(deeper + _json(item, deeper) for item in value) + f"\n{indent}]"
    if isinstance(value, (Decimal, int)) and not isinstance(value, bool):
        return decimal_text(value)
    return json.dumps(value)
