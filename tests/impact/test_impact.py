"""Winners and losers, concentration, mix, cliffs, reach, the dial and the curve, on panels made by hand."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from incentive_lab.engine.curve import payout_curve
from incentive_lab.engine.impact import by_decile, concentration, cost_by_tier, impact, mix, tier_flow
from incentive_lab.engine.mix_dial import solve
from incentive_lab.engine.reach import cliffs, reach
from incentive_lab.engine.replay import replay
from incentive_lab.format import money
from incentive_lab.panel import Panel, month_index
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.load import loads

MONTHS = 12
HEAD = "currency: USD\neffective: {from: 2024-01-01}\n"


def panel(revenue: list[int], certifications: list[int] | None = None, types: list[str] | None = None) -> Panel:
    """Partners whose revenue (whole dollars a month) and certifications (a month) never change."""
    count = len(revenue)
    certified = certifications or [0] * count
    attributes = {
        "type": np.array(types or ["reseller"] * count, dtype=object),
        **{name: np.array([""] * count, dtype=object) for name in ("name", "region", "segment", "tier", "parent_id")},
    }
    return Panel(
        "by-hand", "USD", tuple(f"P{row:03d}" for row in range(count)), month_index(2024, 1), MONTHS,
        np.full(count, -100, dtype=np.int32), attributes,
        {"revenue": np.tile(np.array(revenue, float)[:, None] * 100, MONTHS),
         "certification": np.tile(np.array(certified, float)[:, None] * 1e6, MONTHS)},
    )  # fmt: skip


def scheme(text: str, name: str = "s") -> Scheme:
    return loads(f"scheme: {name}\n{HEAD}{text}")


FLAT = scheme("rules: [{id: c, on: revenue, rate: 3%}]", "flat")


def test_a_scheme_against_itself_changes_nothing_for_anybody() -> None:
    held = panel([100, 2_000, 30_000])
    told = impact(replay(FLAT, held), replay(FLAT, held))
    assert (told.change == 0).all()
    assert (told.total.winners, told.total.losers, told.total.unchanged) == (0, 0, 3)


def test_winners_losers_and_unchanged_add_up_in_every_group() -> None:
    held = panel([100, 200, 400, 800, 1_600, 3_200], types=["msp", "msp", "reseller", "reseller", "reseller", "msp"])
    # 3 % flat against 40.00 a year plus 2 %: below 333.33 a month one gains, above it one loses
    other = scheme("rules: [{id: c, on: revenue, rate: 2%}, "
                   "{id: b, on: revenue, per: year, rate: {table: {applies: whole, steps: [{from: 0, lump: 40}]}}}]")  # fmt: skip
    told = impact(replay(other, held), replay(FLAT, held))
    assert (told.total.winners, told.total.losers) == (2, 4)
    for groups in (told.by_type, told.by_decile, told.by_region, told.by_tier):
        assert sum(group.winners for group in groups) == 2
        assert sum(group.partners for group in groups) == 6
        assert sum(group.after for group in groups) == pytest.approx(told.total.after)


def test_deciles_are_of_the_baseline_and_equal_in_size() -> None:
    before = np.arange(25.0)[::-1]
    groups = by_decile(before, before * 2)
    assert [group.partners for group in groups] == [3, 3, 3, 3, 3, 2, 2, 2, 2, 2]
    assert groups[0].before == 0 + 1 + 2


def test_equal_payouts_have_no_concentration() -> None:
    told = concentration(np.full(10, 5.0))
    assert told.gini == pytest.approx(0.0, abs=1e-12)
    assert told.top_tenth == pytest.approx(0.1)
    assert told.middle == pytest.approx(0.6)


def test_one_partner_with_everything_is_nearly_total_concentration() -> None:
    told = concentration(np.array([0.0] * 99 + [7.0]))
    assert told.gini == pytest.approx(0.99)
    assert told.top_tenth == 1.0
    assert told.paid == 1


def test_where_nobody_is_paid_concentration_is_absent_not_zero() -> None:
    told = concentration(np.zeros(5))
    assert told.gini is None
    assert told.top_tenth is None


@given(st.lists(st.integers(0, 10**9), min_size=2, max_size=40))
def test_gini_is_half_the_relative_mean_difference(amounts: list[int]) -> None:
    values = np.array(amounts, float)
    told = concentration(values).gini
    if values.sum() == 0:
        assert told is None
        return
    # Sen 1973: the mean absolute difference over twice the mean
    difference = np.abs(values[:, None] - values[None, :]).mean()
    assert told == pytest.approx(difference / (2 * values.mean()), abs=1e-9)


MIXED = """\
rules:
  - {id: cert, group: behavioural, on: certification, rate: 100}
  - {id: sales, on: revenue, rate: 3%}
