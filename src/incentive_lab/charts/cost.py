"""What the scheme costs over time, against the baseline."""

from __future__ import annotations

import numpy as np

from incentive_lab.charts.style import DRAFT, INK, Chart, calendar_axis, money_axis, plain_figure
from incentive_lab.engine.replay import Replay
from incentive_lab.format import compact, month_name


def cost_chart(proposed: Replay, baseline: Replay, *, per: str = "quarter") -> Chart:
    """Cost by quarter or month: the scheme as bars, the baseline as a dashed line that is always there.

    Args:
        proposed: The scheme.
        baseline: What it is compared with.
        per: quarter (of the scheme's programme year) or month.
    """
    labels = proposed.quarters() if per == "quarter" else [month_name(month) for month in proposed.panel.labels()]
    names, after = by_label(labels, proposed.total.sum(axis=1) / proposed.minor)
    _, before = by_label(labels, baseline.total.sum(axis=1) / baseline.minor)
    currency = proposed.panel.currency
    words = [
        f"<b>{name}</b><br>Draft {compact(new)} {currency}<br>Baseline {compact(old)} {currency}"
        for name, new, old in zip(names, after, before, strict=True)
    ]
    drawn = plain_figure(
        {"type": "bar", "x": names, "y": after.tolist(), "name": "Draft", "marker": {"color": DRAFT}, "hovertext": words,
         "hoverinfo": "text"},
        {"type": "scatter", "x": names, "y": before.tolist(), "name": "Baseline", "mode": "lines+markers",
         "hoverinfo": "skip", "line": {"color": INK, "width": 2, "dash": "dash"},
         "marker": {"size": 6, "color": "#ffffff", "line": {"color": INK, "width": 1.5}}},
        name=f"cost-{per}",
        height=290,
        margin={"b": 26 + 14 * (per == "quarter" and proposed.scheme.year_starts != 1)},  # a second line of labels
        yaxis=money_axis(min(after.min(), before.min(), 0), max(after.max(), before.max())),
        xaxis={"nticks": 13, **calendar_axis(names)},
    )  # fmt: skip
    title = cost_title(proposed.cost / proposed.minor, baseline.cost / baseline.minor)
    peak = int(np.argmax(after))
    alt = f"Cost by {per} in {currency}. {title}. The dearest {per} is {names[peak]} with {compact(after[peak])}."
    return Chart(
        drawn, title, f"Paid by {per} in {currency}; bars are the draft, the dashed line is the baseline.", alt
    )


def by_label(labels: list[str], values: np.ndarray) -> tuple[list[str], np.ndarray]:
    """Sums of neighbouring months that have one label."""
    names = list(dict.fromkeys(labels))
    places = np.array([names.index(label) for label in labels], dtype=np.int64)
    return names, np.bincount(places, weights=values, minlength=len(names))


def cost_title(after: float, before: float) -> str:
    """The cost as an answer.

    Example:
        >>> cost_title(2_350_000, 2_409_000), cost_title(10.0, 10.001)
        ('Costs 2.35 m, 59.0 k less than the baseline', 'Costs 10, the same as the baseline')
    """
    change = after - before
    if abs(change) < 0.005:
        return f"Costs {compact(after)}, the same as the baseline"
    return f"Costs {compact(after)}, {compact(abs(change))} {'more' if change > 0 else 'less'} than the baseline"
