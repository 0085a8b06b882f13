"""What the pages work on: the history, the shipped schemes, the draft, and results by their content ids."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
import streamlit as st

from incentive_lab.errors import InputError, Problem, did_you_mean
from incentive_lab.scheme.baseline import Pair, compares
from incentive_lab.scheme.document import Scheme
from incentive_lab.ui import histories, preparing, shelf
from incentive_lab.ui.drafts import Draft
from incentive_lab.ui.listed import presets as presets
from incentive_lab.ui.listed import schemes_folder
from incentive_lab.ui.listed import shipped as shipped
from incentive_lab.ui.naming import fingerprint as fingerprint
from incentive_lab.ui.naming import identity
from incentive_lab.ui.preparing import Preparation, Source, source

if TYPE_CHECKING:
    from incentive_lab.engine.impact import Impact, Mix
    from incentive_lab.engine.replay import Replay
    from incentive_lab.history import History
    from incentive_lab.panel import Floats, Panel

FIRST_DRAFT, FIRST_BASELINE = "growth-80-20", "current-flat"
DRAFT, TOKEN, SOURCE = "draft", "draft token", "history source"
LINK = "scheme"  # query parameter of a shared draft; `draft` is the one of a session's own


@st.cache_resource(show_spinner=False, max_entries=4)
def _prepared(wanted: Source) -> Preparation:
    return Preparation(wanted).begin()


def preparation() -> Preparation:
    """The preparation of the history in use; started by the first who asks."""
    if given := preparing.given():
        return given
    if SOURCE not in st.session_state:
        st.session_state[SOURCE] = histories.chosen() or source()
    return _prepared(st.session_state[SOURCE])


def use(wanted: Source) -> None:
    """Use another history in this session."""
    st.session_state[SOURCE] = wanted


def prepare_again() -> None:
    """Forget a preparation that failed, so that the next page tries anew."""
    _prepared.clear()


def known_schemes() -> Mapping[str, Scheme]:
    """Shipped schemes, then presets, by id; all made to fit the history in use where the draft was."""
    found, now = {**shipped(), **presets()}, st.session_state.get(DRAFT)
    return found if now is None else {name: _as_fitting_as(now.start, one) for name, one in found.items()}


def _as_fitting_as(scheme: Scheme, other: Scheme) -> Scheme:
    """Another scheme, made to fit the history in use if this one was, which would not fit as it is kept."""
    from incentive_lab.history.for_schemes import fits

    held, kept = preparation().history, shipped().get(scheme.id)
    if held is None or kept is None or fits(held, other) or fits(held, kept) or not fits(held, scheme):
        return other
    try:
        return fitted(other)
    except InputError:
        return other


def fitted(scheme: Scheme) -> Scheme:
    """The scheme as it can be paid on the history in use.

    Raises:
        InputError: It cannot be made to fit.
    """
    return _fitted(history().history_id, identity(scheme), history(), scheme)


@st.cache_resource(show_spinner=False, max_entries=64)
def _fitted(key: str, one: str, _history: History, _scheme: Scheme) -> Scheme:
    from incentive_lab.history.for_schemes import made_to_fit

    return made_to_fit(_history, _scheme)


def known_scheme(name: str) -> Scheme:
    """The shipped scheme or preset of this id.

    Raises:
        InputError: It is not there, as when somebody has taken it away since the list was drawn.
    """
    known = known_schemes()
    if name not in known:
        raise InputError([Problem(name, "this scheme is no longer here.", did_you_mean(name, known))])
    return known[name]


def baseline_of(scheme: Scheme) -> Scheme:
    """The scheme that a scheme names as its baseline, else the first baseline where both can be paid on one history, else itself.

    Raises:
        InputError: It names one that is not there, and a guarantee needs it.
    """
    known = shipped()
    if scheme.baseline is not None and scheme.baseline in known:
        return _as_fitting_as(scheme, known[scheme.baseline])
    if scheme.baseline and compares(scheme):
        said = f"there is no scheme '{scheme.baseline}' to compare with."
        raise InputError([Problem("baseline", said, did_you_mean(scheme.baseline, known))])
    first = _as_fitting_as(scheme, known.get(FIRST_BASELINE, scheme))
    fits = first.currency == scheme.currency and (first.year_starts - scheme.year_starts) % 3 == 0
    return first if fits else scheme


def draft() -> Draft:
    """This session's draft: that of the link or of the address, else it begins as the first one that is shipped.

    Raises:
        InputError: There is no scheme, or the first one cannot be computed.
    """
    take_from_address()
    if DRAFT not in st.session_state:
        known = shipped()
        if not known:
            raise InputError([Problem(str(schemes_folder()), "there is no scheme here.", "Put a YAML file there.")])
        first = known.get(FIRST_DRAFT) or next(iter(known.values()))
        st.session_state[DRAFT] = Draft.of(first, baseline_of(first))
    return cast("Draft", st.session_state[DRAFT])


def take_from_address() -> None:
    """Take the draft of the link or of the address, unless the session has one; the next page's address has neither."""
    if DRAFT not in st.session_state:
        found = shelf.shared(st.query_params.get(LINK, "")) or shelf.take(st.query_params.get(DRAFT, ""))
        if found is not None:
            keep(found)


def keep(changed: Draft) -> None:
    """Make this the session's draft, on disk too, under a name that the address carries over a reload."""
    st.session_state[DRAFT] = changed
    if TOKEN not in st.session_state:
        st.session_state[TOKEN] = secrets.token_hex(8)
    shelf.put(st.session_state[TOKEN], changed)
    name_address()


