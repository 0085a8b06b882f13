"""A finished experiment in a CSV file, read on the page: the file, what its columns mean, and its plan."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from incentive_lab.errors import InputError, Problem
from incentive_lab.home import home
from incentive_lab.pilot.analysis import Analysis
from incentive_lab.pilot.checking import check
from incentive_lab.pilot.csvfile import Table, distinct, read_table
from incentive_lab.pilot.csvperiods import periods_of
from incentive_lab.pilot.document import Pilot
from incentive_lab.pilot.outcomes import Data
from incentive_lab.pilot.reading import fingerprint, loads, require_beside
from incentive_lab.pilot.running import read_pilot
from incentive_lab.scheme.yaml_text import yaml_text
from incentive_lab.ui.cards import plain, tell_problems

READ, _STAGED, _REFUSED, _GIVEN = "pilot file read", "pilot file staged", "pilot file refused", "pilot file given"
NONE, ALONE = "not in the file", "nothing: each partner by itself"
_KEY = "pilot-column-{}"
_WORDS = {
    "arm": ("arm", "group", "treat", "variant", "cohort"),
    "partner": ("partner", "reseller", "dealer", "distributor", "account", "customer", "unit", "id"),
    "period": ("month", "period", "date", "week", "quarter"),
    "outcome": ("revenue", "sales", "amount", "outcome", "value", "margin"),
}
_MOST_ARMS = 12


@dataclass(frozen=True, eq=False)
class FilePilot:
    """An experiment that is read from a file.

    Attributes:
        pilot: Its plan.
        folder: Where the file lies.
    """

    pilot: Pilot
    folder: Path


def shown() -> FilePilot | None:
    """The file that this session reads; None when it reads a plan on the history."""
    found: FilePilot | None = st.session_state.get(READ)
    return found


def analysed_file(one: FilePilot) -> Analysis:
    """The experiment read.

    Raises:
        InputError: The file or the plan cannot be used.
    """
    return _analysed(fingerprint(one.pilot), str(one.folder), one.pilot)


@st.cache_resource(show_spinner=False, max_entries=8)
def _analysed(name: str, folder: str, _pilot: Pilot) -> Analysis:
    return read_pilot(_pilot, None, Path(folder))[0]


def file_box() -> None:
    """The button with the files, the columns and what they mean; a result is shown only once it can be read."""
    box = st.popover(
        "Read a CSV file", icon=":material/upload_file:", on_change="rerun", key="pilot-file-box", width="stretch"
    )
    if not box.open:
        return
    with box:
        st.file_uploader(
            "Outcomes as CSV, with the plan in YAML if you have one", type=["csv", "yaml", "yml", "json"],
            accept_multiple_files=True, key="pilot-outcomes", on_change=_came,
            help="One row for each partner and month, or one for each partner. Names of columns are yours.",
        )  # fmt: skip
        if problems := st.session_state.get(_REFUSED):
            tell_problems(problems, "This file was not read")
        staged: Path | None = st.session_state.get(_STAGED)
        if staged is not None and st.session_state.get(_GIVEN) is None:
            try:
                _columns(read_table(staged, Data.model_fields["missing"].default))
            except InputError as error:
                tell_problems(error.problems, "This file was not read")


def _came() -> None:
    """Keep what was dropped; with a plan it is read at once."""
    given = st.session_state["pilot-outcomes"]
    for key in (_STAGED, _REFUSED, _GIVEN):
        st.session_state.pop(key, None)
    tables = [one for one in given if one.name.lower().endswith(".csv")]
    plans = [one for one in given if not one.name.lower().endswith(".csv")]
    if not given:
        return
    try:
        if len(plans) > 1 or len(tables) > 1:
            raise InputError(
                [Problem("files", "found several of a kind.", "Drop one CSV file, and its plan if there is one.")]
            )
        if plans:
            st.session_state[_GIVEN] = _plan(loads(plans[0].getvalue(), name=plans[0].name))
        if tables:
            st.session_state[_STAGED] = _kept(tables[0].name, tables[0].getvalue())
        if plans and tables:
            _read(st.session_state[_GIVEN], st.session_state[_STAGED])
        elif plans:
            raise InputError(
                [Problem(plans[0].name, "the plan is here, its CSV file is not.", "Drop the CSV file too.")]
            )
    except InputError as error:
        st.session_state[_REFUSED] = error.problems


def _plan(pilot: Pilot) -> Pilot:
    if pilot.data is None:
        raise InputError([Problem(pilot.id, "this plan reads the history, not a file.", "Load it on Pilot design.")])
    require_beside(pilot)
    return pilot


def _kept(name: str, content: bytes) -> Path:
    """The file in a folder that is named by its content."""
    folder = home() / "pilots" / f"file-{hashlib.sha256(content).hexdigest()[:20]}"
    path = folder / (re.sub(r"[^\w.-]+", "-", name, flags=re.ASCII).strip("-.") or "outcomes.csv")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise InputError([Problem(str(folder), f"the file cannot be kept: {error.strerror}.")]) from None
    return path


def _read(pilot: Pilot, path: Path) -> None:
    """Show this experiment if it can be read.

    Raises:
        InputError: It cannot.
    """
    assert pilot.data is not None
    pilot = pilot.model_copy(update={"data": pilot.data.model_copy(update={"file": path.name})})
    check(pilot).require()
    one = FilePilot(pilot, path.parent)
    analysed_file(one)
    st.session_state[READ] = one


def _columns(table: Table) -> None:
    """What each column means, guessed from its name, and the button that reads the file."""
    names = list(table.columns)
    numbers = [name for name in names if table.is_number(name)]
    arm = _chosen("arm", "Arm", names, _guess("arm", names))
    different = distinct(table.columns[arm])[0]
    if len(different) > _MOST_ARMS:
        st.warning(
            f"{plain(arm)} has {len(different):,} different values; an arm has a few.", icon=":material/warning:"
        )
        return
    control = st.selectbox("Control: paid as before", different, index=_first(different, ("control", "off", "0", "no", "a")),
                           key=_KEY.format("control"))  # fmt: skip
    partner = _chosen("partner", "Partner", [NONE, *names], _guess("partner", [one for one in names if one != arm]))
    left = [one for one in numbers if one not in (arm, partner)]
    if not left:
        st.warning("No column holds numbers only: currency signs and grouping must go.", icon=":material/warning:")
    outcome = _chosen("outcome", "Outcome", left or names, _guess("outcome", left))
    period = _chosen(
        "period", "Month", [NONE, *names], _guess("period", [one for one in names if one not in (arm, partner)])
    )
    start = before = NONE
    if period != NONE:
        order = periods_of(table.columns[period], f"{table.name}, column {period}")[0]
        start = st.selectbox("First month of the pilot", order, index=len(order) // 2, key=_KEY.format("start"))
    else:
        before = _chosen(
            "before", "The same outcome before the pilot", [NONE, *(one for one in left if one != outcome)], NONE
        )
    cluster = _chosen(
        "cluster",
        "Drawn as a whole",
        [NONE, *names],
        NONE,
        "Where whole distributors or regions were drawn, their column; else each partner was drawn by itself.",
    )
    zero = period != NONE and st.checkbox("No row means nothing was sold", key=_KEY.format("zero"),
                                          help="Else a month without a row is left out of its partner's average.")  # fmt: skip
    sales = st.checkbox("The outcome is sales, so a projection may use the effect", key=_KEY.format("sales"))
    st.button("Read it", type="primary", key="pilot-file-read", on_click=_read_columns, args=(
        table.name, different, control, arm, partner, outcome, period, start, before, cluster, zero, sales))  # fmt: skip


def _read_columns(
    name: str, different: list[str], control: str, arm: str, partner: str, outcome: str, period: str, start: str,
    before: str, cluster: str, zero: bool, sales: bool,
) -> None:  # fmt: skip
    """Write the plan that was chosen, and read the file by it."""
    st.session_state.pop(_REFUSED, None)
    others = [one for one in different if one and one != control]
    arms = [{"name": _identifier(text, f"arm-{place}"), "value": text} for place, text in enumerate([control, *others])]
    columns = {"arm": arm, "partner": partner, "period": period, "cluster": cluster}
    metric: dict[str, Any] = {"name": _identifier(outcome, "outcome"), "of": outcome, "role": "primary"}
    metric |= {"pre": before} if before != NONE else {}
    metric |= {"lifts": "deals"} if sales else {}
    data: dict[str, Any] = {"file": name, "columns": {key: text for key, text in columns.items() if text != NONE}}
    data |= {"start": start} if start != NONE else {}
    data |= {"no_row": "zero"} if zero else {}
    plan = {"pilot": _identifier(Path(name).stem, "outcomes"), "arms": arms, "metrics": [metric], "data": data}
    try:
        _read(loads(yaml_text(plan)), st.session_state[_STAGED])
    except InputError as error:
        st.session_state[_REFUSED] = error.problems


def _chosen(what: str, label: str, names: Sequence[str], guessed: str, help: str | None = None) -> str:
    place = names.index(guessed) if guessed in names else 0
    return str(st.selectbox(label, names, index=place, key=_KEY.format(what), help=help,
                            format_func=lambda one: ALONE if (what, one) == ("cluster", NONE) else one))  # fmt: skip


def _guess(what: str, names: Sequence[str]) -> str:
    """The first column whose name has one of the words for it."""
    found = [name for word in _WORDS[what] for name in names if word in name.lower()]
    return found[0] if found else NONE


def _first(names: Sequence[str], wanted: Sequence[str]) -> int:
    lowered = [name.lower() for name in names]
    return next((lowered.index(one) for one in wanted if one in lowered), 0)


def _identifier(text: str, otherwise: str) -> str:
    """A name as documents have them: small letters, digits and dashes."""
    name = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40].strip("-")
    return name if name[:1].isalpha() else otherwise
