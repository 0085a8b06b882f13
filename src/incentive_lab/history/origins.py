"""Where rows came from, as people say it: the file, its row and the column of the user's own export."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

STRIDE = 10**12
"""The row number of a mapped table is its source's place times this, plus the row in the source (0: not known)."""


@dataclass(frozen=True)
class Origin:
    """One source of a mapped table.

    Attributes:
        label: What a person calls it, such as `orders.csv`.
        columns: Our column -> theirs in words, such as `columns gross and discount`.
        single: Our column -> theirs, where it is made of one.
    """

    label: str
    columns: Mapping[str, str]
    single: Mapping[str, str] = field(default_factory=dict)

    def place(self, row: int | None, ours: str, column: str | None) -> str:
        """A cell, a row or a column: `orders.csv row 12, column gross (deals.amount)`.

        Example:
            >>> Origin("orders.csv", {"amount": "column gross"}).place(12, "deals", "amount")
            'orders.csv row 12, column gross (deals.amount)'
        """
        where = f"{self.label} row {row}" if row else self.label
        if column is None:
            return f"{where} ({ours})"
        return f"{where}, {self.columns.get(column, 'no column')} ({ours}.{column})"


def named(columns: list[str]) -> str:
    """Columns in words.

    Example:
        >>> named(["gross"]), named(["gross", "discount"]), named([])
        ('column gross', 'columns gross and discount', 'a constant')
    """
    different = list(dict.fromkeys(columns))
    if not different:
        return "a constant"
    return f"column {different[0]}" if len(different) == 1 else (
        f"columns {', '.join(different[:-1])} and {different[-1]}"
    )  # fmt: skip


def united(origins: tuple[Origin, ...], table: str) -> str:
    """What a person calls a mapped table: `orders.csv and leads.csv (as deals)`."""
    return f"{' and '.join(dict.fromkeys(origin.label for origin in origins))} (as {table})"
