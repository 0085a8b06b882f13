"""Figures that are known beforehand: integrals of caps, and history with returns as the only scenario."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import lognorm
from scipy.stats import poisson as poisson_law

from incentive_lab.engine.replay import replay
from incentive_lab.history import History
from incentive_lab.panel import Returns
from incentive_lab.projection.level import Level
from incentive_lab.projection.model import Model, fit
from incentive_lab.projection.past import in_order, past_of, until
from incentive_lab.projection.paying import Payer
from incentive_lab.projection.plan import E_COLUMNS, E_ITEM, E_LANE, E_MONTH, E_SIZE, E_STREAM, SIZE
from incentive_lab.projection.running import project
from incentive_lab.projection.space import Space
from incentive_lab.projection.standard_errors import mean
from incentive_lab.projection.world import Drawn
from incentive_lab.scheme.load import load, loads

RATE, SIGMA, AMOUNT = 1.5, 0.8, 1_000_000.0
"""Deals a month, spread of the logs of their amounts, and their mean in cents."""


STILL = Level(0.0, 0.0, 0.0, 0.5, 0.0, 20.0, 0.0, np.zeros((3, 3)), np.zeros(35))
"""A level that does not move."""


@pytest.fixture(scope="module")
def known_laws(model: Model) -> Model:
    """Every partner has Poisson deals at one known rate and lognormal amounts; nothing else moves."""
    deals = model.streams["closed deals"]
    rows = len(deals.shape)
    none, one = np.zeros(rows, dtype=np.int64), np.ones(1, dtype=np.int64)
    sure = replace(
        deals, pool=np.array([[AMOUNT, 0.3 * AMOUNT]]), blur=SIGMA, own_first=none, own_count=none, segment_first=0 * one,
        segment_count=one, own_weight=np.zeros(rows), shape=np.full(rows, 1e6), rate=np.full(rows, 1e6 / RATE), drift=0.0,
        dispersion=0.0, season=np.ones(12), level=STILL,
    )  # fmt: skip
    return replace(model, streams={**model.streams, "closed deals": sure}, alive=np.ones(rows), churn=0.0)


def month_of_revenue(cells: int = 2**16, step: float = 1_000.0) -> tuple[np.ndarray, np.ndarray]:
    """Amounts in cents and their probabilities in a partner's month: the compound law by its characteristic function."""
    edges = step * (np.arange(cells + 1) - 0.5)
    law = lognorm(SIGMA, scale=AMOUNT * np.exp(-(SIGMA**2) / 2))
    chance = np.diff(law.cdf(np.maximum(edges, 0.0)))
    found = np.fft.ifft(np.exp(RATE * (np.fft.fft(chance) - 1))).real
    return step * np.arange(cells), found


def test_the_quadrature_has_the_moments_of_the_compound_law() -> None:
    amount, chance = month_of_revenue()
    assert chance[0] == pytest.approx(poisson_law.pmf(0, RATE), rel=1e-6)
    assert chance @ amount == pytest.approx(RATE * AMOUNT, rel=1e-4)
    assert chance @ amount**2 - (chance @ amount) ** 2 == pytest.approx(RATE * AMOUNT**2 * np.exp(SIGMA**2), rel=0.002)


def test_a_flat_rate_has_the_known_mean_and_variance(known_laws: Model) -> None:
    flat = loads("{scheme: f, currency: USD, effective: {from: 2024-01-01}, rules: [{id: r, on: revenue, rate: 3%}]}")
    told = project(known_laws, flat, horizon=4, scenarios=3000)
    total, cells = told.outcome.total, known_laws.known * 4
    found = mean(total)
    assert found.error is not None
    assert abs(found.value - 0.03 * cells * RATE * AMOUNT) < 4 * found.error
    variance = 0.03**2 * cells * RATE * AMOUNT**2 * np.exp(SIGMA**2)
    assert total.var(ddof=1) == pytest.approx(variance, rel=0.15)


@pytest.mark.parametrize("cap", [300, 900])
def test_a_cap_takes_off_what_its_integral_says(known_laws: Model, cap: int) -> None:
    """Each partner's month pays min(rate x revenue, cap): its mean is a sum over the compound law."""
    capped = loads(f"""
scheme: capped
currency: USD
effective: {{from: 2024-01-01}}
settle: month
rules: [{{id: r, on: revenue, rate: 3%}}]
caps: [{{id: top, per: month, amount: {cap}}}]
""")
    told = project(known_laws, capped, horizon=4, scenarios=1500)
    amount, chance = month_of_revenue()
    cells = known_laws.known * 4
    paid, taken = np.minimum(0.03 * amount, 100 * cap), np.maximum(0.03 * amount - 100 * cap, 0.0)
    for values, expected in ((told.outcome.total, chance @ paid), (told.outcome.capped, chance @ taken)):
        found = mean(values)
        assert found.error is not None
        assert found.error < 0.03 * found.value
        assert abs(found.value - cells * expected) < 4 * found.error


def only(returns: Returns, keep: NDArray[np.bool_]) -> Returns:
    """Some of the returns."""
    rows = {
        name: getattr(returns, name)[keep]
        for name in ("partner", "month", "sold_month", "deal_id", "line", "term_months")
    }
    return Returns(**rows, values={name: column[keep] for name, column in returns.values.items()})


@pytest.mark.parametrize("horizon", [12, 5])
def test_history_with_returns_as_the_only_scenario_pays_what_replay_pays(history: History, horizon: int) -> None:
    scheme = load(Path(__file__).parents[2] / "data" / "schemes" / "marginal-accelerator.yaml")
    past = past_of(history, scheme)
    before = past.panel.months - horizon
    returns = past.panel.returns
    assert returns is not None
    # A return in the horizon of a deal closed before it is not drawn: those are left out on both sides.
    keep = (returns.month < before) | (returns.sold_month >= before)
    kept = only(returns, keep)
    past = replace(past, panel=replace(past.panel, returns=kept))
    whole, fitted = fit(past, horizon=horizon), fit(until(past, before), horizon=horizon)
    fitted = replace(fitted, streams=whole.streams, comebacks=whole.comebacks)
    payer = Payer(scheme, fitted, horizon, past=before, in_force=True)
    rows, known = fitted.panel.partners, past.panel.partners
    values = np.zeros((len(fitted.leaves), horizon, rows))
    for slot, leaf in enumerate(fitted.leaves):
        values[slot, :, :known] = past.panel.columns[leaf][:, before:].T
    table, back = in_order(past.items["closed_on"], whole.segment), whole.comebacks["closed deals"]
    number = np.flatnonzero((table.month >= before) & (back.lag >= 0))
    assert len(number)
    items = np.zeros((len(number), E_COLUMNS), dtype=np.int64)
    items[:, E_LANE], items[:, E_MONTH] = table.partner[number], table.month[number] - before
    items[:, E_ITEM], items[:, E_STREAM], items[:, E_SIZE] = (
        number,
        list(whole.streams).index("closed deals"),
        int(SIZE),
    )
    nobody = np.zeros(rows, dtype=np.int64)
    levels = np.full((len(fitted.levels), horizon, rows), np.nan)
    drawn = Drawn(0, 1, 0, rows, values, levels, nobody, nobody + horizon, items)
    into = payer.begun(1, 1)
    assert not payer.replayed
    payer.add(drawn, into, Space())
    real = replay(scheme, past.panel)
    assert into.monthly[before:, 0].tolist() == real.total[before:].sum(axis=1).tolist()
    without = replay(scheme, replace(past.panel, returns=only(kept, kept.month < before)))
    assert without.total[before:].sum() > real.total[before:].sum(), "the returns of the horizon take something back"
