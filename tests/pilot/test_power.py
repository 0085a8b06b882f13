"""Power of every design, against its closed form where that holds, and against the estimator that reads it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from incentive_lab.history import open_history
from incentive_lab.pilot.assigning import Assigned
from incentive_lab.pilot.closed_forms import closed_form, clustered_form, intraclass, stepped_form
from incentive_lab.pilot.document import Pilot
from incentive_lab.pilot.drawing import Drawing
from incentive_lab.pilot.panels import Monthly, staggered
from incentive_lab.pilot.power_answers import Found, best_of, estimator_of, power_told, too_small
from incentive_lab.pilot.power_designs import _Drawn, simulate_designed
from incentive_lab.pilot.power_waves import wave_weights
from incentive_lab.pilot.powering import LIFTS, Power, simulate
from incentive_lab.pilot.reading import loads
from incentive_lab.pilot.running import read_pilot
from incentive_lab.pilot.windows import Windowed
from tests.pilot.conftest import PLAN


def plan(more: str = "") -> Pilot:
    return loads("{pilot: t, arms: [{name: off}, {name: on}], dates: {start: 2024-01-01, months: 6}, "
                 f"metrics: [{{name: y, of: revenue, role: primary}}]{more}}}")  # fmt: skip


def normal_window(rng: np.random.Generator, n: int, clusters: np.ndarray | None = None) -> Windowed:
    """Outcomes far above zero and near normal, so that the closed form's assumptions hold."""
    size = rng.normal(0, 0.1, n) if clusters is None else rng.normal(0, 0.1, int(clusters.max()) + 1)[clusters]
    pre, post = (np.exp(5 + size + rng.normal(0, 0.2, n)) for _ in range(2))
    return Windowed(post, pre, np.zeros(n, dtype=np.int64), 6, 12, 24, "")


def test_where_the_closed_form_holds_the_simulation_agrees(rng: np.random.Generator) -> None:
    window = normal_window(rng, 80)
    found = simulate(window, plan(", assignment: {mechanism: complete}"), [80], draws=600)[0]
    assert found.mde["log_ancova"] == pytest.approx(closed_form(window, plan(), 80), rel=0.15)


def test_clusters_are_simulated_by_redrawing_and_agree_with_their_closed_form(rng: np.random.Generator) -> None:
    clusters = np.repeat(np.arange(30), 6)
    window = normal_window(rng, 180, clusters)
    drawing = Drawing(np.zeros(30, dtype=np.int64), (0.5, 0.5), clusters)
    drawn = Assigned(np.arange(180), np.zeros(180, dtype=np.int64), drawing, None, clusters, ())
    made = _Drawn(SimpleNamespace(pilot=plan(", assignment: {mechanism: complete}")), drawn)  # type: ignore[arg-type]
    made.__dict__.update(months=window, full=drawing)
    hits = sum(made.group(30, np.random.default_rng(seed))["log_ancova"] for seed in range(6)) / 300
    assert hits[0] < 0.1
    from incentive_lab.pilot.powering import smallest

    assert smallest(hits, 0.8) == pytest.approx(clustered_form(window, plan(), clusters, 30), rel=0.25)
    # Three of six clusters have twenty assignments: nothing can be found, whatever happens.
    assert made.group(6, np.random.default_rng(1))["log_ancova"].max() == 0


def test_the_weights_of_waves_are_the_estimator(rng: np.random.Generator) -> None:
    values, waves = rng.normal(size=(12, 8)), np.repeat([0, 1, 2], 4)
    for starts, controls in ((np.array([1, 4, -1]), "never"), (np.array([1, 4, 6]), "not_yet")):
        found = staggered(Monthly(values, starts[waves]), controls).effect
        assert float((wave_weights(waves, starts, 8, controls) * values).sum()) == pytest.approx(found, rel=1e-10)


def test_a_stepped_wedge_has_hussey_and_hughes_variance(rng: np.random.Generator) -> None:
    """Their formula is the generalised least squares of the model it is derived from."""
    monthly = rng.normal(10, 1, (9, 1)) + rng.normal(0, 1, (9, 7))
    own = monthly - monthly.mean(axis=0)
    inside = ((own - own.mean(axis=1)[:, None]) ** 2).sum() / (8 * 6)
    between = own.mean(axis=1).var(ddof=1) - inside / 7
    treated = np.repeat((np.arange(7)[None, :] >= np.array([1, 3, 5])[:, None]).astype(float), 3, axis=0)
    design = np.column_stack([treated.ravel(), np.tile(np.eye(7), (9, 1))])
    inverse = np.kron(np.eye(9), np.linalg.inv(inside * np.eye(7) + between * np.ones((7, 7))))
    variance = np.linalg.inv(design.T @ inverse @ design)[0, 0]
    from scipy.stats import t

    reach = (t.ppf(0.975, 8) + t.ppf(0.8, 8)) * np.sqrt(variance) / monthly.mean()
    assert stepped_form(monthly, plan(), 9, 3, 2) == pytest.approx(reach, rel=1e-9)


