"""What a search finds is held against every scheme of the grid, paid one by one."""

from __future__ import annotations

import itertools
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from incentive_lab.engine.impact import impact
from incentive_lab.engine.replay import replay
from incentive_lab.errors import InputError
from incentive_lab.optimise.figures import FIGURES, HISTORY_FIGURES, figures_of
from incentive_lab.optimise.found import Found
from incentive_lab.optimise.halves import halves_of, kept, part_of
from incentive_lab.optimise.paying import Payments, Rank
from incentive_lab.optimise.question import Goal, Question, question
from incentive_lab.optimise.search import search
from incentive_lab.optimise.words import as_json, notes, verdict
from incentive_lab.panel import Panel
from incentive_lab.scheme.baseline import Pair
from incentive_lab.scheme.check import check
from incentive_lab.scheme.paths import apply

RATE, TOP = "rules.volume.rate.table.steps.base.rate", "rules.volume.rate.table.steps.top.rate"
SILVER, GOLD = "tiers.levels.silver.needs.revenue", "tiers.levels.gold.needs.revenue"


def cap_of(pair: Pair) -> str:
    from incentive_lab.scheme.paths import tunables

    return next(one.path for one in tunables(pair.scheme) if one.path.startswith("caps."))


def asked(pair: Pair, panel: Panel, goal: str, vary: list[str], limits: list[str], evaluations: int = 200) -> Found:
    return search(question(pair.scheme, goal, vary, limits, evaluations), pair, panel)


@pytest.fixture(scope="module")
def grid(pair: Pair, panel: Panel) -> Payments:
    """Every scheme of a grid of two numbers, paid."""
    one = question(pair.scheme, "least:cost", [f"{RATE}=0.5%:2%", f"{cap_of(pair)}=1000:4000"])
    paid = Payments(one, pair, panel, None, most=10**6)
    for places in itertools.product(*(range(dial.places) for dial in one.dials)):
        paid.at(places)
    return paid


@pytest.mark.parametrize(
    ("goal", "limits"),
    [
        ("least:losers", ["cost<=180_000"]),
        ("most:middle", ["cost<=150_000", "losers<=40%"]),
        ("least:cost", ["losers<=25%"]),
        ("most:behavioural", ["cost>=120_000"]),
        ("cost=140_000", ["losers<=60%"]),
        ("least:gini", []),
    ],
)
def test_nothing_on_the_grid_beats_what_is_found(
    pair: Pair, panel: Panel, grid: Payments, goal: str, limits: list[str]
) -> None:
    one = question(pair.scheme, goal, [f"{RATE}=0.5%:2%", f"{cap_of(pair)}=1000:4000"], limits, 200)
    found = search(one, pair, panel)
    rank = Rank(grid, one.goal, one.limits)
    best = rank.best([grid.now, *grid.known.values()])
    assert len(grid.known) > 4 * found.evaluations
    # A value is reached when it is within half a per cent; the least and the most are exact.
    assert rank.key(found.best) == pytest.approx(rank.key(best), abs=0.005 if one.goal.sense == "reach" else 1e-4)
    assert found.converged


def test_one_number_is_tried_at_every_value(pair: Pair, panel: Panel) -> None:
    found = asked(pair, panel, "cost=100_000", [f"{RATE}=0.1%:4%"], [])
    costs = {}
    for place in range(found.question.dials[0].places):
        scheme = apply(pair.scheme, {RATE: found.question.dials[0].at(place)})
        costs[found.question.dials[0].at(place)] = replay(scheme, panel).cost / 100
    nearest = min(costs.values(), key=lambda cost: abs(cost - 100_000))
    assert found.best.figures["cost"] == nearest
    assert found.converged
    assert found.goal_met == (abs(nearest - 100_000) <= 500)


def test_figures_are_those_of_a_replay_of_the_scheme(pair: Pair, panel: Panel) -> None:
    found = asked(pair, panel, "most:middle", [RATE, cap_of(pair)], ["cost<=150_000"])
    assert pair.baseline is not None
    again = figures_of(replay(found.scheme, panel, detail=False), replay(pair.baseline, panel, detail=False))
    assert again == dict(found.best.figures)
    for one in found.frontier:
        scheme = apply(pair.scheme, dict(one.values))
        assert figures_of(replay(scheme, panel, detail=False), replay(pair.baseline, panel, detail=False)) == dict(
            one.figures
        )


