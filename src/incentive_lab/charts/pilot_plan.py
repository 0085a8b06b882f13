"""A pilot that is planned, as figures: what it can find, and how alike its arms are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from incentive_lab.charts.pilot import percent_axis
from incentive_lab.charts.style import CATEGORIES, DRAFT, LOSS, MUTED, Chart, figure, room_for
from incentive_lab.format import chance, count, counted, in_words, percent
from incentive_lab.pilot.powering import LIFTS, Power
from incentive_lab.pilot.watching import Balance
from incentive_lab.pilot.words import change

NAMES: Mapping[str, str] = {
    "difference": "Difference in means", "ancova": "Adjusted for before", "winsorised": "Winsorised",
    "log_ancova": "Logarithms, adjusted", "switchback": "Months in and out", "staggered": "Group-time effects",
}  # fmt: skip
LEGEND_ROOM: Mapping[str, int] = {"t": 70}
LEGEND_ABOVE: Mapping[str, object] = {"yref": "container", "y": 0.99, "yanchor": "top"}
"""Three rows of a legend above the plot, whose place does not move when the window is made wider."""
FIFTHS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


def mde_chart(found: Sequence[Power], power: float, estimator: str = "") -> Chart:
    """The smallest effect found with the wanted power, by number of partners or clusters, for each estimator.

    Args:
        found: What was simulated, by size.
        power: The power that is asked for.
        estimator: The plan's, which the title speaks of; where it was not simulated, of the best one.
    """
    names = list(found[-1].mde)
    sizes, unit = [one.units for one in found], found[-1].unit
    most = max((value for one in found for value in one.mde.values() if np.isfinite(value)), default=1.0)
    traces = [
        go.Scatter(
            x=sizes, y=[one.mde[name] if np.isfinite(one.mde[name]) else None for one in found], name=NAMES[name],
            mode="lines+markers", line={"color": CATEGORIES[place], "width": 2},
            error_y=_whiskers([one.mde[name] for one in found], [one.within[name] for one in found], CATEGORIES[place]),
            hovertemplate=f"%{{x}} {unit}s: %{{y:+.0%}}<extra>{NAMES[name]}</extra>",
        )
        for place, name in enumerate(names)
    ]  # fmt: skip
    traces.append(go.Scatter(
        x=sizes, y=[one.closed if np.isfinite(one.closed) and one.closed <= 1.3 * most else None for one in found],
        name="Closed form", mode="lines", line={"color": MUTED, "width": 1.5, "dash": "dot"},
        hovertemplate=f"%{{x}} {unit}s: %{{y:+.0%}}<extra>closed form</extra>",
    ))  # fmt: skip
    best = min((value for value in found[-1].mde.values() if np.isfinite(value)), default=float("nan"))
    best, whose = found[-1].mde.get(estimator, best), "plan's" if estimator in found[-1].mde else "best"
    title = (
        f"With {counted(sizes[-1], unit)} the {whose} estimator finds lifts from {change(best)} on" if np.isfinite(best)
        else "No effect up to +300 % is found often enough"
    )  # fmt: skip
    ticks = sorted({*sizes[:-1:2], sizes[-1]})
    drawn = figure(
        *traces, name="mde", height=330, margin={"b": 46, "l": 60, **LEGEND_ROOM}, legend=LEGEND_ABOVE,
        yaxis=percent_axis(0.0, most),
        xaxis={"title": {"text": f"{unit.capitalize()}s in both arms"}, "type": "log", "tickvals": ticks,
               "ticktext": [count(one) for one in ticks]},
    )  # fmt: skip
    return Chart(drawn, title, f"Smallest lift found with {percent(power, 0)} power, simulated on your history; whiskers: 95 %.",
                 f"Smallest effect by number of {unit}s. {title}.")  # fmt: skip


def _whiskers(middle: Sequence[float], within: Sequence[tuple[float, float]], color: str) -> dict[str, object]:
    """Where each point may lie for having simulated so few pilots; none above where no lift was found often enough."""
    ends = [[abs(end - at) if np.isfinite(end) and np.isfinite(at) else 0.0 for at, end in zip(middle, side, strict=True)]
            for side in ([low for low, _ in within], [high for _, high in within])]  # fmt: skip
    return {"type": "data", "symmetric": False, "arrayminus": ends[0], "array": ends[1], "color": color, "thickness": 1,
            "width": 2}  # fmt: skip


def power_chart(one: Power, wanted: float, expected: float | None = None, estimator: str = "") -> Chart:
    """How often each lift is found at one size.

    Args:
        one: What was simulated at this size.
        wanted: The power that is asked for.
        expected: The lift that the plan hopes for, which the title speaks of; 0.15 where it has none or hopes for a loss.
        estimator: The plan's, see `mde_chart`.
    """
    lift = min(expected, float(LIFTS[-1])) if expected is not None and expected > 0 else 0.15
    traces = [
        go.Scatter(x=LIFTS.tolist(), y=list(curve), name=NAMES[name], mode="lines",
                   line={"color": CATEGORIES[place], "width": 2},
                   hovertemplate="%{x:+.0%}: found with %{y:.0%}<extra>" + NAMES[name] + "</extra>")
        for place, (name, curve) in enumerate(one.curves.items())
    ]  # fmt: skip
    at = {name: float(np.interp(lift, LIFTS, curve)) for name, curve in one.curves.items()}
    best = at.get(estimator, max(at.values(), default=0.0))
    drawn = figure(
        *traces, go.Scatter(x=[0, 1], y=[wanted, wanted], mode="lines", name=f"Wanted, {percent(wanted, 0)}",
                            line={"color": MUTED, "dash": "dot", "width": 1.5}, hoverinfo="skip"),
        name="power", height=330, margin={"b": 46, "l": 56, **LEGEND_ROOM}, legend=LEGEND_ABOVE,
        yaxis={"range": [0, 1.02], "tickvals": list(FIFTHS), "ticktext": [percent(one, 0) for one in FIFTHS]},
        xaxis={**percent_axis(0.0, 1.0), "title": {"text": "True lift"}, "showgrid": True},
    )  # fmt: skip
    lifted = "The expected lift" if lift == expected else "A lift"
    title = f"{lifted} of {change(lift)} would be found {chance(best)} of the time"
    return Chart(drawn, title, f"Share of simulated pilots with {counted(one.partners, 'partner')} that find each lift.",
                 f"Power by lift. {title}.")  # fmt: skip


def balance_chart(rows: Sequence[Balance]) -> Chart:
    """How alike the arms were before the pilot, in standard deviations."""
    shown = sorted(rows, key=lambda one: -abs(one.difference))[:14]
    names = [in_words(one.name) for one in shown]
    reach = max([0.3, *(abs(one.difference) for one in shown)]) * 1.1
    drawn = figure(
        go.Scatter(
            x=[one.difference for one in shown], y=names, mode="markers", showlegend=False,
            marker={"size": 10, "color": [LOSS if abs(one.difference) > 0.5 else DRAFT for one in shown]},
            hovertext=[f"<b>{in_words(one.name)}</b><br>{one.arm} {one.treated:,.3g}, control {one.control:,.3g}" for one in shown],
            hoverinfo="text",
        ),
        name="balance", height=max(170, 24 * len(shown) + 70), margin=room_for(names) | {"b": 46},
        xaxis={"range": [-reach, reach], "showgrid": True, "title": {"text": "Standard deviations"}},
        yaxis={"autorange": "reversed", "type": "category", "showgrid": True},
    )  # fmt: skip
    worst = shown[0] if shown else None
    title = "Nothing is known before the pilot" if worst is None else (
        f"The arms were at most {abs(worst.difference):.2f} standard deviations apart" )  # fmt: skip
    return Chart(drawn, title, "Difference before the pilot; beyond half a standard deviation is drawn in orange.",
                 f"Balance of the arms before the pilot. {title}.")  # fmt: skip
