"""Plain data as YAML for people: block style outside, one line wherever it fits."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from incentive_lab.scheme.tree import decimal_text

WIDTH = 110
"""Characters of a line beyond which a mapping or list is laid out over several."""

_PLAIN = re.compile(r"[A-Za-z_](?:[A-Za-z0-9_./' -]*[A-Za-z0-9_.])?|\d{4}-\d{2}(?:-\d{2})?")
_WORDS = frozenset({"null", "true", "false", "yes", "no", "off", "y", "n"})


class Share(Decimal):
    """A number that people read as per cent."""


def yaml_text(data: Mapping[str, Any]) -> str:
    """A mapping as YAML 1.2.

    Example:
        >>> print(yaml_text({"id": "a", "rate": Share("0.035"), "limits": [{"amount": Decimal(10000)}]}))
        id: a
        rate: 3.5%
        limits:
          - {amount: 10_000}
        <BLANKLINE>
    """
    return "\n".join(line for key, value in data.items() for line in _entry(key, value, "")) + "\n"


def _entry(key: str, value: Any, pad: str) -> Iterator[str]:
    """The lines of one key with its value."""
    head = f"{pad}{_text(key)}:"
    flow = f"{head} {_flow(value)}"
    if _fits(flow, value):
        yield flow
    elif isinstance(value, Mapping):
        yield head
        for name, item in value.items():
            yield from _entry(name, item, pad + "  ")
    else:
        yield head
        for item in value:
            yield from _item(item, pad + "  ")


def _item(value: Any, pad: str) -> Iterator[str]:
    flow = f"{pad}- {_flow(value)}"
    if _fits(flow, value) or not isinstance(value, Mapping):
        yield flow
        return
    lines = [line for key, item in value.items() for line in _entry(key, item, pad + "  ")]
    yield f"{pad}- {lines[0].lstrip()}"
    yield from lines[1:]


def _fits(line: str, value: Any) -> bool:
    """Whether a value stays on one line: scalars always, lists of mappings never."""
    if not isinstance(value, (Mapping, list, tuple)) or not value:
        return True
    return len(line) <= WIDTH and not _holds_items(value)


def _holds_items(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_holds_items(item) for item in value.values())
    return isinstance(value, (list, tuple)) and any(isinstance(item, Mapping) for item in value)


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_text(key)}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Share):
        return decimal_text(value.scaleb(2)) + "%"
    if isinstance(value, (Decimal, int)):
        text = decimal_text(value)
        return f"{int(text):_}" if "." not in text and len(text) >= 5 else text
    return _text(str(value))


def _text(text: str) -> str:
    """Text bare where nothing could misread it, else in double quotes."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
