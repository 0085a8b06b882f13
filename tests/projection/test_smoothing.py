"""Quantiles with what partners do averaged out: the expectation they lean on, known laws, honest errors, and when not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.stats import norm

from incentive_lab.projection import assumptions
from incentive_lab.projection.accruing import accrual
from incentive_lab.projection.answers import distribution
from incentive_lab.projection.expecting import Shared
from incentive_lab.projection.model import Model, fit
from incentive_lab.projection.past import Past
from incentive_lab.projection.running import project
from incentive_lab.projection.smoothing import OFF, Mixture, smooth
from incentive_lab.projection.standard_errors import mean, quantile
from tests.projection.conftest import FLAT, TIERED, made_past

N = 512
SUPPOSED = "{assumptions: a, market: -20%, price: 30%, growth: 10%, churn: 3, lose_largest: 2}"


@pytest.mark.parametrize("document", ["{assumptions: base}", SUPPOSED])
def test_revenue_is_expected_to_be_what_it_is_on_average(tiny_past: Past, document: str) -> None:
    """The mean of every draw of counts, rates, pools, sizes, leaving and joining is known."""
    for past in (made_past(), tiny_past):
        told = project(fit(past), FLAT, assumptions=assumptions.loads(document), scenarios=2048)
        gap = mean(told.revenue.sum(axis=1) - told.expected)
        assert gap.error is not None
        assert abs(gap.value) < 4 * gap.error
        assert gap.error < 0.01 * told.expected.mean()
        assert np.corrcoef(told.revenue.sum(axis=1), told.expected)[0, 1] > 0.3
        share = mean((told.revenue.sum(axis=1) - told.expected) ** 2 / told.shared.variance[:2048])
        assert share.error is not None
        assert abs(share.value - 1) < 4 * share.error, "and so is how far it varies around that"
        assert share.error < 0.15


@dataclass(frozen=True, eq=False)
class Told:
    """What is looked at of a projection."""

    shared: Shared
    revenue: np.ndarray

    @property
    def factors(self) -> Any:
        return self.shared.factors


def made(seed: int, shared: float = 0.6) -> tuple[Any, np.ndarray]:
    """A total of mean 100 with `shared` of its variance from what all share; four fifths of the rest are told by revenue."""
    rng = np.random.default_rng(seed)
    z, e, f = rng.normal(size=(3, N))
    expected = 1000 * np.exp(0.1 * z)
    more = np.exp(0.1 * np.r_[z, rng.normal(size=7 * N)])
    told = Told(Shared(1000 * more, np.full(8 * N, 1600.0), {"deals": more}), (expected + 40 * e)[:, None])
    middle, spread = law(z, shared)
    return told, middle + spread * (np.sqrt(0.8) * e + np.sqrt(0.2) * f)


def law(z: np.ndarray, shared: float = 0.6) -> tuple[np.ndarray, np.ndarray]:
    """Middle and spread of the total where the shared number is z; the variance grows with the level to the power of 1.5."""
    middle = 100 + 10 * np.sqrt(shared) * z
    return middle, 10 * np.sqrt(1 - shared) * (middle / 100) ** 0.75


@pytest.mark.parametrize("spread", [0.5, 40.0])
def test_quantiles_are_where_the_share_below_is_reached(spread: float) -> None:
    rng = np.random.default_rng(4)
    one = Mixture(np.exp(rng.normal(3, 0.8, 300)), spread * np.exp(rng.normal(0, 0.3, 300)), 0.5, 0.0)
    for at in (0.001, 0.05, 0.5, 0.95, 0.999):
        assert one.quantile(at) == pytest.approx(brentq(lambda x, at=at: one.below(x) - at, -900, 2000), abs=1e-4)


def test_a_known_law_has_its_quantiles_with_honest_errors_and_less_chance() -> None:
    nodes = norm.ppf((np.arange(20_000) + 0.5) / 20_000)
    truth = Mixture(*law(nodes), 0.0, 0.0)
    found = [(total, found) for told, total in map(made, range(80)) if (found := smooth(told, total)) is not None]
    assert len(found) >= 78
    for at in (0.05, 0.5, 0.95):
        even = [one.quantile(at) for _, one in found]
        values, plain = (
            np.array([one.value for one in even]),
            np.array([quantile(total, at).value for total, _ in found]),
        )
        assert abs(values.mean() - truth.quantile(at)) < 4 * values.std() / np.sqrt(len(values))
        told = np.sqrt(np.mean([(one.error or 0) ** 2 for one in even]))
        assert told == pytest.approx(np.sqrt(1 + OFF**2) * values.std(ddof=1), rel=0.25)
        assert plain.var() > 1.3 * values.var(), "what is shared is drawn independently here, and that is left"
    border = truth.quantile(0.95)
    tails = np.array([one.tail_mean().value for _, one in found])
    assert abs(tails.mean() - border - truth.beyond(border) / 0.05) < 4 * tails.std() / np.sqrt(len(tails))


def test_the_tail_of_a_mixture_is_the_integral_of_its_density() -> None:
    laws = Mixture(np.array([90.0, 110.0]), np.array([5.0, 8.0]), 0.4, 0.0)
    assert quad(laws.density, 0, 300, points=[90, 110])[0] == pytest.approx(1.0)
    assert laws.below(112.0) == pytest.approx(quad(laws.density, 0, 112, points=[90])[0])
    assert laws.beyond(112.0) == pytest.approx(quad(lambda x: (x - 112) * laws.density(x), 112, 300)[0])
    assert laws.below(laws.quantile(0.95)) == pytest.approx(0.95)


@pytest.mark.parametrize("bend", [
    lambda total: np.minimum(total, 105.0), lambda total: np.where(total > 115, 4 * total, total), lambda total: 0 * total,
    lambda total: np.maximum(total - 100, 0.0), lambda total: np.floor(total / 10), lambda total: np.exp(total / 8),
])  # fmt: skip
def test_limits_lumps_steps_and_heavy_tails_count_as_they_are(bend: Any) -> None:
    told, total = made(1, shared=0.1)
    assert smooth(told, bend(total)) is None
    assert smooth(told, total) is not None
    assert smooth(told, total[:60]) is None


def test_totals_are_told_so_everywhere(model: Model) -> None:
    told = project(model, TIERED, floor=FLAT, scenarios=512)
    total = told.outcome.asked
    found = smooth(told, total)
    assert found is not None
    shown = distribution(total, told)
    assert shown["p95"] == found.quantile(0.95).value
    assert shown["errors"]["p95"] < 0.8 * (quantile(total, 0.95).error or 0)  # type: ignore[index]
    assert shown["p95"] == pytest.approx(quantile(total, 0.95).value, abs=4 * (quantile(total, 0.95).error or 0))
    assert shown["mean"] == total.mean()
    assert smooth(told, total.copy()) is found, "worked out once"
    assert (told.shared.expected[:512] == told.expected).all()
    assert len(told.shared.expected) == 4096
    for name, values in told.factors.items():
        assert (told.shared.factors[name][:512] == values).all()
    flat = project(model, FLAT, scenarios=512)
    assert accrual(flat)[-1].p90.value == distribution(flat.outcome.total, flat)["p90"]
