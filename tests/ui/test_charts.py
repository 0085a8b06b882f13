import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from incentive_lab.charts import (
    Chart,
    concentration_chart,
    cost_chart,
    curve_chart,
    decile_chart,
    mix_chart,
    movers_chart,
    rules_by_quarter_chart,
    rules_chart,
    tier_chart,
)
from incentive_lab.charts.months import growth_title, margin_chart
from incentive_lab.charts.parts import tiers_before
from incentive_lab.charts.pilot import forest_chart, whales_chart
from incentive_lab.charts.projection import distribution_chart, fan_chart, tornado_chart
from incentive_lab.charts.style import GAIN, LOSS, PHONE, money_axis
from incentive_lab.charts.versus import schemes_chart, steps_chart
from incentive_lab.engine.curve import Curve
from incentive_lab.engine.impact import Mix, impact, mix
from incentive_lab.engine.replay import Replay, replay
from incentive_lab.pilot.estimate import Interval
from incentive_lab.pilot.whales import Whales, Without
from incentive_lab.projection.answers import Driver, distribution
from incentive_lab.projection.standard_errors import quantile
from incentive_lab.scheme.load import loads
from incentive_lab.scheme.paths import apply
from tests.ui.conftest import TIERED


def every_chart(after: Replay, before: Replay) -> list[Chart]:
    compared = impact(after, before)
    curve = Curve(np.array([0.0, 100.0]), np.array([0.0, 10.0]), ((1, 10.0),), 50.0)
    return [
        cost_chart(after, before), cost_chart(after, before, per="month"), decile_chart(compared, 100, "USD"),
        movers_chart(compared, after), concentration_chart(compared.before, compared.after), rules_chart(after),
        mix_chart(mix(after)), tier_chart(after, before),
        curve_chart(curve, curve, minor=100, currency="USD", measure="Revenue"),
    ]  # fmt: skip


def test_every_chart_answers_in_its_title_and_has_words_for_those_who_cannot_see_it(
    after: Replay, before: Replay
) -> None:
    for chart in every_chart(after, before):
        assert chart.title
        assert chart.title in chart.alt
        assert chart.figure.layout.uirevision
        assert chart.figure.layout.template.layout.paper_bgcolor == "#ffffff"
        json.loads(chart.figure.to_json())


def test_the_cost_chart_adds_up_and_always_shows_the_baseline(after: Replay, before: Replay) -> None:
    # a earns 2 % of 10,000 = 200 a month, b 100 for its lead and 2 % of 1,000 = 120; 6 months: 1,920 in two quarters.
    # The flat 3 % pays 300 and 30 a month: 1,980.
    chart = cost_chart(after, before)
    bars, line = chart.figure.data
    assert list(bars.x) == ["Q1 2024", "Q2 2024"]
    assert list(bars.y) == [960, 960]
    assert list(line.y) == [990, 990]
    assert line.line.dash == "dash"
    assert chart.title == "Costs 1,920, 60 less than the baseline"


def test_a_scheme_against_itself_changes_nothing(before: Replay) -> None:
    compared = impact(before, before)
    assert cost_chart(before, before).title == "Costs 1,980, the same as the baseline"
    assert decile_chart(compared, 100, "USD").title == "Nobody gains and nobody loses"
    assert movers_chart(compared, before).title == "Nobody gains, nobody loses"
    assert concentration_chart(compared.before, compared.after).title.endswith("as before")


def test_winners_stand_above_losers(after: Replay, before: Replay) -> None:
    # b gains 90 a month, a loses 100.
    bars = movers_chart(impact(after, before), after).figure.data[0]
    assert list(bars.y) == ["b", "a"]
    assert list(bars.x) == [540, -600]


def test_the_mix_is_planned_and_paid(after: Replay) -> None:
    # 600 of 1,920 is for leads.
    assert mix_chart(mix(after)).title == "Behaviour earns 31.2 %, planned 50 % (-18.75 points)"


def test_tiers_start_from_what_the_history_recorded_when_the_baseline_has_none(after: Replay, before: Replay) -> None:
    assert tier_chart(after, before).title == "1 partner ends in high, 1 in low"


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-5, 3), (0, 2_400_000), (0, 0), (-1e-9, 0)])
def test_an_axis_of_money_has_zero_and_both_ends(low: float, high: float) -> None:
    axis = money_axis(low, high)
    assert 0 in axis["tickvals"]
    assert axis["range"][0] <= low
    assert axis["range"][1] >= high
    assert len(axis["tickvals"]) == len(axis["ticktext"]) <= 12


