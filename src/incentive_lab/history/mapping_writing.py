"""The mapping document that choices make, as data and as the text of a file."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from incentive_lab.history.encodings import Encoding, Said
from incentive_lab.history.meanings import UNKNOWN
from incentive_lab.history.suggesting import Choice
from incentive_lab.history.tables import TABLES

if TYPE_CHECKING:
    from incentive_lab.history.mapping_document import Mapping as Document


def mapping_of(choices: Sequence[Choice], said: Said = None) -> dict[str, Any]:
    """The mapping document of these choices; several sources of one table stand one below the other.

    Args:
        choices: For each table of theirs.
        said: The encoding of CSV files that are not UTF-8.

    Example:
        >>> mapping_of([Choice("orders", "deals", {"deal_id": "no"}, {"status": "won"})])["tables"]["deals"]["from"]
        'orders'
    """
    tables: dict[str, Any] = {}
    for one in choices:
        columns: dict[str, Any] = {name: _rule(one, name) for name in one.columns}
        columns |= {name: {"constant": value} for name, value in one.constants.items()}
        columns |= {name: {"numbered": f"{one.source}-"} for name in one.numbered}
        written = {"dates": one.dates, "numbers": one.numbers}
        ways = {key: way for key, way in written.items() if way}
        where = {"where": {name: {"known": True} for name in one.filled}} if one.filled else {}
        kept = {"keep": list(one.keep)} if one.keep else {}
        source = {"from": one.source, **where, **ways, "columns": columns, **kept}
        tables.setdefault(one.table, []).append(source)
    united = {name: found[0] if len(found) == 1 else {"union": found} for name, found in tables.items()}
    read = {one.source for one in choices} or set(TABLES)
    encoding = {name: one for name, one in said.items() if name in read} if isinstance(said, Mapping) else said
    return {**({"encoding": encoding} if encoding else {}), **({"tables": united} if united else {})}


def mapping_text(choices: Sequence[Choice], said: Said = None) -> str:
    """The mapping document of these choices, as it is written to a file; without any, what is said of the encoding."""
    from ruamel.yaml import YAML

    stream = io.StringIO()
    writer = YAML(typ="safe", pure=True)
    writer.default_flow_style = False
    writer.sort_base_mapping_type_on_output = False
    writer.allow_unicode = True
    writer.dump(mapping_of(choices, said), stream)
    return stream.getvalue()


def with_encodings(text: str, document: Document | None, said: Mapping[str, Encoding]) -> str:
    """A mapping that also says how some files are encoded; all else in it stays, its comments too.

    Args:
        text: The mapping as it is written; empty for none.
        document: What it says.
        said: Table as its sources name it -> encoding.
    """
    before = document.encoding if document is not None else None
    if isinstance(before, str):
        before = dict.fromkeys(sorted(document.named or TABLES if document is not None else ()), before)
    return _with(text, "encoding", {**(before or {}), **said})


def with_calendar(text: str, calendar: Mapping[str, Any]) -> str:
    """A mapping that says when months begin; all else in it stays, its comments too.

    Args:
        text: The mapping as it is written; empty for none.
        calendar: As under its key `calendar`; empty for calendar months.

    Example:
        >>> with_calendar("encoding: latin-1", {"month_starts_on": 26})
        'encoding: latin-1\\ncalendar:\\n  month_starts_on: 26\\n'
    """
    return _with(text, "calendar", dict(calendar))


def _with(text: str, key: str, value: dict[str, Any]) -> str:
    """A mapping's text with one key said anew, or left out where it says nothing."""
    from ruamel.yaml import YAML

    writer, stream = YAML(), io.StringIO()
    writer.width = 1000
    written = writer.load(text) if text.strip() else {}
    if value:
        written[key] = value
    else:
        written.pop(key, None)
    if not written:
        return ""
    writer.dump(written, stream)
    return stream.getvalue()


def _rule(choice: Choice, name: str) -> str | dict[str, Any]:
    """Where a column comes from: its name alone, or with what its words mean and what its numbers are multiplied by."""
    words = {theirs: ours for theirs, ours in choice.words.get(name, {}).items() if ours != UNKNOWN}
    changed = {theirs: ours for theirs, ours in words.items() if theirs != ours}
    rule: dict[str, Any] = {"column": choice.columns[name]}
    if name in choice.otherwise:
        rule |= {"values": dict(words), "otherwise": choice.otherwise[name]}
    elif changed:
        rule["values"] = changed
    if choice.times.get(name, Decimal(1)) != 1:
        rule["times"] = float(choice.times[name])
    return choice.columns[name] if len(rule) == 1 else rule