"""


def test_the_paid_mix_is_the_behavioural_share_overall_and_by_type() -> None:
    told = mix(replay(scheme(MIXED), panel([10_000, 0], [1, 1], ["msp", "reseller"])))
    # a month: certifications 100 + 100, sales 300
    assert told.paid == pytest.approx(200 / 500)
    assert told.by_segment == {"msp": pytest.approx(0.25), "reseller": pytest.approx(1.0)}
    assert told.planned is None


@pytest.mark.parametrize("planned", [0.0, 0.2, 0.5, 0.8, 1.0])
def test_the_dial_holds_the_cost_and_reaches_the_share(planned: float) -> None:
    held = panel([10_000, 3_000, 500], [1, 2, 0])
    told = solve(scheme(MIXED), held, planned)
    assert told.reached
    assert told.paid == pytest.approx(planned, abs=0.001)
    assert told.cost == pytest.approx(told.held, rel=0.0005)
    # what is stored is what a replay uses: nothing is solved again
    again = replay(told.scheme, held)
    assert again.cost == told.cost
    assert told.scheme.mix is not None
    assert told.scheme.mix.factors is not None
    assert told.scheme.mix.factors.solved_on == "by-hand"


def test_with_the_cost_free_the_message_says_how_far_it_moves() -> None:
    free = scheme(MIXED + "mix: {behavioural: 80%, hold: nothing}\n")
    told = solve(free, panel([10_000, 3_000, 500], [1, 2, 0]), 0.2)
    moved = (told.cost - told.held) / 100
    assert told.reached
    assert abs(moved) > 1
    assert told.message.endswith(f"the cost is free, and what the rules pay moves by {money(moved, 'USD')}.")


def test_a_share_that_no_factor_reaches_is_said_with_its_distance() -> None:
    told = solve(scheme("rules: [{id: sales, on: revenue, rate: 3%}]"), panel([10_000]), 0.8)
    assert not told.reached
    assert "No factors reach 80 %" in told.message


def test_caps_bend_the_dial_and_it_still_answers() -> None:
    capped = scheme(MIXED + "caps: [{amount: 900, per: quarter}]\n")
    told = solve(capped, panel([10_000, 3_000, 500], [1, 2, 0]), 0.6)
    assert told.paid is not None
    assert 0 <= told.paid <= 1
    assert told.message


STEPPED = "rules: [{id: r, on: revenue, per: quarter, rate: {table: {applies: whole, steps: " \
          "[{name: low, from: 0, rate: 1%}, {name: high, from: 10_000, rate: 2%}]}}}]"  # fmt: skip


def test_a_whole_volume_border_is_a_cliff_and_its_jump_is_told() -> None:
    told = cliffs(replay(scheme(STEPPED), panel([1_000])))
    # crossing 10,000 lifts the whole from 1 % to 2 %: 100
    assert [(cliff.step, cliff.border, cliff.jump) for cliff in told] == [("high", 10_000.0, pytest.approx(100.0))]


def test_a_marginal_border_is_no_cliff() -> None:
    told = cliffs(replay(scheme(STEPPED.replace("whole", "marginal")), panel([1_000])))
    assert told[0].jump == 0


def test_bunching_above_a_border_is_counted_and_few_periods_tell_nothing() -> None:
    yearly = STEPPED.replace("applies: whole", "applies: whole, over: year_to_date").replace("10_000", "12_000")
    # 1,010 a month is 12,120 a year, just above 12,000; twelve partners there, none below
    told = cliffs(replay(scheme(yearly), panel([1_010] * 12)))
    assert (told[0].below, told[0].above) == (0, 12)
    assert (told[0].rows_below, told[0].rows_above) == ((), tuple(range(12)))
    assert told[0].excess == pytest.approx(12 / np.sqrt(12))
    assert cliffs(replay(scheme(yearly), panel([1_010] * 9)))[0].excess is None


def test_a_border_is_held_against_the_window_of_its_rule() -> None:
    """3,400 a month is 10,200 a quarter: just above 10,000 in each of four quarters, though 40,800 a year."""
    told = cliffs(replay(scheme(STEPPED), panel([3_400] * 12)))
    assert (told[0].below, told[0].above) == (0, 48)
    monthly = STEPPED.replace("per: quarter", "per: month").replace("10_000", "3_500")
    assert cliffs(replay(scheme(monthly), panel([3_400] * 12)))[0].below == 144
    trailing = STEPPED.replace("applies: whole", "applies: whole, over: {trailing: 6}")
    (one,) = cliffs(replay(scheme(trailing), panel([1_700] * 12)))
    assert (one.below, one.above, one.excess, one.jump) == (0, 0, None, pytest.approx(100.0))


def test_windows_of_a_border_are_those_of_the_programme_year() -> None:
    """A year from April: of twelve months from January only whole quarters of that year count, and no year is whole."""
    held = panel([0] * 12)
    held.columns["revenue"][:, :4] = 990_000.0  # January to April: 9,900 each
    late = [STEPPED, STEPPED.replace("applies: whole", "applies: whole, over: year_to_date")]
    text = "scheme: s\ncurrency: USD\neffective: {{from: 2024-02-01}}\n{}"
    quarterly, yearly = (cliffs(replay(loads(text.format(rules)), held))[0] for rules in late)
    # February to April is a quarter of 29,700; nothing of the year from February 2024 is whole
    assert (quarterly.below, quarterly.above) == (0, 0)
    assert (yearly.below, yearly.above) == (0, 0)
    held.columns["revenue"][:, 1:4] = 330_000.0
    assert cliffs(replay(loads(text.format(STEPPED)), held))[0].below == 12


def test_steady_partners_above_a_border_are_as_many_as_they_are_and_not_as_their_quarters() -> None:
    """Eight of twelve lie above it in all of four quarters: no more than chance, though 32 of 48 periods would be more."""
    (told,) = cliffs(replay(scheme(STEPPED), panel([3_400] * 8 + [3_300] * 4)))
    assert (told.below, told.above) == (16, 32)
    assert told.excess == pytest.approx(4 * 4 / np.sqrt(12 * 16))
    assert 16 / np.sqrt(48) > 2 > told.excess


TIERED = """\
tiers: {looks_at: {months: 3}, levels: [{name: base}, {name: gold, needs: {revenue: 30_000, certification: 3}}]}
rules: [{id: c, on: revenue, rate: {by_tier: {base: 1%, gold: 2%}}}]
"""


def test_reach_counts_those_near_the_next_tier_and_names_the_blocker() -> None:
    # over three months: 30,000 and 3 needed. P0 has 24,000 and 3 (within 75 %), P1 has 30,000 and 0, P2 nothing, P3 gold
    told = reach(replay(scheme(TIERED), panel([8_000, 10_000, 0, 20_000], [1, 0, 0, 1])))
    assert len(told) == 1
    assert (told[0].tier, told[0].below, told[0].within) == ("gold", 3, 1)
    assert told[0].blocker in ("certification", "revenue")
    assert (told[0].rows_below, told[0].rows_within) == ((0, 1, 2), (0,))


def test_cost_by_tier_and_flow_follow_the_tier_in_force() -> None:
    held = panel([20_000, 1_000], [1, 0])
    before, after = replay(FLAT, held), replay(scheme(TIERED), held)
    costs = cost_by_tier(after)
    # gold from April on (the first review sees January to March): 3 months at 1 %, 9 at 2 %
    assert costs["gold"] == 9 * 20_000 * 0.02 * 100
    assert costs["base"] == 3 * 20_000 * 0.01 * 100 + 12 * 1_000 * 0.01 * 100
    assert tier_flow(before, after).tolist() == [[1, 1]]


def test_the_curve_marks_the_cliff_of_a_whole_volume_table() -> None:
    cliffed = scheme(STEPPED.replace("per: quarter", "per: year").replace("10_000", "12_000"))
    told = payout_curve(cliffed, panel([1_000]), "revenue")
    assert len(told.jumps) == 1
    place, cents = told.jumps[0]
    # reached at 12,000.00; from 1 % of just under 12,000 to 2 % of it: near 120
    assert told.volume[place] == pytest.approx(1_200_000)
    assert cents == pytest.approx(12_000, rel=0.05)
    assert told.payout[-1] == pytest.approx(36_000 * 0.02 * 100)
    assert told.typical == 1_200_000


def test_a_straight_rate_has_a_curve_without_jumps() -> None:
    told = payout_curve(FLAT, panel([1_000, 2_000, 3_000]), "revenue")
    assert told.jumps == ()
    assert told.payout == pytest.approx(told.volume * 0.03, abs=20)


def test_factors_are_kept_to_a_millionth() -> None:
    told = solve(scheme(MIXED), panel([10_000, 3_000, 500], [1, 2, 0]), 0.37)
    assert told.scheme.mix is not None
    assert told.scheme.mix.factors is not None
    assert told.scheme.mix.factors.behavioural == round(told.scheme.mix.factors.behavioural, 6)
    assert told.scheme.mix.behavioural == Decimal("0.37")
