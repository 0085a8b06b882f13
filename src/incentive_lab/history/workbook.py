"""Excel workbooks: each sheet named like a table is read as text cells; formulas give their stored result."""

from __future__ import annotations

import datetime
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from incentive_lab.errors import InputError, Problem, did_you_mean, nearest
from incentive_lab.format import counted
from incentive_lab.history.beside import keep_beside, keeper
from incentive_lab.history.cell_formats import shown_currencies
from incentive_lab.history.csvfiles import header_problems, nameless
from incentive_lab.history.ends import LEAST_COLUMNS, LOOKED_AT, ending, header_place, not_read, words_of
from incentive_lab.history.sources import Limits, text_table
from incentive_lab.history.store import DuckStore, Raw
from incentive_lab.history.tables import OTHER_NAMES, TABLES, not_a_table

BYTES_A_CELL = 8
"""What a cell takes in memory at least, also an empty one between two rows far apart."""


def read_sheets(store: DuckStore, file: Path, limits: Limits, problems: list[Problem]) -> dict[str, Raw]:
    """The raw tables of a workbook, one per sheet whose name is that of a table."""
    import openpyxl

    check_size(file, limits)
    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
    except Exception as error:  # openpyxl lets zip, XML and key errors through
        raise InputError([Problem(file.name, f"this is not a readable .xlsx workbook: {error}")]) from None
    raws: dict[str, Raw] = {}
    formats = shown_currencies(file, book)
    for sheet in book.worksheets:
        name = sheet.title.strip().lower()
        label = f"{file.name} sheet {sheet.title}"
        if name in TABLES:
            raw = _sheet(store, name, label, sheet, formats, limits, problems)
            if raw is not None:
                keep_beside(store, raw)
                raws[name] = raw
        elif nearest(name, TABLES):
            problems.append(Problem(label, f"there is no table called {name}.", not_a_table(name)))
    book.close()
    if not raws and not problems:
        fix = f"Tables: {', '.join(TABLES)}. {OTHER_NAMES}"
        raise InputError([Problem(file.name, "no sheet is named like a table of a history.", fix)])
    return raws


def read_sheet(
    store: DuckStore, file: Path, sheet: str, name: str, limits: Limits, problems: list[Problem], where: str
) -> Raw | None:
    """One sheet of any title, read as `name`; None with the problem noted."""
    import openpyxl

    check_size(file, limits)
    book = openpyxl.load_workbook(file, read_only=True, data_only=True)
    if sheet not in book.sheetnames:
        problems.append(Problem(where, f"{file.name} has no sheet {sheet}.", did_you_mean(sheet, book.sheetnames)))
        return None
    formats = shown_currencies(file, book)
    return _sheet(store, name, f"{file.name} sheet {sheet}", book[sheet], formats, limits, problems)


def check_size(file: Path, limits: Limits) -> None:
    """Refuse a workbook that unpacks to more than the limit, before it is unpacked."""
    try:
        with zipfile.ZipFile(file) as archive:
            size = sum(info.file_size for info in archive.infolist())
    except zipfile.BadZipFile:
        raise InputError([Problem(file.name, "this is not a readable .xlsx workbook.")]) from None
    if size > limits.unpacked_bytes:
        message = f"it unpacks to {size:,} bytes; at most {limits.unpacked_bytes:,} are read."
        raise InputError([Problem(file.name, message, "Save the sheets as CSV or Parquet files.")])


def cells_of(
    sheet: Any, formats: Mapping[str, str], most: int | None = None, *, first: int = 1, width: int | None = None
) -> Iterator[tuple[Sequence[Any], Sequence[str]]]:
    """Rows of a sheet with the currency that each number is shown in; without such formats only the rows, which is faster.

    Args:
        sheet: As openpyxl gives it.
        formats: Number format -> the currency it shows.
        most: The last row that is read; None for all.
        first: The first one.
        width: Columns that are read; None for all.
    """
    sheet.reset_dimensions()  # how large a sheet says that it is may be wrong, and would leave rows out
    span = {"min_row": first, "max_row": most, "max_col": width}
    if not formats:
        yield from ((row, ()) for row in sheet.iter_rows(values_only=True, **span))
        return
    for cells in sheet.iter_rows(**span):
        values = [cell.value for cell in cells]
        shown = [
            formats.get(cell.number_format, "") if isinstance(value, (int, float)) else ""
            for cell, value in zip(cells, values, strict=True)
        ]
        yield values, shown


def _sheet(
    store: DuckStore,
    name: str,
    label: str,
    sheet: Any,
    formats: Mapping[str, str],
    limits: Limits,
    problems: list[Problem],
) -> Raw | None:
    begin = [[_cell(cell) for cell in row] for row, _ in cells_of(sheet, formats, LOOKED_AT)]
    above = header_place(begin)
    header = begin[above] if begin else []
    while header and header[-1] is None:
        header.pop()
    names = [cell or "" for cell in header]
    if not names:
        problems.append(Problem(label, "the sheet is empty.", "Its first row must name the columns."))
        return None
    unusable = header_problems(f"{label} row {above + 1}", names)
    problems.extend(unusable)
    if unusable:
        return None
    cells: dict[str, list[str | None]] = {column: [] for column in names if column}
    unnamed: dict[int, Problem] = {}
    shown: dict[str, list[str | None]] = {}
    most = min(limits.rows, limits.unpacked_bytes // (BYTES_A_CELL * len(names)))
    rows = cells_of(sheet, formats, first=above + 2, width=len(names))
    for number, (row, currencies) in enumerate(rows, start=above + 2):
        if number - above - 1 > most:
            columns = "" if most == limits.rows else f" of {counted(len(names), 'column')}"
            problems.append(
                Problem(label, f"it has more than {most:,} rows{columns}.", "Raise the limit if this is right.")
            )
            return None
        for position, column in enumerate(names):
            cell = _cell(row[position]) if position < len(row) else None
            if column:
                cells[column].append(cell)
            elif cell is not None and position not in unnamed:
                unnamed[position] = nameless(label, position + 1, number, cell, above + 1)
        for column, currency in zip(names, currencies, strict=False):
            if currency and column:
                before = shown.setdefault(column, [])
                before.extend([None] * (number - above - 2 - len(before)) + [currency])
    if unnamed:
        problems.extend(unnamed.values())
        return None
    names = list(cells)
    blank = len(next(iter(cells.values())))
    held = [sum(cells[column][row] is not None for column in names) for row in range(blank)]
    whole = next((row for row in range(blank, 0, -1) if held[row - 1] > 1), 0) if len(names) >= LEAST_COLUMNS else 0
    last = whole or next((row for row in range(blank, 0, -1) if held[row - 1]), 0)
    ends = [[cells[column][row] for column in names] for row in range(last, blank)]
    none = ending(ends)
    below, blank = words_of(ends[len(ends) - none :]), blank - none
    keepers = {column: keeper(column) for column in shown}
    hidden = {keepers[column]: found + [None] * (blank - len(found)) for column, found in shown.items()}
    kept = {column: values[:blank] for column, values in {**cells, **hidden}.items()}
    raw = text_table(store, name, label, list(kept), kept)
    notes = not_read(label, words_of(begin[:above]), below)
    row = f"rowid + {above + 2}"
    return replace(raw, columns=dict.fromkeys(names, "VARCHAR"), row=row, shown_in=keepers, notes=notes)


def _cell(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime.datetime):
        midnight = value.time() == datetime.time()
        return value.date().isoformat() if midnight else value.isoformat(sep=" ")
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return str(value).strip() or None
