"""The page on which a pilot is designed: the plan, what it can find, how alike the arms are, what it would cost."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import streamlit as st

from incentive_lab.charts.pilot_plan import NAMES, balance_chart, mde_chart, power_chart
from incentive_lab.errors import InputError
from incentive_lab.format import compact, count, counted, percent
from incentive_lab.pilot.auditing import Audit, audited, words
from incentive_lab.pilot.document import Pilot
from incentive_lab.pilot.power_answers import Found, best_of, powered, too_small
from incentive_lab.pilot.powering import Power
from incentive_lab.pilot.reading import fingerprint, loads
from incentive_lab.pilot.running import Design
from incentive_lab.pilot.words import change
from incentive_lab.ui import pilot_plans
from incentive_lab.ui.cards import card, draw, figure_card, plain, tell_problems
from incentive_lab.ui.pilot_jobs import Step, watched
from incentive_lab.ui.tables import table

PROBLEMS = "pilot problems"
MECHANISMS = ("blocked", "matched_pairs", "complete", "stratified", "simple")


def pilot_design() -> None:
    """The whole page."""
    pilot = pilot_plans.first_plan()
    _title(pilot)
    if problems := st.session_state.get(PROBLEMS):
        tell_problems(problems, "That plan is not possible; the one before is shown")
    with st.sidebar:
        dials(pilot)
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
        left, right = st.columns(2, gap="small")
        with left:
            draw(mde_chart(simulated.by_size, float(pilot.power)), "pilot-mde")
        with right:
            draw(power_chart(simulated.by_size[-1], float(pilot.power)), "pilot-power")
        others(made, simulated)
    left, right = st.columns([3, 2], gap="small")
    with left:
        draw(balance_chart(made.balance), "pilot-balance")
    with right:
        audit_card(made)
        meeting(made)


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
                 format_func=lambda name: (known[name][0].title or name) if name in known else name)  # fmt: skip
    fixed = pilot.assignment.mechanism
    choices = MECHANISMS if fixed in MECHANISMS else (fixed, *MECHANISMS)
    _seed("pilot-mechanism", fixed)
    st.selectbox("How arms are drawn", choices, key="pilot-mechanism", format_func=lambda one: one.replace("_", " "),
                 on_change=_set, args=("assignment.mechanism", "pilot-mechanism"))  # fmt: skip
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
    if over != 1:
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
        from incentive_lab.errors import Problem

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
    except InputError as error:
        st.session_state[PROBLEMS] = error.problems
        return
    st.session_state[PROBLEMS] = ()
    pilot_plans.keep(pilot)


def power_of(made: Design) -> Found | None:
    """Power by simulation, in the background the first time; None while it goes on."""
    key = f"power {made.trial.source} {fingerprint(made.pilot)}"

    def work(step: Step) -> Found:
        return powered(made.world, made.assigned, draws=300, progress=step)

    found: Found | None = watched(key, work, "Simulating pilots on your history")
    return found


def others(made: Design, simulated: Found) -> None:
    """What other lengths and the other metrics would find."""
    if not simulated.by_months and not simulated.by_metric:
        return
    left, right = st.columns(2, gap="small")
    with (
        left,
        card("pilot-lengths", "If it were shorter or longer", "Smallest effect on the primary metric, all partners."),
    ):
        rows = [(counted(months, "month"), _smallest(one), change(one.closed)) for months, one in simulated.by_months]
        table(("Length", "Best estimator", "Closed form"), rows)
    with (
        right,
        card(
            "pilot-metrics-power", "On the other metrics", "Smallest relative effect, all partners, the plan's months."
        ),
    ):
        table(("Metric", "Best estimator", "Closed form"),
              [(plain(name), one, "") if isinstance(one, str) else (plain(name), _smallest(one), change(one.closed))
               for name, one in simulated.by_metric])  # fmt: skip


def _smallest(one: Power) -> str:
    known = {name: value for name, value in one.mde.items() if np.isfinite(value)}
    if not known:
        return "none up to +300 %"
    name = min(known, key=lambda each: known[each])
    return f"{change(known[name])} ({NAMES[name].lower()})"


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
        shown = "being worked out" if simulated is None else change(best) if np.isfinite(best) else "above +300 %"
        hoped = "" if pilot.expected is None else f"; the plan expects {change(float(pilot.expected))}"
        figure_card("pilot-mde-figure", "Smallest effect found", shown, "", "",
                    good="neither", line=f"with {percent(float(pilot.power), 0)} power, best estimator{hoped}",
                    help="By simulation on the months before the pilot.")  # fmt: skip
    with cards[2]:
        total = sum(made.costs.values())
        shown = compact(total) if made.costs else "not known"
        ceiling = float(pilot.cost_ceiling) if pilot.cost_ceiling is not None else None
        line = f"ceiling {compact(ceiling)} {trial.currency}" if ceiling is not None else "no ceiling in the plan"
        figure_card("pilot-cost", f"Added cost, {trial.currency}", shown, "", "", good="neither", line=line,
                    help="By replay on the months before the pilot, without any effect.")  # fmt: skip
    with cards[3]:
        least = made.smallest_p
        said = "any" if least == 0 else "not known" if np.isnan(least) else f"{least:.3f}"
        figure_card("pilot-least", "Smallest p-value possible", said if least else "below 0.001", "", "", good="neither",
                    line=f"level {percent(float(pilot.alpha), 1)}",
                    help="With few units even the clearest result has a p-value no smaller than this.")  # fmt: skip


def _warnings(made: Design) -> None:
    if made.warnings:
        st.warning(
            "\n".join(f"- {plain(one)}" for one in made.warnings), title="Before you start", icon=":material/warning:"
        )


def audit_card(made: Design) -> None:
    """Ask each method how often it cries wolf on this history, and lock one."""
    key = f"audit {made.trial.source} {fingerprint(made.pilot)}"
    with card("pilot-audit", "Which method is honest on your partners", "A/A tests on months before the pilot."):
        if not st.session_state.get(key):
            st.button("Run the audit", key="run-audit", icon=":material/fact_check:", on_click=_begin, args=(key,))
            return

        def work(step: Step) -> tuple[list[Audit], dict[str, Any] | None]:
            step(0, 1)
            return audited(made.world, made.assigned, made.pilot, draws=600)

        found = watched(key, work, "Re-drawing your arms")
        if found is None:
            return
        methods, locked = found
        rows = [
            (plain(one.estimator), plain(one.inference.replace("rival: ", "")), percent(float(np.mean(one.false_positives)), 1),
             percent(one.finds[0.25], 0), "" if one.rival else "yes" if one.honest else "no")
            for one in methods
        ]  # fmt: skip
        table(("Estimator", "Inference", "Cries wolf", "Finds +25 %", "Honest"), rows)
        if locked is None:
            st.markdown("No method keeps its level on this history; draw more or smaller units.")
            return
        st.markdown(
            plain(
                words(
                    next(
                        one
                        for one in methods
                        if (one.estimator, one.inference) == (locked["estimator"], locked["inference"])
                    )
                )
            )
        )
        st.button("Lock this method in the plan", key="lock-method", icon=":material/lock:", on_click=_lock,
                  args=(locked["estimator"], locked["inference"]))  # fmt: skip


def _begin(key: str) -> None:
    st.session_state[key] = True


def _lock(estimator: str, inference: str) -> None:
    pilot = pilot_plans.first_plan()
    analysis = pilot.analysis.model_copy(update={"estimator": estimator, "inference": inference})
    pilot_plans.keep(pilot.model_copy(update={"analysis": analysis}))


def meeting(made: Design) -> None:
    """Where the arms would meet."""
    with card("pilot-meeting", "Where the arms would meet", "What partners of different arms share."):
        table(("Shared", "How many", "Partners"),
              [(one.what.capitalize(), count(one.shared), count(one.partners)) for one in made.spillover])  # fmt: skip
        if made.trial.notes:
            st.markdown("  \n".join(f":gray[{plain(one)}]" for one in made.trial.notes))
