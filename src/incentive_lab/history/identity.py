"""The content id of a history: the same rows give the same id, whatever their order, file format or file names."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from incentive_lab.history.store import Store, listed, quoted

VERSION = "1"


def history_id(store: Store, columns: Mapping[str, Sequence[str]], rows: Mapping[str, int], currency: str,
               calendar: str = "") -> str:  # fmt: skip
    """SHA-256 over each table's filled columns, row count and the sum of its rows' hashes.

    Each row is written as text in a fixed column order and hashed with MD5; the first 60 bits are summed, so neither
    the order of rows nor the engine's threads matter and memory stays bounded. It names content; it is not meant to
    withstand somebody who builds a second history with the same id.

    Args:
        store: Holds the canonical tables.
        columns: Table -> its columns with at least one value, ascending.
        rows: Table -> number of rows.
        currency: The history's currency.
        calendar: What names its own months; empty for calendar months.
    """
    parts = [f"incentive-lab history {VERSION}", currency, *([f"months {calendar}"] if calendar else [])]
    for table in sorted(columns):
        if rows[table]:
            content = _hash_sum(store, table, columns[table])
            parts.append("|".join([table, ",".join(columns[table]), str(rows[table]), str(content)]))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def _hash_sum(store: Store, table: str, names: Sequence[str]) -> int:
    # chr(31) parts the values and chr(30) alone stands for none, so no two rows share a text by accident.
    texts = listed(f"coalesce(CAST({quoted(name)} AS VARCHAR), chr(30))" for name in names)
    sql = f"SELECT {store.hash_sum('t.text')} FROM (SELECT concat_ws(chr(31), {texts}) AS text FROM {{{table}}} s) t"
    return int(store.rows(sql)[0][0])