def test_markup_in_a_partners_name_is_text(after: Replay, before: Replay) -> None:
    names = np.array(["<b>Ann</b><br>", "Bob & Co"], dtype=object)
    panel = replace(after.panel, attributes={**after.panel.attributes, "name": names})
    words = movers_chart(impact(after, before), replace(after, panel=panel)).figure.data[0].hovertext
    assert any("&lt;b&gt;Ann&lt;/b&gt;&lt;br&gt;" in one for one in words)
    assert any("Bob &amp; Co" in one for one in words)


def test_markup_in_names_of_rules_tiers_and_types_is_text(after: Replay, before: Replay) -> None:
    evil = "<a href='https://example.com'>x</a>"
    rules = tuple(rule.model_copy(update={"label": evil}) for rule in after.scheme.rules)
    told = replace(
        after, scheme=after.scheme.model_copy(update={"rules": rules}), tier_names=(evil,) * len(after.tier_names)
    )
    drawn = [
        rules_chart(told), rules_by_quarter_chart(told), schemes_chart({evil: told}), steps_chart([evil, evil], [1.0, 2.0], "USD"),
        mix_chart(Mix(None, 0.5, {evil: 0.5})), tier_chart(told, before),
    ]  # fmt: skip
    for chart in drawn:
        said = str(chart.figure.to_json())
        assert "&lt;a href" in said or "\\u0026lt;a href" in said, chart.title
        assert not any(tag in said for tag in ("<a href", "\\u003ca href")), chart.title


def test_winners_and_losers_are_called_by_their_names(after: Replay, before: Replay) -> None:
    axis = movers_chart(impact(after, before), after).figure.layout.yaxis
    assert list(axis.tickvals) == ["b", "a"]
    assert list(axis.ticktext) == ["Bob", "Ann"]
    names = np.array(["", "B" * 40], dtype=object)
    panel = replace(after.panel, attributes={**after.panel.attributes, "name": names})
    axis = movers_chart(impact(after, before), replace(after, panel=panel)).figure.layout.yaxis
    assert list(axis.ticktext) == ["B" * 26 + "…", "a"]


def test_what_lies_below_zero_is_not_written_over_its_name(after: Replay, before: Replay) -> None:
    for chart in (movers_chart(impact(after, before), after), rules_chart(replay_with_a_cap(after))):
        bars = [trace for trace in chart.figure.data if trace.type == "bar"]
        beside = chart.figure.data[-1]
        assert all(not said for bar in bars for said, amount in zip(bar.text, bar.x, strict=True) if amount < 0)
        assert beside.mode == "text"
        assert beside.textposition == "middle right"
        assert set(beside.x) == {0.0}
        assert all(said.strip().startswith("-") for said in beside.text)


def replay_with_a_cap(after: Replay) -> Replay:
    scheme = loads(TIERED.replace("amount: 900", "amount: 150"))
    return replay(scheme, after.panel, baseline=after.scheme)


def test_tiers_before_stand_in_the_order_of_their_ranks(after: Replay, before: Replay) -> None:
    def rows(*tiers: str) -> list[str]:
        recorded = {**after.panel.attributes, "tier": np.array(tiers, dtype=object)}
        return tiers_before(replace(after, panel=replace(after.panel, attributes=recorded)), before)[0]

    assert rows("high", "low") == ["low", "high"]
    assert rows("High", "Low") == ["low", "high"]
    assert rows("high", "") == ["no tier", "high"]
    assert rows("Diamond", "Zinc") == ["Zinc", "Diamond"], "by what the baseline pays: 300 a month to the first"
    assert rows("Diamond", "high") == ["high", "Diamond"]


def test_every_cell_of_the_tier_flow_can_be_clicked(after: Replay, before: Replay) -> None:
    cells = tier_chart(after, before).figure.data[1]
    assert set(zip(cells.y, cells.x, strict=True)) == {("no tier", "high"), ("no tier", "low")}


def test_what_follows_a_dial_has_a_plain_form_that_plotly_draws_alike(after: Replay, before: Replay) -> None:
    for chart in (cost_chart(after, before), decile_chart(impact(after, before), 100, "USD")):
        json.dumps(chart.spec)
        assert [list(trace.y) for trace in chart.figure.data] == [list(trace["y"]) for trace in chart.spec["data"]]
    with pytest.raises(TypeError, match="no plain form"):
        _ = rules_chart(after).spec


