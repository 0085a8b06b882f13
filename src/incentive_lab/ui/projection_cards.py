"""Cards of the page Projection beside its charts: where the cost goes, what to accrue, what it is worth, how it was fitted."""

from __future__ import annotations

import streamlit as st

from incentive_lab.format import compact, count, month_name, percent, signed
from incentive_lab.panel import month_label
from incentive_lab.projection import answers
from incentive_lab.projection.breakdown import PARTNERS, accrual, bands, partner_bands
from incentive_lab.projection.diagnostics import diagnostics
from incentive_lab.projection.model import Model
from incentive_lab.projection.running import Projection
from incentive_lab.projection.standard_errors import Figure
from incentive_lab.projection_words import NO_COST
from incentive_lab.ui.cards import card, plain
from incentive_lab.ui.tables import table

PARTS = ("Rule", "Segment", "Tier", "Partner", "Month", "To accrue")


def worth_words(told: Projection) -> list[str]:
    """What the scheme is worth, and what it would have to bring, with standard errors."""
    value, lift, anyway = answers.present_value(told), answers.break_even_lift(told), answers.anyway_share(told)
    if value is None:
        return [f"What margin less incentives is worth today is {NO_COST}."]
    said = [f"Margin less incentives is worth {_sure(value, told.minor)} today."]
    if lift is not None:
        beside = " beside the other scheme" if len(told.outcomes) > 1 else ""
        said.append(f"The scheme pays for itself{beside} if it raises revenue by {_share(lift)}.")
    if anyway is not None:
        said.append(f"It earns nothing once {_share(anyway)} of revenue would have come anyway.")
    return said


def breakdown_card(told: Projection) -> None:
    """The mean cost and its band by whatever is chosen."""
    outcome, minor, currency = told.outcome, told.minor, told.model.panel.currency
    with card("projection-parts", "Where it goes"):
        by = st.segmented_control("By", PARTS, default=PARTS[0], key="projection-parts-by", required=True)
        labels = [month_name(month_label(told.first_month + m)) for m in range(told.horizon)]
        if by == "To accrue":
            _accruals(told, labels)
            return
        parts = {
            "Rule": lambda: bands(outcome.line_ids, outcome.by_rule),
            "Segment": lambda: bands(told.model.segments, outcome.by_segment),
            "Tier": lambda: bands(outcome.tier_names, outcome.by_tier),
            "Partner": lambda: partner_bands(told),
            "Month": lambda: bands(labels, outcome.monthly),
        }[by]()
        note = f"Amounts in {currency}; +-: the standard error of the mean, from drawing so many futures."
        if by == "Partner":
            note += f" The {min(PARTNERS, len(parts))} that are paid most, from {count(len(outcome.partners))} futures."
        st.markdown(f":small[:gray[{plain(note)}]]")
        table((by, "Mean", "+-", "P10", "P50", "P90"), [
            (plain(one.name.replace("_", " ") if by != "Partner" else one.name), compact(one.mean.value / minor),
             _error(one.mean, minor), *(compact(figure.value / minor) for figure in (one.p10, one.p50, one.p90)))
            for one in parts])  # fmt: skip


def _accruals(told: Projection, labels: list[str]) -> None:
    note = (
        "Settled: told by statements to date, at the tiers reached. To accrue: earned to date at what the whole time is "
        "expected to cost a unit of revenue, tiers still to be reached included. +-: the standard error of the catch-up "
        "between the two."
    )
    st.markdown(f":small[:gray[{plain(note)}]]")
    minor = told.minor
    table(("To date", "Settled", "P10", "P90", "To accrue", "Catch-up", "+-"), [
        (label, *(compact(figure.value / minor) for figure in (one.settled, one.p10, one.p90, one.expected)),
         signed(compact(one.catch_up.value / minor)), _error(one.catch_up, minor))
        for label, one in zip(labels, accrual(told), strict=True)])  # fmt: skip


def fit_card(model: Model) -> None:
    """How the model was fitted, when asked for."""
    if not st.toggle("Show how the model was fitted", key="projection-fit"):
        return
    note = "Trend: a year, with two standard errors. Market: how far the level swings. Apart: segments that swing by themselves."
    with card("projection-fitted", "What the model learned from your history", note):
        table(("What happens", "In history", "A month", "Trend", "Market", "With deals", "Season", "Partners change", "Apart"), [
            (plain(str(one["stream"]).replace("_", " ")), count(one["items"]), compact(one["a_month"]),
             f"{signed(percent(one['growth_a_year'], 0))} +- {percent(2 * one['growth_error'], 0)}", percent(one["market_sd"], 0),
             f"{one['with_market']:.2f}", f"{one['season_lowest']:.2f} to {one['season_highest']:.2f}", percent(one["drift"], 0),
             plain(", ".join(f"{name} {percent(swing, 0)}" for name, swing in one["segments_sd"].items())) or "-")
            for one in diagnostics(model)], words={8})  # fmt: skip
        for sentence in model.notes:
            st.markdown(f":small[:gray[{plain(sentence)}]]")


def _error(figure: Figure, minor: int) -> str:
    return "-" if figure.error is None else compact(figure.error / minor)


def _sure(figure: Figure, minor: int) -> str:
    return compact(figure.value / minor) + ("" if figure.error is None else f" (+- {compact(figure.error / minor)})")


def _share(figure: Figure) -> str:
    return percent(figure.value, 1) + ("" if figure.error is None else f" (+- {percent(figure.error, 2)})")