def test_no_point_of_the_frontier_beats_another_and_limits_on_the_goal_hold(pair: Pair, panel: Panel) -> None:
    found = asked(pair, panel, "least:losers", [RATE, TOP, cap_of(pair)], ["cost<=150_000", "middle>=30%"])
    costs = [one.figures["cost"] for one in found.frontier]
    losers = [one.figures["losers"] for one in found.frontier]
    assert len(costs) > 3
    assert costs == sorted(costs)
    assert losers == sorted(losers, reverse=True)
    assert len(set(losers)) == len(losers)
    assert all((one.figures["middle"] or 0) >= 0.3 for one in found.frontier)


def test_schemes_that_check_doubts_are_never_offered(pair: Pair, panel: Panel) -> None:
    found = asked(pair, panel, "most:cost", [f"{SILVER}=1_000:100_000", f"{GOLD}=1_000:100_000"], [])
    assert found.best.values[SILVER] <= found.best.values[GOLD]
    assert not [one for one in check(found.scheme).warnings if one.path.startswith("tiers")]
    assert found.best.figures["cost"] > found.now.figures["cost"]  # type: ignore[operator]


def test_what_cannot_be_met_says_how_near_it_comes(pair: Pair, panel: Panel) -> None:
    beyond = asked(pair, panel, "cost=10_000_000", [RATE], [])
    assert not beyond.goal_met
    assert "No scheme that was tried reaches cost of all months of 10.0 m" in verdict(beyond)
    assert "give them more room" in verdict(beyond)
    limited = asked(pair, panel, "most:middle", [RATE], ["cost<=1_000"])
    assert not limited.limits_met
    assert "No scheme that was tried meets cost of all months at most 1,000: the nearest is" in verdict(limited)


def test_a_scheme_that_is_best_already_stays(pair: Pair, panel: Panel) -> None:
    best = asked(pair, panel, "least:cost", [f"{RATE}=0%:3%"], [])
    again = search(question(best.scheme, "least:cost", [f"{RATE}=0%:3%"]), Pair(best.scheme, pair.baseline), panel)
    assert not again.better
    assert not again.moved
    assert again.scheme is best.scheme
    assert verdict(again).startswith("Nothing that was tried is better")


def test_a_number_that_moves_nothing_is_named(pair: Pair, panel: Panel) -> None:
    found = asked(pair, panel, "least:losers", [RATE, f"{cap_of(pair)}=100_000:900_000"], [])
    assert found.idle == (cap_of(pair),)
    assert any("moves no figure from one end" in one for one in notes(found))


def test_a_number_that_moves_something_at_an_end_of_its_range_is_not_idle(pair: Pair, panel: Panel) -> None:
    """Around the cap as it is nothing binds; at the lower end it does."""
    loose = apply(pair.scheme, {cap_of(pair): 500_000})
    found = asked(Pair(loose, pair.baseline), panel, "most:paid", [RATE, f"{cap_of(pair)}=1_000:900_000:1_000"], [])
    assert cap_of(pair) not in found.idle


def test_one_number_is_paid_at_every_value_that_fits(pair: Pair, panel: Panel) -> None:
    """141 values, as the thresholds of shipped schemes have: none is passed over while 200 may be paid."""
    paid: list[int] = []
    one = question(pair.scheme, "least:losers", [f"{RATE}=1%:8%:0.05%"], [], 200)
    assert one.dials[0].places == 141
    found = search(one, pair, panel, lambda done, total: paid.append(done))
    assert found.evaluations == max(paid) >= 141
    assert found.converged


def test_what_it_is_now_stays_though_it_is_no_multiple_of_a_step(pair: Pair, panel: Panel) -> None:
    odd = apply(pair.scheme, {cap_of(pair): 876_543.21, RATE: "0.0101"})
    found = asked(Pair(odd, pair.baseline), panel, "least:losers", [RATE, f"{cap_of(pair)}=500_000:900_000"], [])
    assert found.best.values[cap_of(pair)] == Decimal("876543.21")
    dial = found.question.dials[1]
    values = [dial.at(place) for place in range(dial.places)]
    assert values == sorted(values)
    assert len(set(values)) == dial.places
    assert [dial.nearest(value) for value in values] == list(range(dial.places))


