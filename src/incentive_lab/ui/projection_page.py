"""The page Projection: the band of what a scheme will cost, its risk in words, its drivers, and whether bands held."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import streamlit as st

from incentive_lab.charts.projection import distribution_chart, fan_chart, tornado_chart
from incentive_lab.errors import InputError
from incentive_lab.format import compact, counted, percent, signed
from incentive_lab.money import decimals
from incentive_lab.panel import month_label
from incentive_lab.projection import answers
from incentive_lab.projection.assumptions import Assumptions, presets
from incentive_lab.projection.backtest import BANDS
from incentive_lab.projection.running import Projection
from incentive_lab.projection.standard_errors import chance
from incentive_lab.projection_words import futures, owed_words
from incentive_lab.scheme.numbers import Number, Whole
from incentive_lab.ui import workspace
from incentive_lab.ui.cards import card, draw, plain, tell_problems
from incentive_lab.ui.compare_page import DRAFT, offered
from incentive_lab.ui.projecting import Asked, projected, side_by_side, tested
from incentive_lab.ui.projection_cards import breakdown_card, fit_card, worth_words
from incentive_lab.ui.tables import table

SCENARIOS = {"Quick: 128": 128, "Fair: 512": 512, "Full: 10,000": 10_000, "Until sure to 1 %": 10_000}
UNTIL_SURE, SURE = "Until sure to 1 %", 0.01
"""Stops once the 95th percentile's standard error is at most this share of it."""
_FUTURES_HELP = (
    "More futures make the figures steadier, not the future surer. The last choice draws until the 95th percentile's "
    "standard error is at most 1 % of it, 10,000 at most."
)
DIALS = ("market", "growth", "price", "churn", "lose_largest")


def projection_page() -> None:
    """The whole page."""
    st.title("Projection", anchor=False)
    try:
        _page()
    except InputError as error:
        tell_problems(error.problems, "This cannot be projected")


def _page() -> None:
    known = offered()
    places = st.columns([3, 3, 2, 2, 2], gap="small")
    name = places[0].selectbox("Scheme", list(known), key="projection-scheme", index=list(known).index(DRAFT))
    against = places[1].selectbox("Against", [one for one in known if one != name], key="projection-against", index=None,
                                  placeholder="No other scheme")  # fmt: skip
    months = int(places[2].number_input("Months ahead", 1, 60, 12, key="projection-months"))
    drawn = places[3].selectbox("Futures", list(SCENARIOS), key="projection-scenarios", help=_FUTURES_HELP)
    many, sure = SCENARIOS[drawn], SURE if drawn == UNTIL_SURE else None
    floor = places[4].number_input("Margin floor, %", -100.0, 100.0, None, 1.0, key="projection-margin", placeholder="None",
                                   help="Margin less incentives as a share of revenue that must not be missed.")  # fmt: skip
    left, right = st.columns([10, 2], gap="small")
    limit = right.number_input("Costs more than", 0, None, None, key="projection-limit", placeholder="None",
                               help="An amount in whole units; the chance that these months cost more is told.")  # fmt: skip
    with left:
        supposed = _assumptions()
    scheme, other = known[name], known[against] if against else None
    asked = Asked(workspace.pair(scheme, other), months)
    told = projected(asked, supposed, many, sure)
    if told is None:
        return
    _risk(told, None if floor is None else floor / 100, limit)
    _charts(told)
    breakdown_card(told)
    if other is not None:
        _difference(told)
    _scenarios(asked, many)
    _backtested(Asked(workspace.pair(scheme, None), months))
    fit_card(told.model)


def _assumptions() -> Assumptions:
    """A preset, with its main numbers as controls made from their declarations."""
    known = presets()
    titles = {one.title: one for one in known.values()}
    chosen = titles[st.selectbox("Assumptions", list(titles), key="projection-assumptions")]
    changes: dict[str, Any] = {}
    with st.expander("Change the assumptions", key="projection-change"):
        for place, name in zip(st.columns(len(DIALS), gap="small"), DIALS, strict=True):
            declared = next(
                one for one in Assumptions.model_fields[name].metadata if isinstance(one, (Number, Whole))
            ).tunable
            percents = declared.unit == "share"
            scale = 100 if percents else 1
            value = float(getattr(chosen, name)) * scale
            low, high = (bound * scale for bound in declared.bounds)
            whole = declared.unit == "count"
            kind: Any = int if whole else float
            moved = place.number_input(
                declared.label + (", %" if percents else ""), kind(low), kind(high), kind(value), kind(declared.step * scale),
                key=f"projection-{name} {chosen.assumptions}", help=declared.help,
            )  # fmt: skip
            if moved != value:
                changes[name] = int(moved) if whole else Decimal(repr(moved)) / scale
    return Assumptions.model_validate({**chosen.model_dump(), **changes}) if changes else chosen


