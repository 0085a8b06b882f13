"""The mix dial's other half: what is paid beside what is planned, and the factors that hold the cost."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING

import streamlit as st

from incentive_lab.charts.parts import mix_title
from incentive_lab.errors import InputError
from incentive_lab.format import compact, counted, percent, quantity
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.paths import apply
from incentive_lab.scheme.publishable import Publishable, publishable, with_published_rates
from incentive_lab.ui import workspace
from incentive_lab.ui.cards import plain
from incentive_lab.ui.drafts import Draft
from incentive_lab.ui.scales import words_of
from incentive_lab.ui.tables import table

if TYPE_CHECKING:
    from incentive_lab.engine.mix_dial import MixSolution

PATH = "mix.behavioural"
AUTOMATIC = "mix follows"
_SOLVED = "mix solved"
_HOLD = {"cost": "Cost held", "nothing": "Cost free"}


def mix_block(draft: Draft, then: Callable[[Draft], None]) -> None:
    """Planned and paid mix under the dial, whether cost is held, and the button that solves the two factors.

    Args:
        draft: The draft; its scheme may have no mix.
        then: What makes another draft the session's.
    """
    if draft.scheme.mix is None:
        return
    try:
        paid = workspace.compare(draft.scheme, draft.baseline).mix
    except InputError:
        return
    st.markdown(f"**{plain(mix_title(paid))}**")
    st.session_state["mix-hold"] = draft.scheme.mix.hold
    st.segmented_control(
        "As the mix moves", list(_HOLD), key="mix-hold", format_func=lambda one: _HOLD[one], required=True,
        on_change=_hold, args=(then,),
        help="Held: two factors scale the two groups' rates so that what the rules pay stays; guarantees and the budget come on "
        "top of it. Free: only behaviour is scaled.",
    )  # fmt: skip
    st.session_state.setdefault(AUTOMATIC, True)
    st.toggle("Solve the rates as the dial moves", key=AUTOMATIC, persist_state="session",
              help="Off: the dial only states the plan, and rates stay as they are.")  # fmt: skip
    solved = st.session_state.get(_SOLVED)
    if solved and solved[0] == _solved_for(draft.scheme):
        (st.success if solved[1] else st.warning)(plain(f"{solved[2]} {_beside(draft)}".strip()))
        _to_publish(draft, then)
        return
    planned = float(draft.scheme.mix.behavioural)
    st.button(
        f"Solve the rates for {percent(planned)}", key="solve-mix", icon=":material/balance:", width="stretch",
        on_click=lambda: then(_solved(workspace.draft(), workspace.draft().rewritten)),
    )  # fmt: skip
    _to_publish(draft, then)


def _to_publish(draft: Draft, then: Callable[[Draft], None]) -> None:
    """The solved rates beside the same rounded to what a programme would publish, with what that pays: to be chosen."""
    rates = publishable(draft.scheme)
    if not rates:
        return
    try:
        rounded = with_published_rates(draft.scheme)
        ours, exact = (workspace.compare(one, draft.baseline) for one in (rounded, draft.scheme))
    except InputError:
        return
    currency, minor = draft.scheme.currency, ours.proposed.minor
    moved = (ours.proposed.cost - exact.proposed.cost) / minor
    more = (
        f"{compact(abs(moved))} {'more' if moved > 0 else 'less'} than with" if abs(moved) >= 0.5 else "as much as with"
    )
    first = rates[0]
    st.markdown(plain(
        f"The draft has the exact rates, such as {_told(first, first.exact, currency)}. Rounded to what one would publish "
        f"({_told(first, first.rounded, currency)}), behaviour earns {percent(ours.mix.paid or 0.0)} and the programme costs "
        f"{compact(ours.proposed.cost / minor)} {currency}, {more} the exact rates."
    ))  # fmt: skip
    with st.expander(f"{counted(len(rates), 'rate')}, exact and rounded", key="rates-to-publish"):
        table(("Rate", "Exact", "Rounded"), [
            (plain(words_of(draft.scheme, one.address).full), _told(one, one.exact, currency), _told(one, one.rounded, currency))
            for one in rates
        ])  # fmt: skip
    st.button(
        "Take the rounded rates", key="publish-mix", icon=":material/straighten:", width="stretch",
        on_click=lambda: then(workspace.draft().rewritten(with_published_rates(workspace.draft().scheme))),
        help="Writes the rounded rates into the draft in place of the factors; Undo takes it back.",
    )  # fmt: skip


def _told(rate: Publishable, value: Decimal, currency: str) -> str:
    return quantity(value, rate.address.declaration.unit, currency)


def follows() -> bool:
    """Whether this session's rates follow the mix dial."""
    return bool(st.session_state.get(AUTOMATIC, True))


def solved_as_moved(draft: Draft, path: str) -> Draft:
    """After a move of the mix dial, the draft with its factors solved, where that is wanted; else the draft."""
    return _solved(draft, draft.amended) if _by_the_dial(draft, path) and follows() else draft


def foreseen(draft: Draft, path: str) -> Draft:
    """The draft as `solved_as_moved` would make it, with nothing remembered: for a dial that is still moving."""
    found = _found(draft) if _by_the_dial(draft, path) else None
    return draft if found is None else draft.amended(found.scheme)


def _by_the_dial(draft: Draft, path: str) -> bool:
    return path == PATH and path not in draft.refused


def _hold(then: Callable[[Draft], None]) -> None:
    draft = workspace.draft()
    anew = draft.rewritten(apply(draft.scheme, {"mix.hold": st.session_state["mix-hold"]}))
    then(_solved(anew, anew.amended) if st.session_state.get(AUTOMATIC, True) else anew)


def _solved(draft: Draft, kept: Callable[[Scheme], Draft]) -> Draft:
    """Solve on the history in use; what came out is remembered for the block under the dial."""
    found = _found(draft)
    if found is None:
        return draft
    st.session_state[_SOLVED] = (_solved_for(found.scheme), found.reached, found.message)
    return kept(found.scheme)


def _solved_for(scheme: Scheme) -> tuple[str, str]:
    """What a solution is true of: the scheme on the history in use."""
    return workspace.history().history_id, workspace.fingerprint(scheme)


def _beside(draft: Draft) -> str:
    """What guarantees, caps and the budget make of a cost that the rules alone hold; empty where they change nothing."""
    mix, began = draft.scheme.mix, draft.start.mix
    assert mix is not None
    reference = mix.model_copy(update={"factors": began.factors if began else None})
    before = workspace.replayed(draft.scheme.model_copy(update={"mix": reference}), draft.baseline)
    moved = workspace.replayed(draft.scheme, draft.baseline).cost - before.cost
    if mix.hold != "cost" or abs(moved) < 1000 * before.minor:
        return ""
    more = "more" if moved > 0 else "less"
    cost = f"The programme costs {compact(abs(moved) / before.minor)} {more} all the same"
    return f"{cost}, since guarantees and the budget come on top."


def _found(draft: Draft) -> MixSolution | None:
    """The factors that make what is paid what is planned; None where the draft has no mix or cannot be paid.

    The cost that is held is that of the draft's rates under the factors it began with, so that moving to and fro comes
    back to the same rates.
    """
    from incentive_lab.engine.mix_dial import solve

    mix = draft.scheme.mix
    if mix is None:
        return None
    began = draft.start.mix.factors if draft.start.mix else None
    reference = draft.scheme.model_copy(update={"mix": mix.model_copy(update={"factors": began})})
    try:
        return solve(reference, workspace.panel(draft.scheme, draft.baseline), float(mix.behavioural))
    except InputError:
        return None
