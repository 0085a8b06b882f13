"""Rows that are odd one by one: each rule is a test in SQL, used both to report rows and to leave them out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from incentive_lab.errors import Problem, did_you_mean
from incentive_lab.history.store import Store, listed, quoted
from incentive_lab.history.tables import PARTNER_TYPES, TABLES
from incentive_lab.money import decimals


@dataclass(frozen=True)
class Finding:
    """One kind of oddity in a history.

    Attributes:
        kind: Its name, as `exclude` takes it.
        rows: How many rows (partners or months, where the message says so) it concerns.
        amount: Sum of the amounts of those rows in whole currency units; None where rows have no amount.
        message: What was found, as a sentence.
        examples: Up to five ids or months.
        severity: flagged (the rows are still in) or excluded (they were left out).
    """

    kind: str
    rows: int
    amount: Decimal | None
    message: str
    examples: tuple[str, ...] = ()
    severity: Literal["flagged", "excluded"] = "flagged"


@dataclass(frozen=True)
class RowRule:
    """A test on the rows of one table, over the alias `t`."""

    kind: str
    table: str
    test: str
    message: str
    name: str = "deal_id"
    amount: str | None = "amount"


_OTHER_COPY = (
    "EXISTS (SELECT 1 FROM {deals} o WHERE o.deal_id < t.deal_id AND o.partner_id = t.partner_id AND o.status = 'won' "
    "AND o.closed_on = t.closed_on AND o.amount = t.amount AND o.product = t.product "
    "AND o.customer_id = t.customer_id)"
)
_QUARTER = (
    "CASE WHEN substr(t.period, 6, 2) <= '03' THEN '1' WHEN substr(t.period, 6, 2) <= '06' THEN '2' "
    "WHEN substr(t.period, 6, 2) <= '09' THEN '3' ELSE '4' END"
)
_INSIDE_ANOTHER = (
    "EXISTS (SELECT 1 FROM {targets} o WHERE o.measure = t.measure AND o.period <> t.period "
    "AND o.partner_id IS NOT DISTINCT FROM t.partner_id AND o.type IS NOT DISTINCT FROM t.type "
    "AND o.segment IS NOT DISTINCT FROM t.segment AND substr(o.period, 1, 4) = substr(t.period, 1, 4) "
    "AND (length(o.period) = 4 OR (substr(o.period, 6, 1) = 'Q' AND length(t.period) = 7 "
    f"AND substr(t.period, 6, 1) <> 'Q' AND substr(o.period, 7, 1) = {_QUARTER})))"
)
_OF_A_CHILD = (
    "t.parent_id <> t.partner_id AND EXISTS (SELECT 1 FROM {partners} o WHERE o.partner_id = t.parent_id "
    "AND o.parent_id <> o.partner_id)"
)
_TYPES = listed(f"'{name}'" for name in PARTNER_TYPES)

_ONE = {
    "partners": "partner", "deals": "deal", "activities": "activity", "targets": "target", "months": "month", "rows": "row",
    "have": "has", "were": "was", "are": "is", "lie": "lies", "name": "names", "repeat": "repeats", "their": "its",
}  # fmt: skip


def told(number: int, message: str) -> str:
    """A finding in words, for one as for many.

    Example:
        >>> told(1, "won deals were sold below cost"), told(1200, "partners have no name")
        ('1 won deal was sold below cost.', '1,200 partners have no name.')
    """
    words = message.split()
    if number == 1:  # its subject and its verb stand among the first words
        words[:6] = [_ONE.get(word, word) for word in words[:6]]
    return f"{number:,} {' '.join(words)}."


RULES = (
    RowRule("closed_before_created", "deals", "t.closed_on < t.created_on", "deals closed before they were created"),
    RowRule("negative_amounts", "deals", "t.amount < 0", "deals have an amount below zero"),
    RowRule("zero_amounts", "deals", "t.amount = 0 AND t.status = 'won'", "won deals have an amount of zero"),
    RowRule("negative_margins", "deals", "t.status = 'won' AND t.cost > t.amount", "won deals were sold below cost"),
    RowRule("won_without_closed_on", "deals", "t.status = 'won' AND t.closed_on IS NULL",
            "won deals have no closing date, so no measure of won deals counts them"),
    RowRule("lost_without_closed_on", "deals", "t.status = 'lost' AND t.closed_on IS NULL",
            "lost deals have no closing date, so win rates miss them"),
    RowRule("returned_before_closed", "deals", "t.returned_on < t.closed_on", "deals were returned before they closed"),
    RowRule("returned_more_than_sold", "deals", "t.returned_amount > t.amount",
            "deals have more returned than was sold", amount="returned_amount - t.amount"),
    RowRule("contracts_without_term", "deals",
            "t.status = 'won' AND t.recurring_amount <> 0 AND coalesce(t.term_months, 0) <= 0",
            "won deals have a recurring amount and no term, so nothing counts as in force", amount="recurring_amount"),
    RowRule("registered_after_closed", "deals", "t.registered_on > t.closed_on",
            "deals were registered after they closed"),
    RowRule("qualified_after_closed", "deals", "t.qualified_on > t.closed_on",
            "deals were qualified after they closed"),
    RowRule("likely_duplicates", "deals", "t.status = 'won' AND " + _OTHER_COPY,
            "won deals repeat another deal's partner, customer, product, day and amount under another id"),
    RowRule("closed_before_joining", "deals",
            "t.status = 'won' AND t.closed_on < "
        "(SELECT min(p.joined_on) FROM {partners} p WHERE p.partner_id = t.partner_id)",
            "won deals closed before their partner joined"),
    RowRule("activities_of_unknown_deals", "activities",
            "t.deal_id IS NOT NULL AND t.deal_id NOT IN (SELECT deal_id FROM {deals} o)",
            "activities name a deal that is not there", name="activity_id", amount="spend"),
    RowRule("unknown_types", "partners", f"t.type NOT IN ({_TYPES})",
            "partners have a type the product does not know by name", name="type", amount=None),
    RowRule("parents_with_parents", "partners", _OF_A_CHILD,
            "partners have a parent that has a parent itself; a group goes up one step only", name="partner_id",
            amount=None),
    RowRule("targets_inside_others", "targets", _INSIDE_ANOTHER,
            "targets lie inside the period of another for the same partners and measure; a month has one target, so "
            "one of them does not count", name="measure", amount=None),
)  # fmt: skip

ORPHANS, DUPLICATES = "orphans", "duplicates"
_ORPHANS = {
    "deals": "t.partner_id NOT IN (SELECT partner_id FROM {partners} p)",
    "targets": "t.partner_id NOT IN (SELECT partner_id FROM {partners} p)",
    "activities": "t.partner_id NOT IN (SELECT partner_id FROM {partners} p)",
    "scores": "t.partner_id NOT IN (SELECT partner_id FROM {partners} p)",
    "actual_payouts": "t.partner_id NOT IN (SELECT partner_id FROM {partners} p)",
    "deal_partners": "t.partner_id NOT IN (SELECT partner_id FROM {partners} p) "
    "OR t.deal_id NOT IN (SELECT deal_id FROM {deals} o)",
}
_AMOUNTS = {"deals": "amount", "activities": "spend", "actual_payouts": "amount"}


def excludable() -> list[str]:
    """Kinds of findings whose rows can be left out."""
    return sorted([ORPHANS, DUPLICATES, *(rule.kind for rule in RULES if rule.table != "partners")])


def how_left_out(kind: str) -> str:
    """Where a person says that the rows of a kind are left out.

    Example:
        >>> how_left_out("orphans")
        '--exclude orphans, or Leave out the rows of on Data'
    """
    return f"--exclude {kind}, or Leave out the rows of on Data"


def check_exclude(exclude: Collection[str], problems: list[Problem]) -> None:
    """Note every kind that is not known."""
    known = excludable()
    problems.extend(
        Problem("exclude", f"there is no kind of finding called {kind} to leave out.", did_you_mean(kind, known))
        for kind in sorted(set(exclude) - set(known))
    )


def in_units(minor: object, currency: str) -> Decimal:
    """Minor units as an exact amount in whole currency units."""
    return Decimal(int(minor or 0)).scaleb(-decimals(currency))  # type: ignore[call-overload]


def apply_rule(store: Store, rule: RowRule, currency: str) -> Finding | None:
    """What a rule finds, or None."""
    money = f"sum(t.{rule.amount})" if rule.amount else "NULL"
    source = f"FROM {{{rule.table}}} t WHERE {rule.test}"
    count, amount = store.rows(f"SELECT count(*), {money} {source}")[0]
    if not count:
        return None
    named = store.rows(f"SELECT DISTINCT t.{rule.name} {source} ORDER BY 1 LIMIT 5")
    total = in_units(amount, currency) if rule.amount else None
    return Finding(rule.kind, int(count), total, told(int(count), rule.message), tuple(str(row[0]) for row in named))


def leave_out_broken(store: Store, exclude: Collection[str], currency: str) -> list[Finding]:
    """Take out rows that would refuse the load: copies of a row, and rows of ids that are not there."""
    found: list[Finding] = []
    if DUPLICATES in exclude:
        found += [_drop_copies(store, name, currency) for name, table in TABLES.items() if table.key]
    if ORPHANS in exclude:
        for name, test in _ORPHANS.items():
            rule = RowRule(
                ORPHANS, name, test, f"rows of {name} name an id that is not there", amount=_AMOUNTS.get(name)
            )
            rule = RowRule(ORPHANS, name, test, rule.message, name=TABLES[name].columns[0].name, amount=rule.amount)
            found += _drop(store, rule, currency)
        known = "CASE WHEN t.parent_id IN (SELECT partner_id FROM {partners} p) THEN t.parent_id END"
        items = (f"{known} AS parent_id" if name == "parent_id" else quoted(name) for name in store.names("partners"))
        store.keep_rows("partners", f"SELECT {listed(items)} FROM {{partners}} t")
    return [finding for finding in found if finding.rows]


def leave_out_odd(store: Store, exclude: Collection[str], currency: str) -> list[Finding]:
    """Take out the rows of the kinds named; returns what was taken, with the money in it."""
    return [finding for rule in RULES if rule.kind in exclude for finding in _drop(store, rule, currency)]


def _drop(store: Store, rule: RowRule, currency: str) -> list[Finding]:
    finding = apply_rule(store, rule, currency)
    if finding is None:
        return []
    store.keep_rows(rule.table, f"SELECT * FROM {{{rule.table}}} t WHERE ({rule.test}) IS NOT TRUE")
    message = f"{finding.message[:-1]}; {'it was' if finding.rows == 1 else 'they were'} left out."
    return [Finding(finding.kind, finding.rows, finding.amount, message, finding.examples, "excluded")]


def _drop_copies(store: Store, name: str, currency: str) -> Finding:
    columns = store.names(name)
    same = listed(quoted(column) for column in columns if column != "_row")
    ranked = f"SELECT *, row_number() OVER (PARTITION BY {same} ORDER BY _row) AS _copy FROM {{{name}}} t"
    money = f"sum({_AMOUNTS[name]})" if name in _AMOUNTS else "NULL"
    first = quoted(TABLES[name].key[0])
    count, amount = store.rows(f"SELECT count(*), {money} FROM ({ranked}) s WHERE _copy > 1")[0]
    named = store.rows(f"SELECT DISTINCT {first} FROM ({ranked}) s WHERE _copy > 1 ORDER BY 1 LIMIT 5") if count else []
    if count:
        store.keep_rows(name, f"SELECT {listed(map(quoted, columns))} FROM ({ranked}) s WHERE _copy = 1")
    total = in_units(amount, currency) if name in _AMOUNTS else None
    message = told(int(count), f"rows repeat another row of {name} exactly; one of each was kept")
    return Finding(DUPLICATES, int(count), total, message, tuple(str(row[0]) for row in named), "excluded")
