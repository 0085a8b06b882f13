"""Several schemes, or the steps from one to another, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from incentive_lab.charts.cost import by_label
from incentive_lab.charts.style import (
    BASELINE,
    CATEGORIES,
    DRAFT,
    GAIN,
    INK,
    LOSS,
    Chart,
    as_text,
    calendar_axis,
    figure,
    money_axis,
    room_for,
)
from incentive_lab.engine.replay import Replay
from incentive_lab.format import compact, cut_short, signed

LONGEST = 30
"""Characters of a label beside its bar."""
_DASHES = ("dash", "solid", "dot", "dashdot")


def schemes_chart(results: Mapping[str, Replay]) -> Chart:
    """Cost by quarter of up to four schemes; the first, whose quarters they are, is what the others are measured against."""
    traces, lows, highs = [], [0.0], [0.0]
    names: list[str] = []
    starts = [result.scheme.year_starts for result in results.values()]
    quarters = next((result.quarters() for result in results.values()), [])
    for place, (label, result) in enumerate(results.items()):
        names, amounts = by_label(quarters, result.total.sum(axis=1) / result.minor)
        lows.append(float(amounts.min()))
        highs.append(float(amounts.max()))
        colour = INK if place == 0 else CATEGORIES[(0, 2, 3)[(place - 1) % 3]]
        traces.append(
            go.Scatter(
                x=names, y=amounts, name=as_text(label), mode="lines+markers",
                line={"color": colour, "width": 2.5, "dash": _DASHES[place % 4]}, marker={"size": 6, "color": colour},
                hovertext=[f"<b>{as_text(label)}</b><br>{one}<br>{compact(amount)} {result.panel.currency}"
                           for one, amount in zip(names, amounts, strict=True)],
                hoverinfo="text",
            )
        )  # fmt: skip
    drawn = figure(
        *traces, name="versus", height=320, yaxis=money_axis(min(lows), max(highs)), margin={"t": 10, "b": 80},
        legend={"x": 0, "xanchor": "left", "y": -0.22, "yanchor": "top"},
        xaxis=calendar_axis(names),
    )  # fmt: skip
    totals = {label: result.cost / result.minor for label, result in results.items()}
    cheapest = min(totals, key=lambda label: totals[label])
    title = f"{cheapest} costs least: {compact(totals[cheapest])}"
    currency = next(iter(results.values())).panel.currency if results else ""
    other = [label for label, result in results.items() if (result.scheme.year_starts - starts[0]) % 3]
    apart = f" Quarters are those of {next(iter(results))}; others: {', '.join(other)}." if other else ""
    return Chart(drawn, title, f"Paid by quarter in {currency}.{apart}", f"Cost by quarter of each scheme. {title}.")


def steps_chart(labels: Sequence[str], costs: Sequence[float], currency: str) -> Chart:
    """From the cost of the start, by the marginal cost of each step, to the cost of the end.

    Args:
        labels: The start, then each step.
        costs: Whole currency units after each of them.
        currency: ISO 4217 code.
    """
    change = np.diff(np.asarray(costs))
    rows = [*(as_text(cut_short(label, LONGEST)) for label in labels), "In the end"]
    drawn = figure(
        go.Waterfall(
            y=[f"{place}. {row}" if 0 < place <= len(change) else row for place, row in enumerate(rows)],
            x=[costs[0], *change, costs[-1]],
            orientation="h",
            measure=["absolute", *["relative"] * len(change), "total"],
            text=[compact(costs[0]), *(signed(compact(one)) for one in change), compact(costs[-1])],
            textposition="outside",
            cliponaxis=False,
            increasing={"marker": {"color": LOSS}},
            decreasing={"marker": {"color": GAIN}},
            totals={"marker": {"color": DRAFT}},
            connector={"line": {"color": BASELINE, "width": 1}},
            textfont={"size": 12, "color": INK},
            hoverinfo="skip",
        ),
        name="steps",
        height=max(180, 38 * len(rows) + 50),
        margin={**room_for(rows), "t": 8, "r": 70},
        xaxis={**money_axis(0.0, 1.05 * max(costs), most=4), "showgrid": True},
        yaxis={"autorange": "reversed", "type": "category", "showgrid": False},
    )
    title = "No step costs anything"
    if len(change) and np.abs(change).max() >= 0.005:
        most = int(np.argmax(np.abs(change)))
        title = f"Step {most + 1} moves most: {signed(compact(float(change[most])))}"
    return Chart(drawn, title, f"Cost over all months in {currency}; each step on top of those before it.",
                 f"Marginal cost of each step. {title}.")  # fmt: skip
