"""A pilot that was read, as figures: what came out, when, in which segments, and what it hangs on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
import plotly.graph_objects as go

from incentive_lab.charts.style import (
    BASELINE,
    CATEGORIES,
    DRAFT,
    GAIN,
    INK,
    LOSS,
    MUTED,
    OTHER,
    Chart,
    calendar_axis,
    figure,
    money_axis,
    room_for,
)
from incentive_lab.format import called, compact, count, cut_short, in_words, month_name, p_value_text, percent
from incentive_lab.pilot.analysis import Analysis
from incentive_lab.pilot.answering import Answer
from incentive_lab.pilot.multiple import Heterogeneity
from incentive_lab.pilot.whales import Whales
from incentive_lab.pilot.words import change

SEGMENTS = {
    "differs": "The effect differs",
    "cannot tell": "No difference of the effect can be shown",
}
LONGEST = 34
"""Characters of a label beside its bar."""
FURTHEST = 3.0
"""Relative effect at which an interval is cut, unless an effect itself lies beyond."""
_VERDICT = {"better": GAIN, "held": GAIN, "worse": LOSS, "broken": LOSS}


def percent_axis(low: float, high: float, **more: object) -> dict[str, object]:
    """An axis of relative changes with readable steps."""
    from incentive_lab.charts.style import nice_step

    low, high = min(0.0, low), max(0.0, high)
    step = nice_step(max(high - low, 0.01) / 5)
    ticks = np.arange(np.floor(low / step), np.ceil(high / step) + 1) * step
    room = 0.04 * max(high - low, 0.01)
    return {"tickvals": ticks.tolist(), "ticktext": [change(round(float(one), 6)) for one in ticks],
            "range": [low - room, high + room], **more}  # fmt: skip


def forest_chart(read: Analysis) -> Chart:
    """Relative effect and interval of each metric."""
    rows = [one for one in read.answers if one.found is not None and np.isfinite(one.found.relative)]
    several = len(read.trial.arms) > 2
    names = [in_words(one.metric.name) + (f", {one.arm}" if several else "") for one in rows]
    furthest = max([FURTHEST, *(1.15 * one.found.relative for one in rows if one.found)])
    ends = [_ends(one, furthest) for one in rows]
    cut = [
        name for one, name in zip(rows, names, strict=True) if one.found and one.found.relative_interval.high > furthest
    ]
    low, high = min([-0.05, *(one for one, _ in ends)]), max([0.05, *(one for _, one in ends)])
    traces = [
        go.Scatter(
            x=[left, right], y=[name, name], mode="lines", line={"color": _VERDICT.get(one.verdict, BASELINE), "width": 4},
            hoverinfo="skip", showlegend=False,
        )
        for one, name, (left, right) in zip(rows, names, ends, strict=True)
    ]  # fmt: skip
    points = go.Scatter(
        x=[one.found.relative if one.found else None for one in rows], y=names, mode="markers+text", showlegend=False,
        marker={"size": 11, "color": [_VERDICT.get(one.verdict, BASELINE) for one in rows]},
        text=[change(one.found.relative) if one.found else "" for one in rows], textposition="top center",
        textfont={"size": 12, "color": INK},
        hovertext=[_told(one) for one in rows], hoverinfo="text",
    )  # fmt: skip
    drawn = figure(
        *traces, _going_on(cut, furthest), points, name="forest",
        height=max(120, 46 * len(rows) + 70), margin=room_for(names) | {"b": 30},
        xaxis={**percent_axis(low, high), "showgrid": True, "zeroline": True},
        yaxis={"range": [len(rows) - 0.5, -0.75], "type": "category", "showgrid": False},
    )  # fmt: skip
    title = f"{in_words(read.primary.metric.name)}: {read.primary.verdict}"
    if read.primary.found is not None and np.isfinite(read.primary.found.relative):
        title += f", {change(read.primary.found.relative)}"
    level = percent(1 - float(read.pilot.alpha), 1)
    note = f"Relative effect with its {level} interval; grey: neither shown nor excluded."
    if cut:
        note += f" An arrow: the interval goes on beyond {change(furthest)}."
    return Chart(drawn, title, note, f"Effects on each metric. {title}.")


def _ends(one: Answer, furthest: float) -> tuple[float, float]:
    """Where an interval is drawn from and to; one that goes on further is cut there."""
    assert one.found is not None
    own, point = one.found.relative_interval, one.found.relative
    return (own.low if np.isfinite(own.low) else point), point if np.isnan(own.high) else min(own.high, furthest)


def _going_on(names: Sequence[str], furthest: float) -> go.Scatter:
    """Arrows where intervals are cut."""
    return go.Scatter(x=[furthest] * len(names), y=list(names), mode="markers", showlegend=False, hoverinfo="skip",
                      marker={"symbol": "triangle-right", "size": 12, "color": BASELINE}, cliponaxis=False)  # fmt: skip


def _told(one: Answer) -> str:
    assert one.found is not None
    found = one.found
    name = in_words(one.metric.name)
    return f"<b>{name}</b>, {one.verdict}<br>{change(found.relative)}, p {found.p_value:.3g}<br>{found.estimator}"


def months_chart(read: Analysis) -> Chart | None:
    """The primary outcome by month in each arm; None without months."""
    outcome = read.trial.outcomes[read.pilot.primary.name]
    if outcome.monthly is None or not read.trial.periods:
        return None
    periods = list(read.trial.periods)
    labels = [month_name(one) if len(one) == 7 and one[4] == "-" else one for one in periods]
    traces, highest, lowest = [], 0.0, 0.0
    for place, name in enumerate(read.trial.arms):
        rows = read.trial.arm == place
        if not rows.any():
            continue
        values = np.nanmean(outcome.monthly[rows], axis=0)
        highest, lowest = max(highest, float(np.nanmax(values))), min(lowest, float(np.nanmin(values)))
        traces.append(go.Scatter(
            x=labels, y=values.tolist(), name=name, mode="lines", line={"color": BASELINE if place == 0 else CATEGORIES[place - 1],
                                                                        "width": 2.5, "dash": "dash" if place == 0 else "solid"},
            hovertemplate="%{x}: %{y:,.0f}<extra>" + name + "</extra>"))  # fmt: skip
    start = read.trial.first_post
    drawn = figure(
        *traces, name="pilot-months", height=300, yaxis=money_axis(lowest, highest),
        xaxis=calendar_axis(labels, most=8),
        shapes=[{"type": "line", "x0": start - 0.5, "x1": start - 0.5, "y0": 0, "y1": 1, "yref": "paper",
                 "line": {"color": MUTED, "dash": "dot"}}],
        annotations=[{"x": start - 0.5, "y": 1, "yref": "paper", "text": "start", "showarrow": False, "xanchor": "left",
                      "yanchor": "top", "font": {"size": 12, "color": MUTED}}],
    )  # fmt: skip
    sides = [np.nanmean(outcome.monthly[read.trial.arm == place][:, start:]) for place in (0, 1)
             if (read.trial.arm == place).any()]  # fmt: skip
    name = in_words(read.pilot.primary.name)
    title = f"{name} per partner by month and arm"
    if len(sides) == 2:
        control, treated = read.trial.arms[:2]
        had = " a partner and month in the pilot"
        title = f"The arm {treated} had {compact(float(sides[1]))}{had}, {control} {compact(float(sides[0]))}"
    return Chart(drawn, title, f"{name} per partner and month, crude means; large partners decide them; dashed: the control.",
                 f"Primary outcome by month. {title}.")  # fmt: skip


def whales_chart(one: Whales, partners: Sequence[str], names: Mapping[str, str], what: str) -> Chart:
    """The effect without each of the most influential partners, and without the 1, 3 and 5 that carry it most.

    Args:
        one: The effects.
        partners: Ids, in the order of the whales' rows.
        names: What partners are called, by id; may be empty.
        what: The effect and its unit, such as 'revenue in USD per partner and month'.
    """
    tops = [(f"without the {count_} that carry it" if count_ > 1 else "without the one that carries it", effect)
            for count_, _, effect in one.tops]  # fmt: skip
    singles = [(partners[own.rows[0]], own.effect) for own in one.leave_one_out[:5]]
    rows = [("everybody", one.effect), *tops, *singles]
    places, values = [place for place, _ in rows], [value for _, value in rows]
    alone = {partner: called(names.get(partner, ""), partner) for partner, _ in singles}
    labels = [escape(cut_short(f"without {names.get(place) or place}", LONGEST)) if place in alone else place
              for place in places]  # fmt: skip
    said = [change(value) if one.logs else compact(value) for value in values]
    low, high = min([0.0, *values]), max([0.0, *values])
    room = 0.18 * max(high - low, 1e-9)
    axis = percent_axis(low - (room if low < 0 else 0), high + room) if one.logs else money_axis(
        low - (room if low < 0 else 0), high + room, most=4)  # fmt: skip
    drawn = figure(
        go.Bar(y=places, x=values, orientation="h", showlegend=False, text=said, textposition="outside", cliponaxis=False,
               textfont={"size": 12, "color": INK}, hoverinfo="text",
               hovertext=[escape(f"without {alone[place]}: {told}") if place in alone else f"{place}: {told}"
                          for place, told in zip(places, said, strict=True)],
               marker_color=[DRAFT, *[LOSS] * len(tops), *[OTHER] * len(singles)]),
        name="whales", height=28 * len(rows) + 60, margin=room_for(labels) | {"b": 30}, xaxis={**axis, "showgrid": True},
        yaxis={"autorange": "reversed", "type": "category", "showgrid": False, "tickvals": places, "ticktext": labels},
    )  # fmt: skip
    share = one.tops[0][1] if one.tops else float("nan")
    title = (
        f"One partner carries {percent(share, 0)} of the effect"
        if np.isfinite(share)
        else "There are too few partners to leave any out"
    )
    if one.sign_changes:
        title = "Without one partner the effect turns its sign"
    return Chart(drawn, title, f"Effect on {what} after leaving partners out.", f"Whale report. {title}.")


def segments_chart(name: str, found: Heterogeneity, logs: bool) -> Chart:
    """Effects by segment as estimated alone (grey) and drawn to the common effect (blue)."""

    def scaled(value: float) -> float:
        return float(np.expm1(value)) if logs else value

    rows = found.segments
    names = [f"{own.name} ({count(own.units)})" for own in rows]
    traces = [
        go.Scatter(x=[scaled(own.interval.low), scaled(own.interval.high)], y=[label, label], mode="lines", showlegend=False,
                   hoverinfo="skip", line={"color": DRAFT, "width": 4}) for own, label in zip(rows, names, strict=True)
    ]  # fmt: skip
    open_mark = {"size": 9, "color": OTHER, "symbol": "circle-open", "line": {"width": 2}}
    alone = go.Scatter(
        x=[scaled(own.effect) for own in rows],
        y=names,
        mode="markers",
        name="By itself",
        marker=open_mark,
        hoverinfo="skip",
    )
    drawn_to = go.Scatter(
        x=[scaled(own.shrunk) for own in rows], y=names, mode="markers", name="Drawn to the common effect",
        marker={"size": 11, "color": DRAFT}, hoverinfo="skip",
    )  # fmt: skip
    values = [scaled(value) for own in rows for value in (own.interval.low, own.interval.high, own.effect)]
    axis = percent_axis(min(values), max(values)) if logs else money_axis(min(values), max(values), most=4)
    drawn = figure(
        *traces, alone, drawn_to, name=f"segments-{name}", height=40 * len(rows) + 90, margin=room_for(names) | {"b": 30},
        xaxis={**axis, "showgrid": True}, yaxis={"autorange": "reversed", "type": "category", "showgrid": False},
    )  # fmt: skip
    title = f"{SEGMENTS[found.verdict]} by {name}"
    tested = "" if np.isnan(found.p_value) else f" Test of one effect: p {p_value_text(found.p_value, 2)}."
    return Chart(drawn, title, f"Primary effect by {name}.{tested}", f"Effects by {name}. {title}.")


def looks_chart(read: Analysis) -> Chart | None:
    """The statistic at each look against its boundary; None without looks."""
    looks = [one for one in read.looks if one.arm == read.primary.arm]
    if not looks:
        return None
    months = [one.months for one in looks]
    edges = [one.boundary if np.isfinite(one.boundary) else None for one in looks]
    seen = [abs(one.statistic) for one in looks]
    top = 1.15 * max([*seen, *(edge for edge in edges if edge is not None), 1.0])
    drawn = figure(
        go.Scatter(x=months, y=edges, name="Boundary", mode="lines+markers", line={"color": LOSS, "dash": "dot", "width": 2},
                   hovertemplate="after %{x} months: %{y:.2f}<extra>boundary</extra>"),
        go.Scatter(x=months, y=seen, name="Statistic", mode="lines+markers", line={"color": DRAFT, "width": 2},
                   marker={"size": 10}, hovertemplate="after %{x} months: %{y:.2f}<extra>statistic</extra>"),
        name="looks", height=280, margin={"b": 46},
        xaxis={"title": {"text": "Months since the start"}, "tickvals": months, "range": [0, max(months) + 0.5]},
        yaxis={"range": [0, top]},
    )  # fmt: skip
    crossed = [one.months for one in looks if one.crossed]
    title = f"The boundary was crossed after {crossed[0]} months" if crossed else "No look crossed its boundary"
    return Chart(
        drawn,
        title,
        "Studentised effect at each planned look; above the boundary the pilot may end.",
        f"Looks. {title}.",
    )
