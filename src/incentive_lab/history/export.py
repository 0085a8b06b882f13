"""A history written out as a folder of CSV files that opens to the same history."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from incentive_lab.history.reading import SHARE_PLACES
from incentive_lab.history.store import listed, quoted
from incentive_lab.history.tables import TABLES
from incentive_lab.money import decimals

if TYPE_CHECKING:
    from incentive_lab.history.history import History


def write_csv_folder(history: History, path: Path | str) -> list[Path]:
    """One CSV file per table that has rows, in whole currency units; opening the folder gives the same history id.

    A history with months of its own also gets `mapping.yaml`, which says them and is named when the folder is opened.

    Args:
        history: What to write.
        path: Folder, created if it is not there.

    Returns:
        The files written.
    """
    folder = Path(path)
    folder.mkdir(parents=True, exist_ok=True)
    files = [_write(history, name, folder / f"{name}.csv") for name, rows in history.rows.items() if rows]
    if history.calendar is None:
        return files
    from incentive_lab.history.mapping_writing import with_calendar

    mapping = folder / "mapping.yaml"
    mapping.write_text(with_calendar("", history.calendar.declared), encoding="utf-8")
    return [*files, mapping]


def _write(history: History, table: str, file: Path) -> Path:
    declared = TABLES[table]
    required = {column.name for column in declared.columns if column.required}
    names = [name for name in history.columns[table] if name in history.filled[table] or name in required]
    places = [_places(history, table, name) for name in names]
    rows = history.store.rows(f"SELECT {listed(map(quoted, names))} FROM {{{table}}} t ORDER BY ALL")
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(names)
        writer.writerows([_cell(value, place) for value, place in zip(row, places, strict=True)] for row in rows)
    return file


def _places(history: History, table: str, name: str) -> int | None:
    column = TABLES[table].column(name)
    kind = column.kind if column else history.extras[table][name]
    return {"money": decimals(history.currency), "number": 6, "share": SHARE_PLACES}.get(kind)


def _cell(value: Any, places: int | None) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if places is None:
        return str(value)
    exact = Decimal(int(value)).scaleb(-places)
    return f"{exact.normalize():f}" if places == 6 or places == SHARE_PLACES else f"{exact:f}"
