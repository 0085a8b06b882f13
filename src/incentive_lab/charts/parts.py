"""Where the money goes: by rule, between behaviour and volume, and through the tiers."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from incentive_lab.charts.dark import ON_DARK, ON_LIGHT
from incentive_lab.charts.style import (
    BEHAVIOUR,
    DRAFT,
    INK,
    OTHER,
    VOLUME,
    WRITTEN,
    Chart,
    as_text,
    beside_bars,
    figure,
    money_axis,
    room_for,
)
from incentive_lab.engine.impact import Mix
from incentive_lab.engine.replay import Replay
from incentive_lab.format import compact, count, counted, percent, points

_COLOURS = {"behavioural": BEHAVIOUR, "transactional": VOLUME}
_NAMES = {"behavioural": "Behaviour", "transactional": "Volume", "": "Caps, guarantees and other lines"}


def rules_chart(result: Replay) -> Chart:
    """Cost by rule and by what happens after the rules (caps, guarantees, clawback), dearest first."""
    rules = {rule.id: rule for rule in result.scheme.rules}
    cost = result.by_rule.sum(axis=1) / result.minor
    lines = [
        (name, float(amount))
        for name, amount in zip(result.line_ids, cost, strict=True)
        if (not rules[name].non_cash if name in rules else amount)
    ]
    lines.sort(key=lambda line: -line[1])
    words = {
        name: rules[name].label or name if name in rules else name.replace("_", " ").capitalize() for name, _ in lines
    }
    called = {name: as_text(said) for name, said in words.items()}
    groups = {name: rules[name].group if name in rules else "" for name, _ in lines}
    total = result.cost / result.minor
    currency = result.panel.currency
    amounts = [amount for _, amount in lines]
    traces = [
        go.Bar(
            y=[called[name] for name, _ in lines if groups[name] == group],
            x=[amount for name, amount in lines if groups[name] == group],
            customdata=[name for name, _ in lines if groups[name] == group],
            name=_NAMES[group],
            orientation="h",
            marker_color=_COLOURS.get(group, OTHER),
            textposition="outside",
            cliponaxis=False,
            text=[compact(amount) if amount >= 0 else "" for name, amount in lines if groups[name] == group],
            textfont={"size": 12, "color": INK},
            hovertext=[
                f"<b>{called[name]}</b><br>{compact(amount)} {currency}, {percent(amount / total, 1) if total else '0 %'} of all"
                for name, amount in lines
                if groups[name] == group
            ],
            hoverinfo="text",
        )
        for group in ("behavioural", "transactional", "")
        if group in groups.values()
    ]
    drawn = figure(
        *traces,
        beside_bars([(called[name], amount, compact(amount)) for name, amount in lines]),
        name="rules",
        margin={**room_for(words.values()), "r": WRITTEN},
        height=max(160, 26 * len(lines) + 60),
        barmode="overlay",
        xaxis={**money_axis(min([0.0, *amounts]), max([0.0, *amounts]), most=4), "showgrid": True},
        yaxis={
            "autorange": "reversed",
            "type": "category",
            "showgrid": False,
            "categoryorder": "array",
            "categoryarray": [called[name] for name, _ in lines],
        },
    )
    title = "Nothing is paid"
    if total > 0 and lines:
        title = f"{words[lines[0][0]]} costs most: {compact(amounts[0])}, {percent(amounts[0] / total, 1)} of the total"
    return Chart(drawn, title, f"Paid by each rule over all months in {currency}.", f"Cost by rule. {title}.")


def mix_chart(mix: Mix) -> Chart:
    """The share that behaviour earns, planned and paid, in all and by partner type."""
    found = [
        ("All partners", mix.paid),
        *((as_text(name.replace("_", " ")), share) for name, share in mix.by_segment.items()),
    ]
    rows = [(name, share) for name, share in found if share is not None]
    drawn = figure(
        go.Bar(
            y=[name for name, _ in rows],
            x=[share for _, share in rows],
            orientation="h",
            name="Behaviour",
            marker_color=BEHAVIOUR,
            text=[percent(share, 1) for _, share in rows],
            textposition="inside",
            insidetextanchor="start",
            textfont={"color": "#ffffff", "size": 12},
            hoverinfo="skip",
        ),
        go.Bar(
            y=[name for name, _ in rows],
            x=[1 - share for _, share in rows],
            orientation="h",
            name="Volume",
            marker_color="#b9dbe6",
            hoverinfo="skip",
        ),
        name="mix",
        margin={**room_for(name for name, _ in rows), "r": 24},
        height=max(160, 30 * len(rows) + 70),
        barmode="stack",
        xaxis={
            "range": [0, 1],
            "tickvals": [0, 0.25, 0.5, 0.75, 1],
            "ticktext": ["0 %", "25 %", "50 %", "75 %", "100 %"],
        },
        yaxis={"autorange": "reversed", "type": "category", "showgrid": False},
        shapes=[]
        if mix.planned is None
        else [
            {
                "type": "line",
                "x0": mix.planned,
                "x1": mix.planned,
                "y0": 0,
                "y1": 1,
                "yref": "paper",
                "line": {"color": INK, "width": 2, "dash": "dot"},
            }
        ],
    )
    title = mix_title(mix)
    note = "Share of what rules pay, after partner caps" + (
        "." if mix.planned is None else "; the dotted line is the plan."
    )
    return Chart(drawn, title, note, f"Behavioural share of payouts by partner type. {title}.")


def mix_title(mix: Mix) -> str:
    """The paid mix beside the planned one.

    Example:
        >>> mix_title(Mix(0.8, 0.7512, {})), mix_title(Mix(None, None, {}))
        ('Behaviour earns 75.1 %, planned 80 % (-4.88 points)', 'The rules pay nothing')
    """
    if mix.paid is None:
        return "The rules pay nothing"
    said = f"Behaviour earns {percent(mix.paid, 1)}"
    if mix.planned is None:
        return f"{said}; no mix is planned"
    gap = points(mix.paid - mix.planned)
    return f"{said}, as planned" if gap == "0" else f"{said}, planned {percent(mix.planned, 1)} ({gap})"


def tier_chart(proposed: Replay, baseline: Replay) -> Chart:
    """Partners by tier before (baseline, else what the history recorded) and in the last month under the scheme."""
    names, flow, origin = _flow(proposed, baseline)
    shown, before = flow[::-1], [as_text(name) for name in names]
    after = [as_text(name) for name in proposed.tier_names]
    cells = [(row, column) for row in range(len(names)) for column in range(flow.shape[1]) if flow[row, column]]
    drawn = figure(
        go.Heatmap(
            z=shown,
            x=after,
            y=before[::-1],
            showscale=False,
            xgap=3,
            ygap=3,
            colorscale=[[0, "#f4f6fa"], [0.02, "#dfe8f9"], [1, DRAFT]],
            hoverinfo="skip",
        ),
        # A heat map cannot be clicked; marks that cannot be seen can.
        go.Scatter(
            x=[after[column] for _, column in cells],
            y=[before[row] for row, _ in cells],
            mode="markers",
            marker={"symbol": "square", "size": 34, "color": "rgba(0,0,0,0)"},
            showlegend=False,
            hovertext=[
                f"{before[row]} to {after[column]}: {counted(int(flow[row, column]), 'partner')}"
                for row, column in cells
            ],
            hoverinfo="text",
        ),
        name="tiers",
        height=max(170, 40 * len(names) + 90),
        margin=room_for(names, title=True),
        xaxis={"title": {"text": "Tier in the last month under the draft"}, "type": "category", "side": "bottom"},
        yaxis={"title": {"text": origin}, "type": "category", "showgrid": False},
        annotations=_counts(shown, proposed, names),
    )
    moved = _moved(flow, names, proposed.tier_names)
    return Chart(
        drawn,
        moved,
        "Partners by tier; read from left (before) to bottom (after). Click a cell for its partners.",
        f"Partners by tier. {moved}.",
    )


def tiers_before(proposed: Replay, baseline: Replay) -> tuple[list[str], np.ndarray, str]:
    """Names of the tiers before, int64 [partners] of each partner's place among them, and what `before` is.

    Before is the last month under the baseline; where that has no tiers, what the history recorded: no tier first, then
    those that the scheme has, by its ranks, then others, by what their partners are paid by the baseline on average.
    """
    if len(baseline.tier_names) > 1:
        return list(baseline.tier_names), np.asarray(baseline.tiers[-1], dtype=np.int64), "Under the baseline"
    spelled = {name.casefold(): name for name in proposed.tier_names}
    said = proposed.panel.attributes["tier"].astype(str)
    recorded = np.array([spelled.get(name.casefold(), name) for name in said.tolist()], dtype=object)
    ranks = {"": -1, **{name: rank for rank, name in enumerate(proposed.tier_names)}}
    paid = {name: float(baseline.by_partner[recorded == name].mean()) for name in set(recorded.tolist())}
    names = sorted(paid, key=lambda name: (ranks.get(name, len(ranks)), paid[name], name))
    places = np.array([names.index(name) for name in recorded], dtype=np.int64)
    return [name or "no tier" for name in names], places, "Recorded in the history"


def _flow(proposed: Replay, baseline: Replay) -> tuple[list[str], np.ndarray, str]:
    """Names of the tiers before, int64 [before, after], and what `before` is."""
    names, places, origin = tiers_before(proposed, baseline)
    flow = np.zeros((len(names), len(proposed.tier_names)), dtype=np.int64)
    np.add.at(flow, (places, proposed.tiers[-1]), 1)
    return names, flow, origin


def _counts(shown: np.ndarray, proposed: Replay, names: list[str]) -> list[dict[str, object]]:
    """The numbers in the cells, light on dark."""
    most = max(1, int(shown.max()))
    return [
        {
            "x": column,
            "y": row,
            "text": count(int(shown[row, column])),
            "showarrow": False,
            "font": {
                "size": 13,
                "color": ON_DARK if shown[row, column] > 0.45 * most else ON_LIGHT,
            },
        }
        for row in range(len(names))
        for column in range(len(proposed.tier_names))
        if shown[row, column]
    ]


def _moved(flow: np.ndarray, names: list[str], after: tuple[str, ...]) -> str:
    if len(after) == 1:
        return "The scheme has no tiers"
    if set(names) <= set(after):
        up = sum(
            int(flow[row, column])
            for row, name in enumerate(names)
            for column in range(len(after))
            if column > after.index(name)
        )
        down = sum(
            int(flow[row, column])
            for row, name in enumerate(names)
            for column in range(len(after))
            if column < after.index(name)
        )
        return f"{counted(up, 'partner moves', 'partners move')} up a tier, {count(down)} down"
    top = int(flow[:, -1].sum())
    return (
        f"{counted(top, 'partner ends', 'partners end')} in {after[-1]}, {count(int(flow[:, 0].sum()))} in {after[0]}"
    )
