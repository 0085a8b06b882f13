"""The look of every chart: one template with real colours, one axis for money, one shape of result."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from incentive_lab.format import compact, percent

INK, MUTED, LINE, PAPER = "#0b1020", "#46536b", "#e3e8f0", "#ffffff"
DRAFT, BASELINE = "#1552c4", "#56627a"
GAIN, LOSS = "#0b7f66", "#b54708"
BEHAVIOUR, VOLUME, OTHER = "#1552c4", "#1d87a5", "#8b96a8"
TINT = "#c9d8f5"
CATEGORIES = (
    "#1552c4",
    "#56627a",
    "#0b7f66",
    "#b54708",
    "#6a4fc3",
    "#a8326e",
    "#7a5c00",
    "#1d87a5",
    "#a23b2a",
    "#3f7d20",
)
FONT = '"Source Sans", "Source Sans Pro", "Helvetica Neue", Arial, sans-serif'

_AXIS = {
    "gridcolor": LINE,
    "zerolinecolor": "#9aa5b8",
    "zerolinewidth": 1,
    "linecolor": LINE,
    "ticks": "",
    "tickfont": {"size": 12, "color": MUTED},
    "title": {"font": {"size": 12, "color": MUTED}, "standoff": 8},
    "automargin": False,  # room is given by `margin`; measuring labels costs a second drawing
    "fixedrange": True,
}
TEMPLATE = go.layout.Template(
    layout={
        "font": {"family": FONT, "size": 13, "color": INK},
        "paper_bgcolor": PAPER,
        "plot_bgcolor": PAPER,
        "colorway": list(CATEGORIES),
        "margin": {"l": 56, "r": 10, "t": 30, "b": 26},
        "hoverlabel": {"bgcolor": INK, "bordercolor": INK, "font": {"family": FONT, "size": 13, "color": "#ffffff"}},
        "legend": {
            "orientation": "h",
            "x": 1,
            "xanchor": "right",
            "y": 1.0,
            "yanchor": "bottom",
            "font": {"size": 12, "color": MUTED},
            "itemclick": False,
            "itemdoubleclick": False,
        },
        "bargap": 0.28,
        "barcornerradius": 3,
        "xaxis": {**_AXIS, "showgrid": False},
        "yaxis": _AXIS,
    }
)
WRITTEN = 58
PHONE = 260
"""Pixels between the ends of a chart's horizontal axis on a phone."""
"""Pixels to the right of a bar for the amount that is written there, however narrow the chart."""
CONFIG: dict[str, Any] = {"displayModeBar": False, "scrollZoom": False, "doubleClick": False}


Spec = Mapping[str, Any]
"""`data` and `layout` of a Plotly figure as plain values: checked only when Plotly draws it, so cheap to make."""


@dataclass(frozen=True)
class Chart:
    """A figure and its words.

    Attributes:
        drawn: A figure without a title of its own: Plotly's object, or its plain form where it follows a dial.
        title: The answer it gives, as a sentence without a full stop.
        note: How to read it: units, what is compared.
        alt: What it shows, for those who cannot see it.
    """

    drawn: go.Figure | Spec
    title: str
    note: str
    alt: str

    @property
    def figure(self) -> go.Figure:
        """The figure as Plotly's object, in the house style."""
        if not isinstance(self.drawn, Mapping):
            return self.drawn
        return go.Figure(data=self.drawn["data"], layout={"template": TEMPLATE, **self.drawn["layout"]})

    @property
    def spec(self) -> Spec:
        """Traces and layout as plain values.

        Raises:
            TypeError: The chart was made as Plotly's object.
        """
        if not isinstance(self.drawn, Mapping):
            raise TypeError("this chart has no plain form")
        return self.drawn


def as_text(said: str) -> str:
    """Somebody's text as Plotly shows it unchanged; it would take some tags for markup, a link among them.

    Example:
        >>> as_text("<a href='https://example.com'>R&D</a>")
        "&lt;a href='https://example.com'>R&D&lt;/a>"
    """
    return said.replace("<", "&lt;")


def figure(*traces: Any, name: str, height: int = 300, **layout: Any) -> go.Figure:
    """A figure in the house style; `name` keeps what the reader did to it (zoom, hover) over redraws."""
    return go.Figure(
        data=list(traces),
        layout=go.Layout(template=TEMPLATE, height=height, uirevision=name, **layout),
        skip_invalid=False,
    )


def plain_figure(*traces: Mapping[str, Any], name: str, height: int = 300, **layout: Any) -> Spec:
    """A figure in its plain form, which `ui/board.js` paints at once and Plotly draws alike.

    Making Plotly's objects takes ten times as long as what they show; a dial does not wait for that.

    Example:
        >>> plain_figure({"type": "bar", "x": ["a"], "y": [1.0]}, name="one")["layout"]["uirevision"]
        'one'
    """
    return {"data": list(traces), "layout": {"height": height, "uirevision": name, **layout}}


