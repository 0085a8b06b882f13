"""What each column of a table is to a measure: stored numbers, computed numbers and ratios, as Ibis expressions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from incentive_lab.errors import InputError, Problem, did_you_mean
from incentive_lab.history.tables import TABLES

MILLION = 1_000_000

# Computed columns of deals: (top, bottom) of ratios, differences of amounts, and days from the second date to the first.
_RATIOS = {
    "margin_share": ("margin", "amount"),
    "discount_share": ("discount", "list_amount"),
    "mark_up": ("margin", "cost"),
    "unit_price": ("amount", "quantity"),
}
_DIFFERENCES = {"margin": ("amount", "cost"), "discount": ("list_amount", "amount")}
_DAYS = {"cycle_days": ("closed_on", "created_on"), "days_kept": ("returned_on", "closed_on")}


@dataclass(frozen=True)
class Ratio:
    """Two whole-number columns; their quotient times `unit` is in major units, shares or plain numbers."""

    top: Any
    bottom: Any
    unit: Fraction


@dataclass(frozen=True)
class Quantities:
    """The columns of one table of one history.

    Attributes:
        table: Name of the table.
        places: Decimals of the currency.
        extras: Further column -> 'number' or 'text'.
    """

    table: str
    places: int
    extras: Mapping[str, str]

    def known(self) -> list[str]:
        """Every column a measure may name."""
        computed = [*_RATIOS, *_DIFFERENCES, *_DAYS, "returned"] if self.table == "deals" else []
        return [*TABLES[self.table].names, *self.extras, *computed]

    def is_ratio(self, column: str) -> bool:
        """Whether a column is a quotient of two others."""
        return self.table == "deals" and column in _RATIOS

    def kind(self, column: str) -> str | None:
        """money, number, whole, text, date or boolean; None for a column that is not known."""
        if self.table == "deals" and (column in _DIFFERENCES or column == "returned"):
            return "money"
        if self.table == "deals" and column in _DAYS:
            return "whole"
        declared = TABLES[self.table].column(column)
        return declared.kind if declared else self.extras.get(column)

    def value(self, rows: Any, column: str) -> Any:
        """A column as an Ibis expression in the units it is stored in."""
        if self.table == "deals" and column in _DIFFERENCES:
            first, second = _DIFFERENCES[column]
            return rows[first] - rows[second]
        if self.table == "deals" and column in _DAYS:
            last, first = _DAYS[column]
            return rows[last].delta(rows[first], unit="day")
        if self.table == "deals" and column == "returned":
            return returned(rows)
        return rows[column]

    def ratio(self, rows: Any, column: str) -> Ratio:
        """A ratio column as its two parts."""
        top, bottom = _RATIOS[column]
        unit = Fraction(MILLION, 10**self.places) if column == "unit_price" else Fraction(1)
        return Ratio(self.value(rows, top), self.value(rows, bottom), unit)

    def places_of(self, column: str) -> int:
        """Decimal places a stored number column carries (an amount of 1.00 is stored as 100)."""
        kind = self.kind(column)
        if kind == "money":
            return self.places
        if kind == "number":
            return 6
        if kind == "whole":
            return 0
        if kind is None:
            message = f"there is no column {column} in {self.table}."
            raise InputError([Problem(f"{self.table}.{column}", message, did_you_mean(column, self.known()))])
        raise InputError([Problem(f"{self.table}.{column}", f"this column holds {kind}, not numbers.")])

    def constant(self, given: object, column: str) -> Fraction:
        """A number of a condition in the column's stored units."""
        try:
            number = Fraction(Decimal(str(given)))
        except (InvalidOperation, ValueError):
            raise InputError([Problem(f"where.{column}", f"found {given!r}; allowed: a number.")]) from None
        return number if self.is_ratio(column) else number * 10 ** self.places_of(column)


def returned(rows: Any) -> Any:
    """What came back of each row of deals: nothing without a date, all of it without an amount."""
    import ibis

    return ibis.ifelse(rows.returned_on.isnull(), 0, rows.returned_amount.coalesce(rows.amount))
