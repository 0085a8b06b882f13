"""Who sits at the browser: signed in by an identity provider, or, on this machine alone, somebody who types a name."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import streamlit as st

from incentive_lab.errors import InputError
from incentive_lab.registry.people import Actor
from incentive_lab.ui import live
from incentive_lab.ui.cards import card, plain, tell_problems

if TYPE_CHECKING:
    from incentive_lab.registry.service import Registry

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def sign_in_set_up() -> bool:
    """Whether the server has an identity provider (`[auth]` in Streamlit's secrets)."""
    return "is_logged_in" in st.user.to_dict()


def typed_names_allowed() -> bool:
    """Whether a typed name may act: no provider is set up, this server answers to this machine alone, and no proxy says
    that it asks for somebody else."""
    headers = st.context.headers
    passed_on = any(
        name in headers for name in ("X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Forwarded", "Via")
    )
    asked = urlsplit(f"//{headers.get('Host', 'localhost')}").hostname
    here = st.get_option("server.address") in LOOPBACK and asked in LOOPBACK
    return not sign_in_set_up() and here and not passed_on


def signed_in() -> Actor | None:
    """Who signed in, if their sign-in has not ended; None where nobody did."""
    told = st.user.to_dict()
    return actor_of(told, time.time()) if told.get("is_logged_in") else None


def actor_of(claims: Mapping[str, Any], now: float) -> Actor | None:
    """The person that an identity token speaks of.

    Args:
        claims: Of the token, as Streamlit verified them.
        now: Seconds since 1970.

    Returns:
        None where the token has ended, does not say when it does, or does not say whom it speaks of.

    Example:
        >>> token = {"iss": "https://login.example", "sub": "b-1", "iat": 1_000, "exp": 2_000, "email": "ben@example.com"}
        >>> actor_of(token, 1_500).name, actor_of(token, 2_000)
        ('ben@example.com', None)
    """
    issuer, subject = str(claims.get("iss") or ""), str(claims.get("sub") or "")
    since, until = claims.get("auth_time") or claims.get("iat"), claims.get("exp")
    if not issuer or not subject or not isinstance(since, (int, float)) or not isinstance(until, (int, float)):
        return None
    if not (math.isfinite(since) and math.isfinite(until)) or now >= until:
        return None
    try:
        began, ends = _moment(since), _moment(until)
    except (OverflowError, OSError, ValueError):
        return None
    name = str(claims.get("name") or claims.get("preferred_username") or claims.get("email") or subject)
    shown = "".join(one for one in name if one.isprintable()).strip()[:100] or subject[:100]
    given = {key: frozenset(map(str, value if isinstance(value, (list, tuple)) else [value]))
             for key, value in claims.items() if isinstance(value, (str, list, tuple))}  # fmt: skip
    return Actor(shown, issuer, subject, began, ends, given)


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")


def admitted() -> bool:
    """Whether pages may be drawn; where a provider is set up and nobody is signed in, this draws the way in."""
    if not sign_in_set_up() or _still_valid():
        return True
    st.title("Incentive Lab", anchor=False)
    with card("sign-in", "Sign in", "Histories and payouts are confidential, so this server asks who you are."):
        if st.user.to_dict().get("is_logged_in"):
            st.warning("Your sign-in has ended. Sign in again to go on.")
        st.button("Sign in", type="primary", icon=":material/login:", key="sign-in", on_click=st.login)
    return False


def _still_valid() -> bool:
    """Whether somebody is signed in whose sign-in was not ended in the registry."""
    actor = signed_in()
    if actor is None:
        return False
    from incentive_lab.registry.service import Registry

    try:
        registry = Registry()
    except InputError as error:
        tell_problems(error.problems, "The registry cannot be opened")
        return False
    try:
        registry.roles(actor)
    except InputError:
        return False
    finally:
        registry.store.close()
    return True


def somebody_may_act(registry: Registry, otherwise: str) -> bool:
    """Whether whoever sits at the browser may act; this draws who signed in, or why a typed name is not taken here.

    Args:
        registry: Whose roles are told.
        otherwise: What to do where typed names are not taken.
    """
    here = signed_in()
    if here is not None:
        who_is_here(here, registry.roles(here))
        return True
    if not typed_names_allowed():
        st.info(f"This server can be reached from other machines, so typed names decide nothing here. {otherwise}")
        return False
    return True


def may_be(registry: Registry, role: str) -> bool:
    """Whether whoever sits at the browser can act in a role, as far as is known before a name is typed."""
    here = signed_in()
    return role in registry.roles(here) if here is not None else typed_names_allowed()


def who_acts(key: str) -> Actor:
    """Who signed in, else somebody by the name that they type into a field of this key."""
    here = signed_in()
    if here is not None:
        return here
    name = st.text_input("Your name", key=key, max_chars=100, help="Recorded as typed: nobody vouches for it.")
    return Actor(name.strip())


def who_is_here(actor: Actor, roles: frozenset[str]) -> None:
    """Who is signed in, what they may do, and the way out and in again."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f":material/badge: **{plain(actor.name)}**, {', '.join(sorted(roles))}",
            help=f"An admin gives you a role under issuer {plain(actor.issuer)} and subject {plain(actor.subject)}.",
        )
        st.button(
            "Sign in again",
            key="sign-in-again",
            on_click=st.login,
            help="Before a decision: a recent sign-in is asked for.",
        )
        st.button("Sign out", key="sign-out", on_click=_sign_out, args=(actor,))


def _sign_out(actor: Actor) -> None:
    """End the sign-in everywhere: the cookie alone would live on in a copy."""
    from incentive_lab.registry.service import Registry

    live.withdraw()
    registry = Registry()
    try:
        registry.sign_out(actor)
    finally:
        registry.store.close()
    st.logout()
