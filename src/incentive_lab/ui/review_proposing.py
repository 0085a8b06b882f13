"""Proposing the draft on the page Review: dates, population, reason and evidence, through the registry's service."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from incentive_lab.errors import InputError, Problem
from incentive_lab.format import money, percent, signed
from incentive_lab.money import from_minor
from incentive_lab.pilot.reading import fingerprint
from incentive_lab.projection.assumptions import presets
from incentive_lab.registry.evidence import Submission
from incentive_lab.registry.people import Actor, require
from incentive_lab.registry.rules import LONGEST_REASON, reason_of
from incentive_lab.registry.service import Registry
from incentive_lab.report.evidence import Wanted, evidence_of
from incentive_lab.scheme.baseline import Pair
from incentive_lab.scheme.check import check
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.paths import apply
from incentive_lab.ui import pilot_plans, workspace
from incentive_lab.ui.cards import card, tell_problems
from incentive_lab.ui.drafts import Draft
from incentive_lab.ui.fitting import fits_history
from incentive_lab.ui.jobs import Step, forget, over, watched
from incentive_lab.ui.signing_in import may_be, signed_in, somebody_may_act, who_acts

OPEN, ASKED, REVISION, PROPOSED = "review proposing", "review proposal", "review-revision", "review proposed"
NO_FORECAST, NO_PILOT = "No forecast", "No pilot"
REASON = "propose-reason"
FUTURES = (500, 200, 1000, 2000)
SEED = 7


@dataclass(frozen=True)
class Proposal:
    """What is asked for. The key names it among pieces of work."""

    key: str
    actor: Actor
    pair: Pair
    population: str
    reason: str
    forecast: Wanted | None
    pilot: Path | None


def may_propose(registry: Registry) -> bool:
    """Whether the person at the browser has a way to propose."""
    return may_be(registry, "designer")


def proposing(registry: Registry) -> None:
    """The form, or the work that it asked for."""
    asked: Proposal | None = st.session_state.get(ASKED)
    if asked is not None:
        _carried_out(registry, asked)
        return
    draft = workspace.draft()
    if not fits_history(draft):
        return
    with card("review-propose", "Propose the draft", _what(draft.scheme, draft.baseline)):
        if not draft.valid:
            st.warning("The draft has values that are not allowed; what is proposed is the last one that can be paid.")
        if not somebody_may_act(
            registry, "Use `incentive-lab registry submit`, or a server that answers to 127.0.0.1 only."
        ):
            return
        with st.form("review-propose-form", border=False):
            _fields(registry, draft)


def _what(scheme: Scheme, baseline: Scheme) -> str:
    """The draft, its cost and what it is compared with, in a sentence."""
    found = workspace.compare(scheme, baseline)
    after, before = (from_minor(float(one.total.sum()), scheme.currency) for one in (found.proposed, found.baseline))
    share = f" ({signed(percent((after - before) / before, 1))})" if before else ""
    alone = workspace.fingerprint(baseline) == workspace.fingerprint(scheme)
    beside = "compared with no other scheme" if alone else f"compared with {baseline.title or baseline.id}"
    return (
        f"{scheme.title or scheme.id}: {money(after, scheme.currency)} on the history in use{share}, {beside}. "
        "Change the draft on the page Tune."
    )


def _fields(registry: Registry, draft: Draft) -> None:
    scheme, baseline = draft.scheme, draft.baseline
    name, when, months, whom = st.columns([3, 2, 1, 3], gap="small")
    with name:
        actor = who_acts("propose-name")
    start = when.text_input("In effect from", scheme.effective.from_, key="propose-from", max_chars=10,
                            help="The first day of a month, such as 2026-01-01.")  # fmt: skip
    length = months.number_input("Months", 1, 60, scheme.effective.months, key="propose-months")
    population = whom.text_input("For whom", key="propose-population", max_chars=100, placeholder="who is eligible",
                                 help="One scheme at a time is in effect for a population; names are compared.")  # fmt: skip
    if draft.reason and REASON not in st.session_state:
        st.session_state[REASON] = draft.reason[:LONGEST_REASON]
    reason = st.text_area("Reason", key=REASON, max_chars=LONGEST_REASON, height=80)
    first, second, third, fourth = st.columns([2, 2, 2, 3], gap="small", vertical_alignment="bottom")
    known = {one.title: one for one in presets().values()}
    supposed = first.selectbox("Forecast", [*known, NO_FORECAST], key="propose-assumptions",
                               help="What is supposed of the months ahead; the forecast is frozen with the proposal.")  # fmt: skip
    many = second.selectbox("Futures", FUTURES, key="propose-futures", format_func=lambda one: f"{one:,}")
    pilots = pilot_plans.evidence()
    pilot = third.selectbox("Pilot", [NO_PILOT, *pilots], key="propose-pilot", help="Read on the history in use.")
    with fourth.container(horizontal=True, horizontal_alignment="right"):
        if OPEN in st.session_state:
            st.form_submit_button("Back", on_click=close)
        pressed = st.form_submit_button("Propose the draft", type="primary", icon=":material/send:")
    if not pressed:
        return
    try:
        if not actor.name:
            raise InputError([Problem("Your name", "is needed: the log says who proposed.")])
        require("submit", actor, registry.roles(actor))
        dated = in_effect(scheme, start.strip(), int(length))
        wanted = Wanted(many, int(length), SEED, known[supposed]) if supposed != NO_FORECAST else None
        said = reason_of(reason)
        floor = baseline if workspace.fingerprint(baseline) != workspace.fingerprint(dated) else None
        pair = workspace.pair(dated, floor)
        key = " ".join(["proposal", workspace.history().history_id, *map(workspace.fingerprint, pair.schemes), supposed,
                        str(many)])  # fmt: skip
        read = pilots.get(pilot)
        st.session_state[ASKED] = Proposal(f"{key} {fingerprint(read)}" if read else key, actor, pair, population, said, wanted,
                                           pilot_plans.read_from(read) if read else None)  # fmt: skip
    except InputError as error:
        tell_problems(error.problems, "Nothing was proposed")
        return
    st.rerun()


def in_effect(scheme: Scheme, start: str, months: int) -> Scheme:
    """The scheme with these dates.

    Raises:
        InputError: They are not dates that a scheme can have.

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> text = "{scheme: a, currency: USD, effective: {from: 2024-01-01}, rules: [{id: c, on: revenue, rate: 3%}]}"
        >>> in_effect(loads(text), "2026-07-01", 6).effective.from_
        '2026-07-01'
    """
    try:
        dated = apply(scheme, {"effective.from": start, "effective.months": months})
    except InputError as error:
        raise InputError([Problem("In effect from", one.message, one.fix) for one in error.problems]) from None
    check(dated).require()
    return dated


def close() -> None:
    """Go back to the revisions."""
    st.session_state.pop(OPEN, None)
    st.session_state.pop(ASKED, None)


def _carried_out(registry: Registry, asked: Proposal) -> None:
    """Work out the evidence, watched, then submit it with whoever is signed in by then."""
    held, alone = workspace.history(), workspace.preparation().lock

    def work(step: Step) -> dict[str, bytes]:
        return evidence_of(asked.pair, held, forecast=asked.forecast, pilot=asked.pilot, progress=step,
                           alone=alone)  # fmt: skip

    with card("review-propose", "Propose the draft", f"Evidence for {asked.pair.scheme.title or asked.pair.scheme.id}"):
        documents = watched(asked.key, work, "Replaying, forecasting and reading the evidence")
        if documents is None:
            if over(asked.key, work):
                st.button("Back to the form", key="propose-back", on_click=_again, args=(asked.key, work))
            return
        given = Submission(documents, asked.population, st.session_state[workspace.SOURCE].path)
        try:
            done = registry.submit(signed_in() or asked.actor, given, asked.reason)
        except InputError as error:
            tell_problems(error.problems, "Nothing was proposed")
            st.button("Back to the form", key="propose-back", on_click=_again, args=(asked.key, work))
            return
    close()
    forget(asked.key, work)
    st.session_state[PROPOSED] = done["id"]
    st.rerun()


def _again(key: str, work: Any) -> None:
    st.session_state.pop(ASKED, None)
    forget(key, work)
