"""The one walk over a scheme: every part with its named address and the parts around it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from incentive_lab.scheme.base import Part
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.naming import TRANSPARENT, item_keys, join
from incentive_lab.scheme.tree import bare_key

P = TypeVar("P", bound=Part)
Segments = tuple[str, ...]


@dataclass(frozen=True)
class Node:
    """One part of a scheme.

    Attributes:
        segments: Its named address.
        part: The part.
        parents: The parts around it, the scheme first.
        key: The key or item name under which its parent holds it.
    """

    segments: Segments
    part: Part
    parents: tuple[Part, ...] = ()
    key: str = ""

    @property
    def path(self) -> str:
        """Its address as text."""
        return join(self.segments)

    def nearest(self, kind: type[P]) -> P | None:
        """The innermost part of a kind, this one included."""
        around = (self.part, *reversed(self.parents))
        return next((part for part in around if isinstance(part, kind)), None)

    def place(self, key: str) -> Segments:
        """The address of one of its own keys; the key of a bare value is not written."""
        return self.segments if key == bare_key(self.part) else (*self.segments, key)


def entries(key: str, value: Any) -> Iterator[tuple[Segments, Any]]:
    """The named entries of what stands under a key: a mapping's values, a list's items, or the value itself.

    Example:
        >>> [name for name, _ in entries("prizes", (500, 300))]
        [('1',), ('2',)]
    """
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from ((((name, *rest)), inner) for rest, inner in entries("", item))
    elif isinstance(value, (tuple, list)):
        hidden = key in TRANSPARENT and len(value) == 1
        for name, item in zip(item_keys(key, value), value, strict=True):
            yield from (((*(() if hidden else (name,)), *rest), inner) for rest, inner in entries("", item))
    elif value is not None:
        yield (), value


def fields(part: Part) -> Iterator[tuple[str, Any]]:
    """(key as written, value) of every field of a part."""
    for name, info in type(part).model_fields.items():
        yield info.alias or name, getattr(part, name)


def nodes(scheme: Scheme) -> Iterator[Node]:
    """Every part of a scheme, the scheme itself first, in document order.

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> text = "{scheme: a, currency: USD, effective: {from: 2024-01-01}, rules: [{id: c, on: revenue, rate: 3%}]}"
        >>> [node.path for node in nodes(loads(text)) if node.path.startswith("rules")]
        ['rules.c', 'rules.c.on', 'rules.c.rate', 'rules.c.who']
    """
    yield from _below(Node((), scheme))


def _below(node: Node) -> Iterator[Node]:
    yield node
    for key, value in fields(node.part):
        if key == "change":
            continue
        for names, item in entries(key, value):
            if isinstance(item, Part):
                segments = (*node.place(key), *names)
                yield from _below(Node(segments, item, (*node.parents, node.part), names[-1] if names else key))
