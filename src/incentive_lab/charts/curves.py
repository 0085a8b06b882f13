"""What a typical partner earns as its volume grows, and where the cliffs are."""

from __future__ import annotations

import numpy as np

from incentive_lab.charts.style import DRAFT, INK, LOSS, Chart, money_axis, plain_figure
from incentive_lab.engine.curve import Curve
from incentive_lab.format import compact, count, counted


def curve_chart(
    proposed: Curve, baseline: Curve, *, minor: int, currency: str, measure: str, money: bool = True
) -> Chart:
    """Yearly payout against yearly volume of the median partner, under both schemes.

    Args:
        proposed: The scheme's curve.
        baseline: The baseline's, of the same partner.
        minor: Minor units in one unit of currency.
        currency: ISO 4217 code.
        measure: What the volume is, in words.
        money: Whether the volume is money (else a count in millionths).
    """
    scale = minor if money else 1_000_000
    volume, after, before = proposed.volume / scale, proposed.payout / minor, baseline.payout / minor
    typical = proposed.typical / scale
    here, there = float(np.interp(typical, volume, after)), float(np.interp(typical, volume, before))
    said = compact if money else count
    words = [
        f"<b>{said(x)} {measure}</b><br>Draft {compact(new)} {currency}<br>Baseline {compact(old)} {currency}"
        for x, new, old in zip(volume, after, before, strict=True)
    ]
    cliffs = [at for at, _ in proposed.jumps]
    highest = float(max(after.max(), before.max()))
    drawn = plain_figure(
        {"type": "scatter", "x": volume.tolist(), "y": before.tolist(), "name": "Baseline", "mode": "lines",
         "line": {"color": INK, "width": 2, "dash": "dash"}, "hoverinfo": "skip"},
        {"type": "scatter", "x": volume.tolist(), "y": after.tolist(), "name": "Draft", "mode": "lines",
         "line": {"color": DRAFT, "width": 3}, "hovertext": words, "hoverinfo": "text"},
        {"type": "scatter", "x": volume[cliffs].tolist(), "y": after[cliffs].tolist(), "name": "Cliff", "mode": "markers",
         "showlegend": bool(cliffs), "hoverinfo": "text",
         "marker": {"size": 11, "color": LOSS, "symbol": "diamond", "line": {"color": "#ffffff", "width": 1.5}},
         "hovertext": [f"Cliff: one more step pays {compact(jump / minor)} {currency} at once"
                       for _, jump in proposed.jumps]},
        {"type": "scatter", "x": [typical], "y": [here], "mode": "markers", "showlegend": False, "hoverinfo": "skip",
         "marker": {"size": 9, "color": "#ffffff", "line": {"color": DRAFT, "width": 3}}},
        name="curve",
        height=300,
        margin={"b": 50},
        xaxis={**money_axis(0, float(volume.max()) or 1.0, most=4), "title": {"text": f"{measure} in a year"}},
        yaxis=money_axis(min(0.0, float(after.min())), highest),
    )  # fmt: skip
    title = _title(here, there, [jump / minor for _, jump in proposed.jumps])
    note = f"Payout of the median partner in a year in {currency}, all its numbers in proportion; the ring is where it stands."
    alt = f"Payout against {measure} for the median partner under draft and baseline. {title}."
    return Chart(drawn, title, note, alt)


def _title(here: float, there: float, jumps: list[float]) -> str:
    """What the typical partner earns, and the steepest cliff."""
    change = here - there
    than = (
        "as under the baseline" if abs(change) < 0.005 else f"{compact(abs(change))} {'more' if change > 0 else 'less'}"
    )
    cliff = f"{counted(len(jumps), 'cliff')}, the steepest {compact(max(jumps))}" if jumps else "no cliffs"
    return f"The median partner earns {compact(here)} a year, {than}; {cliff}"
