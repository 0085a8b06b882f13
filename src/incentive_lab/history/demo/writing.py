"""Tables to files in bounded memory: blocks are collected into row groups and written as they fill."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import pyarrow as pa
import pyarrow.csv as pcsv
import pyarrow.parquet as pq

from incentive_lab.errors import InputError, Problem

Format = Literal["parquet", "csv"]
GROUP_ROWS = 200_000
"""Rows that are collected before they are written."""
TRUTH = "truth.json"
_MONEY = pa.decimal128(18, 2)
_REPEATING = {
    "partner_id", "type", "region", "segment", "tier", "currency", "status", "product", "term_months", "kind", "rule",
    "role", "measure", "period",
}  # fmt: skip
_MONEY_COLUMNS = frozenset({"amount", "list_amount", "cost", "recurring_amount", "returned_amount", "spend"})


class TableFile:
    """One table being written: under a temporary name until it is complete."""

    def __init__(self, directory: Path, name: str, form: Format) -> None:
        self.path = directory / f"{name}.{form}"
        self.rows = 0
        self._partial = directory / f".{name}.{form}.partial"
        self._form = form
        self._waiting: list[pa.Table] = []
        self._waiting_rows = 0
        self._writer: pq.ParquetWriter | pcsv.CSVWriter | None = None

    def add(self, table: pa.Table) -> None:
        """Takes the rows of one block."""
        self._waiting.append(table)
        self._waiting_rows += table.num_rows
        if self._waiting_rows >= GROUP_ROWS:
            self._flush()

    def _flush(self) -> None:
        table = pa.concat_tables(self._waiting).combine_chunks()
        self._waiting, self._waiting_rows = [], 0
        self.rows += table.num_rows
        if self._form == "csv":
            table = _exact(table)
        if self._writer is None:
            self._writer = self._open(table.schema)
        self._writer.write_table(table)

    def _open(self, schema: pa.Schema) -> pq.ParquetWriter | pcsv.CSVWriter:
        if self._form == "csv":
            return pcsv.CSVWriter(self._partial, schema, write_options=pcsv.WriteOptions(quoting_style="needed"))
        repeats = [name for name in schema.names if name in _REPEATING]
        return pq.ParquetWriter(self._partial, schema, compression="zstd", compression_level=1, use_dictionary=repeats)

    def finish(self) -> None:
        """Writes what waits; the file is whole, still under its temporary name."""
        if self._waiting_rows or self._writer is None:
            self._flush()
        if self._writer is not None:
            self._writer.close()

    def put_in_place(self) -> None:
        """Gives the finished file its name."""
        os.replace(self._partial, self.path)

    def abandon(self) -> None:
        """Removes what was written."""
        with suppress(OSError):
            if self._writer is not None:
                self._writer.close()
        self._partial.unlink(missing_ok=True)


def _exact(table: pa.Table) -> pa.Table:
    """The table with money as decimals, so that text shows two places."""
    fields = [pa.field(f.name, _MONEY) if f.name in _MONEY_COLUMNS else f for f in table.schema]
    return table.cast(pa.schema(fields))


class TableFiles:
    """Every table of a history, opened together and put in place together.

    Raises:
        InputError: When the directory holds tables that an earlier demo did not write.
    """

    def __init__(self, directory: Path, names: tuple[str, ...], form: Format) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        refuse_foreign(directory, names)
        self._stale = [directory / f"{name}.{other}" for name in names for other in ("parquet", "csv") if other != form]
        self.files = {name: TableFile(directory, name, form) for name in names}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                for file in self.files.values():
                    file.finish()
                for file in self.files.values():
                    file.put_in_place()
                for path in self._stale:
                    path.unlink(missing_ok=True)
        finally:
            for file in self.files.values():
                file.abandon()


def refuse_foreign(directory: Path, names: tuple[str, ...]) -> None:
    """Raises InputError when tables lie there that no earlier demo wrote."""
    if (directory / TRUTH).exists():
        return
    there = [directory / f"{name}.{form}" for name in names for form in ("parquet", "csv")]
    problems = [
        Problem(path.name, "a table of this name is already there, and it is not a demo.", "Choose an empty folder.")
        for path in there
        if path.exists()
    ]
    if problems:
        raise InputError(problems)
