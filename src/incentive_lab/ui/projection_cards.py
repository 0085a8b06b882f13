"""Cards of the page Projection beside its charts: where the cost goes, what to accrue, what it is worth, how it was fitted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import streamlit as st

from incentive_lab.charts import Chart
from incentive_lab.charts.projection import fan_chart
from incentive_lab.format import called, compact, count, counted, month_name, percent, signed, unbroken
from incentive_lab.panel import Floats, month_label
from incentive_lab.projection import answers
from incentive_lab.projection.accruing import Accrual, accrual
from incentive_lab.projection.breakdown import PARTNERS, bands, partner_bands
from incentive_lab.projection.diagnostics import diagnostics
from incentive_lab.projection.model import Model
from incentive_lab.projection.running import Projection
from incentive_lab.projection.standard_errors import Figure, chance, mean
from incentive_lab.projection_words import NEVER_PAYS, NO_COST, futures, owed_words
from incentive_lab.report.history_span import forecast_months
from incentive_lab.scheme.line_names import marked_names
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
        said.append(f"The scheme pays for itself{beside} if it raises revenue by {share_with_error(lift)}.")
    else:
        said.append(f"{NEVER_PAYS}.")
    if anyway is not None and anyway.value > 0:
        said.append(f"It earns nothing once {share_with_error(anyway)} of revenue would have come anyway.")
    return said


def risk_card(told: Projection, floor: float | None = None, limit: float | None = None) -> None:
    """The answer in words, with the chances of a margin below a floor and of a cost above a limit, where asked about."""
    minor, currency = told.minor, told.model.panel.currency
    shown = answers.distribution(told.outcome.total / minor, told)
    force = told.outcome.scheme.effective
    span = forecast_months(month_label(told.first_month), told.horizon, force.from_, force.months)
    expected = f"Expect **{compact(shown['p50'] or 0)} {currency}** over {counted(told.horizon, 'month')}"
    owed = owed_words(told, compact)
    if owed is not None:
        said = [owed, f"{expected} after the cut."]
        shown = answers.distribution(told.outcome.asked / minor, told)
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
        breaks = f"the budget breaks {futures(over.value, told.scenarios, over.error)}."
        said.append(breaks.capitalize() if over.value == 1 else f"**{risk}**: {breaks}")
    parts = answers.part_years(told)
    if parts is not None:
        said.append(parts)
    if told.outcome.scheme.caps:
        binds = chance(told.outcome.capped > 0)
        said.append(f"Partner caps bind {futures(binds.value, told.scenarios, binds.error)} and take off "
                    f"{_sure(mean(told.outcome.capped), minor)} on average.")  # fmt: skip
    said += worth_words(told)
    low = None if floor is None else answers.below_margin(told, floor)
    if floor is not None and low is not None:
        said.append(f"It is below {percent(floor, 1)} of revenue {futures(low.value, told.scenarios, low.error)}.")
    if limit is not None:
        more = answers.over(told.outcome, limit * minor)
        said.append(f"It costs more than {compact(limit)} **{futures(more.value, told.scenarios, more.error)}**.")
    what = "the middle of what is owed" if owed is not None else "the middle"
    error = shown["errors"]["p50"]  # type: ignore[index]
    sure = f"; for {what} it is {compact(error)}" if error else ""
    said.append(
        f":small[:gray[Drawn from {counted(told.scenarios, 'future')}. ±: the standard error from drawing so many{sure}.]]"
    )
    with card("projection-risk", "What it will cost"):
        st.markdown("\n".join(f"- {unbroken(one)}" for one in [span, *said[:-1]]) + f"\n\n{unbroken(said[-1])}")


def owed_path(told: Projection) -> tuple[Floats, str]:
    """[scenarios, months] what is drawn, minor units, and its name.

    A budget that cuts makes every future cost the same: what moves and spreads is what partners are owed before it.
    """
    outcome = told.outcome
    return (outcome.owed, "owed before the cut") if outcome.cut.any() else (outcome.monthly, "cost")


def fan_of(told: Projection) -> Chart:
    """The band of cost to date by month, with the budget's line."""
    owed, what = owed_path(told)
    labels = [month_label(told.first_month + m) for m in range(told.horizon)]
    still = told.no_response.owed if told.outcome.cut.any() else told.no_response.monthly
    quiet = None if told.no_response is told.outcome else np.cumsum(still.mean(axis=0)) / told.minor
    path, currency = np.cumsum(owed, axis=1) / told.minor, told.model.panel.currency
    ends = answers.distribution(path[:, -1], told)
    return fan_chart(labels, path, currency, answers.one_budget(told.outcome), quiet, what, ends)


def difference_card(told: Projection) -> None:
    """What the scheme costs beside the second one, future by future."""
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