def test_a_value_between_two_steps_is_reached_at_a_tenth_of_a_step(pair: Pair, panel: Panel) -> None:
    coarse = [f"{RATE}=0%:3%:1%"]
    ends = [replay(apply(pair.scheme, {RATE: rate}), panel, detail=False).cost / 100 for rate in ("0.02", "0.03")]
    middle = sum(ends) / 2
    found = asked(pair, panel, f"cost={middle:.2f}", coarse, [])
    assert found.goal_met
    assert found.best.figures["cost"] == pytest.approx(middle, rel=0.005)
    assert (found.best.values[RATE] / Decimal("0.001")) % 1 == 0
    assert found.evaluations <= 200


def test_a_value_that_payouts_jump_past_is_not_blamed_on_too_little_room(pair: Pair, panel: Panel) -> None:
    found = asked(pair, panel, "losers=21%", [f"{RATE}=0.1%:8%"], [])
    assert not found.goal_met
    assert found.passed
    assert "Payouts jump past it there" in verdict(found)


def test_the_scheme_as_it_is_beats_no_point_of_the_frontier(pair: Pair, panel: Panel) -> None:
    """Its rate lies outside the range, so that no scheme of the grid is the scheme as it is."""
    found = asked(pair, panel, "least:losers", [f"{RATE}=1.5%:3%", f"{cap_of(pair)}=500:1_000"], [])
    now = found.now.figures
    for one in found.frontier:
        pairs = [(now[name] or 0, one.figures[name] or 0) for name in ("cost", "losers")]
        assert one is found.now or not all(mine <= other for mine, other in pairs)


def test_nothing_next_to_what_is_found_is_better_once_it_has_settled(pair: Pair, panel: Panel) -> None:
    """Levels of the frontier are searched after the goal: what they find is settled, too."""
    for seed in range(6):
        one = question(
            pair.scheme, "most:middle", [RATE, TOP, cap_of(pair)], ["cost<=150_000", "losers<=40%"], 160, seed
        )
        found = search(one, pair, panel)
        if not found.converged:
            continue
        paid = Payments(one, pair, panel, None, most=10**6)
        rank = Rank(paid, one.goal, one.limits)
        around = itertools.product((-1, 0, 1), repeat=3)
        for move in (move for move in around if 0 < sum(map(abs, move)) < 3):
            places = tuple(place + by for place, by in zip(found.best.places, move, strict=True))
            if all(0 <= place < dial.places for place, dial in zip(places, one.dials, strict=True)):
                assert rank.key(paid.at(places)) >= rank.key(found.best)


def test_the_end_of_a_range_is_told(pair: Pair, panel: Panel) -> None:
    narrow = asked(pair, panel, "most:cost", [f"{RATE}=0.5%:1.2%"], [])
    assert any(f"{RATE} ends at the edge of its range" in one for one in notes(narrow))
    reached = asked(pair, panel, f"cost={narrow.best.figures['cost']}", [f"{RATE}=0.5%:1.2%"], [])
    assert reached.goal_met
    assert not any("edge of its range" in one for one in notes(reached))


def test_nothing_is_said_of_halves_where_the_scheme_as_it_is_breaks_a_limit(pair: Pair, panel: Panel) -> None:
    """What is found mends the limit and need gain nothing: a share of that would be of nothing."""
    found = asked(pair, panel, "most:middle", [RATE, f"{cap_of(pair)}=200:3_000"], ["cost<=100_000"])
    assert found.limits_met
    assert found.kept is None


def test_figures_that_differ_read_differently(pair: Pair, panel: Panel) -> None:
    assert FIGURES["cost"].apart(8_500_900, 8_500_000) == ["8,500,900", "8,500,000"]
    assert FIGURES["cost"].apart(8_500_900, 8_600_000) == ["8.50 m", "8.60 m"]
    assert FIGURES["cost"].apart(None, 5.0) == ["-", "5"]
    assert FIGURES["gini"].apart(0.55511, 0.55512) == ["0.555110", "0.555120"]


