"""An open history: what it holds, the panel a scheme asks for, and the rows behind a number."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from incentive_lab.errors import InputError, Problem
from incentive_lab.fiscal import FiscalMonths, days_in
from incentive_lab.history.arrays import Columns
from incentive_lab.history.columns import Canonical
from incentive_lab.history.credit import Credits
from incentive_lab.history.currency import Rates
from incentive_lab.history.identity import history_id
from incentive_lab.history.measure_checks import leaf_problems
from incentive_lab.history.paneling import build_panel, partner_rows, reach, span, target_rows
from incentive_lab.history.quantities import Quantities
from incentive_lab.history.store import Store, listed, literal, quoted
from incentive_lab.history.tables import TABLES
from incentive_lab.history.timing import Calendar, LateData, Settle
from incentive_lab.history.workings import Grid, Workings
from incentive_lab.money import decimals
from incentive_lab.panel import Panel, month_label
from incentive_lab.scheme.measures import Measure

if TYPE_CHECKING:
    import pandas as pd


@dataclass
class History:
    """A loaded history. Close it, or use `with history.closing():`.

    Attributes:
        store: Where its tables live.
        currency: ISO 4217 code of every amount.
        source: Where it came from, as given.
        extras: Table -> further column -> 'text' or 'number'.
        columns: Table -> its columns.
        rounded: (table, column) -> rows whose amount rounding changed, and by how much in sum (whole units).
        excluded: Findings whose rows were left out, with the money in them.
        mapping: The YAML it was brought in by; empty without one.
        warnings: Sentences about what was assumed.
        rows: Table -> number of rows.
        filled: Table -> columns that hold at least one value.
        calendar: Its own months; None where months are calendar months.
    """

    store: Store
    currency: str
    source: str
    extras: Mapping[str, Mapping[str, str]]
    columns: Mapping[str, tuple[str, ...]]
    rounded: Mapping[tuple[str, str], tuple[int, Decimal]] = field(default_factory=dict)
    excluded: tuple[Any, ...] = ()
    mapping: str = ""
    warnings: tuple[str, ...] = ()
    rows: Mapping[str, int] = field(default_factory=dict)
    filled: Mapping[str, frozenset[str]] = field(default_factory=dict)
    calendar: FiscalMonths | None = None

    @classmethod
    def of(
        cls,
        store: Store,
        canonical: Mapping[str, Canonical],
        money: Rates,
        source: str,
        excluded: tuple[Any, ...] = (),
        calendar: FiscalMonths | None = None,
    ) -> History:
        """A history over canonical tables that were checked."""
        extras = {name: dict(canonical[name].extras) if name in canonical else {} for name in TABLES}
        rounded = {
            (name, column): change for name, read in canonical.items() for column, change in read.rounded.items()
        }
        history = cls.over(store, money.currency, money.assumed, source, extras)
        return replace(history, rounded=rounded, excluded=excluded, calendar=calendar)

    @classmethod
    def over(
        cls, store: Store, currency: str, assumed: bool, source: str, extras: Mapping[str, Mapping[str, str]]
    ) -> History:
        """A history over a store whose tables were checked.

        Args:
            store: Holds the canonical tables.
            currency: ISO 4217 code of every amount.
            assumed: Whether no table names a currency.
            source: Where it came from.
            extras: Table -> further column -> 'text' or 'number'.
        """
        columns = {name: (*table.names, *extras[name]) for name, table in TABLES.items()}
        warnings = (f"No table names a currency; amounts are taken as {currency}.",) if assumed else ()
        rows, filled = _contents(store, columns)
        return cls(store, currency, source, extras, columns, warnings=warnings, rows=rows, filled=filled)

    @cached_property
    def history_id(self) -> str:
        """Content id: the same rows in the same months give the same id, whatever their order, format or file names."""
        filled = {name: sorted(columns) for name, columns in self.filled.items()}
        months = "" if self.calendar is None else self.calendar.key
        return history_id(self.store, filled, self.rows, self.currency, months)

    @cached_property
    def partners(self) -> Columns:
        """Every partner, ascending by id, an array of each column; dates as `datetime.date`, None where unknown."""
        return partner_rows(self.store, self.extras["partners"], TABLES["partners"].names)

    @cached_property
    def span(self) -> tuple[int, int]:
        """First month (running number) and number of months."""
        return span(self.store, self.filled, self.calendar)

    @cached_property
    def _reach(self) -> tuple[int, int]:
        """First and last calendar month that dates lie in; nothing is asked where months are calendar months."""
        return (0, 0) if self.calendar is None else reach(self.store, self.filled)

    @cached_property
    def _one_line(self) -> bool:
        # Without a `line` column the key already says that a deal is one row.
        return "line" not in self.filled["deals"]

    def panel(
        self,
        leaves: Mapping[str, Measure],
        *,
        settle: Settle = "quarter",
        year_starts: int = 1,
        late_data: LateData = "true_up",
        deal_leaves: Mapping[str, Collection[str]] | None = None,
        want_returns: bool = False,
        role_shares: Mapping[str, Decimal] | None = None,
    ) -> Panel:
        """The leaf measures by partner and month, and single deals where they are asked for.

        Args:
            leaves: Name -> leaf measure.
            settle: Settlement period, which decides what is late.
            year_starts: Month in which the programme year starts.
            late_data: What happens to rows recorded after their settlement period ended.
            deal_leaves: Grain ('deal' or 'line') -> leaves whose single deals are needed.
            want_returns: Whether returned deals are needed.
            role_shares: Share of a role where a multi-partner deal gives a role but no share.

        Raises:
            InputError: A measure asks for what the history does not have.
        """
        self._check_roles(role_shares or {})
        problems = self.problems_of(leaves)
        if problems:
            raise InputError(problems)
        partners = self.partners
        first, months = self.span
        workings = Workings(
            store=self.store,
            quantities=self._quantities(),
            filled=self.filled,
            one_line=self._one_line,
            calendar=Calendar(settle, year_starts, late_data, self.calendar, self.store.dialect, self._reach),
            credits=Credits(self.store, self.rows["deal_partners"] > 0, role_shares or {}),
            grid=Grid(tuple(partners["partner_id"]), first, months),
        )
        return build_panel(
            workings,
            leaves,
            partners,
            history_id=self.history_id,
            currency=self.currency,
            deal_leaves=deal_leaves or {},
            want_returns=want_returns,
            targets=target_rows(self.store, leaves, workings.quantities, first, self.currency),
            warnings=self.warnings,
        )

    def problems_of(self, leaves: Mapping[str, Measure]) -> list[Problem]:
        """What measures ask for that this history does not have; empty when they can all be worked out."""
        return leaf_problems(leaves, self._quantities())

    def _quantities(self) -> dict[str, Quantities]:
        return {name: Quantities(name, decimals(self.currency), self.extras[name]) for name in TABLES}

    def _check_roles(self, role_shares: Mapping[str, Decimal]) -> None:
        if not self.rows["deal_partners"]:
            return
        rows = self.store.rows("SELECT DISTINCT role FROM {deal_partners} t WHERE share IS NULL ORDER BY 1")
        lacking = [str(row[0]) for row in rows if row[0] not in role_shares]
        if lacking:
            message = f"deal_partners gives no share for the role {', '.join(lacking)}, and the scheme names none."
            raise InputError(
                [Problem("deal_partners, column share", message, "Fill the shares or declare role shares.")]
            )

    def deals_of(self, partner_id: str, first_month: int, last_month: int) -> pd.DataFrame:
        """Rows of deals a partner is credited with, closed or created in the months (running numbers, inclusive).

        Amounts are minor units, other numbers millionths, as stored.
        """
        who = literal(partner_id)
        first, last = (f"DATE '{day}'" for day in days_in(self.calendar, first_month, last_month))
        near = " OR ".join(f"{date} BETWEEN {first} AND {last}" for date in ("closed_on", "created_on"))
        names = listed(f"d.{quoted(name)}" for name in self.columns["deals"])
        mine = f"d.deal_id IN (SELECT deal_id FROM {{deal_partners}} s WHERE partner_id = {who})"
        own = f"d.partner_id = {who} AND d.deal_id NOT IN (SELECT deal_id FROM {{deal_partners}} s)"
        sql = f"SELECT {names} FROM {{deals}} d WHERE ({mine} OR {own}) AND ({near}) ORDER BY closed_on, deal_id, line"
        return self.store.sql_frame(sql)

    @cached_property
    def actual_payouts(self) -> pd.DataFrame:
        """What was really paid: partner_id, period, rule, amount in minor units."""
        return self.store.sql_frame(
            "SELECT partner_id, period, rule, amount FROM {actual_payouts} t ORDER BY partner_id, period, rule, amount"
        )

    def describe(self) -> dict[str, Any]:
        """A small summary for pages and the command line."""
        first, months = self.span
        return {
            "history_id": self.history_id,
            "source": self.source,
            "currency": self.currency,
            "rows": {name: count for name, count in self.rows.items() if count},
            "partners": self.rows["partners"],
            "first_month": month_label(first),
            "last_month": month_label(first + months - 1),
            "months": months,
            "warnings": list(self.warnings),
            "calendar": None if self.calendar is None else self.calendar.described(first, months),
        }

    @contextmanager
    def closing(self) -> Iterator[History]:
        """Use the history in a `with` block and close it at the end."""
        try:
            yield self
        finally:
            self.close()

    def close(self) -> None:
        """Give the connection back."""
        self.store.close()


def _contents(store: Store, columns: Mapping[str, tuple[str, ...]]) -> tuple[dict[str, int], dict[str, frozenset[str]]]:
    rows, filled = {}, {}
    for name, names in columns.items():
        counts = store.rows(
            f"SELECT count(*), {listed(f'count({quoted(column)})' for column in names)} FROM {{{name}}} t"
        )[0]
        rows[name] = int(counts[0])
        filled[name] = frozenset(column for column, count in zip(names, counts[1:], strict=True) if count)
    return rows, filled
