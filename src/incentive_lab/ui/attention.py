"""What of a comparison needs somebody's attention, in sentences. Computes; draws nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from incentive_lab.engine.impact import HEAVY_LOSS, hit_hard, programme_years, settlements
from incentive_lab.engine.replay import Replay, replay
from incentive_lab.errors import InputError, Problem
from incentive_lab.format import compact, counted, percent, points
from incentive_lab.scheme.check import check, not_in_history
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.paths import Address, apply, tunables
from incentive_lab.ui.lacking import lacking
from incentive_lab.ui.scales import group_of, words_of
from incentive_lab.ui.workspace import Comparison

HIT_HARD = f"Lose over {percent(HEAVY_LOSS)}"
"""What these partners are called among the choices of a list."""
OFF_PLAN = 0.01
"""A paid mix further than this from the planned one is worth a word."""


@dataclass(frozen=True)
class Notice:
    """One thing to look at.

    Attributes:
        weight: 'act' (probably wrong), 'look' (worth a decision) or 'fine'.
        title: What, in a few words.
        text: How much, as a sentence; several things on a line each.
    """

    weight: Literal["act", "look", "fine"]
    title: str
    text: str


def budget_notice(result: Replay) -> Notice | None:
    """How the budget holds in the dearest programme year; None without a budget."""
    budget = result.scheme.budget
    if budget is None:
        return None
    limit, years = float(budget.amount) * result.minor, programme_years(result)
    cut = -sum(year.cut for year in years)
    over = [year for year in years if year.cost > limit + 0.5]
    if cut > 0.5:
        return Notice(
            "act",
            "The budget binds",
            f"{compact(cut / result.minor)} of what partners earned is not paid, so "
            f"that the {compact(limit / result.minor)} a year hold.",
        )
    if over:
        worst = max(over, key=lambda year: year.cost)
        return Notice(
            "act",
            "The budget is exceeded",
            f"{worst.label} costs {compact(worst.cost / result.minor)}, "
            f"{compact((worst.cost - limit) / result.minor)} above the {compact(limit / result.minor)} a year.",
        )
    dearest = max(years, key=lambda year: year.cost)
    used = dearest.cost / limit if limit else 0.0
    return Notice(
        "fine",
        "Within budget",
        f"The dearest programme year, {dearest.label}, takes {percent(used, 1)} of {compact(limit / result.minor)}.",
    )


def heavy_losers(comparison: Comparison) -> tuple[int, float]:
    """How many partners are hit hard (`hit_hard`), and what they lose together (minor units)."""
    before, after = comparison.baseline, comparison.proposed
    hit = hit_hard(before.by_partner, after.by_partner, settlements(before.total, after.total))
    return int(hit.sum()), float(-comparison.impact.change[hit].sum())


def hardest_hit(comparison: Comparison) -> float:
    """The largest share of its payout that a partner loses, beyond what rounding to cents can take from it; 0 at least."""
    before, after = comparison.baseline, comparison.proposed
    lost = before.by_partner - after.by_partner - settlements(before.total, after.total)
    paid = before.by_partner > 0.5
    return float(np.max(lost[paid] / before.by_partner[paid], initial=0.0))


def notices(comparison: Comparison, never: tuple[Address, ...] = (), names: object = None) -> list[Notice]:
    """Everything that needs attention, what should be acted on first.

    Args:
        comparison: The scheme against its baseline.
        never: Limits that bind nowhere (`never_binding`).
        names: What the history knows, as `scheme.check.check` takes it.
    """
    result = comparison.proposed
    missing = not_in_history(result.scheme, names)
    doubts = [one for one in check(result.scheme, names=names).warnings if one not in missing]
    found = [
        *_maybe(budget_notice(result)),
        *_loss(comparison),
        *_mix(comparison),
        *_guarantee(result),
        *_tiers(result),
        *_limits(result.scheme, never),
        *(Notice("look", "Assumed", warning) for warning in result.warnings),
        *_missing(lacking(result.scheme, names)),
        *(Notice("look", "Noted by the check", str(one.message)) for one in doubts),
    ]
    order = {"act": 0, "look": 1, "fine": 2}
    return sorted(found, key=lambda notice: order[notice.weight])


def _missing(missing: Sequence[Problem]) -> list[Notice]:
    """What the scheme asks for and the history has nothing of, with what there is instead said once."""
    if not missing:
        return []
    said = [str(one.message) for one in missing]
    instead = dict.fromkeys(one.fix for one in missing if one.fix)
    # What there is stands in several; it is said once, with what is near to a name that was asked for.
    whole = [fix for fix in instead if not any(other != fix and other.startswith(fix) for other in instead)]
    return [Notice("act", "Not in this history", "\n".join([*said, *whole]))]


def _maybe(notice: Notice | None) -> list[Notice]:
    return [] if notice is None else [notice]


def _loss(comparison: Comparison) -> list[Notice]:
    hit, lost = heavy_losers(comparison)
    if not hit:
        return [Notice("fine", "Nobody is hit hard", f"No partner loses more than {percent(HEAVY_LOSS)}.")]
    minor = comparison.proposed.minor
    return [
        Notice(
            "act",
            f"{counted(hit, 'partner loses', 'partners lose')} more than {percent(HEAVY_LOSS)}",
            f"Together they lose {compact(lost / minor)} over the history.",
        )
    ]


def _mix(comparison: Comparison) -> list[Notice]:
    planned, paid = comparison.mix.planned, comparison.mix.paid
    if planned is None or paid is None:
        return []
    gap = paid - planned
    if abs(gap) <= OFF_PLAN:
        return [
            Notice(
                "fine", "The mix is as planned", f"Behaviour earns {percent(paid, 1)}, planned {percent(planned, 1)}."
            )
        ]
    return [
        Notice(
            "look",
            "The paid mix is off the plan",
            f"Behaviour earns {percent(paid, 1)} instead of {percent(planned, 1)}, {points(gap)}.",
        )
    ]


def _guarantee(result: Replay) -> list[Notice]:
    cost = float(result.by_rule[result.line_ids.index("guarantee")].sum())
    if cost < 0.5 or result.cost <= 0:
        return []
    return [
        Notice(
            "look",
            "The guarantee costs money",
            f"{compact(cost / result.minor)} tops up partners that would earn "
            f"less than they are promised, {percent(cost / result.cost, 1)} of all that is paid.",
        )
    ]


def _tiers(result: Replay) -> list[Notice]:
    if len(result.tier_names) < 2 or not result.tiers.size:
        return []
    last = np.bincount(result.tiers[-1], minlength=len(result.tier_names))
    empty = [name for name, partners in zip(result.tier_names, last, strict=True) if partners == 0]
    return [Notice("look", f"Nobody is in {name}", "In the last month the tier has no partner.") for name in empty]


def _limits(scheme: Scheme, never: tuple[Address, ...]) -> list[Notice]:
    if not never:
        return []
    named = [words_of(scheme, address).full for address in never]
    shown = "; ".join(named[:4]) + (f" and {len(named) - 4} more" if len(named) > 4 else "")
    verb = "limit never binds" if len(named) == 1 else "limits never bind"
    return [Notice("look", f"{len(named)} {verb}", f"Doubling would change no payout: {shown}.")]


def never_binding(
    scheme: Scheme, baseline: Scheme | None, result: Replay, again: Callable[[Scheme], Replay] | None = None
) -> tuple[Address, ...]:
    """Caps and limits that bind for nobody: twice as large, they would leave every payout as it is.

    Args:
        scheme: The scheme.
        baseline: What a guarantee compares with.
        result: Its replay.
        again: How to replay a changed scheme; on the result's panel by default.
    """
    again = again or (lambda changed: replay(changed, result.panel, baseline=baseline, detail=False))
    found = []
    for address in tunables(scheme):
        if group_of(address.path) != "Caps and limits" or address.value <= 0:
            continue
        try:
            doubled = apply(scheme, {address.path: address.value * 2})
        except InputError:
            continue
        if np.array_equal(again(doubled).total, result.total):
            found.append(address)
    return tuple(found)
