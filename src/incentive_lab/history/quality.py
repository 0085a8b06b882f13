"""The data quality report: what is odd in a history that could be read, and the money in it."""

from __future__ import annotations

import datetime
import re
from collections import Counter
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from incentive_lab.fiscal import month_in
from incentive_lab.format import counted
from incentive_lab.history.missing import GROUPED_BY, gaps
from incentive_lab.history.outcomes import undone_activities
from incentive_lab.history.quality_rules import RULES, Finding, apply_rule, in_units, told
from incentive_lab.panel import month_label
from incentive_lab.scheme.checks.context import Undone
from incentive_lab.scheme.checks.undone import filter_of
from incentive_lab.scheme.checks.undone import told as undone_told

if TYPE_CHECKING:
    from incentive_lab.history.history import History

__all__ = ["Finding", "quality"]

SPIKE_DEALS = 6
"""A partner needs so many won deals before one of them is held against its others, not against everybody's."""
EVERYBODYS_DEALS = 50
"""And so many are needed of all partners before a deal is held against them."""
SPIKE_DEVIATIONS = 4
LONE_GAP_MONTHS = 6
LONE_SHARE = 0.01
ALIKE = 0.94
"""Names with at least this Jaro-Winkler similarity are near-identical."""
HANDOVER_MONTHS = 3


def quality(history: History) -> list[Finding]:
    """Everything odd in a history, what was left out first, then by the money in it.

    Example:
        >>> quality(history)  # doctest: +SKIP
        [Finding(kind='negative_margins', rows=12, amount=Decimal('1834.20'), ...)]
    """
    found = [finding for rule in RULES if (finding := apply_rule(history.store, rule, history.currency))]
    found += [*_rounded(history), *_mixed_partners(history), *_inactive(history), *_undone(history)]
    if {"closed_on", "amount"} <= history.filled["deals"]:
        found += [*_gaps(history), *_missing(history), *_lone(history), *_spikes(history), *_renamed(history)]
    found.sort(key=lambda finding: (-abs(finding.amount or Decimal(0)), finding.kind))
    return [*history.excluded, *found]


def why_nothing(history: History) -> list[str]:
    """Why a scheme may pay nothing on a history that holds won deals, as sentences; empty where it holds none.

    Example:
        >>> why_nothing(history)  # doctest: +SKIP
        ['783 won deals have no closing date, so no measure of won deals counts them.']
    """
    worth = "sum(CASE WHEN closed_on IS NOT NULL AND amount <> 0 THEN 1 ELSE 0 END)"
    won, counts = history.store.rows(f"SELECT count(*), {worth} FROM {{deals}} t WHERE status = 'won'")[0]
    if not won:
        return []
    rules = [rule for rule in RULES if rule.kind in ("won_without_closed_on", "zero_amounts")]
    found = [finding.message for rule in rules if (finding := apply_rule(history.store, rule, history.currency))]
    if counts:
        found.append(
            f"{counted(int(counts), 'won deal')} can be counted, and no rule of the scheme pays for what they hold."
        )
    return found


def _rounded(history: History) -> list[Finding]:
    found = []
    for (table, column), (rows, added) in history.rounded.items():
        sign = "added" if added >= 0 else "took away"
        message = (
            f"{rows:,} values of {table}.{column} have more decimals than {history.currency}; "
            f"rounding them {sign} {abs(added):.2f} in all. The amount is that change."
        )
        found.append(Finding("rounded_amounts", rows, added, message, (f"{table}.{column}",)))
    return found


def _mixed_partners(history: History) -> list[Finding]:
    if "line" not in history.filled["deals"]:
        return []
    inner = "SELECT deal_id, sum(amount) AS amount FROM {deals} t GROUP BY 1 HAVING count(DISTINCT partner_id) > 1"
    return _counted(history, inner, "deals_of_several_partners", "deals have lines of several partners")


def _counted(history: History, inner: str, kind: str, message: str) -> list[Finding]:
    rows = history.store.rows(f"SELECT count(*), sum(amount) FROM ({inner}) s")[0]
    if not rows[0]:
        return []
    named = history.store.rows(f"SELECT deal_id FROM ({inner}) s ORDER BY 1 LIMIT 5")
    amount = in_units(rows[1], history.currency)
    return [Finding(kind, int(rows[0]), amount, told(int(rows[0]), message), tuple(str(row[0]) for row in named))]


def _inactive(history: History) -> list[Finding]:
    seen = " UNION ALL ".join(
        f"SELECT partner_id FROM {{{name}}} t" for name in ("deals", "deal_partners", "activities")
    )
    inner = f"SELECT partner_id FROM {{partners}} p WHERE partner_id NOT IN ({seen})"
    rows = history.store.rows(f"{inner} ORDER BY 1")
    if not rows:
        return []
    message = told(len(rows), "partners have neither a deal nor an activity")
    return [Finding("inactive_partners", len(rows), None, message, tuple(str(row[0]) for row in rows[:5]))]