def _risk(told: Projection, floor: float | None = None, limit: float | None = None) -> None:
    """The answer in words, with the chances of a margin below a floor and of a cost above a limit, where asked about."""
    minor, currency = told.minor, told.model.panel.currency
    shown = answers.distribution(told.outcome.total / minor)
    expected = f"Expect **{compact(shown['p50'] or 0)} {currency}** over {counted(told.horizon, 'month')}"
    owed = owed_words(told.outcome, minor, compact)
    if owed is not None:
        said = [owed, f"{expected} after the cut."]
        shown = answers.distribution(told.outcome.asked / minor)
    else:
        said = [f"{expected}; one future in ten costs more than **{compact(shown['p90'] or 0)}**."]
    over = answers.over_budget(told.outcome, minor)
    if over is None:
        said.append("The scheme has no budget to break.")
    elif owed is None:
        risk = (
            "Safe"
            if over.value < 0.02
            else "Watch it"
            if over.value < 0.2
            else "At risk"
            if over.value < 0.5
            else "Likely"
        )
        breaks = f"the budget breaks {futures(over.value, told.scenarios)}."
        said.append(breaks.capitalize() if over.value == 1 else f"**{risk}**: {breaks}")
    if told.outcome.scheme.caps:
        bind = futures(chance(told.outcome.capped > 0).value, told.scenarios)
        said.append(
            f"Partner caps bind {bind} and take off {compact(float(told.outcome.capped.mean()) / minor)} on average."
        )
    said += worth_words(told)
    low = None if floor is None else answers.below_margin(told, floor)
    if floor is not None and low is not None:
        said.append(f"It is below {percent(floor, 1)} of revenue {futures(low.value, told.scenarios)}.")
    if limit is not None:
        more = answers.over(told.outcome, limit * minor)
        error = f" (standard error {percent(more.error, 1)})" if more.error else ""
        said.append(f"It costs more than {compact(limit)} **{futures(more.value, told.scenarios)}**{error}.")
    what = "the middle of what is owed" if owed is not None else "the middle"
    error = shown["errors"]["p50"]  # type: ignore[index]
    sure = f"; standard error of {what}: {compact(error)}" if error else ""
    said.append(f":small[:gray[Drawn from {counted(told.scenarios, 'future')}{sure}.]]")
    with card("projection-risk", "What it will cost"):
        st.markdown(" ".join(said))


def _charts(told: Projection) -> None:
    minor, currency, outcome = told.minor, told.model.panel.currency, told.outcome
    labels = [month_label(told.first_month + m) for m in range(told.horizon)]
    budget = outcome.scheme.budget
    amount = float(budget.amount) if budget is not None else None
    # A budget that cuts makes every future cost the same: what moves and spreads is what partners are owed before it.
    owed, what = (outcome.owed, "owed before the cut") if outcome.cut.any() else (outcome.monthly, "cost")
    still = told.no_response.owed if outcome.cut.any() else told.no_response.monthly
    quiet = None if told.no_response is outcome else np.cumsum(still.mean(axis=0)) / minor
    draw(fan_chart(labels, np.cumsum(owed, axis=1) / minor, currency, amount, quiet, what), "fan", height="content")
    total = owed.sum(axis=1)
    left, right = st.columns(2, gap="small")
    with left:
        draw(distribution_chart(total / minor, currency, amount, what), "distribution")
    with right:
        moving = answers.drivers(told, answers.own_inputs(told), total)[:7]
        if moving:
            draw(tornado_chart(moving, float(total.mean()) / minor, minor, currency, what), "tornado")
        else:
            st.caption("What moves it is not known: it is the same in every future, or there are under 50 futures.")


def _difference(told: Projection) -> None:
    gap, minor = answers.difference(told), told.minor
    assert gap is not None
    before = told.outcomes[1].scheme
    with card("projection-difference", f"Against {before.title or before.id}", "In the same futures."):
        table(("", "Mean", "P10", "P50", "P90", "Dearer in"), [
            ("Difference", *(signed(compact(gap[name] / minor)) for name in ("mean", "p10", "p50", "p90")),
             percent(gap["p_dearer"], 1)),
            ("Standard error", *("-" if error is None else compact(error / minor) for error in (
                gap["se"], *(gap["errors"][name] for name in ("p10", "p50", "p90")))), percent(gap["p_dearer_se"], 1)),
        ])  # fmt: skip


def _scenarios(asked: Asked, many: int) -> None:
    """Every preset side by side, when asked for."""
    if not st.toggle("Set all assumptions side by side", key="projection-all"):
        return
    rows = []
    known = list(presets().values())
    for preset, told in zip(known, side_by_side(asked, known, min(many, 512)) or [], strict=False):
        shown = answers.distribution(told.outcome.asked / told.minor)
        over = answers.over_budget(told.outcome, told.minor)
        rows.append((plain(preset.title), *(compact(shown[name] or 0) for name in ("p10", "p50", "p90", "cvar95")),
                     "-" if over is None else percent(over.value, 1), plain("; ".join(preset.then)) or "-"))  # fmt: skip
    if not rows:
        return
    with card(
        "projection-presets", "The same scheme under each assumption", "What partners are owed before a budget cuts it."
    ):
        table(("Assumptions", "P10", "P50", "P90", "CVaR95", "Over budget", "Then"), rows, words={6})


def _backtested(asked: Asked) -> None:
    """Whether bands held on the user's own past, when asked for."""
    if not st.toggle("Test the band on your own past", key="projection-backtest"):
        return
    tried = tested(asked)
    if tried is None:
        return
    minor, cuts = 10 ** decimals(workspace.history().currency), len(tried.cuts)
    held = "; ".join(
        f"the {band} % band held {sum(cut.inside(band) for cut in tried.cuts)} of {cuts} times" for band in BANDS
    )
    with card(
        "projection-held",
        f"On your own past, {held}",
        f"The projected mean lies {percent(tried.bias, 1)} off what came.",
    ):
        table(("From", "P10", "Mean", "P90", "Came"), [
            (cut.month, *(compact(value / minor) for value in (
                np.quantile(cut.scenarios, 0.1), cut.scenarios.mean(), np.quantile(cut.scenarios, 0.9), cut.actual)))
            for cut in tried.cuts])  # fmt: skip
