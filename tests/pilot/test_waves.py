"""Staged starts and looks with few heavy-tailed partners: what the waves of a file support, and how often looking cries wolf."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from incentive_lab.panel import Floats
from incentive_lab.pilot.checking import check
from incentive_lab.pilot.document import Pilot
from incentive_lab.pilot.drawing import Drawing, blocks_of
from incentive_lab.pilot.looking import looks
from incentive_lab.pilot.panels import Monthly, staggered
from incentive_lab.pilot.reading import loads
from incentive_lab.pilot.running import read_pilot
from incentive_lab.pilot.trial import Outcome, Trial

Make = Callable[..., tuple[Pilot, Path]]
BEFORE, MONTHS = 4, 10


def skewed(rng: np.random.Generator, partners: int, months: int, spread: float = 1.5) -> Floats:
    """Log-normal outcomes whose partners differ by `spread` on the logarithm, float64 [partners, months]."""
    return np.exp(8 + rng.normal(0, spread, (partners, 1)) + rng.normal(0, 0.5, (partners, months)))


def of_file(values: Floats, starts: list[int], mechanism: str, make: Make, draws: int = 400) -> tuple[Pilot, Path]:
    """A plan over a file in which each partner starts in a month of its own, counted from 0; -1 for never."""
    rows = [f"p{row},{month + 1},{value:.6f},{starts[row] + 1}"
            for row, own in enumerate(values) for month, value in enumerate(own)]  # fmt: skip
    return make(
        "\n".join(["id,t,y,first", *rows]) + "\n",
        f"assignment: {{mechanism: {mechanism}}}\nanalysis: {{draws: {draws}}}\n"
        "data: {file: data.csv, columns: {partner: id, period: t, first_treated: first}}",
    )


@pytest.mark.parametrize("waves", [(4, 6, 8), (4, 7, -1), (4, -1, -1)])
def test_waves_of_a_file_are_drawn_anew_as_they_were(
    csv_pilot: Make, rng: np.random.Generator, waves: tuple[int, ...]
) -> None:
    starts = [start for start in waves for _ in range(2)]
    values = skewed(rng, 6, MONTHS)
    read, _ = read_pilot(*reversed_args(of_file(values, starts, "rollout", csv_pilot)))
    found = read.primary.found
    assert found is not None
    assert found.inference == "randomisation"
    every = set(permutations(starts))
    effects = np.array([staggered(Monthly(values, np.array(one))).effect for one in every])
    exact = float((np.abs(effects) >= abs(found.effect) * (1 - 1e-9)).mean())
    assert found.p_value == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 400) + 0.01)
    assert found.smallest_p == pytest.approx(max(found.smallest_p, 1 / len(every)))


def reversed_args(made: tuple[Pilot, Path]) -> tuple[Pilot, None, Path]:
    """The arguments of `read_pilot` for a plan over a file."""
    return made[0], None, made[1]


def test_partners_that_all_start_at_some_time_have_a_verdict(csv_pilot: Make, rng: np.random.Generator) -> None:
    """Who started at all tells nothing of a staggered start: when they started does."""
    starts = [4] * 8 + [6] * 8 + [8] * 8
    values = skewed(rng, 24, MONTHS, 0.2)
    values *= 1 + 1.5 * (np.arange(MONTHS)[None, :] >= np.array(starts)[:, None])
    for mechanism in ("blocked", "rollout"):
        read, _ = read_pilot(*reversed_args(of_file(values, starts, mechanism, csv_pilot)))
        assert read.primary.verdict == "better", read.primary.words


def test_three_clusters_in_three_waves_have_no_verdict_by_a_t_test_either(
    csv_pilot: Make, rng: np.random.Generator
) -> None:
    starts = [4] * 4 + [6] * 4 + [8] * 4
    values = skewed(rng, 12, MONTHS, 0.1) * (1 + 3 * (np.arange(MONTHS)[None, :] >= np.array(starts)[:, None]))
    rows = [f"p{row},{month + 1},{value:.6f},{starts[row] + 1},c{row // 4}"
            for row, own in enumerate(values) for month, value in enumerate(own)]  # fmt: skip
    plan, place = csv_pilot(
        "\n".join(["id,t,y,first,c", *rows]) + "\n",
        "assignment: {mechanism: rollout}\nanalysis: {inference: analytic}\n"
        "data: {file: data.csv, columns: {partner: id, period: t, first_treated: first, cluster: c}}",
    )
    read, _ = read_pilot(plan, None, place)
    assert read.primary.verdict == "cannot tell"
    assert "0.167" in read.primary.words


def test_an_amount_above_all_that_was_sold_is_a_share_without_end(csv_pilot: Make) -> None:
    """Where one partner has most, the interval of the amount may reach past what the treated sold."""
    rng, seen = np.random.default_rng(3), set()
    for _ in range(6):
        starts = [4] * 3 + [6] * 3 + [8] * 3
        values = skewed(rng, 9, MONTHS, 2.0)
        read, _ = read_pilot(*reversed_args(of_file(values, starts, "rollout", csv_pilot, 199)))
        found = read.primary.found
        assert found is not None
        assert not np.isnan([found.relative_interval.low, found.relative_interval.high]).any()
        assert (found.relative_interval.high == np.inf) == (found.interval.high >= found.treated)
        seen.add(found.relative_interval.high == np.inf)
    assert seen == {True, False}


@pytest.mark.parametrize(("mechanism", "named", "refused"), [
    ("rollout", "ancova", True), ("rollout", "did", False), ("rollout", "staggered", False), ("rollout", "ppml", True),
    ("switchback", "difference", True), ("switchback", "switchback", False), ("blocked", "ancova", False),
])  # fmt: skip
def test_what_changes_arms_is_not_read_as_if_it_did_not(mechanism: str, named: str, refused: bool) -> None:
    text = (
        "{pilot: a, arms: [{name: off}, {name: on}], metrics: [{name: y, of: revenue, role: primary}], "
        f"dates: {{start: 2025-01-01, months: 12}}, assignment: {{mechanism: {mechanism}, waves: 3}}, "
        f"analysis: {{estimator: {named}}}}}"
    )
    assert any("compares two arms" in one.message for one in check(loads(text)).problems) is refused


@pytest.mark.parametrize("start", ["2025-13-01", "2025-00-01"])
def test_a_start_in_no_month_is_refused(start: str) -> None:
    text = (
        "{pilot: a, arms: [{name: off}, {name: on}], metrics: [{name: y, of: revenue, role: primary}], "
        f"dates: {{start: '{start}'}}}}"
    )
    assert any("01 to 12" in one.message for one in check(loads(text)).problems)


@pytest.mark.parametrize("partners", [8, 12])
def test_always_valid_looks_of_few_partners_keep_their_level(rng: np.random.Generator, partners: int) -> None:
    """With errors taken as known, twelve looks at eight partners cry wolf in one of nine pilots."""
    plan = loads(
        "{pilot: t, arms: [{name: off}, {name: on}], dates: {start: 2024-01-01, months: 12}, looks: {count: 12, kind: "
        "always_valid}, metrics: [{name: y, of: revenue, role: primary}], analysis: {estimator: log_ancova}}"
    )
    crossed = 0
    for _ in range(200):
        values = skewed(rng, partners, 24)
        before = values[:, :12].mean(axis=1)
        strata = blocks_of(before, np.zeros(partners, dtype=np.int64), 4)
        drawing = Drawing(strata, (0.5, 0.5), np.arange(partners))
        arm = drawing.draw(rng, 1)[0].astype(np.int64)
        outcome = Outcome(plan.primary, "money", values[:, 12:].mean(axis=1), before, None, None, values)
        trial = Trial(tuple(map(str, range(partners))), ("off", "on"), arm, drawing, strata, None, (),
                      np.zeros((partners, 0)), (), {"y": outcome}, {}, np.where(arm > 0, 12, -1), None, (), 12)  # fmt: skip
        seen, _ = looks(plan, trial)
        assert len(seen) == 12
        assert all(one.crossed == (one.low > 0 or one.high < 0) for one in seen)
        crossed += any(one.crossed for one in seen)
    assert crossed <= 12