def test_parents_and_members_are_not_set_side_by_side(pair: Pair, panel: Panel) -> None:
    parents = np.array([f"P{number // 2:02d}" for number in range(panel.partners)], dtype=object)
    grouped = replace(panel, attributes={**panel.attributes, "parent_id": parents})
    scheme = apply(pair.scheme, {"group": {"by": "parent_id", "pays": "parent"}})
    one = question(scheme, "most:middle", [RATE])
    with pytest.raises(InputError, match="Compare schemes that group partners alike"):
        search(one, Pair(scheme, pair.baseline), grouped)
    with pytest.raises(InputError, match="Compare schemes that group partners alike"):
        impact(replay(scheme, grouped), replay(pair.baseline or pair.scheme, grouped))
    alone = search(one, Pair(scheme), grouped)
    assert alone.limits_met


def test_a_number_at_the_finest_step_cannot_be_parted(pair: Pair, panel: Panel) -> None:
    fine = apply(pair.scheme, {RATE: "0.0000015"})
    vary = [f"{RATE}=0.000001:0.000003:0.000001", f"{cap_of(pair)}=2_000:6_000:2_000"]
    found = asked(Pair(fine, pair.baseline), panel, "losers=21%", vary, [])
    assert found.evaluations <= 200


def test_the_same_question_has_the_same_answer(pair: Pair, panel: Panel) -> None:
    one, two = (asked(pair, panel, "most:middle", [RATE, TOP, cap_of(pair)], ["cost<=150_000"]) for _ in range(2))
    assert as_json(one) == as_json(two)


def test_few_evaluations_end_early_and_say_so(pair: Pair, panel: Panel) -> None:
    found = asked(pair, panel, "most:middle", [RATE, TOP, SILVER, GOLD, cap_of(pair)], ["cost<=150_000"], 40)
    assert found.evaluations <= 40
    assert not found.converged
    assert any("before the search had settled" in one for one in notes(found))


def test_it_can_be_cancelled(pair: Pair, panel: Panel) -> None:
    class Stop(Exception):
        pass

    def step(done: int, total: int) -> None:
        assert done <= total
        if done == 10:
            raise Stop

    with pytest.raises(Stop):
        search(question(pair.scheme, "most:middle", [RATE, TOP]), pair, panel, step)


def test_values_are_ones_that_can_be_published(pair: Pair, panel: Panel) -> None:
    found = asked(pair, panel, "cost=140_000", [RATE, TOP, cap_of(pair)], [])
    for dial in found.question.dials:
        value = found.best.values[dial.address.path]
        assert (value / dial.step) % 1 == 0
        assert len(value.normalize().as_tuple().digits) <= 3


@pytest.mark.parametrize(
    ("goal", "vary", "limits", "told"),
    [
        ("least:loosers", [RATE], [], "goal: there is no figure 'loosers'. Did you mean losers?"),
        ("lowest cost", [RATE], [], "Write least:FIGURE, most:FIGURE or FIGURE=VALUE"),
        ("cost=many", [RATE], [], "goal: found 'many', expected a number"),
        ("cost=nan", [RATE], [], "goal: found 'nan'"),
        ("least:cost", [RATE + "s"], [], "Did you mean " + RATE),
        ("least:cost", [RATE + "=5%:1%"], [], "the lower end first"),
        ("least:cost", [RATE + "=5%"], [], "Write PATH=LOW:HIGH"),
        ("least:cost", [RATE + "=1%:5%:0"], [], "found the step 0. It is at least 0.000001"),
        ("least:cost", ["mix.behavioural"], [], "this is what is planned; it pays nothing by itself"),
        (
            "least:cost",
            [RATE],
            ["losers<=10%", "losers>=20%"],
            "worse off at least 20 % contradicts partners worse off at most",
        ),
        ("cost=1e999", [RATE], [], "too large for any figure"),
        ("least:cost", [RATE + "=1%:100000000000000%"], [], "It lies within"),
        ("least:cost", [RATE + "=1.001%:1.002%"], [], "there is one value at most"),
        ("least:cost", [RATE, RATE], [], "is to move twice"),
        ("least:cost", [], [], "nothing may move"),
        ("least:cost", [RATE], ["losers<20%"], "Write FIGURE<=VALUE or FIGURE>=VALUE"),
        ("least:cost", [RATE], ["loss<=20%"], "there is no figure 'loss'"),
    ],
)
def test_a_question_that_cannot_be_read_says_why(
    pair: Pair, goal: str, vary: list[str], limits: list[str], told: str
) -> None:
    with pytest.raises(InputError) as error:
        question(pair.scheme, goal, vary, limits)
    assert told in str(error.value)


