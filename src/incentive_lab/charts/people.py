"""Who wins and who loses, and how unequally payouts are spread."""

from __future__ import annotations

from html import escape

import numpy as np
import plotly.graph_objects as go

from incentive_lab.charts.style import (
    BASELINE,
    DRAFT,
    GAIN,
    INK,
    LOSS,
    WRITTEN,
    Chart,
    beside_bars,
    figure,
    money_axis,
    plain_figure,
    room_for,
)
from incentive_lab.engine.impact import HALF_A_CENT, Concentration, Impact
from incentive_lab.engine.replay import Replay
from incentive_lab.format import compact, count, counted, cut_short, percent, points, signed

SHOWN = 7
"""Largest winners and losers that are drawn."""
LONGEST = 27
"""Characters of a partner's name beside its bar; all of it is told where the pointer rests."""


def decile_chart(impact: Impact, minor: int, currency: str) -> Chart:
    """Shares of partners that gain (up) and lose (down) in each tenth by what the baseline paid."""
    groups = impact.by_decile
    names = [group.name for group in groups]
    up = [group.winners / group.partners for group in groups]
    down = [-group.losers / group.partners for group in groups]
    words = [
        f"<b>Tenth {group.name}</b> ({counted(group.partners, 'partner')})<br>{count(group.winners)} gain, "
        f"{count(group.losers)} lose, {count(group.unchanged)} unchanged<br>Together "
        f"{signed(compact(group.change / minor))} {currency}"
        for group in groups
    ]
    low, high = 1.1 * min([-0.2, *down]), 1.05 * max([0.2, *up])
    ticks = [tick for tick in (-1, -0.75, -0.5, -0.25, 0, 0.25, 0.5, 0.75, 1) if low <= tick <= high]
    drawn = plain_figure(
        {"type": "bar", "x": names, "y": up, "name": "Gain", "marker": {"color": GAIN}, "hovertext": words,
         "hoverinfo": "text"},
        {"type": "bar", "x": names, "y": down, "name": "Lose", "marker": {"color": LOSS}, "hovertext": words,
         "hoverinfo": "text"},
        name="deciles",
        height=300,
        barmode="relative",
        margin={"b": 50},
        yaxis={"range": [low, high], "tickvals": ticks, "ticktext": [percent(abs(tick)) for tick in ticks]},
        xaxis={"title": {"text": "Tenths by what the baseline pays, smallest first"}, "type": "category"},
    )  # fmt: skip
    title = _decile_title(impact)
    alt = f"Share of partners that gain and lose in each tenth by baseline payout. {title}."
    same = impact.total.winners == impact.total.losers == 0
    note = (
        "Every partner is paid the same under both."
        if same
        else "Share of each tenth that gains (up) and loses (down)."
    )
    return Chart(drawn, title, note, alt)


def _decile_title(impact: Impact) -> str:
    total = impact.total
    if total.winners == total.losers == 0:
        return "Nobody gains and nobody loses"
    if total.losers == 0:
        return f"{counted(total.winners, 'partner gains', 'partners gain')}, nobody loses"
    if total.winners == 0:
        return f"{counted(total.losers, 'partner loses', 'partners lose')}, nobody gains"
    worst = max(impact.by_decile, key=lambda group: group.losers / group.partners)
    share = worst.losers / worst.partners
    where = {"1": "among the smallest tenth", "10": "among the largest tenth"}.get(worst.name, f"in tenth {worst.name}")
    return f"{percent(total.losers / total.partners, 1)} of partners lose, most {where} ({percent(share, 0)})"


