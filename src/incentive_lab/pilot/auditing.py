"""Before launch: how often each method cries wolf on this very history, and what it finds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from incentive_lab.errors import InputError
from incentive_lab.panel import Floats
from incentive_lab.pilot.batched import Reference, drawn_p_values
from incentive_lab.pilot.linear import basis, of_basis
from incentive_lab.pilot.poisson import poisson
from incentive_lab.pilot.randomisation import scarce
from incentive_lab.pilot.rivals import COVERED, FINDS, Row, Stretch, rivals_of
from incentive_lab.pilot.scales import log_before, scaled

SEED = 20_230_503
_FEW, _SOME = 500, 2_000
"""Draws that are tested, and that stand behind each p-value, where an effect is planted."""
_SCALES = ("difference", "ancova", "winsorised", "log_ancova")


@dataclass(frozen=True)
class Audit:
    """One method on one or several stretches of history in which nothing happened.

    Attributes:
        estimator: Its name in the plan.
        inference: randomisation, analytic, or the name of a rival shown for comparison.
        false_positives: Share of draws in which it sees an effect that is not there, at each stretch; with several arms the sum
            over them, which is at least the share in which it sees one in any.
        coverage: Share of draws in which its interval holds a planted +25 %, at each stretch; nan where it was not measured.
        finds: Planted lift -> share of draws in which it is found, averaged.
        gained: Variance taken away by the outcome before, averaged; nan without it.
        partners: Drawn partners of all arms.
        rival: Shown for comparison, never chosen.
        alpha: Level of the plan; with several arms each is tested at its part.
        arms: Arms that are compared with the control.
    """

    estimator: str
    inference: str
    false_positives: tuple[float, ...]
    coverage: tuple[float, ...]
    finds: dict[float, float]
    gained: float
    partners: int
    rival: bool = False
    alpha: float = 0.05
    arms: int = 1

    @property
    def honest(self) -> bool:
        """At a level of 5 % at most 6 % on average and 7.5 % at each stretch; in proportion at others."""
        each, mean = 1.5 * self.alpha, 1.2 * self.alpha
        return all(one <= each for one in self.false_positives) and float(np.mean(self.false_positives)) <= mean


def audit(
    stretches: list[Stretch], alpha: float, draws: int, winsorise: float = 0.99, rivals: bool = True, behind: int = 0,
    arms: int = 1,
) -> list[Audit]:  # fmt: skip
    """Every candidate on every stretch.

    Args:
        stretches: Outcomes of the same partners in months without a pilot; with several arms each in turn for every stretch.
        alpha: Level at which each arm is tested.
        draws: Re-randomisations that are tested.
        winsorise: Pooled quantile of `winsorised`.
        behind: Re-randomisations behind each p-value; 0 for as many as are tested. They are drawn once for all tests of a
            stretch, so few of them shift all its rates together.
        rivals: Also the naive t test, the delta method's relative lift and cluster errors with normal critical values.
        arms: How many arms are compared with the control.
    """
    seen: dict[tuple[str, str], list[tuple[float, float, dict[float, float], float]]] = {}
    for stretch in stretches:
        for key, row in _one(stretch, alpha, draws, winsorise, rivals, behind or draws).items():
            seen.setdefault(key, []).append(row)
    partners = len(stretches[0].post)
    return [
        Audit(
            name, how, tuple(sum(row[0] for row in rows[at : at + arms]) for at in range(0, len(rows), arms)),
            tuple(float(np.mean([row[1] for row in rows[at : at + arms]])) for at in range(0, len(rows), arms)),
            {lift: float(np.mean([row[2][lift] for row in rows])) for lift in FINDS},
            float(np.mean([row[3] for row in rows])), partners, how.startswith("rival"), arms * alpha, arms,
        )
        for (name, how), rows in seen.items() if len(rows) == len(stretches)
    ]  # fmt: skip


def _one(
    stretch: Stretch, alpha: float, draws: int, winsorise: float, rivals: bool, behind: int
) -> dict[tuple[str, str], Row]:
    rng = np.random.default_rng(SEED)
    every = stretch.drawing.enumerated()
    drawn = (every if every is not None else stretch.drawing.draw(rng, behind)).astype(np.float64)
    tested = drawn if every is not None else stretch.drawing.draw(rng, draws).astype(np.float64)
    if len(tested) > draws:
        tested = tested[rng.choice(len(tested), draws, replace=False)]
    found: dict[tuple[str, str], Row] = {}
    for name in _SCALES:
        if name == "log_ancova" and not (stretch.post > 0).all():
            continue
        found[name, "randomisation"] = _drawn(name, stretch, drawn, tested, alpha, winsorise, every is not None)
        if name in ("ancova", "log_ancova"):
            found[name, "analytic"] = _analytic(name, stretch, tested[: min(len(tested), 400)], alpha)
    if (stretch.post >= 0).all() and len(stretch.post) <= 2000 and stretch.strata is None:
        found["ppml", "analytic"] = _ppml(stretch, tested[: min(len(tested), 200)], alpha)
    if rivals:
        found.update(rivals_of(stretch, tested[: min(len(tested), 1000)], alpha))
    return found


def _drawn(
    name: str, stretch: Stretch, drawn: Floats, tested: Floats, alpha: float, winsorise: float, exact: bool
) -> Row:
    """Randomisation inference: without an effect, with a planted one, and of the planted one itself."""
    plain, before = scaled(name, stretch.post[None, :], stretch.pre, winsorise)
    columns = basis(before, stretch.strata)
    pooled = scarce(drawn, stretch.clusters)
    reference, own = (Reference.of(one, columns, stretch.clusters, pooled) for one in (drawn, tested))
    null = reference.statistics(plain)
    observed = own.own(np.broadcast_to(plain, (len(tested), plain.shape[1])))
    wolf = float((_p(null, observed, exact) <= alpha).mean())
    few, some = tested[:_FEW], reference
    if not exact and len(drawn) > _SOME:
        some = Reference.of(drawn[:_SOME], columns, stretch.clusters, pooled)
    planted = Reference.of(few, columns, stretch.clusters, pooled)
    finds = {}
    for lift in FINDS:
        lifted, _ = scaled(name, stretch.post[None, :] * (1 + lift * few), stretch.pre, winsorise)
        finds[lift] = float((_p(some.statistics(lifted), planted.own(lifted), exact) <= alpha).mean())
    # Whether intervals hold what was planted is measured apart (`covering`); it takes an inversion for each draw.
    return wolf, float("nan"), finds, _gained(columns, plain[0], stretch)


def _p(reference: Floats, observed: Floats, exact: bool) -> Floats:
    found = drawn_p_values(reference, observed)
    return (found * (len(reference) + 1) - 1) / len(reference) if exact else found


def _gained(columns: Floats, outcome: Floats, stretch: Stretch) -> float:
    if stretch.pre is None:
        return float("nan")
    plain = outcome - outcome.mean()
    rest = outcome - columns @ (columns.T @ outcome)
    free = len(outcome) - columns.shape[1]
    return float(1 - (rest @ rest) / max(free, 1) / ((plain @ plain) / (len(outcome) - 1)))


def _analytic(name: str, stretch: Stretch, tested: Floats, alpha: float) -> Row:
    plain, before = scaled(name, stretch.post, stretch.pre, 1.0)
    columns = basis(before, stretch.strata)
    errors = "cr2" if stretch.clusters is not None else "hc2"

    def t_of(outcome: Floats, treated: Floats) -> tuple[float, float, float]:
        one = of_basis(outcome, treated, columns, clusters=stretch.clusters, errors=errors)
        return one.effect, one.error, float(stdtrit(one.df, 1 - alpha / 2))

    wolf, held = 0, 0
    hits = dict.fromkeys(FINDS, 0)
    for treated in tested:
        effect, error, critical = t_of(plain, treated)
        wolf += abs(effect) > critical * error
        for lift in FINDS:
            lifted, _ = scaled(name, stretch.post * (1 + lift * treated), stretch.pre, 1.0)
            effect, error, critical = t_of(lifted, treated)
            hits[lift] += abs(effect) > critical * error
            if lift == COVERED:
                truth = np.log1p(lift) if name == "log_ancova" else lift * stretch.post.mean()
                held += abs(effect - truth) <= critical * error
    count = len(tested)
    return (
        wolf / count,
        held / count,
        {lift: own / count for lift, own in hits.items()},
        _gained(columns, plain, stretch),
    )


def _ppml(stretch: Stretch, tested: Floats, alpha: float) -> Row:
    before = np.zeros((len(stretch.post), 0)) if stretch.pre is None else log_before(stretch.pre)
    errors = "cr2" if stretch.clusters is not None else "hc3"
    wolf, held, count = 0, 0, 0
    hits = dict.fromkeys(FINDS, 0)
    for treated in tested:
        try:
            one = poisson(stretch.post, treated, before, stretch.strata, stretch.clusters, errors)
        except InputError:
            continue
        count += 1
        reach = float(stdtrit(one.df, 1 - alpha / 2)) * one.error
        wolf += abs(one.effect) > reach
        for lift in FINDS:
            # A planted percentage moves the coefficient by its logarithm and leaves the error almost as it is.
            effect = one.effect + np.log1p(lift)
            hits[lift] += abs(effect) > reach
            if lift == COVERED:
                held += abs(effect - np.log1p(lift)) <= reach
    count = max(count, 1)
    return wolf / count, held / count, {lift: own / count for lift, own in hits.items()}, float("nan")
