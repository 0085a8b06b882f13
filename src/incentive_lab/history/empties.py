"""Empty cells of mapped tables where every row needs a value: how many, which is the first, and how to leave them out."""

from __future__ import annotations

import json
import re

from incentive_lab.errors import Problem
from incentive_lab.history.origins import STRIDE
from incentive_lab.history.store import DuckStore, Raw
from incentive_lab.history.tables import ALLOWED, Column


def empty_cells(store: DuckStore, raw: Raw, column: Column, test: str) -> list[Problem]:
    """One problem for each source of a mapped table in which a needed column is empty in some rows.

    Args:
        store: Holds the table.
        raw: The mapped table.
        column: What every row needs.
        test: SQL that is true where nothing stands there.
    """
    found = store.rows(
        f"SELECT {raw.row} // {STRIDE} AS source, count(*), min({raw.row}) FROM {raw.relation} WHERE {test} "
        "GROUP BY 1 ORDER BY 1"
    )
    problems = []
    for source, count, first in found:
        rows = f", the first of {count:,} rows where it is" if count > 1 else ""
        message = f"this cell is empty{rows}; every row needs {ALLOWED[column.kind]}."
        theirs = raw.origins[int(source)].single.get(column.name)
        fix = left_out(theirs, raw.header) if theirs else ""
        problems.append(Problem(raw.place(int(first), column.name), message, fix))
    return problems


def left_out(column: str, where: str) -> str:
    """How rows with nothing in a column are left out.

    Args:
        column: Theirs.
        where: The place of the table in a mapping.

    Example:
        >>> print(left_out("No.", "tables.deals"))
        Fill it, or leave such rows out: `where: {No.: {known: true}}` in tables.deals; on Data, choose No. under Only rows with.
    """
    written = column if re.fullmatch(r"[^\W\d_][\w .()/%-]*", column) else json.dumps(column, ensure_ascii=False)
    return (
        f"Fill it, or leave such rows out: `where: {{{written}: {{known: true}}}}` in {where}; "
        f"on Data, choose {column} under Only rows with."
    )
