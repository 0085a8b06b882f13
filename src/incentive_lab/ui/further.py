"""Results that only some looks need: another history's comparison, reach, cliffs; each kept by its content ids."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from incentive_lab.errors import InputError
from incentive_lab.scheme.document import Scheme
from incentive_lab.ui import workspace
from incentive_lab.ui.naming import identity
from incentive_lab.ui.preparing import Preparation, Source
from incentive_lab.ui.workspace import Comparison, pair

if TYPE_CHECKING:
    from incentive_lab.engine.reach import Cliff, TierReach
    from incentive_lab.engine.replay import Replay


def prepared(wanted: Source) -> Preparation:
    """The preparation of any history, for looking at several."""
    return workspace._prepared(wanted)


def compare_on(state: Preparation, scheme: Scheme, baseline: Scheme) -> Comparison:
    """A scheme and its baseline on any history that is prepared.

    Raises:
        InputError: The history does not have what a scheme asks for.
    """
    assert state.history is not None, "only a history that is read can be asked"
    return _compared_on(state.history.history_id, identity(scheme), identity(baseline), state, scheme, baseline)


@st.cache_resource(show_spinner=False, max_entries=12)
def _compared_on(
    history_id: str, one: str, other: str, _state: Preparation, _scheme: Scheme, _baseline: Scheme
) -> Comparison:
    from incentive_lab.engine.impact import impact, mix
    from incentive_lab.engine.replay import replay
    from incentive_lab.history.for_schemes import panel_for
    from incentive_lab.scheme.measures import CATALOGUE

    assert _state.history is not None
    both = pair(_scheme, _baseline)
    with _state.lock:
        made = panel_for(_state.history, *both.schemes)
        try:
            sold = _state.history.panel({"revenue": CATALOGUE["revenue"]}).columns["revenue"].sum(axis=0)
        except InputError:
            sold = np.zeros(0)
    after = replay(_scheme, made, baseline=both.floor, detail=False)
    before = replay(_baseline, made, baseline=both.baseline_floor, detail=False)
    return Comparison(after, before, impact(after, before), mix(after), np.asarray(sold) if sold.sum() > 0 else None)


def reached(comparison: Comparison) -> tuple[TierReach, ...]:
    """Who has a realistic way to the next tier under the scheme."""
    return _reached(comparison.proposed.panel.history_id, comparison.proposed.fingerprint, comparison.proposed)


@st.cache_resource(show_spinner=False, max_entries=16)
def _reached(history_id: str, one: str, _result: Replay) -> tuple[TierReach, ...]:
    from incentive_lab.engine.reach import reach

    return reach(_result)


def cliffs_of(comparison: Comparison) -> tuple[Cliff, ...]:
    """Borders of the scheme's tables with what lies at them in the history."""
    return _cliffs(comparison.proposed.panel.history_id, comparison.proposed.fingerprint, comparison.proposed)


@st.cache_resource(show_spinner=False, max_entries=16)
def _cliffs(history_id: str, one: str, _result: Replay) -> tuple[Cliff, ...]:
    from incentive_lab.engine.reach import cliffs

    return cliffs(_result)