def test_an_effect_beyond_the_usual_is_drawn_and_its_interval_ends_in_an_arrow() -> None:
    def metric(name: str, relative: float, low: float, high: float) -> Any:
        found = SimpleNamespace(relative=relative, relative_interval=Interval(low, high), p_value=0.01, estimator="x")
        return SimpleNamespace(metric=SimpleNamespace(name=name), arm="new", found=found, verdict="better")

    answers = [metric("leads", 3.83, 0.5, 14.0), metric("revenue", 0.1, 0.05, 0.2)]
    read: Any = SimpleNamespace(answers=answers, primary=answers[0], trial=SimpleNamespace(arms=("today", "new")),
                                pilot=SimpleNamespace(alpha=0.05))  # fmt: skip
    chart = forest_chart(read)
    first, second, arrows, points = chart.figure.data
    low, high = chart.figure.layout.xaxis.range
    assert list(points.x) == [3.83, 0.1]
    assert low <= 0.0 < 3.83 < first.x[1] <= high
    assert list(second.x) == [0.05, 0.2]
    assert (list(arrows.x), list(arrows.y)) == ([first.x[1]], ["Leads"])
    assert "An arrow: the interval goes on beyond" in chart.note
    answers[0].found.relative, answers[0].found.relative_interval = 0.4, Interval(0.1, 0.9)
    assert "arrow" not in forest_chart(read).note


def test_partners_that_carry_a_pilot_are_called_by_their_names() -> None:
    one = Whales(
        100.0, (Without((1,), 60.0), Without((0,), 90.0)), ((1, 0.4, 60.0),), 0.3, sign_changes=False, logs=False
    )
    chart = whales_chart(one, ["P1", "P2"], {"P2": "Fox & Sons"}, "revenue per partner and month, USD")
    assert "revenue per partner and month, USD" in chart.note
    axis, bars = chart.figure.layout.yaxis, chart.figure.data[0]
    assert list(axis.ticktext)[2:] == ["without Fox &amp; Sons", "without P1"]
    assert bars.hovertext[2] == "without Fox &amp; Sons (P2): 60"
    assert list(axis.tickvals)[2:] == ["P2", "P1"], "two partners of one name are two bars"


def test_amounts_beside_bars_have_room_on_a_narrow_screen(after: Replay, before: Replay) -> None:
    for chart in (movers_chart(impact(after, before), after), rules_chart(after)):
        assert chart.figure.layout.margin.r >= 50, chart.title


def test_labels_of_a_calendar_have_room_on_a_narrow_screen(after: Replay, before: Replay) -> None:
    path = np.ones((64, 12)).cumsum(axis=1)
    months = [f"2024-{month:02d}" for month in range(1, 13)]
    long = replace(after, scheme=apply(after.scheme, {"effective.from": "2024-02-01"}))
    for chart in (
        cost_chart(after, before), schemes_chart({"a": after}), fan_chart(months, path, "USD", None, None),
        schemes_chart({"a": long}), rules_by_quarter_chart(long),
    ):  # fmt: skip
        axis = chart.figure.layout.xaxis
        assert len(axis.ticktext) >= 2
        widest = max(len(line) for text in axis.ticktext for line in text.split("<br>"))
        assert len(axis.ticktext) * (7 * widest + 6) <= PHONE, chart.title


def test_quarters_are_those_of_the_programme_that_pays(after: Replay, before: Replay) -> None:
    """a is paid 200 a month and b 120; a programme year from February cuts January to June into 1, 3 and 2 months."""
    paid = {"Nov 2023–Jan 2024": 320, "Feb–Apr 2024": 960, "May–Jul 2024": 640}
    moved = replace(after, scheme=apply(after.scheme, {"effective.from": "2024-02-01"}))
    for trace in (
        cost_chart(moved, before).figure.data[0], schemes_chart({"moved": moved, "flat": before}).figure.data[0],
        margin_chart(moved, before, np.zeros(6)).figure.data[0],
    ):  # fmt: skip
        assert dict(zip(trace.x, map(abs, trace.y), strict=True)) == paid
    by_rule = rules_by_quarter_chart(moved).figure.data
    assert [sum(bar.y[place] for bar in by_rule) for place in range(3)] == list(paid.values())
    assert "others: flat" in schemes_chart({"moved": moved, "flat": before}).note
    assert "others" not in schemes_chart({"moved": moved, "too": moved}).note