def breakdown_card(told: Projection) -> None:
    """The mean cost and its band by whatever is chosen."""
    outcome, minor, currency = told.outcome, told.minor, told.model.panel.currency
    with card("projection-parts", "Where it goes"):
        by = st.segmented_control("By", PARTS, default=PARTS[0], key="projection-parts-by", required=True,
                                  label_visibility="collapsed")  # fmt: skip
        labels = [month_name(month_label(told.first_month + m)) for m in range(told.horizon)]
        if by == "To accrue":
            _accruals(told, labels)
            return
        names = marked_names(outcome.scheme)
        parts = {
            "Rule": lambda: bands([names[line] for line in outcome.line_ids], outcome.by_rule),
            "Segment": lambda: bands(told.model.segments, outcome.by_segment),
            "Tier": lambda: bands(outcome.tier_names, outcome.by_tier),
            "Partner": lambda: partner_bands(told),
            "Month": lambda: bands(labels, outcome.monthly),
        }[by]()
        note = f"Amounts in {currency}; ±: the standard error of the mean, from drawing so many futures. "
        note += "P10 to P90 holds four futures in five, P50 is the middle."
        if by == "Partner":
            note += f" The {min(PARTNERS, len(parts))} that are paid most, from {count(len(outcome.partners))} futures."
        st.markdown(f":small[:gray[{plain(note)}]]")
        if by == "Partner":
            panel = told.model.panel
            called_by_id = dict(zip(panel.partner_ids, panel.attributes["name"].astype(str), strict=True))
            parts = [replace(one, name=called(called_by_id.get(one.name, ""), one.name)) for one in parts]
        whole = [] if by == "Partner" else [_whole(told)]
        table((by, "Mean", "±", "P10", "P50", "P90"), [
            (plain(one.name if by in ("Rule", "Partner") else one.name.replace("_", " ")), compact(one.mean.value / minor),
             _error(one.mean, minor), *(compact(figure.value / minor) for figure in (one.p10, one.p50, one.p90)))
            for one in parts] + whole)  # fmt: skip


def _whole(told: Projection) -> tuple[str, ...]:
    """The row of what all parts come to: their means add up, ends of bands do not."""
    shown = answers.distribution(told.outcome.total / told.minor, told)
    error = shown["se"]
    amounts = (compact(shown[name] or 0) for name in ("p10", "p50", "p90"))
    return ("**In all**", compact(shown["mean"] or 0), "-" if error is None else compact(error), *amounts)


def _accruals(told: Projection, labels: list[str]) -> None:
    note = (
        "Settled: told by statements to date. Reached: what would be owed if the month were the last, periods under way "
        "included, at the tiers reached. To accrue: earned to date at what the programme year is expected to cost a unit of "
        "revenue, tiers still to be reached included. Catch-up: to accrue less reached, with its standard error."
    )
    st.markdown(f":small[:gray[{plain(note)}]]")
    minor = told.minor
    table(("To date", "Settled", "P10", "P90", "Reached", "To accrue", "Catch-up", "±"), [
        (label, *(compact(figure.value / minor) for figure in (one.settled, one.p10, one.p90, one.reached, one.expected)),
         signed(compact(one.catch_up.value / minor)), _error(one.catch_up, minor))
        for label, one in zip(labels, _accrued(told), strict=True)])  # fmt: skip


def _accrued(told: Projection) -> list[Accrual]:
    """What is to accrue, worked out once for the projection in sight."""
    before = st.session_state.get("projection accrued")
    if before is None or before[0] is not told:
        with st.spinner("Working out what is to accrue at the end of each month"):
            before = st.session_state["projection accrued"] = told, [*accrual(told)]
    found: list[Accrual] = before[1]
    return found


def fit_card(model: Model) -> None:
    """How the model was fitted, when asked for."""
    if not st.toggle("Show how the model was fitted", key="projection-fit"):
        return
    note = "Trend: a year, with two standard errors. Market: how far the level swings. Apart: segments that swing by themselves."
    with card("projection-fitted", "What the model learned from your history", note):
        table(("What happens", "In history", "A month", "Trend", "Market", "With deals", "Season", "Partners change", "Apart"), [
            (plain(str(one["stream"]).replace("_", " ")), count(one["items"]), compact(one["a_month"]),
             *(_learned(one) if one["items"] else ["-"] * 6)) for one in diagnostics(model)], words={8})  # fmt: skip
        for sentence in model.notes:
            st.markdown(f":small[:gray[{plain(sentence)}]]")


def _learned(one: dict[str, Any]) -> list[str]:
    """What the history says of one stream, in the order of the columns."""
    return [
        f"{signed(percent(one['growth_a_year'], 0))} ± {percent(2 * one['growth_error'], 0)}", percent(one["market_sd"], 0),
        f"{one['with_market']:.2f}", f"{one['season_lowest']:.2f} to {one['season_highest']:.2f}", percent(one["drift"], 0),
        plain(", ".join(f"{name} {percent(swing, 0)}" for name, swing in one["segments_sd"].items())) or "-",
    ]  # fmt: skip


def _error(figure: Figure, minor: int) -> str:
    return "-" if figure.error is None else compact(figure.error / minor)


def _sure(figure: Figure, minor: int) -> str:
    return with_error(figure.value / minor, None if figure.error is None else figure.error / minor)


def with_error(value: float | None, error: float | None) -> str:
    """An amount in whole units with its standard error.

    Example:
        >>> with_error(969_000, 17_600), with_error(969_000, None), with_error(None, None)
        ('969 k (± 17.6 k)', '969 k', '-')
    """
    if value is None:
        return "-"
    return compact(value) + ("" if error is None else f" (± {compact(error)})")


def share_with_error(figure: Figure) -> str:
    """A share with its standard error.

    Example:
        >>> share_with_error(Figure(0.039, 0.02))
        '3.9 % (± 2 %)'
    """
    return percent(figure.value, 1) + ("" if figure.error is None else f" (± {percent(figure.error, 2)})")
