"""What stands above the header of an export and below its rows: titles, totals of a report, lines of copyright."""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from incentive_lab.format import counted
from incentive_lab.history.known_names import ENDINGS, TOTALS
from incentive_lab.history.recognising import begins, normal
from incentive_lab.history.written import dates_in, is_day, is_number, numbers_in

LOOKED_AT = 25
"""Rows among which the header is looked for."""
TITLE_CELLS, LEAST_COLUMNS = 2, 3
"""Cells that a line above the header has at most, and cells that a header below such lines has at least."""
_TAIL = 1 << 16
DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True)
class Beginning:
    """Where the header of a file of lines is.

    Attributes:
        delimiter: What parts the cells.
        names: The cells of the header.
        above: First words of each row above it that has any.
        lines: Lines above it.
    """

    delimiter: str
    names: tuple[str, ...]
    above: tuple[str, ...] = ()
    lines: int = 0


def delimiter_of(line: str) -> str:
    """What parts the cells of a header: the mark that is there most often outside quotes.

    Example:
        >>> delimiter_of("Partner;Name;Sales, EUR"), delimiter_of("partner_id")
        (';', ',')
    """
    bare = re.sub('"[^"]*"', "", line)
    return max(DELIMITERS, key=bare.count)


def beginning(lines: Iterable[str], delimiter: str) -> Beginning:
    """Where the header of a file of lines is: its first line, or the first whole row below a title.

    Args:
        lines: The file's, from the first on.
        delimiter: What parts the cells of the first line.

    Raises:
        csv.Error: The first line cannot be read.

    Example:
        >>> beginning(["Sales 2024", "", "Deal;Partner;Amount", "D1;Ann;5"], ",")
        Beginning(delimiter=';', names=('Deal', 'Partner', 'Amount'), above=('Sales 2024',), lines=2)
    """
    some = list(itertools.islice(lines, LOOKED_AT))
    first = _cells(some[:1], delimiter)[0] if some else []
    plain = Beginning(delimiter, tuple(first))
    if len([cell for cell in first if cell]) > TITLE_CELLS:
        return plain
    mark = max(DELIMITERS, key=lambda one: max(line.count(one) for line in some)) if some else delimiter
    try:
        rows, ends = [], []
        reader = csv.reader(some, delimiter=mark)
        for row in reader:
            rows.append([cell.strip() for cell in row])
            ends.append(reader.line_num)
    except csv.Error:
        return plain
    place = header_place(rows)
    if not place:
        return plain
    return Beginning(mark, tuple(rows[place]), words_of(rows[:place]), ends[place - 1])


def _cells(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    return [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=delimiter)] or [[]]


def header_place(rows: Sequence[Sequence[Any]]) -> int:
    """Which of the first rows names the columns: the first, unless only titles stand above another.

    A title has one or two cells; the header below has at least three, twice as many, all of them different and none a number or a
    date, and a row below it that is at least half as full.

    Example:
        >>> header_place([["Sales"], [], ["Deal", "Partner", "Amount"], ["D1", "Ann", "5"]])
        2
        >>> header_place([["Deal", "Partner"], ["D1", "Ann", "5"], ["D2", "Bob", "6"]])
        0
    """
    most = 0
    for place, row in enumerate(rows[:LOOKED_AT]):
        held = [str(cell).strip() for cell in row if cell is not None and str(cell).strip()]
        if len(held) <= TITLE_CELLS:
            most = max(most, len(held))
            continue
        below = [sum(1 for cell in one if cell not in (None, "")) for one in rows[place + 1 : place + 3]]
        named = len({one.lower() for one in held}) == len(held) and not any(map(_is_value, held))
        whole = len(held) >= max(LEAST_COLUMNS, 2 * most) and any(2 * one >= len(held) for one in below)
        return place if place and named and whole else 0
    return 0


def _is_value(cell: str) -> bool:
    return bool(is_number(cell) or is_day(cell) or numbers_in([cell]) or dates_in([cell]))


def words_of(rows: Iterable[Sequence[Any]]) -> tuple[str, ...]:
    """The first words of each row that has any.

    Example:
        >>> words_of([["", "Grand Totals (60 records)"], [], ["Copyright"]])
        ('Grand Totals (60 records)', 'Copyright')
    """
    found = (next((str(cell).strip() for cell in row if cell is not None and str(cell).strip()), "") for row in rows)
    return tuple(one for one in found if one)


def ending(rows: Sequence[Sequence[Any]]) -> int:
    """How many of the rows after the last whole one are none: empty ones, totals, and words below an empty row.

    Args:
        rows: The rows with which a table ends and that have one cell or none.

    Example:
        >>> ending([["D9", "", ""]]), ending([["", "", "$1,234"], []]), ending([[], ["Made by Ann"]]), ending([["D9"], []])
        (0, 2, 2, 1)
    """
    count, parted = 0, False
    for row in rows:
        held = words_of([row])
        parted = parted or not held
        count = count + 1 if not held or parted or _is_ending(row, held[0]) else 0
        if not count:
            parted = False
    return count


def _is_ending(row: Sequence[Any], word: str) -> bool:
    said = normal(word)
    first = next((str(cell).strip() for cell in row[:1] if cell is not None), "")
    return (first != word and _is_value(word)) or bool(TOTALS & set(said.split()[:2])) or begins(ENDINGS, said)


def not_read(label: str, above: Sequence[str], below: Sequence[str]) -> tuple[str, ...]:
    """What was passed over above the header and below the rows of a file, as sentences.

    Example:
        >>> not_read("report.csv", (), ("Grand Totals (60 records)", "Copyright"))
        ("report.csv: 2 lines at its end with one cell are no rows and were not read: 'Grand Totals (60 records)', 'Copyright'.",)
    """
    return (
        *([f"{label}: its header was found below {counted(len(above), 'line')}: {_shown(above)}."] if above else ()),
        *([f"{label}: {counted(len(below), 'line')} at its end with one cell "
           f"{'is no row and was' if len(below) == 1 else 'are no rows and were'} not read: {_shown(below)}."]
          if below else ()),
    )  # fmt: skip


def _shown(words: Sequence[str]) -> str:
    return ", ".join(repr(one[:60]) for one in words[:3]) + (" ..." if len(words) > 3 else "")


def footer(file: Path, columns: int, delimiter: str) -> tuple[int, tuple[str, ...]] | None:
    """Where the lines begin with which a file of lines ends and that have one cell, and their words; None without any.

    A single last line that is not ended may be a row that was cut off, so it is none of them.

    Args:
        file: In UTF-8.
        columns: How many its header has.
        delimiter: What parts its cells.
    """
    if columns < LEAST_COLUMNS:
        return None
    with file.open("rb") as stream:
        stream.seek(0, 2)
        size = stream.tell()
        begin = max(0, size - _TAIL)
        stream.seek(begin)
        tail = stream.read()
    lines = tail.splitlines(keepends=True)[1:]
    start, words, quotes = size, [], 0
    for line in reversed(lines):
        text = line.decode("utf-8", errors="replace").strip("\r\n")
        try:
            row = next(csv.reader([text], delimiter=delimiter), [])
        except csv.Error:
            return None
        if sum(1 for cell in row if cell.strip()) > 1 or len(row) >= columns:
            break
        start -= len(line)
        quotes += text.count('"')
        words.append(next((cell.strip() for cell in row if cell.strip()), ""))
    told = tuple(word for word in reversed(words) if word)
    cut = len(told) == 1 and not tail.endswith((b"\n", b"\r"))
    return None if not told or quotes % 2 or cut else (start, told)
