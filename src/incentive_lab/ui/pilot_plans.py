"""The pilots that the pages offer, the plan in use, and what was worked out of it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from shutil import copyfile

import numpy as np
import streamlit as st

from incentive_lab.errors import InputError, Problem
from incentive_lab.format import counted
from incentive_lab.history.for_schemes import fits
from incentive_lab.home import home
from incentive_lab.panel import month_index, month_label
from incentive_lab.pilot.analysis import Analysis
from incentive_lab.pilot.document import Pilot
from incentive_lab.pilot.paying import floors_for, schemes_for
from incentive_lab.pilot.reading import fingerprint, load
from incentive_lab.pilot.recorded import ARMS
from incentive_lab.pilot.recorded import PLAN as REGISTERED
from incentive_lab.pilot.running import Design, design, read_pilot
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.dump import dumps
from incentive_lab.scheme.tree import tree
from incentive_lab.scheme.yaml_text import yaml_text
from incentive_lab.ui import workspace

FOLDER = Path(__file__).resolve().parents[3] / "experiments" / "pilots"
PLAN = "pilot plan"
FITTED = "pilots are made to fit"
"""Whether this session pays the schemes of pilots in the history's currency, with its quarters."""


def offered() -> Mapping[str, tuple[Pilot, Path]]:
    """Pilots by id with their folders; one that cannot be read is left out."""
    found = {}
    for path in sorted(FOLDER.glob("*/pilot.yaml")):
        try:
            pilot = load(path)
        except InputError:
            continue
        if pilot.data is None:
            found[pilot.id] = (pilot, path.parent)
    return found


def first_plan() -> Pilot:
    """The plan of this session; it begins as the first that is offered, in months that the history in use has.

    Raises:
        InputError: None is offered.
    """
    if PLAN not in st.session_state:
        known = offered()
        if not known:
            raise InputError([Problem(str(FOLDER), "there is no pilot here.", "Put one into a folder of its own.")])
        st.session_state[PLAN] = (known.get("qualified-pipeline") or next(iter(known.values())))[0]
    kept: Pilot = st.session_state[PLAN]
    if fingerprint(kept) not in {fingerprint(plan) for plan, _ in offered().values()}:
        return kept
    return in_months(kept, *_months(workspace.history().history_id))


@st.cache_data(show_spinner=False, max_entries=16)
def _months(history_id: str) -> tuple[int, int]:
    """The first month of the history in use and the last with a won deal, as running numbers.

    Months after that, as of activities alone, have nothing that a pilot could be read by.
    """
    state = workspace.preparation()
    with state.lock:
        told = workspace.history().describe()
    first, last = (month_index(*map(int, told[name].split("-")[:2])) for name in ("first_month", "last_month"))
    sold = workspace.monthly("revenue")
    return first, last if sold is None else first + int(np.flatnonzero(sold)[-1])


