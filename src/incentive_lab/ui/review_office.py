"""The registry's people and settings on the page Review, for admins; where names must be signed in, there is no other way."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import streamlit as st

from incentive_lab.errors import InputError, Problem
from incentive_lab.registry.people import LONGEST_NAME, ROLES
from incentive_lab.registry.policy import Policy
from incentive_lab.registry.rules import LONGEST_REASON
from incentive_lab.registry.service import Registry
from incentive_lab.scheme.numbers import Number, Whole
from incentive_lab.ui.cards import card, plain, tell_problems
from incentive_lab.ui.signing_in import somebody_may_act, who_acts
from incentive_lab.ui.tables import table

OFFICE, DONE = "review office", "review office done"
NUMBERS = ("both_above", "review_every", "refresh_every", "recent_sign_in")


def office(registry: Registry) -> None:
    """Who may do what, and the settings, each with a form; the registry refuses whoever is no admin."""
    left, right = st.columns([5, 1], vertical_alignment="center")
    with left:
        st.title("People and settings", anchor=False)
    with right, st.container(horizontal=True, horizontal_alignment="right"):
        st.button("Back", key="office-back", on_click=lambda: st.session_state.pop(OFFICE, None))
    if st.session_state.get(DONE):
        st.success(plain(st.session_state.pop(DONE)))
    acts = somebody_may_act(registry, "Use `incentive-lab registry people` and `registry policy`.")
    left, right = st.columns(2, gap="small")
    with left:
        _people(registry, acts)
    with right:
        _settings(registry, acts)


def _people(registry: Registry, acts: bool) -> None:
    known = registry.people()
    with card("office-people", "People", "Whom this does not name only looks" if known else "Nobody has a role yet: every "
              "typed name may act in any, and the first to get one must be admin"):  # fmt: skip
        if known:
            table(("Name", "Roles", "Known by"), [
                (plain(one["name"]), one["roles"] or "none",
                 plain(f"{one['issuer']}, {one['subject']}") if one["issuer"] else "typed name") for one in known
            ], words=(1, 2))  # fmt: skip
        if not acts:
            return
        with st.form("office-people-form", border=False):
            actor = who_acts("office-people-as")
            name = st.text_input("Person", key="office-person", max_chars=LONGEST_NAME)
            roles = st.pills("Roles", ROLES, selection_mode="multi", key="office-roles")
            one, two = st.columns(2, gap="small")
            issuer = one.text_input("Issuer", key="office-issuer", help="Who signs them in; empty for a typed name.")
            subject = two.text_input("Subject", key="office-subject", help="Their id there.")
            ends = st.checkbox("End the sign-ins they have", key="office-sign-out")
            if st.form_submit_button("Give these roles"):
                _done(actor.name, lambda: registry.give_roles(actor, name, frozenset(roles), issuer=issuer.strip(),
                                                              subject=subject.strip(), sign_out=ends),
                      lambda row: f"{row['name']}: {row['roles'] or 'no role'}.")  # fmt: skip


def _settings(registry: Registry, acts: bool) -> None:
    policy = registry.policy()
    with card("office-settings", "Settings", "What the organisation decided about deciding"):
        if not acts:
            return
        with st.form("office-settings-form", border=False):
            actor = who_acts("office-settings-as")
            given: dict[str, Any] = {}
            for place, name in zip((*st.columns(2), *st.columns(2)), NUMBERS, strict=True):
                given[name] = _number(place, name, getattr(policy, name))
            given["typed_names"] = st.checkbox(
                "Names that are only typed may act", policy.typed_names, key="office-typed"
            )
            one, two = st.columns(2, gap="small")
            given["roles_issuer"] = one.text_input(
                "Roles from a claim of issuer", policy.roles_issuer, key="office-claims-of"
            )
            given["roles_claim"] = two.text_input("That claim", policy.roles_claim, key="office-claim", max_chars=100)
            reason = st.text_area("Reason", key="office-reason", max_chars=LONGEST_REASON, height=68)
            if st.form_submit_button("Change the settings"):
                _done(actor.name, lambda: registry.set_policy(actor, Policy.model_validate(given), reason),
                      lambda _: "The settings are changed.")  # fmt: skip


def _number(place: Any, name: str, value: Any) -> Any:
    """A setting as a control that is made from its declaration."""
    declared = next(one for one in Policy.model_fields[name].metadata if isinstance(one, (Number, Whole))).tunable
    low, high = declared.bounds
    if declared.unit == "share":
        moved = place.number_input(f"{declared.label}, %", low * 100.0, high * 100.0, float(value) * 100, declared.step * 100.0,
                                   key=f"office-{name}", help=declared.help)  # fmt: skip
        return Decimal(repr(round(moved, 6))) / 100
    unit = "minutes" if name == "recent_sign_in" else declared.unit
    asked = place.number_input(f"{declared.label}, {unit}", int(low), int(high), int(value), int(declared.step),
                               key=f"office-{name}", help=declared.help)  # fmt: skip
    return int(asked)


def _done(name: str, act: Callable[[], Any], said: Callable[[Any], str]) -> None:
    """Do it, or say why not."""
    try:
        if not name:
            raise InputError([Problem("Your name", "is needed: the log says who decided.")])
        st.session_state[DONE] = said(act())
    except InputError as error:
        tell_problems(error.problems, "Nothing was changed")
        return
    st.rerun()
