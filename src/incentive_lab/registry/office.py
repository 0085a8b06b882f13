"""The registry's office: its people, its settings, and who may take which action."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from incentive_lab.errors import InputError, Problem
from incentive_lab.registry import audit
from incentive_lab.registry.models import Person, Setting, SignOut
from incentive_lab.registry.people import Actor, Conflict, Refused, known_roles, require, require_recent, roles_of
from incentive_lab.registry.policy import Policy
from incentive_lab.registry.rules import policy_of, reason_of
from incentive_lab.registry.store import Store


def now() -> str:
    """This moment, UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


class Office:
    """Who may do what in one registry; `service.Registry` adds what is done."""

    def __init__(self, url: str | None = None, clock: Callable[[], str] = now) -> None:
        self.store = Store(url)
        self.clock = clock

    def give_roles(
        self,
        actor: Actor,
        name: str,
        roles: frozenset[str],
        *,
        issuer: str = "",
        subject: str = "",
        sign_out: bool = False,
    ) -> dict[str, Any]:
        """Say who someone is and what they may do; `sign_out` ends the sign-ins they have."""
        kept = known_roles(roles)
        if not name.strip() or len(name) > 100 or not name.isprintable() or bool(issuer) != bool(subject):
            raise InputError(
                [Problem("people", "a person has a printable name, and both issuer and subject or neither.")]
            )
        with self.store.writing() as session:
            self.may(session, "people", actor)
            if not session.scalar(select(func.count()).select_from(Person)) and "admin" not in kept:
                raise Conflict([Problem("people", "the first role to give is admin, or nobody could give the next.")])
            row = session.get(Person, name)
            before, at = (audit.columns(row) if row is not None else None), self.clock()
            if row is None:
                row = Person(name=name, not_before=None)
                session.add(row)
            row.issuer, row.subject, row.roles = issuer or None, subject or None, kept
            row.not_before = at if sign_out else row.not_before
            session.flush()
            if not any("admin" in one.roles.split() for one in session.scalars(select(Person))):
                raise Conflict([Problem("people", "somebody must remain admin.")])
            after = audit.columns(row)
            audit.record(session, at, actor, "people", f"person {name}", before, after)
            return after

    def set_policy(self, actor: Actor, policy: Policy, reason: str) -> Policy:
        """Change the registry's settings."""
        reason = reason_of(reason)
        with self.store.writing() as session:
            self.may(session, "policy", actor)
            row, at = session.get(Setting, "policy"), self.clock()
            before = audit.columns(row) if row is not None else None
            if row is None:
                row = Setting(name="policy", value="")
                session.add(row)
            row.value = policy.model_dump_json()
            session.flush()
            audit.record(session, at, actor, "policy", "setting policy", before, audit.columns(row), reason)
            return policy

    def policy(self) -> Policy:
        """The settings in force."""
        with self.store.reading() as session:
            return policy_of(session)

    def roles(self, actor: Actor) -> frozenset[str]:
        """What this person may act as."""
        with self.store.reading() as session:
            return roles_of(session, actor, policy_of(session), self.clock())

    def sign_out(self, actor: Actor) -> None:
        """End every sign-in that this person has, copies of it included."""
        if not actor.authenticated:
            raise Refused([Problem(actor.name, "nobody signed in under this name.")])
        with self.store.writing() as session:
            at, row = self.clock(), session.get(SignOut, (actor.issuer, actor.subject))
            before = audit.columns(row) if row is not None else None
            if row is None:
                row = SignOut(issuer=actor.issuer, subject=actor.subject, at=at)
                session.add(row)
            row.at = at
            session.flush()
            subject = f"sign-out {actor.issuer} {actor.subject}"
            audit.record(session, at, actor, "sign-out", subject, before, audit.columns(row))

    def may(self, session: Session, action: str, actor: Actor) -> frozenset[str]:
        """The person's roles, if one of them may take this action, on a sign-in that is recent enough for it."""
        policy, at = policy_of(session), self.clock()
        roles = roles_of(session, actor, policy, at)
        require(action, actor, roles)
        require_recent(action, actor, policy, at)
        return roles