def in_months(pilot: Pilot, first: int, last: int) -> Pilot:
    """A plan as it is if a history reaches into it, else its design at the end of the history, under a name of its own.

    Args:
        pilot: A plan with dates.
        first: First month of the history, year * 12 + month - 1.
        last: Its last month.

    Example:
        >>> from incentive_lab.pilot.reading import loads
        >>> plan = loads("{pilot: a, arms: [{name: off}, {name: on}], dates: {start: 2025-01-01},"
        ...              " metrics: [{name: y, of: revenue, role: primary}]}")
        >>> in_months(plan, month_index(2010, 12), month_index(2014, 2)).dates.start
        '2013-09-01'
    """
    if pilot.dates is None:
        return pilot
    start, months = month_index(*map(int, pilot.dates.start.split("-")[:2])), int(pilot.dates.months)
    if first < start <= last + 1 or last - first < 2:
        return pilot
    months = min(months, (last - first + 1) // 3)
    begin = month_label(last - months + 1)
    dates = pilot.dates.model_copy(update={"start": f"{begin}-01", "months": Decimal(months), "assigned": None})
    title = f"{pilot.title or pilot.id}, the last {counted(months, 'month')} of this history"
    population = pilot.population.model_copy(update={"active_months": min(pilot.population.active_months, months // 2)})
    return pilot.model_copy(update={"id": f"{pilot.id}-here", "title": title, "dates": dates, "population": population})


def keep(pilot: Pilot) -> None:
    """Make this the session's plan."""
    st.session_state[PLAN] = pilot


def folder_of(pilot: Pilot) -> Path | None:
    """Where the plan with this id lies, so that one that was changed is compared with its registration; None for others.

    Once its schemes were made to fit the history in use, a folder with those.

    Raises:
        InputError: Its schemes cannot be found, or not be made to fit.
    """
    held = offered().get(pilot.id)
    beside = None if held is None else held[1]
    if not st.session_state.get(FITTED) or not misfit_schemes(pilot, beside):
        return beside
    return _fitted(workspace.history().history_id, fingerprint(pilot), pilot, beside)


def schemes_of(pilot: Pilot, beside: Path | None) -> tuple[Scheme, ...]:
    """What its arms are paid by, and what their guarantees compare with.

    Raises:
        InputError: One cannot be found.
    """
    arms = schemes_for(pilot, beside)
    return (*arms.values(), *floors_for(arms, pilot.arms[0].name, beside).values())


def misfit_schemes(pilot: Pilot, beside: Path | None) -> tuple[Scheme, ...]:
    """Those of its schemes that are in another currency than the history in use, or in other quarters.

    Raises:
        InputError: One cannot be found.
    """
    held = workspace.history()
    return tuple(one for one in schemes_of(pilot, beside) if not fits(held, one))


@st.cache_resource(show_spinner=False, max_entries=16)
def _fitted(history_id: str, name: str, _pilot: Pilot, _beside: Path | None) -> Path:
    folder = home() / "pilots" / f"{name}-{history_id[:12]}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for scheme in schemes_of(_pilot, _beside):
            (folder / f"{scheme.id}.yaml").write_text(dumps(workspace.fitted(scheme)), encoding="utf-8")
        (folder / "pilot.yaml").write_text(text_of(_pilot), encoding="utf-8")
    except OSError as error:
        raise InputError([Problem(str(folder), f"the plan cannot be kept: {error.strerror}.")]) from None
    return folder


def evidence() -> Mapping[str, Pilot]:
    """The pilots that a proposal can rest on, by what the pilot pages call them; the plan of this session too."""
    shipped = [plan for plan, _ in offered().values()]
    found = {_called(plan): plan for plan in shipped}
    own: Pilot | None = st.session_state.get(PLAN)
    if own is not None and own.data is None and fingerprint(own) not in map(fingerprint, shipped):
        found[f"{_called(own)} (the plan of Pilot design)"] = own
    return found


def _called(plan: Pilot) -> str:
    return f"{plan.title or plan.id}{', a rehearsal' if plan.planted is not None else ''}"


def read_from(pilot: Pilot) -> Path:
    """A folder with the plan and what was registered under its name; one is made for a plan of this session.

    Raises:
        InputError: It cannot be written.
    """
    beside = folder_of(pilot)
    if beside is not None and fingerprint(load(beside)) == fingerprint(pilot):
        return beside
    folder = home() / "pilots" / fingerprint(pilot)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in (pilot.assignment.file or ARMS, REGISTERED):
            if beside is not None and (beside / name).is_file():
                copyfile(beside / name, folder / name)
        part = folder / "pilot.yaml.partial"
        part.write_text(text_of(pilot), encoding="utf-8")
        part.replace(folder / "pilot.yaml")
    except OSError as error:
        raise InputError([Problem(str(folder), f"the plan cannot be kept: {error.strerror}.")]) from None
    return folder


def text_of(pilot: Pilot) -> str:
    """A plan as YAML, for download.

    Example:
        >>> from incentive_lab.pilot.reading import loads
        >>> text = "{pilot: a, arms: [{name: off}, {name: on}], metrics: [{name: y, of: revenue, role: primary}]}"
        >>> loads(text_of(loads(text))) == loads(text)
        True
    """
    return yaml_text(tree(pilot))


def designed(pilot: Pilot) -> Design:
    """The plan drawn on the history in use.

    Raises:
        InputError: It does not fit.
    """
    folder = folder_of(pilot)
    return _designed(workspace.history().history_id, fingerprint(pilot), str(folder), pilot)


@st.cache_resource(show_spinner=False, max_entries=16)
def _designed(history_id: str, name: str, folder: str, _pilot: Pilot) -> Design:
    with workspace.preparation().lock:
        return design(_pilot, workspace.history(), folder_of(_pilot))


def analysed(pilot: Pilot) -> Analysis:
    """The plan read on the history in use.

    Raises:
        InputError: It cannot be read.
    """
    folder = folder_of(pilot)
    return _analysed(workspace.history().history_id, fingerprint(pilot), str(folder), pilot)


@st.cache_resource(show_spinner=False, max_entries=16)
def _analysed(history_id: str, name: str, folder: str, _pilot: Pilot) -> Analysis:
    with workspace.preparation().lock:
        return read_pilot(_pilot, workspace.history(), folder_of(_pilot))[0]