def _undone(history: History) -> list[Finding]:
    """Activities that came to nothing, for each column that says so; a scheme counts them unless a measure leaves them out."""
    columns: dict[str, list[Undone]] = {}
    for one in undone_activities(history):
        columns.setdefault(one.column, []).append(one)
    found = []
    for same in columns.values():
        kinds: Counter[str] = Counter()
        for one in same:
            kinds[one.kind] += one.rows
        each = ", ".join(f"{kind} {rows:,}" for kind, rows in kinds.most_common(5))
        message = f"{undone_told(same)} all the same ({each}) unless a measure's where says {filter_of(same)}."
        found.append(Finding("undone_activities", sum(kinds.values()), None, message, tuple(kinds)[:5]))
    return found


def _won_months(history: History) -> list[tuple[int, int, int]]:
    """(running month, won deals' rows, amount) in order of time."""
    where = "status = 'won' AND closed_on IS NOT NULL"
    days = history.store.rows(f"SELECT closed_on, count(*), sum(amount) FROM {{deals}} t WHERE {where} GROUP BY 1")
    months: dict[int, tuple[int, int]] = {}
    for day, rows, amount in days:
        month = month_in(history.calendar, day)
        before = months.get(month, (0, 0))
        months[month] = before[0] + int(rows), before[1] + int(amount)
    return [(month, *months[month]) for month in sorted(months)]


def _gaps(history: History) -> list[Finding]:
    months = [month for month, _, _ in _won_months(history)]
    empty = sorted(set(range(months[0], months[-1])) - set(months)) if months else []
    if not empty:
        return []
    message = told(len(empty), "months have no won deal though earlier and later ones do")
    return [Finding("empty_months", len(empty), None, message, tuple(month_label(month) for month in empty[:5]))]


def _missing(history: History) -> list[Finding]:
    """Months without a won deal of partners that had enough in those beside: of one type, region or segment, or at an end."""
    named = [name for name in GROUPED_BY if name in history.filled["partners"]]
    columns = "".join(f", {name}" for name in named)
    partners = history.store.rows(f"SELECT partner_id{columns} FROM {{partners}} p ORDER BY 1")
    place = {row[0]: at for at, row in enumerate(partners)}
    won = "SELECT partner_id, closed_on, count(*) FROM {deals} t WHERE status = 'won' AND closed_on IS NOT NULL GROUP BY 1, 2"
    rows = [(place[who], month_in(history.calendar, day), number)
            for who, day, number in history.store.rows(won) if who in place]  # fmt: skip
    if not rows:
        return []
    first, months = history.span
    counts = np.zeros((len(partners), months))
    for at, month, number in rows:
        if 0 <= month - first < months:
            counts[at, month - first] += int(number)
    total = np.flatnonzero(counts.sum(axis=0))
    found = []
    for gap in gaps(
        counts, {name: np.array([str(row[1 + at] or "") for row in partners]) for at, name in enumerate(named)}
    ):
        if not gap.attribute and total[0] < gap.months[0] and gap.months[-1] < total[-1]:
            continue  # told as empty months
        message = (
            f"Rows seem to be missing: {gap.told(first, 'won deals')}. A projection leaves these months out of its fit."
        )
        named_months = tuple(month_label(first + month) for month in gap.months[:5])
        found.append(Finding("missing_rows", len(gap.months), None, message, named_months))
    return found


def _lone(history: History) -> list[Finding]:
    """Won deals at either end, cut off from the rest by six empty months and fewer than one in a hundred."""
    months = _won_months(history)
    runs: list[list[tuple[int, int, int]]] = [[]]
    for month in months:
        if runs[-1] and month[0] - runs[-1][-1][0] > LONE_GAP_MONTHS:
            runs.append([])
        runs[-1].append(month)
    total = sum(rows for _, rows, _ in months)
    lone = [month for run in runs if sum(rows for _, rows, _ in run) < LONE_SHARE * total for month in run]
    if not lone:
        return []
    count, amount = sum(rows for _, rows, _ in lone), in_units(sum(money for _, _, money in lone), history.currency)
    message = told(count, f"won deals lie more than {LONE_GAP_MONTHS} months apart from all others; check the date")
    return [Finding("dates_apart", count, amount, message, tuple(month_label(month) for month, _, _ in lone[:5]))]


