"""How much of an effect hangs on a few large partners."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from incentive_lab.panel import Floats
from incentive_lab.pilot.drawing import Codes
from incentive_lab.pilot.estimate import Sample
from incentive_lab.pilot.linear import basis
from incentive_lab.pilot.scales import prepared

TOPS = (1, 3, 5)


@dataclass(frozen=True)
class Without:
    """The effect after leaving partners out.

    Attributes:
        rows: Rows that are left out: of the sample, after `placed` of the trial.
        effect: On the estimator's scale (relative for logarithms).
    """

    rows: tuple[int, ...]
    effect: float


@dataclass(frozen=True)
class Whales:
    """Influence of single partners.

    Attributes:
        effect: With everybody.
        leave_one_out: For the most influential partners, the effect without each.
        tops: (k, share of the effect that goes with the k partners that carry it most, effect without them).
        largest_share: Share of the treated arm's outcome that its largest partner has.
        sign_changes: Whether leaving out one partner turns the effect's sign.
        logs: Whether effects are relative, from logarithms.
    """

    effect: float
    leave_one_out: tuple[Without, ...]
    tops: tuple[tuple[int, float, float], ...]
    largest_share: float
    sign_changes: bool
    logs: bool

    def placed(self, rows: NDArray[np.int64]) -> Whales:
        """The same with the rows of the trial that the sample was made of: an arm or an outcome may be missing in it.

        Args:
            rows: [sample] rows of the trial.
        """
        singles = (Without(tuple(int(rows[row]) for row in one.rows), one.effect) for one in self.leave_one_out)
        return replace(self, leave_one_out=tuple(singles))


def whales(sample: Sample, estimator: str, winsorise: float = 0.99, shown: int = 10) -> Whales:
    """Leave-one-out effects, and the share of the effect that goes with the 1, 3 and 5 partners that carry it most.

    Partners are left out one after the other, each time the one whose absence moves the effect most towards zero.
    Estimators that are not linear are looked at through ANCOVA (on logarithms for ppml with outcomes above zero), difference in
    differences through partners' changes.
    """
    logs = estimator in ("log_ancova", "ppml") and bool((sample.post > 0).all())
    name = "log_ancova" if logs else estimator if estimator in ("difference", "winsorised") else "ancova"
    outcome, others = prepared(sample, name, winsorise)
    if estimator == "did" and sample.pre is not None:
        outcome, others = sample.post - sample.pre, others[:, 1:]

    def scaled(value: float) -> float:
        return float(np.expm1(value)) if logs else value

    effect, moves = _moves(outcome, sample.treated, others, sample.strata, np.arange(sample.size))
    order = np.argsort(-np.abs(moves), kind="stable")[:shown]
    singles = tuple(Without((int(row),), scaled(effect - moves[row])) for row in order)
    tops = []
    kept = np.arange(sample.size)
    now = effect
    for count in range(1, max(TOPS) + 1):
        if len(kept) <= others.shape[1] + 6:
            break
        now, own = _moves(outcome, sample.treated, others, sample.strata, kept)
        carries = int(np.argmax(own * np.sign(effect)))
        now = now - float(own[carries])
        kept = np.delete(kept, carries)
        if count in TOPS:
            share = 1 - scaled(now) / scaled(effect) if scaled(effect) else float("nan")
            tops.append((count, float(share), scaled(now)))
    treated = sample.post[sample.treated == 1]
    total = float(np.abs(treated).sum())
    return Whales(
        scaled(effect), singles, tuple(tops), float(np.abs(treated).max() / total) if total else float("nan"),
        any(np.sign(one.effect) != np.sign(effect) for one in singles), logs,
    )  # fmt: skip


def _moves(
    outcome: Floats,
    treated: Floats,
    others: Floats,
    strata: Codes | None,
    rows: Codes,
) -> tuple[float, Floats]:
    """The effect on some rows, and how much of it goes when each is left out (exactly, by leverage)."""
    y, z = outcome[rows], treated[rows]
    columns = basis(others[rows], None if strata is None else strata[rows])
    rest = z - columns @ (columns.T @ z)
    size = float(rest @ rest)
    if size < 1e-12:
        return 0.0, np.zeros(len(rows))
    effect = float(rest @ y) / size
    residual = y - columns @ (columns.T @ y) - effect * rest
    free = 1 - (columns**2).sum(axis=1) - rest**2 / size
    moves = np.where(free > 1e-9, rest / size * residual / np.where(free > 1e-9, free, 1.0), 0.0)
    return effect, moves
