"""Effects that are only timing: sales pulled forward or held back, and partners that stop just past a border."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from incentive_lab.format import p_value_text, percent, points
from incentive_lab.panel import Floats
from incentive_lab.pilot.drawing import Codes
from incentive_lab.pilot.watching import Check, compared

SHUFFLES = 2_000


def _compared(values: Floats, treated: Floats, pre: Floats, clusters: Codes | None) -> tuple[float, float]:
    others = np.zeros((len(values), 0)) if np.ptp(pre) == 0 else pre[:, None]
    return compared(values, treated, others, clusters)


def apart(share: float) -> str:
    """A relative difference as a place.

    Example:
        >>> apart(-0.15), apart(0.02)
        ('15 % below', '2 % above')
    """
    return f"{percent(abs(share), 1)} {'below' if share < 0 else 'above'}"


def held_back(monthly: Floats, treated: Floats, start: int, clusters: Codes | None = None) -> Check:
    """Whether the treated sold less in the month before the start than their year before says (waiting for the pilot)."""
    if start < 4:
        return Check("Waiting for the start", "look", "There are too few months before the start to tell.")
    usual = monthly[:, : start - 1].mean(axis=1)
    effect, p_value = _compared(monthly[:, start - 1], treated, usual, clusters)
    mean = float(monthly[treated == 1, start - 1].mean())
    share = effect / (mean - effect) if mean > effect else float("nan")
    told = f"in the month before the start the arm is {apart(share)}" if np.isfinite(share) else "no sales, against"
    state = "look" if p_value < 0.05 and effect < 0 else "fine"
    return Check(
        "Waiting for the start",
        state,
        f"Held-back sales: {told} what its year before says (p {p_value_text(p_value, 2)}).",
        p_value,
    )


def paid_back(monthly: Floats, after: Floats, treated: Floats, start: int, clusters: Codes | None = None) -> Check:
    """Whether the arm sells less once the pilot is over (sales that were pulled forward).

    Args:
        monthly: Outcome up to the pilot's end, float64 [n, months].
        after: Outcome of the months after it, float64 [n, k]; k may be 0.
        treated: float64 [n].
        start: First month of the pilot.
        clusters: Groups of partners that were drawn together, int64 [n]; their months are not independent.
    """
    if after.shape[1] == 0:
        return Check("Pulled forward", "look", "The history ends with the pilot, so sales that were pulled forward cannot be "
                     "told from new ones yet. Read again in three months.")  # fmt: skip
    usual = monthly[:, :start].mean(axis=1)
    effect, p_value = _compared(after.mean(axis=1), treated, usual, clusters)
    mean = float(after[treated == 1].mean())
    share = effect / (mean - effect) if mean > effect else float("nan")
    told = apart(share) if np.isfinite(share) else "at an unknown distance from"
    state = "look" if p_value < 0.05 and effect < 0 else "fine"
    months = "month" if after.shape[1] == 1 else "months"
    return Check("Pulled forward", state, f"In {after.shape[1]} {months} after the pilot the arm is {told} what it would "
                 f"have had (p {p_value_text(p_value, 2)}).", p_value)  # fmt: skip


def at_period_ends(
    monthly: Floats, treated: Floats, start: int, first_month: int, clusters: Codes | None = None
) -> Check:
    """Whether the arm moved sales into the last month of quarters.

    Args:
        monthly: float64 [n, months].
        treated: float64 [n].
        start: First month of the pilot.
        first_month: Months from the start of a programme year to column 0.
        clusters: As for `paid_back`.
    """
    months = first_month + np.arange(monthly.shape[1])
    last = months % 3 == 2
    inside, before = np.arange(monthly.shape[1]) >= start, np.arange(monthly.shape[1]) < start

    def share(which: NDArray[np.bool_]) -> Floats:
        total = monthly[:, which].sum(axis=1)
        return np.asarray(
            np.divide(monthly[:, which & last].sum(axis=1), total, out=np.full(len(total), np.nan), where=total > 0)
        )

    now, then = share(inside), share(before)
    rows = np.isfinite(now) & np.isfinite(then)
    if rows.sum() < 8 or not last[inside].any() or 0 in (treated[rows].sum(), (1 - treated[rows]).sum()):
        return Check("Quarter ends", "look", "Too few partners sell in and before the pilot to tell.")
    effect, p_value = _compared(now[rows], treated[rows], then[rows], None if clusters is None else clusters[rows])
    if points(effect) == "0":
        return Check(
            "Quarter ends",
            "fine",
            "The share of the last months of quarters moved less than 0.005 points apart in the arms.",
            p_value,
        )
    state = "look" if p_value < 0.05 and effect > 0 else "fine"
    words = (
        f"The share of the last months of quarters in the arm's outcome differs by {points(effect)} from that in the "
        f"control's (p {p_value_text(p_value, 2)})."
    )
    return Check("Quarter ends", state, words, p_value)


def at_borders(
    totals: Floats, treated: Floats, borders: Iterable[float], width: float = 0.05, clusters: Codes | None = None
) -> Check:
    """Whether more of the arm's totals lie just above a threshold than just below it, compared with the control.

    A partner's totals resemble each other from quarter to quarter, so arms are drawn anew over whole partners: counted one by
    one, steady partners would raise the alarm three times as often as they may.

    Args:
        totals: What thresholds are compared with, for each partner and period, float64 [n, periods].
        treated: float64 [n].
        borders: Thresholds above zero.
        width: Of the band on each side, as a share of the threshold.
        clusters: Groups of partners that were drawn together, int64 [n].
    """
    above, near = np.zeros(len(totals)), np.zeros(len(totals))
    for border in borders:
        over = (totals >= border) & (totals < border * (1 + width))
        above += over.sum(axis=1)
        near += over.sum(axis=1) + ((totals < border) & (totals >= border * (1 - width))).sum(axis=1)
    if clusters is not None:
        first, codes = np.unique(clusters, return_index=True, return_inverse=True)[1:]
        above, near = (np.bincount(codes, one).astype(np.float64) for one in (above, near))
        treated = treated[first]
    arms = [(near > 0) & (treated == arm) for arm in (0, 1)]
    if min(int(rows.sum()) for rows in arms) < 5:
        units = "partners" if clusters is None else "clusters"
        return Check("Borders", "look", f"Only {arms[0].sum()} {units} of the control and {arms[1].sum()} of the arm have totals "
                     "near a threshold, too few to see bunching.")  # fmt: skip
    used = near > 0
    p_value = shuffled(above[used], near[used], treated[used])
    shares = [float(above[rows].sum() / near[rows].sum()) for rows in arms]
    state = "look" if p_value < 0.05 and shares[1] > shares[0] else "fine"
    return Check("Borders", state, f"Of totals within {percent(width, 0)} of a threshold {percent(shares[1], 0)} of the arm's and "
                 f"{percent(shares[0], 0)} of the control's lie above it (p {p_value_text(p_value, 2)}).", p_value)  # fmt: skip


def shuffled(top: Floats, bottom: Floats, treated: Floats) -> float:
    """Two-sided p-value of the difference of two ratios of sums, by arms that are dealt anew `SHUFFLES` times.

    Args:
        top: float64 [n].
        bottom: Above zero, float64 [n].
        treated: 1 for the arm, float64 [n].

    Example:
        >>> arm = np.repeat([0.0, 1.0], 6)
        >>> shuffled(arm, np.ones(12), arm) < 0.01, shuffled(np.ones(12), np.ones(12), arm)
        (True, 1.0)
    """
    again = np.random.default_rng(0).permuted(np.tile(treated, (SHUFFLES, 1)), axis=1)
    every = np.vstack([treated, again])
    gap = every @ top / (every @ bottom) - (1 - every) @ top / ((1 - every) @ bottom)
    return float((np.abs(gap) >= abs(gap[0]) - 1e-12).mean())


def fisher(counts: Codes) -> float:
    """Fisher's exact two-sided p-value of a two by two table.

    Example:
        >>> round(fisher(np.array([[8, 2], [1, 5]])), 6)
        0.034965
    """
    from scipy.special import gammaln

    (a, b), (c, d) = counts.tolist()
    rows, columns, total = a + b, a + c, a + b + c + d
    places = np.arange(max(0, rows + columns - total), min(rows, columns) + 1)

    def log_choose(n: int, k: Codes) -> Floats:
        return np.asarray(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1))

    logs = log_choose(columns, places) + log_choose(total - columns, rows - places)
    chance = np.exp(logs - logs.max())
    chance /= chance.sum()
    here = chance[places == a][0]
    return float(min(1.0, chance[chance <= here * (1 + 1e-7)].sum()))
