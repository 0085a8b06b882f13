"""What is paid for over time: each quarter by rule, and what margin is left after incentives."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from incentive_lab.charts.cost import by_label
from incentive_lab.charts.style import CATEGORIES, DRAFT, INK, OTHER, Chart, as_text, calendar_axis, figure, money_axis
from incentive_lab.engine.replay import Replay
from incentive_lab.format import compact, percent, points
from incentive_lab.panel import Floats
from incentive_lab.scheme.line_names import line_names

SHOWN = 7
"""Rules with a colour of their own; the rest is one band."""


def rules_by_quarter_chart(result: Replay) -> Chart:
    """Cost by quarter, stacked by rule: the dearest rules by name, everything else together."""
    quarters, bands = rule_bands(result)
    currency = result.panel.currency
    traces = [
        go.Bar(
            x=quarters,
            y=amounts,
            name=as_text(name),
            marker_color=CATEGORIES[place] if place < SHOWN else OTHER,
            hovertext=[f"<b>{as_text(name)}</b><br>{one}<br>{compact(amount)} {currency}"
                       for one, amount in zip(quarters, amounts, strict=True)],
            hoverinfo="text",
        )
        for place, (name, amounts) in enumerate(bands.items())
    ]  # fmt: skip
    stacked = np.array(list(bands.values()))
    high, low = np.where(stacked > 0, stacked, 0).sum(axis=0), np.where(stacked < 0, stacked, 0).sum(axis=0)
    drawn = figure(
        *traces,
        name="rules-quarter",
        height=380,
        barmode="relative",
        margin={"b": 112, "t": 10},
        legend={"x": 0, "xanchor": "left", "y": -0.2, "yanchor": "top", "traceorder": "normal"},
        yaxis=money_axis(float(low.min()), float(high.max())),
        xaxis=calendar_axis(quarters, most=7),
    )
    title = growth_title(quarters, bands)
    return Chart(drawn, title, f"Paid by quarter and rule in {currency}; what is taken off is below zero.",
                 f"Cost by quarter and rule. {title}.")  # fmt: skip


def rule_bands(result: Replay) -> tuple[list[str], dict[str, Floats]]:
    """Quarter names, and whole currency units by quarter for the dearest rules and for everything else."""
    labels = result.quarters()
    names = line_names(result.scheme)
    size = np.abs(result.by_month).sum(axis=1)
    order = [int(row) for row in np.argsort(-size, kind="stable") if size[row] > 0]
    quarters: list[str] = list(dict.fromkeys(labels))
    bands: dict[str, Floats] = {}
    for place, row in enumerate(order):
        words = names[result.line_ids[row]] if place < SHOWN else "Everything else"
        _, amounts = by_label(labels, result.by_month[row] / result.minor)
        bands[words] = bands[words] + amounts if words in bands else amounts
    return quarters, bands


def growth_title(quarters: list[str], bands: dict[str, Floats]) -> str:
    """Which rule changes most between the first and the last quarters: half of them, at most four, so that none is in both.

    Args:
        quarters: Their names.
        bands: Rule -> paid by quarter, whole currency units [quarters].

    Example:
        >>> growth_title(["Q1", "Q2", "Q3", "Q4", "Q1", "Q2"], {"Rebate": np.array([1.0, 1.0, 1.0, 9.0, 2.0, 2.0])})
        'Rebate grows most: the last three quarters pay 10 more than the first three'
    """
    span = min(4, len(quarters) // 2)
    if not bands or span < 2:
        return "What each rule pays over time"
    change = {name: float(amounts[-span:].sum() - amounts[:span].sum()) for name, amounts in bands.items()}
    name = max(change, key=lambda one: abs(change[one]))
    if abs(change[name]) < 0.005:
        return "No rule pays more or less than at the start"
    many = {2: "two", 3: "three", 4: "four"}[span]
    return (f"{name} {'grows' if change[name] > 0 else 'shrinks'} most: the last {many} quarters pay "
            f"{compact(abs(change[name]))} {'more' if change[name] > 0 else 'less'} than the first {many}")  # fmt: skip


def margin_chart(proposed: Replay, baseline: Replay, margin: Floats) -> Chart:
    """Margin of won deals less what is paid, by quarter, under both schemes.

    Args:
        proposed: The scheme.
        baseline: What it is compared with.
        margin: float64 [months], minor units: amount less cost of won deals.
    """
    minor, currency = proposed.minor, proposed.panel.currency
    labels = proposed.quarters()
    names, whole = by_label(labels, margin / minor)
    _, paid = by_label(labels, proposed.total.sum(axis=1) / minor)
    _, before = by_label(labels, baseline.total.sum(axis=1) / minor)
    after, old = whole - paid, whole - before
    words = [
        f"<b>{name}</b><br>Margin {compact(gross)} {currency}<br>After incentives {compact(left)}<br>Baseline {compact(then)}"
        for name, gross, left, then in zip(names, whole, after, old, strict=True)
    ]
    drawn = figure(
        go.Bar(x=names, y=after, name="Draft", marker_color=DRAFT, hovertext=words, hoverinfo="text"),
        go.Scatter(
            x=names, y=old, name="Baseline", mode="lines+markers", hoverinfo="skip",
            line={"color": INK, "width": 2, "dash": "dash"},
            marker={"size": 6, "color": "#ffffff", "line": {"color": INK, "width": 1.5}},
        ),
        name="margin",
        height=300,
        yaxis=money_axis(min(after.min(), old.min(), 0.0), max(after.max(), old.max(), 0.0)),
        xaxis=calendar_axis(names, most=7),
    )  # fmt: skip
    title = margin_title(float(whole.sum()), float(paid.sum()), float(before.sum()))
    return Chart(drawn, title, f"Margin of won deals less incentives, by quarter in {currency}.",
                 f"Margin after incentives by quarter under draft and baseline. {title}.")  # fmt: skip


def margin_title(margin: float, paid: float, before: float) -> str:
    """What is left of the margin, as an answer.

    Example:
        >>> margin_title(1000.0, 100.0, 50.0), margin_title(0.0, 5.0, 5.0)
        ('900 of the margin is left, 90 % of it (-5 points)', 'There is no margin to pay incentives from')
    """
    if margin <= 0:
        return "There is no margin to pay incentives from"
    left, change = (margin - paid) / margin, (before - paid) / margin
    said = points(change)
    return f"{compact(margin - paid)} of the margin is left, {percent(left, 1)} of it" + (
        ", as under the baseline" if said == "0" else f" ({said})"
    )
