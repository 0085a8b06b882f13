"""The page Projection: the band of what a scheme will cost, its risk in words, its drivers, and whether bands held."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import streamlit as st

from incentive_lab.charts.projection import distribution_chart, tornado_chart
from incentive_lab.errors import InputError
from incentive_lab.format import compact, percent
from incentive_lab.money import decimals
from incentive_lab.projection import answers
from incentive_lab.projection.assumptions import Assumptions, presets
from incentive_lab.projection.backtest import BANDS
from incentive_lab.projection.running import Projection
from incentive_lab.projection_words import NOTHING_CAME
from incentive_lab.scheme.numbers import Number, Whole
from incentive_lab.ui import workspace
from incentive_lab.ui.cards import card, draw, plain, tell_problems
from incentive_lab.ui.compare_page import DRAFT, offered
from incentive_lab.ui.fitting import fits_history
from incentive_lab.ui.projecting import Asked, projected, side_by_side, tested
from incentive_lab.ui.projection_cards import (
    breakdown_card,
    difference_card,
    fan_of,
    fit_card,
    owed_path,
    risk_card,
    share_with_error,
    with_error,
)
from incentive_lab.ui.tables import table

SCENARIOS = {"Quick: 128": 128, "Fair: 512": 512, "Full: 10,000": 10_000, "Until sure to 1 %": 10_000}
UNTIL_SURE, SURE = "Until sure to 1 %", 0.01
"""Stops once the 95th percentile's standard error is at most this share of it."""
_FUTURES_HELP = (
    "More futures make the figures steadier, not the future surer. The last choice draws until the 95th percentile's "
    "standard error is at most 1 % of it, 10,000 at most."
)
TOLD = ("p10", "p50", "p90", "cvar95")
DIALS = ("market", "growth", "price", "churn", "lose_largest")


def projection_page() -> None:
    """The whole page."""
    st.title("Projection", anchor=False)
    try:
        _page()
    except InputError as error:
        tell_problems(error.problems, "This cannot be projected")


def _page() -> None:
    if not fits_history(workspace.draft()):
        return
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
    limit = right.number_input(
        f"Costs more than, {workspace.history().currency}", 0, None, None, key="projection-limit", placeholder="None",
        help="An amount in whole units; the chance that these months cost more is told.",
    )  # fmt: skip
    with left:
        supposed = _assumptions()
    scheme, other = known[name], known[against] if against else None
    asked = Asked(workspace.pair(scheme, other), months)
    told = projected(asked, supposed, many, sure)
    if told is None:
        return
    risk_card(told, None if floor is None else floor / 100, limit)
    _charts(told)
    breakdown_card(told)
    if other is not None:
        difference_card(told)
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


def _charts(told: Projection) -> None:
    minor, currency, outcome = told.minor, told.model.panel.currency, told.outcome
    owed, what = owed_path(told)
    draw(fan_of(told), "fan", height="content")
    total = owed.sum(axis=1)
    left, right = st.columns(2, gap="small")
    with left:
        shown = answers.distribution(total / minor, told)
        draw(distribution_chart(total / minor, shown, currency, answers.one_budget(outcome), what), "distribution")
    with right:
        moving = answers.drivers(told, answers.own_inputs(told), total)[:7]
        if moving:
            draw(tornado_chart(moving, float(total.mean()) / minor, minor, currency, what), "tornado")
        else:
            st.caption("What moves it is not known: it is the same in every future, or there are under 50 futures.")


def _scenarios(asked: Asked, many: int) -> None:
    """Every preset side by side, when asked for."""
    if not st.toggle("Set all assumptions side by side", key="projection-all"):
        return
    rows = []
    known = list(presets().values())
    for preset, told in zip(known, side_by_side(asked, known, min(many, 512)) or [], strict=False):
        shown = answers.distribution(told.outcome.asked / told.minor, told)
        errors: dict[str, float | None] = shown["errors"]  # type: ignore[assignment]
        over = answers.over_budget(told.outcome, told.minor)
        rows.append((plain(preset.title), *(with_error(shown[name], errors[name]) for name in TOLD),
                     "-" if over is None else share_with_error(over), plain("; ".join(preset.then)) or "-"))  # fmt: skip
    if not rows:
        return
    with card(
        "projection-presets",
        "The same scheme under each assumption",
        "What partners are owed before a budget cuts it; ±: the standard error from drawing so many futures.",
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
        f"{NOTHING_CAME.capitalize()}."
        if tried.bias is None
        else f"The projected mean lies {percent(tried.bias, 1)} off what came.",
    ):
        if tried.left_out_words:
            st.markdown(f":small[:gray[{plain(tried.left_out_words)}]]")
        table(("From", "P10", "Mean", "P90", "Came"), [
            (cut.month, *(compact(value / minor) for value in (
                np.quantile(cut.scenarios, 0.1), cut.scenarios.mean(), np.quantile(cut.scenarios, 0.9), cut.actual)))
            for cut in tried.cuts])  # fmt: skip