def _spikes(history: History) -> list[Finding]:
    """Deals far above their partner's usual: on logs, 4 x 1.4826 MAD (that at least 0.5) above the median.

    Of partners with few deals nothing is usual: theirs are held against the deals of everybody.
    """
    deals = (
        "SELECT deal_id, partner_id, sum(amount) AS amount FROM {deals} t "
        "WHERE status = 'won' AND closed_on IS NOT NULL GROUP BY 1, 2 HAVING sum(amount) > 0"
    )
    logs = f"SELECT *, ln(CAST(amount AS DOUBLE)) AS size FROM ({deals}) d"
    middle = f"SELECT partner_id, median(size) AS middle, count(*) AS n FROM ({logs}) l GROUP BY 1"
    away = f"SELECT l.*, m.middle, m.n FROM ({logs}) l JOIN ({middle}) m ON l.partner_id = m.partner_id"
    spread = (
        f"SELECT partner_id, greatest(0.5, 1.4826 * median(abs(size - middle))) AS spread FROM ({away}) a GROUP BY 1"
    )
    every = f"SELECT median(size) AS middle, count(*) AS n FROM ({logs}) l"
    apart = (
        f"SELECT greatest(0.5, 1.4826 * median(abs(size - middle))) AS spread FROM ({logs}) l CROSS JOIN ({every}) e"
    )
    inner = (
        f"SELECT a.deal_id, a.amount FROM ({away}) a JOIN ({spread}) s ON a.partner_id = s.partner_id "
        f"CROSS JOIN ({every}) e CROSS JOIN ({apart}) p "
        f"WHERE CASE WHEN a.n >= {SPIKE_DEALS} THEN a.size > a.middle + {SPIKE_DEVIATIONS} * s.spread "
        f"ELSE e.n >= {EVERYBODYS_DEALS} AND a.size > e.middle + {SPIKE_DEVIATIONS} * p.spread END"
    )
    message = (
        f"won deals are far above their partner's usual size, or everybody's if it has fewer than {SPIKE_DEALS} "
        f"({SPIKE_DEVIATIONS} robust deviations on logs)"
    )
    return _counted(history, inner, "one_off_spikes", message)


_FORMS = re.compile(r"\b(inc|ltd|llc|gmbh|corp|co|company|limited|ag|sa|bv|plc|pty)\b\.?")


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", _FORMS.sub(" ", name.lower())).strip()


def _renamed(history: History) -> list[Finding]:
    """Two ids with the same or nearly the same name, where one stops within three months of the other's start."""
    sql = (
        "SELECT p.partner_id, p.name, min(d.closed_on), max(d.closed_on), sum(d.amount) FROM {partners} p "
        "JOIN {deals} d ON d.partner_id = p.partner_id WHERE d.status = 'won' AND d.closed_on IS NOT NULL "
        "AND p.name IS NOT NULL GROUP BY 1, 2 ORDER BY 1"
    )
    rows = [(_plain(row[1]), *row) for row in history.store.rows(sql)]
    rows.sort(key=lambda row: row[0][:4])
    pairs, money = [], 0
    for _, block in groupby(rows, key=lambda row: row[0][:4]):
        members = list(block)
        for first in members:
            for second in members:
                if first[1] != second[1] and _hands_over(first[4], second[3]) and _alike(first[0], second[0]):
                    pairs.append(f"{first[1]} -> {second[1]}")
                    money += int(first[5])
    if not pairs:
        return []
    stops = counted(len(pairs), "partner stops", "partners stop")
    message = f"{stops} selling when one of nearly the same name starts; a new id?"
    return [Finding("renamed_ids", len(pairs), in_units(money, history.currency), message, tuple(pairs[:5]))]


def _hands_over(stops: datetime.date, starts: datetime.date) -> bool:
    months = (starts.year - stops.year) * 12 + starts.month - stops.month
    return starts > stops and months <= HANDOVER_MONTHS


def _alike(first: str, second: str) -> bool:
    return first == second or jaro_winkler(first, second) >= ALIKE


def jaro_winkler(first: str, second: str) -> float:
    """Similarity of two texts from 0 to 1 (Winkler 1990), with the usual weight of 0.1 on a common start.

    Example:
        >>> round(jaro_winkler("martha", "marhta"), 3)
        0.961
    """
    reach = max(max(len(first), len(second)) // 2 - 1, 0)
    taken = [False] * len(second)
    matched = []
    for place, letter in enumerate(first):
        for other in range(max(0, place - reach), min(len(second), place + reach + 1)):
            if not taken[other] and second[other] == letter:
                taken[other] = True
                matched.append(letter)
                break
    if not matched:
        return 0.0
    swaps = sum(a != b for a, b in zip(matched, [c for c, t in zip(second, taken, strict=True) if t], strict=True)) / 2
    n = len(matched)
    jaro = (n / len(first) + n / len(second) + (n - swaps) / n) / 3
    common = next(
        (i for i, (a, b) in enumerate(zip(first[:4], second[:4], strict=False)) if a != b),
        min(4, len(first), len(second)),
    )
    return jaro + common * 0.1 * (1 - jaro)
