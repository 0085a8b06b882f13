"""What follows from a draft, beside its dials: key figures first, then the charts, then what is looked at closer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import numpy as np
import streamlit as st

from incentive_lab.charts import Chart, cost_chart, curve_chart, decile_chart
from incentive_lab.engine.curve import Curve, ScaledCopies, curve_of_copies, scaled_copies, typical_partner
from incentive_lab.errors import InputError
from incentive_lab.history.for_schemes import fits
from incentive_lab.panel import Panel
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.lookup import unit_of
from incentive_lab.ui import live, workspace
from incentive_lab.ui.board import Place, board, board_data
from incentive_lab.ui.cards import plain, tell_problems
from incentive_lab.ui.closer import closer
from incentive_lab.ui.dials import last_move
from incentive_lab.ui.drafts import Draft
from incentive_lab.ui.drill import show_behind
from incentive_lab.ui.figures import figures_of, tell_itself
from incentive_lab.ui.mixing import follows
from incentive_lab.ui.scales import words_of
from incentive_lab.ui.tiers_table import tiers_table
from incentive_lab.ui.toolbar import badges, toolbar
from incentive_lab.ui.workspace import Comparison


def consequences() -> None:
    """Everything that a dial moves; a move redraws the figures first (`dials.redraw`)."""
    above()
    figures()
    below()


@st.fragment(key="above")
def above() -> None:
    """What the draft is, what was changed, and its tiers as a table."""
    draft = workspace.draft()
    toolbar(draft)
    badges(draft)
    tiers_table()


@st.fragment(key="figures")
def figures() -> None:
    """Key figures and the charts that are always in sight, in one element."""
    draft = workspace.draft()
    if not all(fits(workspace.history(), one) for one in (draft.scheme, draft.baseline)):
        st.rerun()  # the page begins with whether they fit; undo has led back to before that
    # The board keeps its place among its neighbours whatever there is to say, or the browser would build it anew.
    said = st.container(key="said")
    try:
        comparison = workspace.compare(draft.scheme, draft.baseline)
    except InputError as error:
        with said:
            tell_problems(error.problems, "This draft cannot be paid on this history")
        return
    with said:
        _refused(draft)
        tell_itself(comparison)
        _dead_move(draft, comparison)
    board(board_of(draft), live=live.ticket(draft, solves=follows()), move=last_move(), opened=show_behind)


def board_of(draft: Draft) -> dict[str, Any]:
    """What the board shows of a draft.

    Raises:
        InputError: The draft cannot be paid on the history in use.
    """
    comparison = workspace.compare(draft.scheme, draft.baseline)
    of = f"{comparison.proposed.fingerprint} {comparison.baseline.fingerprint}"
    return {"of": of, **board_data(figures_of(comparison), [*_charts(draft, comparison)])}


@st.fragment(key="below")
def below() -> None:
    """What is looked at closer."""
    draft = workspace.draft()
    with suppress(InputError), st.container(key="closer-box"):
        closer(draft, workspace.compare(draft.scheme, draft.baseline))


def _refused(draft: Draft) -> None:
    """Say that the figures are older than what was asked for."""
    if not draft.valid:
        known = {one.path: words_of(draft.scheme, one).full for one in draft.numbers}
        named = ", ".join(plain(known.get(path, path)) for path in draft.refused)
        st.warning(
            f"The figures below are those of the last draft that can be paid. Not allowed: {named}.",
            title="Not the figures of what you asked for",
            icon=":material/history:",
        )


def _dead_move(draft: Draft, comparison: Comparison) -> None:
    """Say so when the last move changed no payout."""
    if not draft.past or draft.past[-1][0] != draft.start or draft.past[-1][2] != draft.baseline:
        return
    before = workspace.compare(draft.past[-1][1], draft.baseline).proposed
    if np.array_equal(before.total, comparison.proposed.total):
        st.info(
            "The last change moves no payout on this history: a cap, a gate or a guarantee binds first, or no partner "
            "is there.",
            icon=":material/do_not_disturb_on:",
        )


def _charts(draft: Draft, comparison: Comparison) -> Iterator[Place]:
    result, baseline = comparison.proposed, comparison.baseline
    costs = {per: cost_chart(result, baseline, per=per) for per in ("quarter", "month")}
    yield Place("cost-time", costs, wide=True, opens=("Quarter", "Month"))
    tenths = decile_chart(comparison.impact, result.minor, result.panel.currency)
    yield Place("deciles", {"": tenths}, opens=("Tenth",))
    measure = curve_measure(draft.scheme, set(result.panel.columns))
    if measure is not None:
        yield Place("curve", {"": _curve(draft, comparison, measure)})


def _curve(draft: Draft, comparison: Comparison, measure: str) -> Chart:
    key = workspace.panel_key(draft.scheme, draft.baseline)
    panel = workspace.panel(draft.scheme, draft.baseline)
    copies = _copies(key, measure, panel)
    after = _curve_of(key, workspace.fingerprint(draft.scheme), measure, draft.scheme, copies)
    before = _curve_of(key, workspace.fingerprint(draft.baseline), measure, draft.baseline, copies)
    named = draft.scheme.measures[measure].label if measure in draft.scheme.measures else ""
    return curve_chart(
        after,
        before,
        minor=comparison.proposed.minor,
        currency=comparison.proposed.panel.currency,
        measure=named or measure.replace("_", " ").capitalize(),
        money=unit_of(measure, draft.scheme.measures) == "money",
    )


def curve_measure(scheme: Scheme, columns: set[str]) -> str | None:
    """The measure on the curve's axis: revenue where the panel has it, else the first that a volume rule pays on."""
    if "revenue" in columns and "revenue" not in scheme.measures:
        return "revenue"
    paid_on = [
        rule.on.measure or rule.on.excess_of for rule in sorted(scheme.rules, key=lambda rule: rule.group, reverse=True)
    ]
    return next((name for name in paid_on if name in columns), None)


@st.cache_resource(show_spinner=False, max_entries=8)
def _copies(key: str, measure: str, _panel: Panel) -> ScaledCopies:
    return scaled_copies(_panel, measure, row=typical_partner(_panel, measure))


@st.cache_resource(show_spinner=False, max_entries=32)
def _curve_of(key: str, one: str, measure: str, _scheme: Scheme, _copies: ScaledCopies) -> Curve:
    return curve_of_copies(_scheme, _copies)