def test_intraclass_correlation_is_that_of_the_analysis_of_variance(rng: np.random.Generator) -> None:
    values = rng.normal(0, 2, 200)[np.repeat(np.arange(200), 5)] + rng.normal(0, 1, 1000)
    assert intraclass(values, np.repeat(np.arange(200), 5)) == pytest.approx(0.8, abs=0.05)


@pytest.mark.parametrize("mechanism", ["rollout, waves: 3, period_months: 2", "switchback, period_months: 1"])
def test_waves_and_switchbacks_find_more_of_larger_effects(rng: np.random.Generator, mechanism: str) -> None:
    pilot = plan(f", assignment: {{mechanism: {mechanism}}}")
    values = np.exp(5 + rng.normal(0, 0.5, (40, 1)) + rng.normal(0, 0.3, (40, 24)))
    here = SimpleNamespace(pilot=pilot, start=24, parts=lambda *_: ("revenue", ""), values=lambda _: values)
    rolls = "rollout" in mechanism
    drawing = Drawing(np.zeros(40, dtype=np.int64), (1 / 3,) * 3 if rolls else (0.5, 0.5), np.arange(40))
    drawn = Assigned(np.arange(40), np.zeros(40, dtype=np.int64), drawing, None, None, ())
    seen: list[tuple[int, int]] = []
    found = simulate_designed(here, drawn, draws=100, progress=lambda done, total: seen.append((done, total)))  # type: ignore[arg-type]
    curve = next(iter(found[-1].curves.values()))
    assert curve[0] < 0.12
    assert curve[-1] == 1.0
    best = next(iter(found[-1].mde.values()))
    assert best == pytest.approx(found[-1].closed, rel=0.5)
    assert best < next(iter(found[0].mde.values()))
    assert seen[-1][0] == seen[-1][1] > 1


def test_a_plan_that_expects_less_than_it_finds_is_told() -> None:
    one = Power(
        40,
        40,
        "partner",
        {"ancova": tuple(np.linspace(0.05, 1, 15))},
        {"ancova": 0.5},
        {"ancova": (0.4, 0.6)},
        0.4,
        False,
    )
    found = Found((one,), (), (), ())
    told = too_small(plan(", expected: 10%"), found)
    assert "expects +10 % and finds +50 % or more" in told
    assert told.endswith(
        "so most likely it ends without an answer. About 724 partners (499 to 973) like these would be needed."
    )
    near = too_small(plan(", expected: 45%"), found)
    assert "most likely" not in near
    assert "of the time, and end " in near
    assert too_small(plan(", expected: 60%"), found) == ""
    assert too_small(plan(), found) == ""


def test_a_plan_that_leaves_the_estimator_to_the_rule_is_promised_what_the_rule_finds() -> None:
    """Not what the best of four finds, which was not going to be used."""
    flat, steep = (tuple(np.clip(LIFTS * times, 0.05, 1.0).tolist()) for times in (0.3, 3.0))
    one = Power(40, 40, "partner", {"ancova": flat, "winsorised": steep}, {"ancova": float("nan"), "winsorised": 0.3},
                {"ancova": (float("nan"),) * 2, "winsorised": (0.2, 0.4)}, 0.4, False)  # fmt: skip
    ruled, unknown = Found((one,), (), (), (), "ancova"), Found((one,), (), (), ())
    assert (estimator_of(ruled), estimator_of(unknown)) == ("ancova", "winsorised")
    assert np.isnan(best_of(ruled))
    assert "finds not even +300 %" in too_small(plan(", expected: 35%"), ruled)
    assert too_small(plan(", expected: 35%"), unknown) == ""


def test_the_rule_of_a_plan_is_that_of_its_reading(demo: Path) -> None:
    auto, named = (
        loads(PLAN.replace("{draws: 400,", f"{{draws: 400, {one}")) for one in ("", "estimator: winsorised,")
    )
    with open_history(str(demo)).closing() as history:
        told = [power_told(each, history, None, draws=50) for each in (auto, named)]
        read, _ = read_pilot(auto, history, None, worth=False)
    assert read.primary.found is not None
    assert told[0]["estimator"] == read.primary.found.estimator == "ancova"
    assert told[1]["estimator"] == "winsorised"
    for one in told:
        assert one["smallest_effect"] == one["mde"][-1]["by_estimator"][one["estimator"]]
