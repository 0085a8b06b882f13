"""Cards: a bordered white box with a heading, a figure of merit or a chart in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Literal

import streamlit as st

from incentive_lab.charts.style import CONFIG, Chart
from incentive_lab.errors import Problem
from incentive_lab.format import unbroken

Height = Literal["content", "stretch"] | int
Good = Literal["up", "down", "neither"]
_COLOURS: Mapping[Good, Literal["normal", "inverse", "off"]] = {"up": "normal", "down": "inverse", "neither": "off"}
_MARKS = re.compile(r"([\\`*_{}\[\]()#+!|~<>$:&])")
_LINKS = re.compile(r"(www)(?=\.)|(https?)(?=://)", re.IGNORECASE)

_LABEL_MARKS = re.compile(r"([\\`*_{}\[\]<>$~]|:(?! )|^[#+-])")


def label(text: str) -> str:
    """The label of a control: Markdown shows it as it is, and what a screen reader hears has no mark that it can spare.

    Example:
        >>> label("Silver: revenue (won)"), label("a_b :red[c]")
        ('Silver: revenue (won)', 'a\\\\_b \\\\:red\\\\[c\\\\]')
    """
    return _LABEL_MARKS.sub(r"\\\1", text)


def plain(text: str) -> str:
    """Text that Markdown shows as it is: on one line, since what begins a line could be a list or a heading, and with
    addresses parted by a word joiner, so that they are no links; no line ends between a number and its unit.

    Example:
        >>> plain("half [of] $x_y")
        'half \\\\[of\\\\] \\\\$x\\\\_y'
        >>> plain("read this\\n- and that")
        'read this - and that'
    """
    return unbroken(_MARKS.sub(r"\\\1", _LINKS.sub("\\g<0>\u2060", " ".join(text.split()))))


@dataclass(frozen=True)
class Figure:
    """A key figure.

    Attributes:
        key: Of its card.
        label: What it is.
        value: The figure, formatted.
        delta: Its change, formatted; '0' is shown without an arrow.
        against: What the change is measured against.
        good: The direction that is welcome.
        line: One more fact.
        help: How it is worked out.
        open: Which partners stand behind it (a choice of `drill.CHOICES`), empty for none.
    """

    key: str
    label: str
    value: str
    delta: str
    against: str
    good: Good
    line: str
    help: str
    open: str = ""

    @property
    def tone(self) -> Literal["good", "bad", "off"]:
        """Whether the change is welcome."""
        if self.good == "neither" or self.delta in ("", "0"):
            return "off"
        return "good" if self.delta.startswith("-") == (self.good == "down") else "bad"


@contextmanager
def card(key: str, title: str = "", note: str = "", *, height: Height = "content") -> Iterator[None]:
    """A card with a heading and a line that says how to read it."""
    with st.container(border=True, key=f"card-{key}", height=height, gap="xsmall"):
        if title:
            # A heading with nothing to read under it keeps its distance from what follows.
            with nullcontext() if note else st.container(key=f"bare-{key}"):
                st.header(plain(title), anchor=False)
        if note:
            st.markdown(f":small[:gray[{plain(note)}]]")
        yield


def draw(
    chart: Chart,
    key: str,
    *,
    height: Height = "stretch",
    control: Callable[[], object] | None = None,
    on_select: Callable[[], None] | None = None,
) -> None:
    """A chart in a card, its answer as the heading.

    Args:
        chart: What is drawn.
        key: Of the card and the chart.
        height: Of the card.
        control: Draws a control of the chart, at the right of its heading.
        on_select: Called when a mark is clicked; `st.session_state["chart-KEY"]` says which.
    """
    with card(key, "" if control else chart.title, "" if control else chart.note, height=height):
        if control:
            left, right = st.columns([4, 1], vertical_alignment="center")
            with left:
                st.header(plain(chart.title), anchor=False)
                st.markdown(f":small[:gray[{plain(chart.note)}]]")
            with right, st.container(horizontal=True, horizontal_alignment="right"):
                control()
        figure = chart.figure
        if on_select is not None:
            figure.update_layout(dragmode=False, clickmode="event+select")
            for kind in ("bar", "scatter"):
                figure.update_traces(unselected={"marker": {"opacity": 1}}, selector={"type": kind})
            # What the pointer skips cannot be clicked either; a mark of "none" shows no words and can.
            figure.update_traces(hoverinfo="none", selector={"hoverinfo": "skip"})
        st.plotly_chart(
            figure, theme=None, key=f"chart-{key}", config=CONFIG, alt=chart.alt, width="stretch",
            on_select=on_select or "ignore", selection_mode="points",
        )  # fmt: skip


def figure_card(
    key: str,
    label: str,
    value: str,
    delta: str,
    against: str,
    *,
    good: Good,
    line: str,
    help: str,
) -> None:
    """A key figure with its change and a line of context.

    Args:
        key: Of the card.
        label: What it is.
        value: The figure, formatted.
        delta: Its change, formatted; '0' is shown without an arrow.
        against: What the change is measured against.
        good: 'up', 'down' or 'neither': the direction that is welcome.
        line: One more fact.
        help: How it is worked out.
    """
    with st.container(border=True, key=f"card-{key}", height="stretch", gap="xsmall"):
        st.metric(
            label,
            unbroken(value),
            0 if delta == "0" else delta or None,
            delta_color=_COLOURS[good],
            help=help,
            delta_description=against or None,
            delta_arrow="off" if good == "neither" else "auto",
        )
        st.markdown(f":small[:gray[{plain(line)}]]")


def tell_problems(problems: tuple[Problem, ...], title: str) -> None:
    """Why something cannot be used, each reason as a sentence with what to do about it."""
    lines = [f"- **{plain(one.path)}** {plain(one.message)} {plain(one.fix)}".rstrip() for one in problems[:12]]
    if len(problems) > 12:
        lines.append(f"- and {len(problems) - 12} more")
    st.error("\n".join(lines), title=title, icon=":material/error:")