def test_monte_carlo_errors_are_drawn() -> None:
    total = np.random.default_rng(3).normal(100.0, 10.0, 500)
    shown = distribution(total)
    bars, marks = distribution_chart(total, shown, "USD", None).drawn.data
    at = int(np.argmax(bars.y))
    share = float(bars.y[at])
    assert bars.error_y.array[at] == pytest.approx(2 * np.sqrt(share * (1 - share) / 500), rel=0.6)
    assert list(marks.x) == [shown["p05"], shown["p50"], shown["p95"]]
    assert list(marks.error_x.array) == [2 * shown["errors"][name] for name in ("p05", "p50", "p95")]  # type: ignore[index]
    driver = Driver("closed deals: how many", 9_000.0, 12_000.0, 0.4, 0.05, 150.0, 250.0)
    tornado = tornado_chart([driver], 100.0, 100, "USD")
    assert tornado.title == "Closed deals (how many) moves the cost most"
    low, high = tornado.drawn.data
    assert (list(low.error_x.array), list(high.error_x.array)) == ([3.0], [5.0])
    assert "± 1.5" in low.hovertext[0]
    path = np.cumsum(np.random.default_rng(4).normal(10.0, 2.0, (500, 3)), axis=1)
    middle = fan_chart(["2026-01", "2026-02", "2026-03"], path, "USD", None, None).drawn.data[3]
    assert middle.error_y.array[2] == pytest.approx(2 * quantile(path[:, 2], 0.5).error)  # type: ignore[operator]


def test_the_distribution_tells_amounts_and_what_its_colours_mean() -> None:
    total = np.random.default_rng(3).normal(3_300_000.0, 50_000.0, 500)
    chart = distribution_chart(total, distribution(total), "USD", 3_350_000.0)
    ticks = chart.figure.layout.xaxis.ticktext
    assert "3.3 m" in ticks
    assert len(set(ticks)) == len(ticks) >= 3
    assert [said.split()[0] for said in chart.figure.data[1].text] == ["P5", "P50", "P95"]
    assert chart.note.endswith("Orange: above the budget of 3.35 m.")
    assert "Orange" not in distribution_chart(total, distribution(total), "USD", 4_000_000.0).note
    same = np.full(500, 100.0)
    assert distribution_chart(same, distribution(same), "USD", None).figure.layout.xaxis.ticktext


def test_what_is_owed_is_told_of_partners_and_drivers_have_no_colour_of_gain_or_loss() -> None:
    total = np.linspace(1e6, 2e6, 320)
    shown = distribution(total)
    said = distribution_chart(total, shown, "USD", None, "owed before the cut").title
    assert said == "In one future of twenty, partners are owed more than 1.95 m"
    assert distribution_chart(total, shown, "USD", None).title == "One future in twenty costs more than 1.95 m"
    bars = tornado_chart([Driver("revenue", 1e6, 2e6, 0.5, 0.1)], 1.5e6, 1, "USD").figure.data
    assert not {GAIN, LOSS} & {bar.marker.color for bar in bars}


def test_ticks_of_shares_are_written_as_everything_else() -> None:
    total = np.random.default_rng(3).normal(100.0, 10.0, 500)
    drawn = distribution_chart(total, distribution(total), "USD", None).drawn
    assert drawn.layout.yaxis.ticktext[0] == "0 %"
    assert all(text.endswith(" %") for text in drawn.layout.yaxis.ticktext)
    assert not drawn.layout.yaxis.tickformat


@pytest.mark.parametrize(("quarters", "said"), [
    (3, "What each rule pays over time"), (4, "the last two quarters pay 4 more than the first two"),
    (6, "the last three quarters pay 9 more than the first three"),
    (8, "the last four quarters pay 16 more than the first four"),
    (12, "the last four quarters pay 32 more than the first four"),
])  # fmt: skip
def test_growth_is_told_between_quarters_that_are_not_compared_with_themselves(quarters: int, said: str) -> None:
    names = [f"Q{number}" for number in range(quarters)]
    title = growth_title(names, {"Rebate": np.arange(quarters, dtype=np.float64), "Flat": np.ones(quarters)})
    assert title in (said, f"Rebate grows most: {said}")
