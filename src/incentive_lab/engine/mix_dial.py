"""The 80/20 dial: factors on the two groups' rates that give behaviour its planned share (docs/scheme.md#mix)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from incentive_lab.engine.impact import group_amounts, mix
from incentive_lab.engine.replay import Replay, replay
from incentive_lab.format import money, percent
from incentive_lab.money import from_minor
from incentive_lab.panel import Panel
from incentive_lab.scheme.document import Mix, MixFactors, Scheme

LARGEST = 100.0
"""The largest factor that is tried; rates beyond it are no programme anybody would publish."""
ENOUGH = 0.001
"""The paid share is reached when it is this close."""
ROUNDS = 12
"""Rescalings that are tried before bracketing."""
SETTLED = 0.00002
"""Rescaling has settled when each group is this close to its plan, as a share of the cost."""


@dataclass(frozen=True)
class MixSolution:
    """What turning the dial gives.

    Attributes:
        scheme: The scheme with the solved factors stored in its mix.
        reached: Whether the planned share (and, with hold: cost, the cost) is met.
        paid: Behavioural share that is paid; None when nothing is.
        cost: Cents before guarantees and budget on the reference history.
        held: Cents that hold: cost asked for.
        message: One sentence; where the plan is not reached it says by how much and why.
    """

    scheme: Scheme
    reached: bool
    paid: float | None
    cost: float
    held: float
    message: str


def with_factors(scheme: Scheme, planned: Decimal, behavioural: float, transactional: float, solved_on: str) -> Scheme:
    """The scheme with factors to a millionth in its mix."""
    hold = scheme.mix.hold if scheme.mix else "cost"
    grid = Decimal("0.000001")
    factors = MixFactors(
        behavioural=Decimal(repr(behavioural)).quantize(grid), transactional=Decimal(repr(transactional)).quantize(grid),
        solved_on=solved_on,
    )  # fmt: skip
    return scheme.model_copy(update={"mix": Mix(behavioural=planned, hold=hold, factors=factors)})


def solve(scheme: Scheme, panel: Panel, behavioural: float) -> MixSolution:
    """Find the factors once, on a named history; they are stored in the scheme and never re-solved by a replay.

    Shares are measured after partner caps, before guarantees and budget. With `hold: cost` each group's factor is
    first rescaled by what its group should earn over what it earns, a few times over; where caps bend that too much,
    by nested bracketing (Brent, scipy): for each behavioural factor the transactional one that keeps the cost, then
    the behavioural one that gives the share. They may not exist: then the nearest is given.

    Args:
        scheme: A checked scheme; its present factors (or 1) define the cost that is held.
        panel: The reference history.
        behavioural: The planned share, 0 to 1.
    """
    bare = scheme.model_copy(
        update={"guarantees": (), "budget": None, "pools": (), "minimum_payout": None, "draws": ()}
    )
    planned = Decimal(repr(behavioural))
    held = replay(bare, panel, detail=False).cost
    hold = scheme.mix is None or scheme.mix.hold == "cost"
    tried: dict[tuple[float, float], Replay] = {}

    def at(first: float, second: float) -> Replay:
        key = (round(first, 6), round(second, 6))
        if key not in tried:
            tried[key] = replay(with_factors(bare, planned, *key, panel.history_id), panel, detail=False)
        return tried[key]

    def second_for(first: float) -> float:
        return _root(lambda second: at(first, second).cost - held, 0.0, LARGEST) if hold else 1.0

    def gap(first: float) -> float:
        share = mix(at(first, second_for(first))).paid
        return (share if share is not None else 0.0) - behavioural

    quick = _rescaled(at, behavioural, held) if hold else None
    if hold and behavioural >= 1:  # every larger factor gives this share, too; the cost alone says which one
        quick = _root(lambda first: at(first, 0.0).cost - held, 0.0, LARGEST), 0.0
    first, second = quick or (_root(gap, 0.0, LARGEST), math.nan)
    if quick is None:
        second = second_for(first)
    result = at(first, second)
    paid = mix(result).paid
    off = abs((paid or 0.0) - behavioural)
    moved = result.cost - held
    reached = off <= ENOUGH and (not hold or abs(moved) <= max(100.0, 0.0005 * held))
    solved = with_factors(scheme, planned, first, second, panel.history_id)
    said = _message(reached, behavioural, paid, moved, panel, hold=hold)
    return MixSolution(solved, reached, paid, result.cost, held, said)


def _rescaled(at: Callable[[float, float], Replay], share: float, held: float) -> tuple[float, float] | None:
    """Factors found by rescaling each group to what it should earn; None if that does not settle."""
    first = second = 1.0
    for _ in range(ROUNDS):
        result = at(first, second)
        earned = {name: float(cents.sum()) for name, cents in group_amounts(result).items()}
        whole = held - (result.cost - sum(earned.values()))  # what is left for rules beside clawback and the like
        off = [earned["behavioural"] - share * whole, earned["transactional"] - (1 - share) * whole]
        if max(abs(one) for one in off) <= max(50.0, SETTLED * held):
            return first, second
        if earned["behavioural"] <= 0 or earned["transactional"] <= 0 or not 0 < share < 1:
            return None
        first = min(LARGEST, first * share * whole / earned["behavioural"])
        second = min(LARGEST, second * (1 - share) * whole / earned["transactional"])
    return None


def _root(function: object, low: float, high: float) -> float:
    """The root between two factors, or the end that comes nearest when there is none."""
    at_low, at_high = function(low), function(high)  # type: ignore[operator]
    if at_low == 0 or (at_low > 0) == (at_high > 0):
        return low if abs(at_low) <= abs(at_high) else high
    from scipy.optimize import brentq

    return float(brentq(function, low, high, xtol=1e-6, rtol=1e-9, maxiter=60))


def _message(reached: bool, planned: float, paid: float | None, moved: float, panel: Panel, *, hold: bool) -> str:
    if paid is None:
        return "The scheme pays nothing on this history, so there is no mix to set."
    if reached and not hold:
        amount = money(from_minor(moved, panel.currency), panel.currency)
        return (
            f"Behaviour earns {percent(paid)} as planned; the cost is free, and what the rules pay moves by {amount}."
        )
    if reached:
        apart = money(from_minor(abs(moved), panel.currency), panel.currency)
        return f"Behaviour earns {percent(paid)} as planned; what the rules pay stays the same to within {apart}."
    return (
        f"No factors reach {percent(planned)}: the nearest pays {percent(paid)}, {percent(abs(paid - planned))} away, "
        f"and moves the cost by {money(from_minor(moved, panel.currency), panel.currency)}. Caps, limits or a missing group bind."
    )
