"""What a plan can find, and which method is honest on the partners' own months: the long work of the design page."""

from __future__ import annotations

import numpy as np
import streamlit as st

from incentive_lab.charts.pilot_plan import NAMES
from incentive_lab.format import counted, in_words, percent
from incentive_lab.pilot.locking import Audited, audited, words
from incentive_lab.pilot.power_answers import Found, powered
from incentive_lab.pilot.powering import Power
from incentive_lab.pilot.reading import fingerprint
from incentive_lab.pilot.running import Design
from incentive_lab.pilot.words import change, lifts_between
from incentive_lab.ui import pilot_plans
from incentive_lab.ui.cards import card, plain
from incentive_lab.ui.jobs import Step, watched
from incentive_lab.ui.tables import table

PILOTS = 300
"""Simulated for each size."""


def power_of(made: Design) -> Found | None:
    """Power by simulation, in the background the first time; None while it goes on."""
    key = f"power {made.trial.source} {fingerprint(made.pilot)}"

    def work(step: Step) -> Found:
        return powered(made.world, made.assigned, draws=PILOTS, progress=step)

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
        table(("Length", "Best estimator", "Closed form"), rows, words=(1,))
    with (
        right,
        card(
            "pilot-metrics-power", "On the other metrics", "Smallest relative effect, all partners, the plan's months."
        ),
    ):
        table(("Metric", "Best estimator", "Closed form"),
              [(plain(name), one, "") if isinstance(one, str) else (plain(name), _smallest(one), change(one.closed))
               for name, one in ((in_words(metric), one) for metric, one in simulated.by_metric)], words=(1,))  # fmt: skip


def _smallest(one: Power) -> str:
    known = {name: value for name, value in one.mde.items() if np.isfinite(value)}
    if not known:
        return "none up to +300 %"
    name = min(known, key=lambda each: known[each])
    told = lifts_between(*one.within[name])
    return f"{change(known[name])} ({told + '; ' if told else ''}{NAMES[name].lower()})"


def audit_card(made: Design) -> None:
    """Ask each method how often it cries wolf on this history, and lock one."""
    key = f"audit {made.trial.source} {fingerprint(made.pilot)}"
    with card("pilot-audit", "Which method is honest on your partners", "A/A tests on months before the pilot."):
        if not st.session_state.get(key):
            st.button("Run the audit", key="run-audit", icon=":material/fact_check:", on_click=_begin, args=(key,))
            return

        def work(step: Step) -> Audited:
            step(0, 1)
            return audited(made.world, made.assigned, made.pilot, draws=600)

        found = watched(key, work, "Re-drawing your arms")
        if found is None:
            return
        if found.reason:
            st.markdown(plain(f"{found.reason[:1].upper()}{found.reason[1:]}"))
            return
        methods, locked = found.methods, found.locked
        rows = [
            (NAMES.get(one.estimator, plain(one.estimator)), plain(_by(one.inference)),
             percent(float(np.mean(one.false_positives)), 1),
             percent(one.finds[0.25], 0), "" if one.rival else "yes" if one.honest else "no")
            for one in methods
        ]  # fmt: skip
        table(("Estimator", "p-value by", "Cries wolf", "Finds +25 %", "Honest"), rows, words=(1, 4))
        if locked is None:
            st.markdown("No method keeps its level on this history; draw more or smaller units.")
            return
        chosen = next(
            one for one in methods if (one.estimator, one.inference) == (locked["estimator"], locked["inference"])
        )
        method = f"*{NAMES.get(chosen.estimator, chosen.estimator).lower()}* by {_by(chosen.inference)}"
        st.markdown(plain(words(chosen, "METHOD")).replace("METHOD", method))
        st.button("Lock this method in the plan", key="lock-method", icon=":material/lock:", on_click=_lock,
                  args=(locked["estimator"], locked["inference"]))  # fmt: skip


def _by(inference: str) -> str:
    """How an estimator's p-value is worked out, in a few words."""
    said = inference.replace("rival: ", "")
    return {"analytic": "formula", "randomisation": "re-drawing"}.get(said, said)


def _begin(key: str) -> None:
    st.session_state[key] = True


def _lock(estimator: str, inference: str) -> None:
    pilot = pilot_plans.first_plan()
    analysis = pilot.analysis.model_copy(update={"estimator": estimator, "inference": inference})
    pilot_plans.keep(pilot.model_copy(update={"analysis": analysis}))
