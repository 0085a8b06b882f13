"""The page on which a pilot is designed: the plan, what it can find, how alike the arms are, what it would cost."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import streamlit as st

from incentive_lab.charts.pilot_plan import balance_chart, mde_chart, power_chart
from incentive_lab.errors import InputError, Problem
from incentive_lab.format import compact, count, p_value_text, percent
from incentive_lab.pilot.document import Pilot
from incentive_lab.pilot.power_answers import Found, best_of, best_within, estimator_of, too_small
from incentive_lab.pilot.reading import fingerprint, loads, require_beside
from incentive_lab.pilot.running import Design
from incentive_lab.pilot.words import change, lifts_between
from incentive_lab.ui import pilot_plans
from incentive_lab.ui.cards import card, draw, figure_card, plain, tell_problems
from incentive_lab.ui.fitting import plan_fits
from incentive_lab.ui.pilot_power import PILOTS, audit_card, others, power_of
from incentive_lab.ui.tables import table

PROBLEMS = "pilot problems"
MECHANISMS = ("blocked", "matched_pairs", "complete", "stratified", "simple", "rollout", "switchback")
UNITS = {
    "": "partners", "region": "whole regions", "parent_id": "partners with their parent",
    "customers": "partners that share customers", "deals": "partners that share deals",
}  # fmt: skip


def pilot_design() -> None:
    """The whole page."""
    pilot = pilot_plans.first_plan()
    _title(pilot)
    if problems := st.session_state.get(PROBLEMS):
        tell_problems(problems, "That plan is not possible; the one before is shown")
    with st.sidebar:
        dials(pilot)
    if not plan_fits(pilot):
        return
    try:
        with st.skeleton(height=420):
            made = pilot_plans.designed(pilot)
    except InputError as error:
        tell_problems(error.problems, "This plan cannot be drawn on this history")
        return
    simulated = power_of(made)
    if simulated is not None and (told := too_small(pilot, simulated)):
        st.error(
            plain(told),
            title="This pilot is too small for its own hypothesis",
            icon=":material/production_quantity_limits:",
        )
    key_figures(made, simulated)
    _warnings(made)
    if simulated is not None and simulated.by_size:
        hoped = None if pilot.expected is None else float(pilot.expected)
        left, right = st.columns(2, gap="small")
        with left:
            draw(mde_chart(simulated.by_size, float(pilot.power), estimator_of(simulated)), "pilot-mde")
        with right:
            draw(power_chart(simulated.by_size[-1], float(pilot.power), hoped, estimator_of(simulated)), "pilot-power")
        others(made, simulated)
    left, right = st.columns([3, 2], gap="small")
    with left:
        draw(balance_chart(made.balance), "pilot-balance")
    with right:
        meeting(made)
    audit_card(made)


def _title(pilot: Pilot) -> None:
    left, right = st.columns([3, 2], vertical_alignment="center", gap="small")
    with left:
        st.title("Pilot design", anchor=False)
    with right, st.container(horizontal=True, horizontal_alignment="right", gap="xsmall"):
        with st.popover("Load", icon=":material/folder_open:"):
            st.file_uploader("A plan of your own", type=["yaml", "yml", "json"], key="pilot-file", on_change=_load_file)
        st.download_button("Plan", lambda: pilot_plans.text_of(pilot), f"{pilot.id}.yaml", "application/yaml",
                           on_click="ignore", icon=":material/download:", key="pilot-yaml")  # fmt: skip
        st.download_button("Arms", lambda: pilot_plans.designed(pilot).arms_text, f"{pilot.id}-arms.csv", "text/csv",
                           on_click="ignore", icon=":material/download:", key="pilot-arms")  # fmt: skip
    st.markdown(f"**{plain(pilot.title or pilot.id)}** :gray[{fingerprint(pilot)[:11]}] {plain(pilot.hypothesis)}")


def dials(pilot: Pilot) -> None:
    """What is moved most often; everything else is in the document."""
    known = pilot_plans.offered()
    names = list(known) if pilot.id in known else [pilot.id, *known]
    st.session_state["pilot-pick"] = pilot.id
    st.selectbox("Pilot", names, key="pilot-pick", on_change=_pick,
                 format_func=lambda name: (known[name][0] if name in known else pilot).title or name)  # fmt: skip
    fixed = pilot.assignment.mechanism
    choices = MECHANISMS if fixed in MECHANISMS else (fixed, *MECHANISMS)
    _seed("pilot-mechanism", fixed)
    st.selectbox("How arms are drawn", choices, key="pilot-mechanism", format_func=lambda one: one.replace("_", " "),
                 on_change=_set, args=("assignment.mechanism", "pilot-mechanism"))  # fmt: skip
    unit = pilot.unit.cluster
    _seed("pilot-unit", unit)
    st.selectbox("What is drawn", list(UNITS) if unit in UNITS else [unit, *UNITS], key="pilot-unit", on_change=_set,
                 format_func=lambda one: UNITS.get(one, one), args=("unit.cluster", "pilot-unit"))  # fmt: skip
    _seed("pilot-expected", None if pilot.expected is None else float(pilot.expected) * 100)
    st.number_input("Expected lift, %", -100.0, 1000.0, step=5.0, key="pilot-expected", on_change=_set, 
                    args=("expected", "pilot-expected", 100), help="What the hypothesis hopes for.")  # fmt: skip
    if pilot.dates is not None:
        _whole("Months of the pilot", "dates.months", int(pilot.dates.months), 1, 36)
        _whole("Months before it that are used", "dates.pre_months", int(pilot.dates.pre_months), 1, 60)
    _whole("Active months a partner needs", "population.active_months", pilot.population.active_months, 0, 60)
    _whole("Seed of the draw", "assignment.seed", pilot.assignment.seed, 0, 2_147_483_647)
    _seed("pilot-alpha", float(pilot.alpha) * 100)
    st.number_input("Significance level, %", 0.1, 50.0, step=1.0, key="pilot-alpha", on_change=_set,
                    args=("alpha", "pilot-alpha", 100), help="How often nothing may be read as something.")  # fmt: skip
    _seed("pilot-power-share", float(pilot.power) * 100)
    st.number_input("Power, %", 5.0, 99.9, step=5.0, key="pilot-power-share", on_change=_set,
                    args=("power", "pilot-power-share", 100), help="How often the smallest effect must be found.")  # fmt: skip


def _whole(label: str, path: str, value: int, low: int, high: int) -> None:
    key = f"pilot-{path}"
    _seed(key, value)
    st.number_input(label, low, high, step=1, key=key, on_change=_set, args=(path, key))


def _seed(key: str, value: Any) -> None:
    st.session_state[key] = value


def _set(path: str, key: str, over: int = 1) -> None:
    """Write a dial into the plan; a plan that is not possible is told and the one before stays."""
    value = st.session_state[key]
    if over != 1 and value is not None:
        value = Decimal(str(value)) / over
    data = pilot_plans.first_plan().model_dump(by_alias=True)
    place = data
    *parents, last = path.split(".")
    for name in parents:
        place = place[name]
    place[last] = value
    try:
        changed = Pilot.model_validate(data)
        from incentive_lab.pilot.checking import check

        check(changed).require()
    except InputError as error:
        st.session_state[PROBLEMS] = error.problems
        return
    except ValueError as error:
        st.session_state[PROBLEMS] = (Problem(path, f"found {value}; {str(error).splitlines()[-2].strip()}"),)
        return
    st.session_state[PROBLEMS] = ()
    pilot_plans.keep(changed)


def _pick() -> None:
    name = st.session_state["pilot-pick"]
    known = pilot_plans.offered()
    if name in known:
        st.session_state[PROBLEMS] = ()
        pilot_plans.keep(known[name][0])


def _load_file() -> None:
    given = st.session_state["pilot-file"]
    if given is None:
        st.session_state[PROBLEMS] = ()
        return
    try:
        pilot = loads(given.getvalue(), name=given.name)
        from incentive_lab.pilot.checking import check

        check(pilot).require()
        require_beside(pilot)
        if pilot.data is not None:
            raise InputError([Problem("data", "a plan that reads a CSV file needs that file beside it.",
                                      "Drop both on Pilot results, under Read a CSV file.")])  # fmt: skip
    except InputError as error:
        st.session_state[PROBLEMS] = error.problems
        return
    st.session_state[PROBLEMS] = ()
    pilot_plans.keep(pilot)


def key_figures(made: Design, simulated: Found | None) -> None:
    """Four cards: partners, smallest effect, cost, what the drawing can say."""
    pilot, trial = made.pilot, made.trial
    cards = st.columns(4, gap="small")
    with cards[0]:
        sizes = ", ".join(f"{name} {count(size)}" for name, size in trial.sizes().items())
        figure_card("pilot-size", "Partners drawn", count(trial.size), "", "", good="neither", line=sizes,
                    help="Partners that meet the population's conditions, before the draw.")  # fmt: skip
    with cards[1]:
        best = float("nan") if simulated is None else best_of(simulated)
        shown = "soon" if simulated is None else change(best) if np.isfinite(best) else "above +300 %"
        sure = "being worked out" if simulated is None else lifts_between(*best_within(simulated))
        hoped = "" if pilot.expected is None else f"; the plan expects {change(float(pilot.expected))}"
        figure_card("pilot-mde-figure", "Smallest effect found", shown, "", "",
                    good="neither", line=f"with {percent(float(pilot.power), 0)} power{f', {sure}' if sure else ''}{hoped}",
                    help="By simulation on earlier months, with the estimator that the plan would be read with; beside it where it "
                         f"lies, 95 % sure, for having simulated {PILOTS} pilots.")  # fmt: skip
    with cards[2]:
        total = sum(made.costs.values())
        shown = compact(total) if made.costs else "not known"
        ceiling = float(pilot.cost_ceiling) if pilot.cost_ceiling is not None else None
        line = f"ceiling {compact(ceiling)} {trial.currency}" if ceiling is not None else "no ceiling in the plan"
        figure_card("pilot-cost", f"Added cost, {trial.currency}", shown, "", "", good="neither", line=line,
                    help="By replay on the months before the pilot, without any effect.")  # fmt: skip
    with cards[3]:
        least = made.smallest_p
        said = "not known" if np.isnan(least) else p_value_text(least)
        figure_card("pilot-least", "Smallest p-value possible", said, "", "", good="neither",
                    line=f"level {percent(float(pilot.alpha), 1)}",
                    help="With few units even the clearest result has a p-value no smaller than this.")  # fmt: skip


def _warnings(made: Design) -> None:
    if made.warnings:
        st.warning(
            "\n".join(f"- {plain(one)}" for one in made.warnings), title="Before you start", icon=":material/warning:"
        )


def meeting(made: Design) -> None:
    """Where the arms would meet."""
    with card("pilot-meeting", "Where the arms would meet", "What partners of different arms share."):
        table(("Shared", "How many", "Partners"),
              [(one.what.capitalize(), count(one.shared), count(one.partners)) for one in made.spillover])  # fmt: skip
        if made.trial.notes:
            st.markdown("  \n".join(f":gray[{plain(one)}]" for one in made.trial.notes))
