"""Text to plain data without trusting it: YAML 1.2 or JSON, numbers exact, with the line of every value.

Only ruamel's parser is used, never its constructors: no tag can make an object, and a document that
would unfold into something huge is refused before it does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from incentive_lab.errors import InputError, Problem
from incentive_lab.scheme.building import Builder, ReadLimits, Refused
from incentive_lab.scheme.naming import Location, Places, name_path


@dataclass(frozen=True)
class Source:
    """A document as plain data.

    Attributes:
        data: Mappings, lists, text, Decimals, booleans and None.
        lines: Location -> line of the text, from 1.
        problems: What is wrong with single values (a key given twice, a tag, NaN); the rest could be read.
    """

    data: dict[str, Any]
    lines: Mapping[Location, int] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


_KINDER = {
    "mapping values are not allowed here": "a colon stands where none is expected; put text with a colon in quotes",
    "that cannot start any token": "a character cannot stand here; indent with spaces, not tabs, and quote odd text",
    "could not find expected ':'": "a line has no colon after its key",
    "expected ',' or '}'": "a mapping in { } is not closed, or a comma is missing",
    "expected ',' or ']'": "a list in [ ] is not closed, or a comma is missing",
    "expected <block end>": "the indentation does not fit the lines above",
    "unexpected end of stream": "a quotation mark is not closed",
    "special characters are not allowed": "it contains a control character",
}


def _syntax(error: YAMLError) -> Refused:
    """A parser's complaint as a sentence with its line."""
    said = str(getattr(error, "problem", None) or getattr(error, "reason", None) or error).splitlines()[0]
    kind = next((kind for words, kind in _KINDER.items() if words in said), said)
    mark = getattr(error, "problem_mark", None) if isinstance(error, MarkedYAMLError) else None
    return Refused(f"this cannot be read: {kind}", "", mark.line + 1 if mark else None)


def _events(text: str) -> Iterator[Any]:
    parser = YAML(typ="safe", pure=True)
    try:
        yield from parser.parse(text)
    except YAMLError as error:
        raise _syntax(error) from None


def decode(content: bytes, name: str) -> str:
    """Bytes as text; only UTF-8, with or without its mark.

    Raises:
        InputError: The bytes are not UTF-8.

    Example:
        >>> decode(b"scheme: a", "a.yaml")
        'scheme: a'
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        message = f"line {line} is not UTF-8 text"
        raise InputError([Problem(name, f"The file cannot be read: {message}.", "Save it as UTF-8.")]) from None


def _tabs_as_spaces(text: str) -> str:
    """JSON may be laid out with tabs, which YAML forbids; inside JSON text a tab is always written as an escape."""
    if "\t" in text and text.lstrip().startswith("{"):
        try:
            json.loads(text)
        except (ValueError, RecursionError):
            return text
        return text.replace("\t", " ")
    return text


def read(
    text: str,
    name: str,
    limits: ReadLimits,
    *,
    needs: str = "A scheme needs at least scheme, currency, effective and rules.",
    begins: str = "Begin with a line such as scheme: my-scheme.",
    merge: bool = False,
) -> Source:
    """The one mapping that a YAML or JSON text holds.

    Args:
        text: The text.
        name: What problems of the whole document are told about.
        limits: How large it may be.
        needs: What an empty document lacks, as a sentence.
        begins: How such a document begins, as a sentence.
        merge: Whether `<<` takes over the keys of a mapping; otherwise it is a key like any other.

    Raises:
        InputError: The text cannot be read, or must not be.

    Example:
        >>> read("scheme: a\\nbudget: 1_000", "a.yaml", ReadLimits()).data
        {'scheme': 'a', 'budget': Decimal('1000')}
    """
    builder = Builder(limits, merge)
    try:
        if len(text.encode("utf-8", "surrogatepass")) > limits.size:
            raise Refused(f"the document is larger than {limits.size:,} bytes")
        for event in _events(_tabs_as_spaces(text)):
            builder.feed(event)
        if builder.root is None:
            raise Refused("the document is empty", needs)
        if not isinstance(builder.root, dict):
            kind = "a list" if isinstance(builder.root, list) else "a single value"
            raise Refused(f"found {kind}, expected keys with values", begins)
    except Refused as refused:
        where = f"Line {refused.line}: " if refused.line else ""
        message = where + (refused.message if where else refused.message[0].upper() + refused.message[1:]) + "."
        raise InputError([Problem(name, message, refused.fix)]) from None
    places = Places()
    problems = tuple(
        Problem(name_path(builder.root, at, places) or name, f"Line {line}: {message}.", fix)
        for at, line, message, fix in builder.found
    )
    return Source(builder.root, builder.lines, problems)