def name_address() -> None:
    """Let the address name the session's draft, once there is one to keep."""
    token = st.session_state.get(TOKEN)
    if token is not None and st.query_params.get(DRAFT) != token:
        st.query_params.pop(LINK, None)
        st.query_params[DRAFT] = token


@dataclass(frozen=True, eq=False)
class Comparison:
    """A scheme and its baseline on the history in use.

    Attributes:
        proposed: The scheme's replay.
        baseline: The baseline's replay.
        impact: Who gains and loses.
        mix: Planned and paid mix of the scheme.
        revenue: float64 [months], minor units of won deals of all partners; None where the history has none.
    """

    proposed: Replay
    baseline: Replay
    impact: Impact
    mix: Mix
    revenue: Floats | None


def compare(scheme: Scheme, baseline: Scheme) -> Comparison:
    """Both replays and what lies between them, from the cache when they were asked before.

    Raises:
        InputError: The history does not have what a scheme asks for.
    """
    return _compared(panel_key(scheme, baseline), identity(scheme), identity(baseline), scheme, baseline)


@st.cache_resource(show_spinner=False, max_entries=24)
def _compared(key: str, one: str, other: str, _scheme: Scheme, _baseline: Scheme) -> Comparison:
    from incentive_lab.engine.impact import impact, mix

    made, both = panel(_scheme, _baseline), pair(_scheme, _baseline)
    after = _replayed(key, one, _named(both.floor), _scheme, both.floor, made)
    before = _replayed(key, other, _named(both.baseline_floor), _baseline, both.baseline_floor, made)
    return Comparison(after, before, impact(after, before), mix(after), monthly("revenue"))


def replayed(scheme: Scheme, baseline: Scheme) -> Replay:
    """A scheme's replay with every line, on the panel that serves both schemes."""
    key, floor = panel_key(scheme, baseline), pair(scheme, baseline).floor
    return _detailed(key, identity(scheme), _named(floor), scheme, floor, panel(scheme, baseline))


def replayed_baseline(scheme: Scheme, baseline: Scheme) -> Replay:
    """The baseline's replay with every line, on the panel that serves both schemes."""
    key, floor = panel_key(scheme, baseline), pair(scheme, baseline).baseline_floor
    return _detailed(key, identity(baseline), _named(floor), baseline, floor, panel(scheme, baseline))


def pair(scheme: Scheme, baseline: Scheme | None) -> Pair:
    """A scheme beside what it is compared with, with what the guarantees of each compare with."""

    def find(name: str) -> Scheme | None:
        found = shipped().get(name)
        return None if found is None else _as_fitting_as(scheme, found)

    return Pair.of(scheme, baseline, find)


def _named(floor: Scheme | None) -> str:
    return fingerprint(floor) if floor is not None else ""


@st.cache_resource(show_spinner=False, max_entries=48)
def _replayed(key: str, one: str, other: str, _scheme: Scheme, _baseline: Scheme | None, _panel: Panel) -> Replay:
    from incentive_lab.engine.replay import replay

    return replay(_scheme, _panel, baseline=_baseline, detail=False)


@st.cache_resource(show_spinner=False, max_entries=8)
def _detailed(key: str, one: str, other: str, _scheme: Scheme, _baseline: Scheme | None, _panel: Panel) -> Replay:
    from incentive_lab.engine.replay import replay

    return replay(_scheme, _panel, baseline=_baseline)


def panel_key(scheme: Scheme, baseline: Scheme) -> str:
    """Names what the panel of two schemes holds: the history and every column they ask of it."""
    return _panel_key(history().history_id, fingerprint(scheme), fingerprint(baseline), scheme, baseline)


@st.cache_resource(show_spinner=False, max_entries=512)
def _panel_key(history_id: str, one: str, other: str, _scheme: Scheme, _baseline: Scheme) -> str:
    from incentive_lab.engine.needs import needs

    wanted = needs(*pair(_scheme, _baseline).schemes)
    asked = (
        sorted(wanted.leaves.items()),
        sorted(wanted.deal_leaves.items()),
        wanted.returns,
        _scheme.settle,
        _scheme.year_starts,
        _scheme.late_data,
        sorted(_scheme.splits.role_shares.items()),
    )
    return f"{history_id}-{hashlib.sha256(repr(asked).encode()).hexdigest()[:24]}"


def panel(scheme: Scheme, baseline: Scheme) -> Panel:
    """The panel that serves both schemes."""
    return _panel(panel_key(scheme, baseline), scheme, baseline)


@st.cache_resource(show_spinner=False, max_entries=6)
def _panel(key: str, _scheme: Scheme, _baseline: Scheme) -> Panel:
    from incentive_lab.history.for_schemes import panel_for

    with preparation().lock:
        return panel_for(history(), *pair(_scheme, _baseline).schemes)


def history() -> History:
    """The open history; only once it is read."""
    found = preparation().history
    assert found is not None, "a page asks for the history only when it is there"
    return found


def monthly(measure: str) -> Floats | None:
    """A measure of the catalogue over all partners by month, float64 [months]; None where the history has none of it."""
    return _monthly(history().history_id, measure, history())


@st.cache_resource(show_spinner=False, max_entries=16)
def _monthly(history_id: str, measure: str, _history: History) -> Floats | None:
    from incentive_lab.scheme.measures import CATALOGUE

    with preparation().lock:
        try:
            total = np.asarray(_history.panel({measure: CATALOGUE[measure]}).columns[measure].sum(axis=0))
        except InputError:
            return None
    return total if np.abs(total).sum() > 0 else None
