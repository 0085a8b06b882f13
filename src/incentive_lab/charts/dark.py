"""What each colour of a chart is in the dark theme: the browser shows it in the light one's place.

The server cannot know the theme in time (Streamlit tells it at the next run only), so charts are sent in light colours
and a style sheet exchanges them: where the page's `color-scheme` is dark, `light-dark()` is the second colour.
"""

from __future__ import annotations

from collections.abc import Mapping

DARK: Mapping[str, str] = {
    "#ffffff": "#171e2c",
    "#0b1020": "#e8edf6",
    "#46536b": "#aab6cb",
    "#e3e8f0": "#2c3750",
    "#9aa5b8": "#5f6d87",
    "#1552c4": "#7aa5ff",
    "#56627a": "#b4c0d4",
    "#0b7f66": "#41c9a7",
    "#b54708": "#f59e5b",
    "#6a4fc3": "#ab97f5",
    "#a8326e": "#ee86b7",
    "#7a5c00": "#d9b44a",
    "#1d87a5": "#5cc3df",
    "#a23b2a": "#f08a78",
    "#3f7d20": "#8ccf6a",
    "#8b96a8": "#7f8ca3",
    "#c9d8f5": "#35507f",
    "#9db9ec": "#5077b8",
    "#e6eefb": "#243352",
    "#b9dbe6": "#2f5f70",
}
"""Light colour -> dark one, for every colour of charts/ that is no picture; a heat map is one, and stays light."""
ON_LIGHT, ON_DARK = "#0b1021", "#fffffe"
"""Colours of what is written on a heat map's light and dark cells: they stay, as the cells do."""


def shown_as(colour: str) -> str:
    """A colour as the style sheet of a page says it: the dark one where the page is dark.

    Example:
        >>> shown_as("#ffffff")
        'light-dark(#ffffff, #171e2c)'
    """
    return f"light-dark({colour}, {DARK[colour]})"


def exchange() -> str:
    """Rules of a style sheet that exchange the colours of Plotly's charts and of the board.

    Example:
        >>> exchange().splitlines()[0]
        '.js-plotly-plot [style*="background: rgb(255, 255, 255)"] { background: light-dark(#ffffff, #171e2c) !important; }'
    """
    paper = (
        f'.js-plotly-plot [style*="background: {_rgb("#ffffff")}"] {{ background: {shown_as("#ffffff")} !important; }}'
    )
    return "\n".join([paper, *(
        f'.js-plotly-plot [style*="{what}: {_rgb(colour)}"], .board [{what}="{colour}"] '
        f"{{ {what}: {shown_as(colour)} !important; }}"
        for colour in DARK for what in ("fill", "stroke"))])  # fmt: skip


def _rgb(colour: str) -> str:
    """A colour as a browser writes it.

    Example:
        >>> _rgb("#0b1020")
        'rgb(11, 16, 32)'
    """
    return f"rgb({', '.join(str(int(colour[place : place + 2], 16)) for place in (1, 3, 5))})"