def movers_chart(impact: Impact, result: Replay) -> Chart:
    """The partners that gain and lose most, over all months."""
    change, minor, currency = impact.change, result.minor, result.panel.currency
    order = np.argsort(change, kind="stable")
    losers = [int(row) for row in order[:SHOWN] if change[row] <= -HALF_A_CENT]
    winners = [int(row) for row in order[::-1][:SHOWN] if change[row] >= HALF_A_CENT]
    rows = [*winners, *losers[::-1]]
    ids, names = result.panel.partner_ids, result.panel.attributes["name"].astype(str)
    called = [escape(cut_short(names[row], LONGEST) or ids[row]) for row in rows]
    before = result.by_partner - change
    amounts = [change[row] / minor for row in rows]
    words = [
        f"<b>{escape(ids[row])}</b> {escape(names[row])}<br>{signed(compact(change[row] / minor))} {currency}<br>"
        f"{compact(before[row] / minor)} before, {compact((before[row] + change[row]) / minor)} now"
        for row in rows
    ]
    low, high = min([0.0, *amounts]), max([0.0, *amounts])
    drawn = figure(
        go.Bar(
            y=[ids[row] for row in rows],
            x=amounts,
            orientation="h",
            showlegend=False,
            hovertext=words,
            hoverinfo="text",
            marker_color=[GAIN if amount > 0 else LOSS for amount in amounts],
            text=[signed(compact(amount)) if amount > 0 else "" for amount in amounts],
            textposition="outside",
            cliponaxis=False,
            textfont={"size": 12, "color": INK},
        ),
        beside_bars([(ids[row], amount, signed(compact(amount))) for row, amount in zip(rows, amounts, strict=True)]),
        name="movers",
        margin={**room_for(called), "r": WRITTEN},
        height=max(140, 24 * len(rows) + 60),
        xaxis={
            **money_axis(low, high, most=4),
            "showgrid": True,
        },
        yaxis={
            "autorange": "reversed",
            "type": "category",
            "showgrid": False,
            "tickvals": [ids[row] for row in rows],
            "ticktext": called,
        },
    )
    title = _movers_title(change / minor)
    return Chart(
        drawn, title, f"Change over all months in {currency}, largest first.", f"Largest winners and losers. {title}."
    )


def _movers_title(change: np.ndarray) -> str:
    top, bottom = (float(change.max()), float(change.min())) if len(change) else (0.0, 0.0)
    gains = f"The largest gain is {compact(top)}" if top >= 0.005 else "Nobody gains"
    return f"{gains}, " + (f"the largest loss {compact(-bottom)}" if bottom <= -0.005 else "nobody loses")


def concentration_chart(before: Concentration, after: Concentration) -> Chart:
    """Top tenth, middle 60 % and Gini coefficient, before and after."""
    names = ["Top 10 % of partners", "Middle 60 %", "Gini coefficient"]

    def said(value: float | None, name: str) -> str:
        return "nothing paid" if value is None else f"{value:.3f}" if name.startswith("Gini") else percent(value, 1)

    drawn = figure(
        *(
            go.Bar(
                y=names,
                x=[value or 0 for value in values],
                name=label,
                orientation="h",
                marker_color=colour,
                text=[said(value, name) for value, name in zip(values, names, strict=True)],
                textposition="outside",
                cliponaxis=False,
                textfont={"size": 12, "color": INK},
                hoverinfo="skip",
            )
            for label, colour, values in (
                ("Baseline", BASELINE, (before.top_tenth, before.middle, before.gini)),
                ("Draft", DRAFT, (after.top_tenth, after.middle, after.gini)),
            )
        ),
        name="concentration",
        margin=room_for(names),
        height=250,
        barmode="group",
        bargap=0.35,
        xaxis={"range": [0, 1.12], "tickvals": [0, 0.25, 0.5, 0.75, 1], "showticklabels": False, "showgrid": True},
        yaxis={"autorange": "reversed", "type": "category", "showgrid": False},
    )
    title = _concentration_title(before, after)
    return Chart(
        drawn,
        title,
        "Share of all payouts; the Gini coefficient is 0 when all get the same.",
        f"Concentration of payouts before and after. {title}.",
    )


def _concentration_title(before: Concentration, after: Concentration) -> str:
    if after.top_tenth is None:
        return "Nothing is paid"
    said = f"The top tenth is paid {percent(after.top_tenth, 1)}"
    if before.top_tenth is None:
        return said
    change = points(after.top_tenth - before.top_tenth)
    return f"{said}, as before" if change == "0" else f"{said} of all, {change}"
