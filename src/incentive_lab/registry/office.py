"""The registry's office: its people, its settings, its clock, and who may take which action."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from incentive_lab.errors import InputError, Problem
from incentive_lab.registry import audit
from incentive_lab.registry.models import Person, Setting, SignOut
from incentive_lab.registry.people import (
    LONGEST_NAME,
    Actor,
    Conflict,
    Refused,
    folded,
    known_roles,
    person_named,
    recorded_as,
    require,
    require_an_admin,
    require_recent,
    roles_of,
)
from incentive_lab.registry.policy import Policy
from incentive_lab.registry.rules import policy_of, reason_of
from incentive_lab.registry.store import Store

SKEW = timedelta(minutes=5)
"""How far the clocks of two machines may differ before the log says that one was behind."""


def now() -> str:
    """This moment, UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


@dataclass(frozen=True)
class Turn:
    """Somebody who may act, as they are recorded, with their roles, the settings in force and the moment."""

    actor: Actor
    roles: frozenset[str]
    policy: Policy
    at: str


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
        """Say who someone is and what they may do; `sign_out` ends the sign-ins they have.

        Who signs in goes on to be known by issuer and subject where they are not named again.
        """
        kept, name = known_roles(roles), " ".join(name.split())
        if not folded(name) or len(name) > LONGEST_NAME or not name.isprintable() or bool(issuer) != bool(subject):
            raise InputError(
                [Problem("people", "a person has a printable name, and both issuer and subject or neither.")]
            )
        with self.store.writing() as session:
            turn = self.may(session, "people", actor)
            if not session.scalar(select(func.count()).select_from(Person)) and "admin" not in kept:
                raise Conflict([Problem("people", "the first role to give is admin, or nobody could give the next.")])
            row = person_named(session, name)
            before = audit.columns(row) if row is not None else None
            if row is None:
                row = Person(name=name, not_before=None)
                session.add(row)
            if issuer:
                self._free(session, row, issuer, subject)
                row.issuer, row.subject = issuer, subject
            row.roles = kept
            row.not_before = turn.at if sign_out else row.not_before
            require_an_admin(session, turn.policy)
            after = audit.columns(row)
            audit.record(session, turn.at, turn.actor, "people", f"person {row.name}", before, after)
            return after

    @staticmethod
    def _free(session: Session, row: Person, issuer: str, subject: str) -> None:
        with session.no_autoflush:
            other = session.scalar(select(Person).where(Person.issuer == issuer, Person.subject == subject))
        if other is not None and other is not row:
            raise Conflict([Problem("people", f"'{other.name}' is who this provider calls {subject[:80]}.",
                                    "Give the role to that name.")])  # fmt: skip

    def set_policy(self, actor: Actor, policy: Policy, reason: str) -> Policy:
        """Change the registry's settings."""
        reason = reason_of(reason)
        with self.store.writing() as session:
            turn = self.may(session, "policy", actor)
            require_an_admin(session, policy)
            row = session.get(Setting, "policy")
            before = audit.columns(row) if row is not None else None
            if row is None:
                row = Setting(name="policy", value="")
                session.add(row)
            row.value = policy.model_dump_json()
            session.flush()
            audit.record(session, turn.at, turn.actor, "policy", "setting policy", before, audit.columns(row), reason)
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
            at = self.moment(session)
            row = session.get(SignOut, (actor.issuer, actor.subject))
            before = audit.columns(row) if row is not None else None
            # A clock that was set back must not leave a copy of this sign-in valid.
            ends = max(at, _after(actor.signed_in_at), row.at if row is not None else "")
            if row is None:
                row = SignOut(issuer=actor.issuer, subject=actor.subject, at=ends)
                session.add(row)
            row.at = ends
            session.flush()
            subject = f"sign-out {actor.issuer} {actor.subject}"
            audit.record(session, at, recorded_as(session, actor), "sign-out", subject, before, audit.columns(row))

    def may(self, session: Session, action: str, actor: Actor) -> Turn:
        """The person's turn, if one of their roles may take this action, on a sign-in that is recent enough for it."""
        policy, at = policy_of(session), self.moment(session)
        roles = roles_of(session, actor, policy, at)
        require(action, actor, roles)
        require_recent(action, actor, policy, at)
        return Turn(recorded_as(session, actor), roles, policy, at)

    def moment(self, session: Session) -> str:
        """This moment, but not before the log's last entry where two machines' clocks differ by no more than `SKEW`."""
        at, last = self.clock(), audit.last_at(session)
        if last is None or at >= last:
            return at
        behind = datetime.fromisoformat(last) - datetime.fromisoformat(at)
        return last if behind <= SKEW else at


def _after(moment: str) -> str:
    """The next moment that can be told apart; empty for none."""
    if not moment:
        return ""
    return (datetime.fromisoformat(moment) + timedelta(microseconds=1)).isoformat(timespec="microseconds")
