"""What more of one figure costs in another: the frontier that a search found."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from incentive_lab.charts.style import BASELINE, DRAFT, GAIN, INK, LOSS, Chart, amount_ticks, figure, share_axis
from incentive_lab.format import small
from incentive_lab.optimise.figures import Figure, NextYearFigure
from incentive_lab.optimise.found import Found
from incentive_lab.optimise.paying import Trial


def frontier_chart(found: Found, chosen: Trial, currency: str) -> Chart:
    """The frontier with the scheme as it is, what was found or chosen, and the limit on the price.

    Args:
        found: A search with a frontier.
        chosen: The scheme that is looked at.
        currency: ISO 4217 code.
    """
    price, question = found.price, found.question
    goal = question.goal
    assert price is not None
    points = found.frontier
    limit = next((one.value for one in found.question.limits if one.figure is price), None)
    shown = [*points, found.now, chosen]
    traces = [
        go.Scatter(
            x=_along(points, price), y=_along(points, goal.figure), mode="lines+markers", name="The most for its price",
            line={"color": DRAFT, "width": 2.5, "shape": "hv"}, marker={"size": 7, "color": DRAFT},
            hovertext=[_told(one, price, goal.figure) for one in points], hoverinfo="text",
        ),
        _mark(found.now, price, goal.figure, "As it is", BASELINE, "diamond"),
        _mark(chosen, price, goal.figure, "Looked at", GAIN, "circle"),
    ]  # fmt: skip
    layout = {}
    if limit is not None:
        layout = {
            "shapes": [{"type": "line", "x0": limit, "x1": limit, "yref": "paper", "y0": 0, "y1": 1,
                        "line": {"color": LOSS, "width": 1.5, "dash": "dash"}}],
            "annotations": [{"x": limit, "yref": "paper", "y": 1, "yanchor": "bottom", "showarrow": False,
                             "text": f"limit {price.asked(limit)}", "font": {"size": 12, "color": INK}}],
        }  # fmt: skip
    across = [value for value in (*_along(shown, price), limit) if value is not None]
    upward = _along(shown, goal.figure)
    drawn = figure(
        *traces, name="frontier", height=340, margin={"l": 66, "b": 84, "t": 24, "r": 24},
        xaxis={**_axis(price, across), "title": {"text": _titled(price, currency)}, "showgrid": True},
        yaxis={**_axis(goal.figure, upward), "title": {"text": goal.figure.label}},
        legend={"x": 0, "xanchor": "left", "y": -0.28, "yanchor": "top"}, **layout,
    )  # fmt: skip
    title = _answer(points, price, goal.figure)
    ahead = [one for one in (price, goal.figure) if isinstance(one, NextYearFigure)]
    where = f"on this history and in the {question.futures.searched} futures searched" if ahead else "on this history"
    note = f"Each point is a scheme that was paid {where}; none that was paid beats it on both axes."
    return Chart(drawn, title, note, f"{goal.figure.label} against {_titled(price, currency)}. {title}.")


def _along(trials: Sequence[Trial], one: Figure) -> list[float | None]:
    return [trial.figures.get(one.name) for trial in trials]


def _told(trial: Trial, price: Figure, goal: Figure) -> str:
    return "<br>".join(f"{one.label} <b>{one.said(trial.figures.get(one.name))}</b>" for one in (price, goal))


def _mark(trial: Trial, price: Figure, goal: Figure, name: str, colour: str, symbol: str) -> go.Scatter:
    return go.Scatter(
        x=_along([trial], price), y=_along([trial], goal), mode="markers", name=name,
        marker={"size": 13, "color": colour, "symbol": symbol, "line": {"color": "#ffffff", "width": 1.5}},
        hovertext=[f"<b>{name}</b><br>{_told(trial, price, goal)}"], hoverinfo="text",
    )  # fmt: skip


def _axis(one: Figure, values: Sequence[float | None]) -> dict[str, object]:
    """An axis over these values, with a little room at both ends; it need not begin at zero, since levels are compared."""
    known = [value for value in values if value is not None] or [0.0, 1.0]
    low, high = min(known), max(known)
    room = 0.06 * (high - low) or 0.05 * abs(high) or 1.0
    low, high = low - room, high + room
    if one.kind == "share":
        axis = share_axis(max(high, 0.01), most=5)
        if low > 0.3 * high:
            told = amount_ticks(100 * low, 100 * high)
            axis = {
                "tickvals": [tick / 100 for tick in told["tickvals"]],
                "ticktext": [f"{text} %" for text in told["ticktext"]],
            }
        return {**axis, "range": [max(0.0, low), high]}
    return {**amount_ticks(low, high), "range": [low, high]}


def _titled(one: Figure, currency: str) -> str:
    return f"{one.label}, {currency}" if one.kind == "money" else one.label


def _answer(points: tuple[Trial, ...], price: Figure, goal: Figure) -> str:
    if len(points) < 2:
        return "There is nothing to trade: one scheme is best on both"
    (low, high), (begin, end) = (one.apart(points[0].figures[one.name], points[-1].figures[one.name])
                                 for one in (price, goal))  # fmt: skip
    return f"From {low} to {high}, {small(goal.label)} goes from {begin} to {end}"
