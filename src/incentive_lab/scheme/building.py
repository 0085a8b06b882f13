"""A parser's events to plain data: numbers exact, with the line of every value, nothing larger than is allowed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from incentive_lab.scheme.naming import Location

_NUMBER = re.compile(r"[-+]?(?!0[\d_])(\d[\d_]*\.?[\d_]*|\.\d[\d_]*)([eE][-+]?\d{1,6})?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|nan)", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_WORDS: Mapping[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


@dataclass(frozen=True)
class ReadLimits:
    """How large a document may be before it is refused unread.

    Attributes:
        size: Bytes of text.
        depth: Levels of nesting, aliases unfolded.
        nodes: Values, aliases unfolded.
        scalar: Characters of one key or value.
        digits: Digits of one number; also how far its decimal point may lie.
    """

    size: int = 1_000_000
    depth: int = 40
    nodes: int = 100_000
    scalar: int = 10_000
    digits: int = 28


@dataclass
class _Open:
    """A mapping or list whose end has not been read."""

    value: Any
    location: Location
    anchor: str | None
    first_node: int
    key: str | None = None
    height: int = 1


class Refused(Exception):
    """Reading cannot go on."""

    def __init__(self, message: str, fix: str = "", line: int | None = None) -> None:
        super().__init__(message)
        self.message, self.fix, self.line = message, fix, line


class Builder:
    """Builds plain data from parser events, counting what it builds."""

    def __init__(self, limits: ReadLimits, merge: bool = False) -> None:
        self.limits, self.merge = limits, merge
        self.root: Any = None
        self.documents = 0
        self.nodes = 0
        self.stack: list[_Open] = []
        self.anchors: dict[str, tuple[Any, int, int]] = {}  # value, nodes, height
        self.lines: dict[Location, int] = {}
        self.found: list[tuple[Location, int, str, str]] = []

    def feed(self, event: Any) -> None:
        """Take one event of the parser."""
        kind = type(event).__name__
        line = event.start_mark.line + 1
        if kind == "DocumentStartEvent":
            self.documents += 1
            if self.documents > 1:
                raise Refused("a second document starts here", "Keep one document in each file.", line)
        elif kind == "AliasEvent":
            self._alias(event.anchor, line)
        elif kind in ("MappingStartEvent", "SequenceStartEvent", "ScalarEvent"):
            self._refuse_tag(event, line)
            if kind == "ScalarEvent":
                self._scalar(event, line)
            else:
                self._open({} if kind == "MappingStartEvent" else [], event.anchor, line)
        elif kind in ("MappingEndEvent", "SequenceEndEvent"):
            self._close()

    def _here(self) -> Location:
        if not self.stack:
            return ()
        top = self.stack[-1]
        return (*top.location, len(top.value) if isinstance(top.value, list) else top.key or "")

    def _wants_key(self) -> bool:
        return bool(self.stack) and isinstance(self.stack[-1].value, dict) and self.stack[-1].key is None

    def _count(self, nodes: int, height: int, line: int) -> None:
        self.nodes += nodes
        if self.nodes > self.limits.nodes:
            raise Refused(
                f"the document unfolds into more than {self.limits.nodes:,} values", "Write it without aliases.", line
            )
        if len(self.stack) + height > self.limits.depth:
            raise Refused(f"the document is nested more than {self.limits.depth} levels deep", "", line)

    def _put(self, value: Any, line: int, height: int) -> None:
        self.lines.setdefault(self._here(), line)
        if not self.stack:
            self.root = value
            return
        top = self.stack[-1]
        top.height = max(top.height, height + 1)
        if isinstance(top.value, list):
            top.value.append(value)
        else:
            top.value[top.key] = value
            top.key = None

    def _open(self, value: Any, anchor: str | None, line: int) -> None:
        if self._wants_key():
            raise Refused("a key must be a word, not a list or a mapping", "", line)
        self._count(1, 1, line)
        self.stack.append(_Open(value, self._here(), anchor, self.nodes))
        self.lines.setdefault(self.stack[-1].location, line)

    def _close(self) -> None:
        done = self.stack.pop()
        if self.merge and isinstance(done.value, dict) and isinstance(done.value.get("<<"), dict):
            for key, value in done.value.pop("<<").items():
                done.value.setdefault(key, value)
        if done.anchor:
            self.anchors[done.anchor] = (done.value, self.nodes - done.first_node + 1, done.height)
        line = self.lines.get(done.location, 1)
        self._put(done.value, line, done.height)

    def _alias(self, anchor: str, line: int) -> None:
        if any(part.anchor == anchor for part in self.stack):
            raise Refused(f"*{anchor} contains itself", "Write the value out.", line)
        if self._wants_key():
            raise Refused("a key must be a word, not an alias", "", line)
        if anchor not in self.anchors:
            raise Refused(f"*{anchor} refers to nothing that was named before", "Write the value out.", line)
        value, nodes, height = self.anchors[anchor]
        self._count(nodes, height, line)
        self._put(value, line, height)

    def _refuse_tag(self, event: Any, line: int) -> None:
        if event.tag is not None:
            text = "tags such as !!python or !Amount are not used"
            self.found.append((self._here(), line, text, "Remove the word that starts with '!'."))

    def _scalar(self, event: Any, line: int) -> None:
        self._count(1, 0, line)
        text = _joined(event.value)
        if text is None:
            raise Refused("the text contains half a character (a lone surrogate)", "Save the file as UTF-8.", line)
        if len(text) > self.limits.scalar:
            most = f"{len(text):,} characters; at most {self.limits.scalar:,} are allowed"
            raise Refused(f"a single value has {most}", "", line)
        if control := _CONTROL.search(text):
            message = f"the text contains the control character U+{ord(control[0]):04X}"
            self.found.append((self._here(), line, message, "Remove it."))
            text = _CONTROL.sub("", text)
        if self._wants_key():
            self._key(text, line)
            return
        value = self._value(text, line) if event.implicit[0] else text
        if event.anchor:
            self.anchors[event.anchor] = (value, 1, 0)
        self._put(value, line, 0)

    def _key(self, text: str, line: int) -> None:
        top = self.stack[-1]
        top.key = text
        if text in top.value:
            first = self.lines[(*top.location, text)]
            message = f"the key '{text}' appears twice; it was first given on line {first}"
            self.found.append(((*top.location, text), line, message, "Keep one of them."))
        self.lines.setdefault((*top.location, text), line)

    def _value(self, text: str, line: int) -> Any:
        if text in _WORDS:
            return _WORDS[text]
        if _NOT_FINITE.fullmatch(text):
            self.found.append((self._here(), line, f"found {text}, expected a finite number", ""))
            return None
        if not _NUMBER.fullmatch(text):
            return text
        number = Decimal(text.replace("_", ""))
        if len(number.as_tuple().digits) > self.limits.digits or abs(number.adjusted()) > self.limits.digits:
            message = f"found {text[:40]}, expected a number of at most {self.limits.digits} digits"
            self.found.append((self._here(), line, message, "Put it in quotes if it is a name."))
            return Decimal(0)
        return number


def _joined(text: str) -> str | None:
    """Text with JSON's surrogate pairs joined; None if half a pair is left."""
    if not any("\ud800" <= character <= "\udfff" for character in text):
        return text
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        return None