def test_every_problem_of_a_question_at_once(pair: Pair) -> None:
    with pytest.raises(InputError) as error:
        question(pair.scheme, "x", ["y"], ["z"], evaluations=3)
    assert len(error.value.problems) == 4


def test_figures_of_a_scheme_against_itself(pair: Pair, panel: Panel) -> None:
    same = replay(pair.scheme, panel, detail=False)
    figures = figures_of(same, same)
    assert figures["losers"] == figures["heavy_losers"] == figures["lost"] == 0
    assert figures["cost"] == same.cost / 100
    assert figures.keys() == HISTORY_FIGURES.keys()


def test_a_history_without_payouts_has_no_shares_to_search_for(pair: Pair, panel: Panel) -> None:
    empty = replace(panel, columns={name: np.zeros_like(values) for name, values in panel.columns.items()})
    found = search(question(pair.scheme, "most:middle", [RATE]), pair, empty)
    assert not found.goal_met
    assert not found.better
    assert found.best.values[RATE] == Decimal("0.01")


def test_figures_of_halves_add_up_to_those_of_all(pair: Pair, panel: Panel) -> None:
    after, before = replay(pair.scheme, panel), replay(pair.baseline or pair.scheme, panel)
    halves = halves_of(before.by_partner, 3)
    assert len(halves) == 8
    for one, other in zip(halves[::2], halves[1::2], strict=True):
        assert sorted([*one, *other]) == list(range(panel.partners))
        parts = [figures_of(part_of(after, rows), part_of(before, rows)) for rows in (one, other)]
        whole = figures_of(after, before)
        for name in ("cost", "lost"):
            assert sum(part[name] or 0 for part in parts) == pytest.approx(whole[name])
        share = sum((part["losers"] or 0) * len(rows) for part, rows in zip(parts, (one, other), strict=True))
        assert share == pytest.approx((whole["losers"] or 0) * panel.partners)


def test_a_gain_that_everybody_shares_lasts_and_one_by_chance_does_not() -> None:
    """Trials are made up: 300 schemes whose figure is the same for both halves, or is chance on each."""
    rng = np.random.default_rng(11)
    one = Question(Goal(FIGURES["losers"], "least"), (), ())
    now, halves = {"losers": 0.5}, [{"losers": 0.5}] * 8
    everybody = [[{"losers": float(value)}] * 8 for value in rng.normal(0.5, 0.05, 300)]
    shared = kept(one, now, halves, everybody)
    assert shared is not None
    assert (shared.share, shared.low, shared.high) == pytest.approx((1, 1, 1))
    chance = [[{"losers": float(value)} for value in rng.normal(0.5, 0.05, 8)] for _ in range(300)]
    lasting = kept(one, now, halves, chance)
    assert lasting is not None
    assert abs(lasting.share) < 0.4
    assert lasting.low < lasting.share < lasting.high
    assert kept(one, now, halves, []) is None
    assert kept(Question(Goal(FIGURES["cost"], "reach", 1.0), (), ()), now, halves, everybody) is None


def test_few_partners_are_not_halved(pair: Pair, panel: Panel) -> None:
    few = part_of(replay(pair.scheme, panel), np.arange(30)).panel
    small = replace(few, columns={name: values[:30] for name, values in panel.columns.items()})
    found = asked(pair, small, "most:middle", [RATE], [])
    assert found.kept is None
    assert as_json(found)["kept_by_other_half"] is None


def test_progress_is_measured_by_what_a_search_takes_not_by_what_it_may(pair: Pair, panel: Panel) -> None:
    """The bar says how long it still takes: it ends near its end, and never goes back."""
    for vary in ([f"{RATE}=0.5%:2%"], [f"{RATE}=0.5%:2%", f"{cap_of(pair)}=1000:4000"]):
        steps: list[tuple[int, int]] = []
        found = search(question(pair.scheme, "least:losers", vary, ["cost<=180_000"], 3_000), pair, panel,
                       lambda done, total, seen=steps: seen.append((done, total)))  # fmt: skip
        shares = [done / total for done, total in steps]
        assert shares == sorted(shares)
        assert shares[-1] > 0.5
        assert found.evaluations < 3_000 / 8
