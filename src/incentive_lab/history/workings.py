"""What measuring knows of a history: its tables, calendar and credits, and the grid of partners and months."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat
from typing import Any

import numpy as np

from incentive_lab.errors import InputError, Problem
from incentive_lab.history.arrays import Columns
from incentive_lab.history.conditions import row_test
from incentive_lab.history.credit import Credits
from incentive_lab.history.quantities import Quantities
from incentive_lab.history.store import Store
from incentive_lab.history.timing import Calendar
from incentive_lab.panel import Floats
from incentive_lab.scheme.measures import Measure


@dataclass(frozen=True)
class Grid:
    """The rows and columns of a panel: partners in ascending order, months from `first_month`."""

    partner_ids: tuple[str, ...]
    first_month: int
    months: int

    def zeros(self) -> Floats:
        """An array of the panel's shape."""
        return np.zeros((len(self.partner_ids), self.months))

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {partner: row for row, partner in enumerate(self.partner_ids)}

    def place(self, partner: Any, month: Any) -> tuple[Any, Any, Any]:
        """Row and column of each (partner id, running month), and which of them lie in the panel."""
        row = np.fromiter(map(self._rows.get, partner, repeat(-1)), dtype=np.int64, count=len(partner))
        column = np.asarray(month, dtype=np.int64) - self.first_month
        inside = (row >= 0) & (column >= 0) & (column < self.months)
        return row[inside], column[inside], inside


@dataclass(frozen=True)
class Workings:
    """What measuring needs to know about a history.

    Attributes:
        store: Holds the canonical tables.
        quantities: Per table, what its columns are.
        filled: Per table, the columns with at least one value.
        one_line: Whether every deal is a single row.
        calendar: When a row counts.
        credits: Who is credited.
        grid: Shape of the panel.
    """

    store: Store
    quantities: Mapping[str, Quantities]
    filled: Mapping[str, frozenset[str]]
    one_line: bool
    calendar: Calendar
    credits: Credits
    grid: Grid

    def rows(self, table: str, date: str) -> Any:
        """The dated rows of a table with `_on` and `_month`."""
        recorded = table == "deals" and "recorded_on" in self.filled["deals"]
        return self.calendar.dated(self.store.table(table), date, recorded)

    def columns(self, kind: str, members: Mapping[str, Measure], query: Callable[[], Any]) -> Columns:
        """The rows of a query over members' rows; what it compiles to is kept, apart from their names."""
        asked = tuple((type(measure), measure.model_dump_json()) for measure in members.values())
        return self.store.columns((kind, self.shape, asked), query)

    @cached_property
    def shape(self) -> Hashable:
        """All that decides how a query is written, beside what it asks; histories of one shape share the SQL."""
        columns = tuple((name, one.places, tuple(one.extras.items())) for name, one in self.quantities.items())
        filled = tuple((name, tuple(sorted(found))) for name, found in self.filled.items())
        shares = tuple(sorted(self.credits.role_shares.items()))
        return columns, filled, self.one_line, self.calendar.shape, self.credits.split, shares

    def test(self, rows: Any, measure: Measure, table: str) -> Any:
        """The measure's filter on rows, true where it has none."""
        import ibis

        test = row_test(rows, measure.where, self.quantities[table])
        return ibis.literal(True) if test is None else test.fill_null(False)


def date_of(measure: Measure) -> str:
    """The date column of a leaf."""
    date = measure.date or ("joined_on" if measure.table == "partners" else None)
    if date is None:
        raise InputError([Problem("measures", f"say at which date the rows of {measure.table} count (at).")])
    return date
