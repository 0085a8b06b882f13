"""Numbers of a scheme by their names: list them, read one, move some."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from incentive_lab.errors import InputError, Problem, did_you_mean
from incentive_lab.scheme.base import Part, Tunable
from incentive_lab.scheme.document import MixFactors, Scheme
from incentive_lab.scheme.naming import TRANSPARENT, item_keys, join, split
from incentive_lab.scheme.reading import Source
from incentive_lab.scheme.sentences import validated
from incentive_lab.scheme.shapes import declarations
from incentive_lab.scheme.tree import bare_key, fields_of, is_default, tree
from incentive_lab.scheme.units import resolved
from incentive_lab.scheme.walk import Node, entries, fields, nodes
from incentive_lab.scheme.words import label_of


@dataclass(frozen=True)
class Address:
    """A number that a designer may move.

    Attributes:
        path: Where it stands, by names.
        value: What it is.
        declaration: Its label, unit at this place, hard bounds, typical range, step, help and source.
        label: What it is here, in words: 'Silver needs protected_revenue'.
    """

    path: str
    value: Decimal
    declaration: Tunable
    label: str


def tunables(scheme: Scheme, *, defaults: bool = False) -> tuple[Address, ...]:
    """Every declared number of a scheme, in document order.

    Args:
        scheme: The scheme.
        defaults: Also the numbers that the document leaves at their defaults.

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> text = "{scheme: a, currency: USD, effective: {from: 2024-01-01}, rules: [{id: c, on: revenue, rate: 3%}]}"
        >>> [(one.path, one.value, one.declaration.unit) for one in tunables(loads(text))]
        [('rules.c.rate', Decimal('0.03'), 'share')]
    """
    held = _REMEMBERED.get(id(scheme))
    if held is None or held[0] is not scheme:
        every = [one for node in nodes(scheme) for one in _numbers(scheme, node)]
        held = (scheme, (*every, *((one, True) for one in _moved(scheme))))
        _REMEMBERED[id(scheme)] = held
        while len(_REMEMBERED) > REMEMBERED:
            _REMEMBERED.pop(next(iter(_REMEMBERED)), None)
    return tuple(one for one, said in held[1] if said or defaults)


REMEMBERED = 64
"""Documents whose numbers are remembered: finding them takes milliseconds, and a dial asks several times."""
_REMEMBERED: dict[int, tuple[Scheme, tuple[tuple[Address, bool], ...]]] = {}


def _numbers(scheme: Scheme, node: Node) -> Iterator[tuple[Address, bool]]:
    """Every number of a part, and whether the document says it (else it is a default)."""
    if isinstance(node.part, MixFactors):
        return
    declared = declarations(type(node.part))
    for key, info, value in fields_of(node.part):
        declaration = declared.get(key)
        if declaration is None:
            continue
        said = not is_default(info, value)
        for names, number in entries(key, value):
            if isinstance(number, (Decimal, int)) and not isinstance(number, bool):
                segments = (*node.place(key), *names)
                told = resolved(scheme, node, names[-1] if names else key, declaration)
                yield Address(join(segments), Decimal(number), told, label_of(segments, told)), said


def _moved(scheme: Scheme) -> Iterator[Address]:
    """The numbers that variants give; each is declared by what it changes."""
    plain = scheme.model_copy(update={"variants": {}})
    declared = {one.path: one for one in tunables(plain, defaults=True)} if scheme.variants else {}
    for name, variant in scheme.variants.items():
        for path, value in variant.change.items():
            base = declared.get(join(split(path)))
            if base and isinstance(value, (Decimal, int, float, str)):
                given = get(apply(scheme, {path: value}), path)
                where = join(("variants", name, "change", path))
                yield Address(where, given, base.declaration, f"{name}: {base.label}")


def get(scheme: Scheme, path: str) -> Any:
    """What stands at a path; parts that are a bare value read as that value.

    Raises:
        InputError: The path leads nowhere; says the nearest name.

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> text = "{scheme: a, currency: USD, effective: {from: 2024-01-01}, rules: [{id: c, on: revenue, rate: 3%}]}"
        >>> get(loads(text), "rules.c.rate")
        Decimal('0.03')
    """
    node: Any = scheme
    field = ""
    for segment in split(path):
        if (
            isinstance(node, (tuple, list))
            and len(node) == 1
            and field in TRANSPARENT
            and segment not in item_keys(field, node)
        ):
            node = node[0]
        known = _children(field, node)
        if segment not in known:
            raise _nowhere(path, segment, known)
        field, node = segment, known[segment]
    while (key := bare_key(node)) is not None:
        node = dict(fields(node))[key]
    return node


def _children(field: str, node: Any) -> Mapping[str, Any]:
    if isinstance(node, Part):
        return dict(fields(node))
    if isinstance(node, (tuple, list)):
        return dict(zip(item_keys(field, node), node, strict=True))
    return node if isinstance(node, Mapping) else {}


def _nowhere(path: str, segment: str, known: Mapping[str, Any]) -> InputError:
    return InputError([Problem(path, f"There is nothing named '{segment}' here.", did_you_mean(segment, known))])


def apply(scheme: Scheme, changes: Mapping[str, Any]) -> Scheme:
    """The scheme with other values at some paths, validated anew.

    A whole item is added by its path and a mapping (`tiers.levels.platinum: {needs: ...}`; it becomes the last), and
    anything optional is removed with None.

    Raises:
        InputError: A path leads nowhere or a value is not allowed; every problem at once.

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> text = "{scheme: a, currency: USD, effective: {from: 2024-01-01}, rules: [{id: c, on: revenue, rate: 3%}]}"
        >>> apply(loads(text), {"rules.c.rate": "4%"}).rules[0].rate.plain
        Decimal('0.04')
    """
    data = tree(scheme)
    problems: list[Problem] = []
    for path, value in changes.items():
        try:
            _set(data, path, deepcopy(value))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return validated(Source(data), Scheme, scheme.id)


def _set(data: dict[str, Any], path: str, value: Any) -> None:
    """Put a value into a plain document; keys on the way that are not there yet are made."""
    *way, last = split(path) or ("",)
    node: Any = data
    field = ""
    for segment in way:
        node = _step(node, field, segment, path)
        field = segment
    if isinstance(node, list):
        _set_item(node, field, last, path, value)
    elif not isinstance(node, dict):
        raise _nowhere(path, last, {})
    elif value is not None:
        node[last] = value
    elif node.pop(last, None) is None:
        raise _nowhere(path, last, node)


def _step(node: Any, field: str, segment: str, path: str) -> Any:
    if isinstance(node, list):
        known = dict(zip(item_keys(field, node), node, strict=True))
        if segment in known:
            return known[segment]
        if field not in TRANSPARENT or len(node) != 1:
            raise _nowhere(path, segment, known)
        node = node[0]
    if not isinstance(node, dict):
        raise _nowhere(path, segment, {})
    return node.setdefault(segment, {})


def _set_item(items: list[Any], field: str, name: str, path: str, value: Any) -> None:
    known = item_keys(field, items)
    if name in known and value is None:
        del items[known.index(name)]
    elif name in known:
        items[known.index(name)] = _named(field, name, value)
    elif field in TRANSPARENT and len(items) == 1 and not isinstance(value, Mapping):
        _set(items[0], join((name,)), value)
    elif isinstance(value, Mapping):
        items.append(_named(field, name, value))
    else:
        raise _nowhere(path, name, dict.fromkeys(known))


def _named(field: str, name: str, value: Any) -> Any:
    """An item with its name, which its path has given already."""
    if not isinstance(value, Mapping) or field in (*TRANSPARENT, "targets", "schedule", "any_of"):
        return value
    key = "name" if field in ("levels", "steps") else "id"
    return {key: name, **value}
