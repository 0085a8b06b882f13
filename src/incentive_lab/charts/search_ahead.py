"""How likely each cost of the next 12 months is, for the scheme as it is and for what a search found."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from incentive_lab.charts.style import BASELINE, DRAFT, INK, LOSS, Chart, amount_ticks, figure, share_axis
from incentive_lab.format import compact, percent
from incentive_lab.optimise.ahead import Afresh
from incentive_lab.optimise.found import Found
from incentive_lab.panel import Floats

POINTS = 160
"""Amounts at which a line is drawn."""
QUANTILES = {"p50_next_year": 0.5, "p90_next_year": 0.1, "p95_next_year": 0.05}
"""Figure -> the share of futures that cost more."""


def exceeded_chart(found: Found, fresh: Afresh, currency: str) -> Chart:
    """The share of fresh futures that cost more than each amount, with the limit on a quantile as a mark.

    Args:
        found: A search that looked ahead.
        fresh: Its fresh reading.
        currency: ISO 4217 code.
    """
    limits = [one for one in found.question.limits if one.figure.name in QUANTILES and one.side == "<="]
    lines = [("As it is", fresh.now_cost, BASELINE, "dot")] if found.better else []
    lines.append(("Found" if found.better else "As it is", fresh.best_cost, DRAFT, "solid"))
    low = min(float(np.quantile(costs, 0.001)) for _, costs, _, _ in lines)
    high = max(float(np.quantile(costs, 0.999)) for _, costs, _, _ in lines)
    low, high = min([low, *(one.value for one in limits)]), max([high, *(one.value for one in limits)])
    traces = [_line(*one, currency) for one in lines]
    for one in limits:
        share = QUANTILES[one.figure.name]
        traces.append(go.Scatter(
            x=[low, one.value, one.value], y=[share, share, 0], mode="lines", line={"color": LOSS, "width": 1.5, "dash": "dash"},
            name=f"at most {percent(share, 0)} above {one.figure.asked(one.value)}", hoverinfo="skip",
        ))  # fmt: skip
    room = 0.02 * (high - low) or 1.0
    drawn = figure(
        *traces, name="exceeded", height=300, margin={"l": 60, "r": 16, "t": 14, "b": 84},
        xaxis={**amount_ticks(low - room, high + room), "range": [low - room, high + room], "showgrid": True,
               "title": {"text": f"Cost of the next 12 months, {currency}"}},
        yaxis=share_axis(1.0), legend={"x": 0, "xanchor": "left", "y": -0.3, "yanchor": "top", "font": {"color": INK}},
    )  # fmt: skip
    title = _answer(found, fresh)
    note = f"Share of {fresh.scenarios:,} fresh futures that cost more than an amount, before a budget cuts."
    return Chart(drawn, title, note, f"{note} {title}.")


def _line(name: str, costs: Floats, colour: str, dash: str, currency: str) -> go.Scatter:
    amounts, shares = exceeded(costs)
    error = np.sqrt(shares * (1 - shares) / len(costs))
    said = [f"<b>{name}</b><br>{percent(share, 1)} (± {percent(sure, 1)}) cost more than {compact(amount)} {currency}"
            for amount, share, sure in zip(amounts, shares, error, strict=True)]  # fmt: skip
    style = {"color": colour, "width": 2.5, "dash": dash, "simplify": False}
    return go.Scatter(x=amounts, y=shares, mode="lines", name=name, line=style, hovertext=said, hoverinfo="text")


def _answer(found: Found, fresh: Afresh) -> str:
    best, now = fresh.best["p95_next_year"], fresh.now["p95_next_year"]
    assert best is not None
    was = f", now {compact(now.value)}" if found.better and now is not None else ""
    return f"One future in twenty costs more than {compact(best.value)}{was}"


def exceeded(costs: Floats) -> tuple[Floats, Floats]:
    """Amounts in order, and the share of futures that cost more than each.

    Args:
        costs: [futures].

    Example:
        >>> amounts, shares = exceeded(np.array([4.0, 1.0, 3.0, 2.0]))
        >>> amounts.tolist(), shares.tolist()
        ([1.0, 2.0, 3.0, 4.0], [0.75, 0.5, 0.25, 0.0])
    """
    ordered = np.sort(costs)
    places = np.unique(np.linspace(0, len(ordered) - 1, min(POINTS, len(ordered))).round().astype(np.int64))
    return ordered[places], 1 - (places + 1) / len(ordered)