def calendar_axis(labels: Sequence[str], *, most: int = 13) -> dict[str, Any]:
    """An axis of quarters or months with as many labels as a phone has room for, each in two lines.

    Args:
        labels: Of the categories, in order.
        most: At most so many are written.

    Example:
        >>> axis = calendar_axis([f"Q{quarter} 2024" for quarter in (1, 2, 3, 4)], most=2)
        >>> axis["tickvals"], axis["ticktext"]
        (['Q1 2024', 'Q3 2024'], ['Q1<br>2024', 'Q3<br>2024'])
    """
    lines = [two_lines(label) for label in labels]
    widest = max((len(line) for pair in lines for line in pair), default=0)
    every = -(-len(labels) // max(1, min(most, PHONE // (7 * widest + 6)))) or 1
    return {"type": "category", "tickvals": list(labels[::every]), "ticktext": ["<br>".join(pair) for pair in lines[::every]],
            "autotickangles": [0, 90], "automargin": "height"}  # fmt: skip


def two_lines(label: str) -> list[str]:
    """A quarter or month in the lines that make it narrow.

    Example:
        >>> two_lines("Mar 2024"), two_lines("May–Jul 2024"), two_lines("Nov 2023–Jan 2024"), two_lines("now")
        (['Mar', '2024'], ['May–Jul', '2024'], ['Nov 2023–', 'Jan 2024'], ['now'])
    """
    if "–" in label and label.count(" ") > 1:
        begins, ends = label.split("–")
        return [f"{begins}–", ends]
    return label.rsplit(" ", 1)


def room_for(names: Iterable[str], *, title: bool = False) -> dict[str, int]:
    """Margins of a chart whose vertical axis has these names; with `title`, both axes have one too.

    Example:
        >>> room_for(["a", "Qualified leads"])
        {'l': 115}
    """
    longest = max((len(name) for name in names), default=0)
    left = 10 + min(210, 7 * longest)
    return {"l": left + 24, "b": 52, "t": 10} if title else {"l": left}


def beside_bars(bars: Iterable[tuple[str, float, str]]) -> go.Scatter:
    """What bars to the left of zero amount to, written to its right: on their own side stand the names.

    Args:
        bars: Category, amount and what is written, of all bars.

    Example:
        >>> beside_bars([("Volume", 900.0, "900"), ("Cap", -5.0, "-5")]).text[0].strip()
        '-5'
    """
    below = [(name, f"\N{NO-BREAK SPACE}{said}") for name, amount, said in bars if amount < 0]
    return go.Scatter(x=[0.0] * len(below), y=[name for name, _ in below], text=[said for _, said in below], mode="text",
                      textposition="middle right", textfont={"size": 12, "color": INK}, showlegend=False,
                      hoverinfo="skip", cliponaxis=False)  # fmt: skip


def money_axis(low: float, high: float, *, most: int = 5, **more: Any) -> dict[str, Any]:
    """An axis of amounts from the lowest to the highest value, zero among its ticks, labelled by the one formatter.

    Args:
        low: Lowest value, in whole currency units.
        high: Highest value.
        most: About so many ticks.
        more: Further settings of the axis.
    """
    low, high = min(0.0, low), max(0.0, high)
    if high == low:
        high = 1.0
    step = nice_step((high - low) / most)
    ticks = [place * step for place in range(math.floor(low / step), math.ceil(high / step) + 1)]
    room = 0.04 * (high - low)
    return {
        "tickvals": ticks,
        "ticktext": [_short(tick) for tick in ticks],
        "range": [low - (room if low < 0 else 0), high + room],
        **more,
    }


def amount_ticks(low: float, high: float, *, most: int = 5) -> dict[str, list[Any]]:
    """Ticks at readable amounts between two values, zero or not, no two of them written alike.

    Example:
        >>> amount_ticks(3_210_000, 3_390_000)["ticktext"]
        ['3.25 m', '3.3 m', '3.35 m']
    """
    step = nice_step(max(high - low, 1e-9) / most)
    while True:
        ticks = [place * step for place in range(math.ceil(low / step), math.floor(high / step) + 1)]
        told = [_short(tick) for tick in ticks]
        if len(set(told)) == len(told):
            return {"tickvals": ticks, "ticktext": told}
        step = nice_step(1.5 * step)


def share_axis(high: float, *, most: int = 5) -> dict[str, Any]:
    """An axis of shares from none to the highest, labelled by the one formatter.

    Args:
        high: Highest value, as a fraction.
        most: About so many ticks.

    Example:
        >>> share_axis(0.3)["ticktext"]
        ['0 %', '10 %', '20 %', '30 %']
    """
    axis = money_axis(0.0, high, most=most)
    return {**axis, "ticktext": [percent(tick) for tick in axis["tickvals"]]}


def _short(amount: float) -> str:
    """A tick: the compact form without needless zeros.

    Example:
        >>> _short(2_500_000.0), _short(500_000.0), _short(0.0)
        ('2.5 m', '500 k', '0')
    """
    text = compact(amount)
    number, _, unit = text.partition(" ")
    number = number.rstrip("0").rstrip(".") if "." in number else number
    return f"{number} {unit}".strip()


def nice_step(size: float) -> float:
    """The nearest of 1, 2, 2.5, 5, 10 ... at or above a size.

    Example:
        >>> nice_step(0.3), nice_step(220_000)
        (0.5, 250000.0)
    """
    power = 10.0 ** math.floor(math.log10(size))
    return next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= size * (1 - 1e-9))
