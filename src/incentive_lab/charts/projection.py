"""What a scheme will cost, as figures: the fan of cost to date, its distribution, and what moves it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from incentive_lab.charts.style import (
    BASELINE,
    DRAFT,
    LOSS,
    MUTED,
    OTHER,
    TINT,
    Chart,
    amount_ticks,
    as_text,
    calendar_axis,
    figure,
    money_axis,
    room_for,
    share_axis,
)
from incentive_lab.format import compact, month_name, percent
from incentive_lab.panel import Floats
from incentive_lab.projection.answers import Driver
from incentive_lab.projection.standard_errors import chance, quantile


def fan_chart(
    labels: Sequence[str], path: Floats, currency: str, budget: float | None, quiet: Floats | None, what: str = "cost",
    ends: Mapping[str, Any] | None = None,
) -> Chart:  # fmt: skip
    """Cost to date by month: the middle, the bands that hold half, four fifths and nine tenths of futures.

    Args:
        labels: ISO months.
        path: [scenarios, months] cost to date, whole currency units.
        currency: ISO 4217 code.
        budget: A line across; None without one.
        quiet: [months] mean without any response; None where nothing was supposed.
        what: Of what the path is: cost, or what is owed before the budget's cut.
        ends: Quantiles in the last month and their errors, see `answers.distribution`; those of `path` without it.
    """
    names = [month_name(label) for label in labels]
    traces = []
    for low, high, colour in ((0.05, 0.95, "#e6eefb"), (0.1, 0.9, TINT), (0.25, 0.75, "#9db9ec")):
        bottom, top = np.quantile(path, [low, high], axis=0)
        traces.append(go.Scatter(x=[*names, *names[::-1]], y=[*top, *bottom[::-1]], fill="toself", fillcolor=colour,
                                 line={"width": 0}, name=percent(high - low, 0), hoverinfo="skip"))  # fmt: skip
    middle = np.quantile(path, 0.5, axis=0)
    low, high = np.quantile(path, [0.1, 0.9], axis=0)
    errors = [[quantile(column, at).error for at in (0.5, 0.1, 0.9)] for column in path.T]
    if ends is not None:
        low[-1], middle[-1], high[-1] = (ends[name] for name in ("p10", "p50", "p90"))
        errors[-1] = [ends["errors"][name] for name in ("p50", "p10", "p90")]
    hover = [f"<b>{name}</b><br>middle {_sure(m, e[0], 1)} {currency}<br>four in five {_sure(a, e[1], 1)} to {_sure(b, e[2], 1)}"
             for name, m, a, b, e in zip(names, middle, low, high, errors, strict=True)]  # fmt: skip
    traces.append(go.Scatter(x=names, y=middle, name="Middle", mode="lines", line={"color": DRAFT, "width": 2.5},
                             error_y=_whiskers([2 * (one[0] or 0.0) for one in errors]),
                             hovertext=hover, hoverinfo="text"))  # fmt: skip
    if quiet is not None:
        traces.append(go.Scatter(x=names, y=quiet, name="Nobody reacts", mode="lines", hoverinfo="skip",
                                 line={"color": BASELINE, "width": 2, "dash": "dot"}))  # fmt: skip
    top = float(np.quantile(path[:, -1], 0.95))
    shown = budget is not None and budget < 3 * top
    if shown:
        traces.append(go.Scatter(x=names, y=[budget] * len(names), name="Budget", mode="lines", hoverinfo="skip",
                                 line={"color": LOSS, "width": 2, "dash": "dash"}))  # fmt: skip
    drawn = figure(*traces, name="fan", height=330, margin={"t": 36, "r": 34},
                   yaxis=money_axis(0.0, max(top, budget or 0.0) if shown else top),
                   xaxis=calendar_axis(names))  # fmt: skip
    spread = f"{compact(low[-1])} to {compact(high[-1])}"
    title = (
        f"Four futures in five cost {spread}" if what == "cost" else f"Four futures in five, partners are owed {spread}"
    )
    note = f"{what.capitalize()} to date in {currency}; bands hold 50, 80 and 90 % of futures; whiskers: two standard errors."
    if budget is not None and not shown:
        note += f" The budget, {compact(budget)}, is far above."
    return Chart(drawn, title, note, f"Fan of {what} to date. {title}, the middle is {compact(middle[-1])}.")


def distribution_chart(
    total: Floats, shown: Mapping[str, Any], currency: str, budget: float | None, what: str = "cost"
) -> Chart:
    """How often each total came up, and where quantiles lie, each with two standard errors to either side.

    Args:
        total: [scenarios], whole currency units.
        shown: Quantiles and their errors, see `answers.distribution`.
        currency: ISO 4217 code.
        budget: Totals above it are coloured; None without one.
        what: See `fan_chart`.
    """
    counts, edges = np.histogram(total, bins=min(40, max(8, len(total) // 12)))
    centres, share = (edges[1:] + edges[:-1]) / 2, counts / len(total)
    place = np.clip(np.searchsorted(edges, total, side="right") - 1, 0, len(counts) - 1)
    unsure = [2 * (chance(place == one).error or 0.0) for one in range(len(counts))]
    marks = {f"P{int(name[1:])}": name for name in ("p05", "p50", "p95")}
    at = [shown[name] for name in marks.values()]
    low, middle, high = at
    colours = [LOSS if budget is not None and centre > budget else DRAFT for centre in centres]
    top = 1.12 * max(one + error for one, error in zip(share, unsure, strict=True))
    drawn = figure(
        go.Bar(x=centres, y=share, width=np.diff(edges) * 0.9, marker={"color": colours}, error_y=_whiskers(unsure),
               hovertext=[f"{compact(centre)} {currency}: {percent(part, 1)} ± {percent(error / 2, 1)}"
                          for centre, part, error in zip(centres, share, unsure, strict=True)],
               hoverinfo="text"),
        go.Scatter(x=at, y=[top] * len(at), mode="markers+text", cliponaxis=False,
                   marker={"color": BASELINE, "size": 7, "symbol": "line-ns-open"},
                   text=[f"{words} {compact(value)}" for words, value in zip(marks, at, strict=True)],
                   textposition=["top left", "top center", "top right"], textfont={"size": 12, "color": MUTED},
                   error_x=_whiskers([2 * (shown["errors"][name] or 0.0) for name in marks.values()]),
                   hovertext=[f"{words} {_sure(value, shown['errors'][name], 1)} {currency}"
                              for (words, name), value in zip(marks.items(), at, strict=True)], hoverinfo="text"),
        name="distribution", height=260, margin={"t": 26, "b": 30}, showlegend=False,
        xaxis=amount_ticks(float(edges[0]), float(edges[-1])),
        yaxis=share_axis(top),
    )  # fmt: skip
    same, owed = high - low < 0.005, what != "cost"
    if owed:
        title = f"Partners are owed {compact(middle)} in every future" if same else (
            f"In one future of twenty, partners are owed more than {compact(high)}")  # fmt: skip
    else:
        title = (
            f"Every future costs {compact(middle)}" if same else f"One future in twenty costs more than {compact(high)}"
        )
    note = f"Share of futures by total {what} in {currency}; whiskers: two standard errors from drawing so many."
    if budget is not None and LOSS in colours:
        note += f" Orange: above the budget of {compact(budget)}."
    return Chart(drawn, title, note, f"Distribution of total {what}. {title}.")


def tornado_chart(drivers: Sequence[Driver], middle: float, minor: int, currency: str, what: str = "cost") -> Chart:
    """Mean cost in the lowest and the highest fifth of futures by each driver."""
    rows = [as_text(one.words) for one in drivers]
    low, high = [one.low / minor - middle for one in drivers], [one.high / minor - middle for one in drivers]
    far = [2 * max(one.low_error or 0.0, one.high_error or 0.0) / minor for one in drivers]
    reach = [end + side * one for ends in (low, high) for end, one in zip(ends, far, strict=True) for side in (-1, 1)]
    said = [f"<b>{row}</b><br>lowest fifth {_sure(one.low, one.low_error, minor)} {currency}<br>highest fifth "
            f"{_sure(one.high, one.high_error, minor)} {currency}<br>explains {percent(one.share, 0)} ± "
            f"{percent(one.error, 0)} of the variance" for row, one in zip(rows, drivers, strict=True)]  # fmt: skip
    drawn = figure(
        go.Bar(y=rows, x=low, orientation="h", name="lowest fifth", marker={"color": OTHER}, hovertext=said, hoverinfo="text",
               error_x=_whiskers([2 * (one.low_error or 0.0) / minor for one in drivers])),
        go.Bar(y=rows, x=high, orientation="h", name="highest fifth", marker={"color": DRAFT}, hovertext=said,
               hoverinfo="text", error_x=_whiskers([2 * (one.high_error or 0.0) / minor for one in drivers])),
        name="tornado", height=max(200, 34 * len(rows) + 70), barmode="overlay", margin={**room_for(rows), "t": 30},
        xaxis={**money_axis(min([0.0, *reach]), max([0.0, *reach]), most=4), "showgrid": True},
        yaxis={"autorange": "reversed", "type": "category", "showgrid": False},
    )  # fmt: skip
    moved = "cost" if what == "cost" else "amount owed"
    title = f"{rows[0]} moves the {moved} most" if drivers else f"Nothing moves the {moved}"
    note = (
        f"Mean {what} against {compact(middle)} {currency}, in the fifth of futures where each is lowest and highest; "
        "whiskers: two standard errors from drawing so many."
    )
    return Chart(drawn, title, note, f"Tornado of drivers. {title}.")


def _whiskers(lengths: Sequence[float]) -> dict[str, Any]:
    """Whiskers of these lengths to either side."""
    return {"array": list(lengths), "color": BASELINE, "thickness": 1.5, "width": 3}


def _sure(value: float, error: float | None, minor: int) -> str:
    return compact(value / minor) + ("" if error is None else f" ± {compact(error / minor)}")
