"""What evenly drawn market factors and common futures save: variances over many seeds, plain draws beside.

    PYTHONPATH=src python -m experiments.validation.quasi_random [demo | adventureworks | share | dial] [SEEDS]

`demo` is a generated history of 300 partners over 36 months (seed 3). Each seed projects 12 months twice with 1,024 futures:
once as the product draws and tells them, once with independent draws in the place of the Sobol points and plain order
statistics. The effective sample is how many times as many plain futures a figure would need. Beside it stands how far the
printed standard error is the true one: the root of the mean squared error printed over the spread of the figure between seeds.

`share` tells how much of the variance of the cost is what partners share, which bounds the gain: the correlation of two runs
with the same Sobol points and other draws of what each partner does. `dial` sets growth-80-20 (without its budget) against
itself with one dial moved, in common futures of the demo history.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from incentive_lab.history import open_history
from incentive_lab.history.demo import generate_demo
from incentive_lab.panel import Floats
from incentive_lab.projection import factors
from incentive_lab.projection.answers import difference
from incentive_lab.projection.model import Model, fit
from incentive_lab.projection.past import past_of
from incentive_lab.projection.running import Projection, project
from incentive_lab.projection.smoothing import smooth
from incentive_lab.projection.standard_errors import Figure, mean, quantile, tail_mean
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.load import load

SCHEMES = Path(__file__).resolve().parents[2] / "data" / "schemes"
PARTNERS, SCENARIOS, HORIZON = 300, 1024, 12
FIGURES = {"mean": mean, "P50": lambda x: quantile(x, 0.5), "P95": lambda x: quantile(x, 0.95), "CVaR95": tail_mean}
LEVELS = {"P50": 0.5, "P95": 0.95}


def as_told(name: str, told: Projection, total: Floats) -> Figure:
    """A figure as the product tells it: what each partner does averaged out of quantiles."""
    even = smooth(told, total)
    if even is None or name == "mean":
        return FIGURES[name](total)
    return even.quantile(LEVELS[name]) if name in LEVELS else even.tail_mean()


@contextmanager
def plain() -> Iterator[None]:
    """Independent coordinates in the place of Sobol points."""
    kept = factors.quasi

    def independent(seed: int, first: int, count: int) -> Floats:
        return np.stack([np.random.default_rng([seed, 99, one]).random(factors.DIMENSIONS)
                         for one in range(first, first + count)])  # fmt: skip

    factors.quasi = independent  # type: ignore[assignment]
    try:
        yield
    finally:
        factors.quasi = kept


def demo() -> tuple[Model, Scheme, Scheme]:
    """A generated programme, a scheme and the one it follows."""
    schemes = [load(SCHEMES / f"{name}.yaml") for name in ("growth-80-20", "current-flat")]
    with tempfile.TemporaryDirectory() as folder:
        generate_demo(Path(folder) / "h", partners=PARTNERS, months=36, seed=3)
        with open_history(str(Path(folder) / "h")).closing() as history:
            return fit(past_of(history, *schemes), horizon=HORIZON), schemes[0], schemes[1]


def adventureworks() -> tuple[Model, Scheme, Scheme]:
    """The resellers of AdventureWorks, and two schemes open to all of them."""
    from experiments.validation.adventureworks import ROOT, for_everybody, samples

    names = ("whole-volume-rebate", "current-flat")
    schemes = [for_everybody(load(SCHEMES / f"{name}.yaml")) for name in names]
    source, mapping = samples() / "adventureworks_resellers", ROOT / "data" / "mappings" / "adventureworks.yaml"
    with open_history(source, mapping=mapping, currency="USD").closing() as history:
        return fit(past_of(history, *schemes), horizon=HORIZON), schemes[0], schemes[1]


def tell(name: str, sobol: list[Figure], independent: list[Figure]) -> None:
    """One figure: its effective sample, with two standard errors of that, and how honest its error is."""
    even, free = (np.array([one.value for one in found]) for found in (sobol, independent))
    ratio = free.var(ddof=1) / even.var(ddof=1)
    unsure = np.exp(2 * np.sqrt(4 / (len(even) - 1)))
    said = [np.sqrt(np.mean([(one.error or 0.0) ** 2 for one in found])) / values.std(ddof=1)
            for found, values in ((sobol, even), (independent, free))]  # fmt: skip
    print(f"  {name:8} effective sample {ratio:5.1f} times ({ratio / unsure:.1f} to {ratio * unsure:.1f}); "
          f"error printed over true {said[0]:.2f}, with plain draws {said[1]:.2f}", flush=True)  # fmt: skip


def main(model: Model, scheme: Scheme, other: Scheme, seeds: int) -> None:
    """Run so many seeds and print; the two schemes, then their difference in common and in separate futures."""

    def run(seed: int) -> Projection:
        return project(model, scheme, against=other, floor=other, horizon=HORIZON, scenarios=SCENARIOS, seed=seed)

    runs = [run(seed) for seed in range(seeds)]
    with plain():
        free = [run(seed) for seed in range(seeds)]
    for place in range(2):
        print(runs[0].outcomes[place].scheme.id)
        for name, figure in FIGURES.items():
            tell(name, [as_told(name, told, told.outcomes[place].asked) for told in runs],
                 [figure(told.outcomes[place].asked) for told in free])  # fmt: skip
    costs = [np.concatenate([told.outcomes[place].asked for told in runs]) for place in range(2)]
    print(f"{scheme.id} less {other.id}: variance of separate plain futures over that of common ones; in a future they share "
          f"their costs correlate by {np.corrcoef(*costs)[0, 1]:.2f}")  # fmt: skip
    pairs = [(runs, "Sobol"), (free, "plain")]
    for name, figure in FIGURES.items():
        apart = sum(np.var([figure(told.outcomes[place].asked).value for told in free], ddof=1) for place in range(2))
        saved = []
        for told_by, drawn in pairs:
            gaps = [figure(told.outcomes[0].asked).value - figure(told.outcomes[1].asked).value for told in told_by]
            saved.append(f"{apart / np.var(gaps, ddof=1):.1f} {drawn}")
        print(f"  {name:8} {', '.join(saved)}")


def shares() -> None:
    """Share of the variance that partners share, and the most that even drawing can gain for a mean."""
    kept = factors.quasi
    for name, get in (("demo", demo), ("adventureworks", adventureworks)):
        model, scheme, floor = get()
        factors.quasi = lambda seed, first, count: kept(5, first, count)  # type: ignore[assignment]
        for one in (scheme, floor):
            runs = [
                project(model, one, floor=floor, horizon=HORIZON, scenarios=SCENARIOS, seed=seed) for seed in (1, 2)
            ]
            share = np.corrcoef(runs[0].outcome.asked, runs[1].outcome.asked)[0, 1]
            print(
                f"{name}, {one.id}: {share:.2f} of the variance is shared, a mean gains {1 / (1 - share):.1f} times at most"
            )
        factors.quasi = kept


def dials() -> None:
    """What common futures save where one dial of a scheme moves."""
    model, scheme, floor = demo()
    scheme = scheme.model_copy(update={"budget": None})
    document = scheme.model_dump(by_alias=True, exclude_unset=True)
    rate = [{**rule, "rate": 200} if rule["id"] == "deal-registration" else rule for rule in document["rules"]]
    levels = [{**level, "needs": {name: at * 11 / 10 if name == "protected_revenue" else at for name, at in level["needs"].items()}}
              if level.get("needs") else level for level in document["tiers"]["levels"]]  # fmt: skip
    moved = {"deal registrations at 200 instead of 160": {"rules": rate},
             "tiers from a tenth more protected revenue": {"tiers": {**document["tiers"], "levels": levels}}}  # fmt: skip
    for name, change in moved.items():
        told = project(model, Scheme.model_validate({**document, **change, "scheme": "moved"}), against=scheme, floor=floor,
                       against_floor=floor, horizon=HORIZON, scenarios=SCENARIOS)  # fmt: skip
        gap = difference(told)
        assert gap is not None
        print(f"{name}: variance of separate futures over that of common ones {gap['variance_saved']:.0f}")


if __name__ == "__main__":
    which = sys.argv[1] if len(sys.argv) > 1 else "demo"
    if which in ("dial", "share"):
        {"dial": dials, "share": shares}[which]()
        sys.exit()
    main(*(adventureworks() if which == "adventureworks" else demo()), int(sys.argv[2]) if len(sys.argv) > 2 else 100)
