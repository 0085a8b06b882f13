"""The registry: every action with its rules, so that no page or command can leave one out."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from incentive_lab import __version__
from incentive_lab.errors import Problem
from incentive_lab.registry import audit
from incentive_lab.registry.evidence import Judged, Submission, judged, months_after
from incentive_lab.registry.models import Comment, Entry, Revision, Signature
from incentive_lab.registry.office import Office
from incentive_lab.registry.people import Actor, Conflict, Refused
from incentive_lab.registry.rules import (
    day_of,
    documents_of,
    keep,
    overlaps,
    policy_of,
    reason_of,
    require_no_overlap,
    require_whole,
    row_of,
    same_person,
    shown,
    signing_role,
)
from incentive_lab.registry.verify import Verified, verify
from incentive_lab.scheme.fingerprint import fingerprint


class Registry(Office):
    """One registry. Each method is one transaction: all of it happened, or nothing did.

    Args:
        url: Its database; by default `INCENTIVE_LAB_DATABASE_URL`, else SQLite in this installation's folder.
        clock: Gives this moment as ISO 8601 in UTC.

    Raises:
        InputError: From every method: Refused (this person may not), Conflict (it is too late, or stands against
            something), or a problem of the input or the database.
    """

    def submit(self, actor: Actor, given: Submission, reason: str) -> dict[str, Any]:
        """Propose a scheme; a revision that was returned to its author is proposed again, in a new round."""
        found, reason = judged(given), reason_of(reason)
        with self.store.writing() as session:
            self.may(session, "submit", actor)
            policy, mine, at = policy_of(session), fingerprint(found.scheme), self.clock()
            self._not_twice(session, found, mine)
            parent = self._parent(session, found, given.parent_id)
            evidence = {name: keep(session, body) for name, body in sorted(given.documents.items())}
            row = self._returned(session, found, actor)
            before = audit.of_revision(session, row) if row is not None else None
            if row is None:
                taken = session.scalar(select(func.count()).where(Revision.scheme_id == found.scheme.id)) or 0
                row = Revision(id=f"{found.scheme.id}-{taken + 1}", scheme_id=found.scheme.id, round=0)
                session.add(row)
            row.population, row.parent_id, row.state, row.round = found.population, parent, "submitted", row.round + 1
            row.author, row.authenticated, row.reason = actor.name, actor.authenticated, reason
            row.starts, row.ends, row.fingerprint = found.starts, found.ends, mine
            row.history_id, row.history_source = found.history_id, given.history_source
            row.currency, row.cost_before, row.cost_after = found.scheme.currency, found.before, found.after
            row.code_version, row.seed, row.evidence = __version__, found.seed, audit.plain(evidence)
            row.needs = " ".join(policy.needs(found.before, found.after))
            row.submitted_at, row.decided_at, row.review_due, row.refresh_due = at, None, None, None
            return self._recorded(session, at, actor, "submit", row, before, reason)

    def approve(
        self, actor: Actor, revision: str, reason: str, *, role: str | None = None, seen: str | None = None
    ) -> dict[str, Any]:
        """Sign. The last signature that is needed makes the revision approved, and frozen.

        Args:
            actor: Never its author; a person signs once.
            revision: Its id.
            reason: Why.
            role: finance or approver, for someone who has both.
            seen: The fingerprint that the signer looked at; refused where it is another by now.
        """
        reason = reason_of(reason)
        with self.store.writing() as session:
            roles = self.may(session, "approve", actor)
            row = row_of(session, revision)
            if row.state != "submitted":
                raise Conflict(
                    [
                        Problem(
                            row.id,
                            f"is {row.state}, not submitted: it has been decided already.",
                            "Look at it with `registry show`.",
                        )
                    ]
                )
            require_whole(session, row, seen)
            if same_person(actor.name, row.author):
                raise Refused(
                    [
                        Problem(
                            actor.name, f"proposed {row.id}; nobody approves their own.", "Ask somebody else to sign."
                        )
                    ]
                )
            signed = list(
                session.scalars(select(Signature).where(Signature.revision_id == row.id, Signature.round == row.round))
            )
            if any(same_person(actor.name, one.who) for one in signed):
                raise Conflict([Problem(actor.name, f"has signed {row.id} already.", "Somebody else must sign too.")])
            as_role = signing_role(actor, roles, role, row.needs.split(), {one.role for one in signed})
            require_no_overlap(session, row)
            at, before = self.clock(), audit.of_revision(session, row)
            session.add(
                Signature(
                    revision_id=row.id,
                    round=row.round,
                    role=as_role,
                    who=actor.name,
                    authenticated=actor.authenticated,
                    reason=reason,
                    at=at,
                )
            )
            if set(row.needs.split()) <= {one.role for one in signed} | {as_role}:
                row.state, row.decided_at = "approved", at
            return self._recorded(session, at, actor, "approve", row, before, reason)

    def reject(self, actor: Actor, revision: str, reason: str) -> dict[str, Any]:
        """Refuse it for good."""
        return self._decide(actor, revision, reason, "reject", ("submitted",), "rejected")

    def give_back(self, actor: Actor, revision: str, reason: str) -> dict[str, Any]:
        """Ask for a change: it is its author's draft again, and signatures are to be given anew."""
        return self._decide(actor, revision, reason, "return", ("submitted",), "draft")

    def retire(self, actor: Actor, revision: str, reason: str, on: str | None = None) -> dict[str, Any]:
        """End it, on a day (by default today)."""
        return self._decide(actor, revision, reason, "retire", ("approved", "active"), "retired", on)

    def _decide(
        self,
        actor: Actor,
        revision: str,
        reason: str,
        action: str,
        states: tuple[str, ...],
        state: str,
        on: str | None = None,
    ) -> dict[str, Any]:
        reason = reason_of(reason)
        with self.store.writing() as session:
            self.may(session, action, actor)
            row, at = row_of(session, revision), self.clock()
            if row.state not in states:
                raise Conflict([Problem(row.id, f"is {row.state}; only what is {' or '.join(states)} can be {state}.")])
            before = audit.of_revision(session, row)
            row.state = state
            if state == "retired":
                row.ends, row.review_due = max(row.starts, min(row.ends, day_of(on) if on else at[:10])), None
            else:
                row.decided_at = at
            return self._recorded(session, at, actor, action, row, before, reason)

    def activate(self, actor: Actor, revision: str, reason: str) -> dict[str, Any]:
        """Put it into effect; the active revision that it changes ends where it starts."""
        reason = reason_of(reason)
        with self.store.writing() as session:
            self.may(session, "activate", actor)
            row, at, policy = row_of(session, revision), self.clock(), policy_of(session)
            if row.state != "approved":
                raise Conflict([Problem(row.id, f"is {row.state}; only what is approved becomes active.")])
            require_whole(session, row, None)
            require_no_overlap(session, row)
            parent = session.get(Revision, row.parent_id) if row.parent_id else None
            if parent is not None and parent.population == row.population and overlaps(parent, row):
                was = audit.of_revision(session, parent)
                parent.state, parent.ends, parent.review_due = "retired", max(parent.starts, row.starts), None
                self._recorded(session, at, actor, "retire", parent, was, f"followed by {row.id}")
            before = audit.of_revision(session, row)
            row.state = "active"
            row.review_due = months_after(max(row.starts, at[:10]), policy.review_every)
            row.refresh_due = months_after(row.starts, policy.refresh_every)
            return self._recorded(session, at, actor, "activate", row, before, reason)

    def review(self, actor: Actor, revision: str, reason: str) -> dict[str, Any]:
        """Record that an active revision was looked at; the next review is due a period later."""
        reason = reason_of(reason)
        with self.store.writing() as session:
            self.may(session, "review", actor)
            row, at = row_of(session, revision), self.clock()
            if row.state != "active":
                raise Conflict([Problem(row.id, f"is {row.state}; only what is active is reviewed.")])
            before = audit.of_revision(session, row)
            row.review_due = months_after(at[:10], policy_of(session).review_every)
            return self._recorded(session, at, actor, "review", row, before, reason)

    def comment(self, actor: Actor, revision: str, text: str) -> dict[str, Any]:
        """Say something about a revision."""
        text = reason_of(text)
        with self.store.writing() as session:
            self.may(session, "comment", actor)
            row, at = row_of(session, revision), self.clock()
            before = audit.of_revision(session, row)
            session.add(
                Comment(revision_id=row.id, who=actor.name, authenticated=actor.authenticated, text=text, at=at)
            )
            return self._recorded(session, at, actor, "comment", row, before, "")

    def exported(self, actor: Actor, revision: str, manifest: str) -> audit.Head:
        """Record that a pack was made, by its manifest's sha256; the head after it is what the exporter keeps."""
        with self.store.writing() as session:
            self.may(session, "export", actor)
            row = row_of(session, revision)
            audit.record(session, self.clock(), actor, "export", f"revision {row.id}", None, None, manifest)
            return audit.head(session)

    def revisions(self) -> list[dict[str, Any]]:
        """All revisions, newest first, with what is due."""
        with self.store.reading() as session:
            rows = session.scalars(select(Revision).order_by(Revision.submitted_at.desc(), Revision.id))
            return [shown(audit.of_revision(session, row), self.clock()[:10]) for row in rows]

    def show(self, revision: str) -> dict[str, Any]:
        """One revision with signatures, comments and its log."""
        with self.store.reading() as session:
            row = row_of(session, revision)
            entries = session.scalars(select(Entry).where(Entry.subject == f"revision {row.id}").order_by(Entry.seq))
            log = [
                {
                    "seq": one.seq,
                    "at": one.at,
                    "who": one.who,
                    "authenticated": bool(one.authenticated),
                    "action": one.action,
                    "reason": json.loads(one.detail)["reason"],
                }
                for one in entries
            ]
            return {**shown(audit.of_revision(session, row), self.clock()[:10]), "log": log}

    def documents(self, revision: str) -> dict[str, bytes]:
        """The evidence of a revision, each document checked against its hash."""
        with self.store.reading() as session:
            return documents_of(session, row_of(session, revision))

    def verify(self, exported: tuple[audit.Head, ...] = ()) -> Verified:
        """Whether anything was touched behind the registry's back."""
        with self.store.reading() as session:
            return verify(session, exported)

    def _recorded(
        self, session: Session, at: str, actor: Actor, action: str, row: Revision, before: Any, reason: str
    ) -> dict[str, Any]:
        after = audit.of_revision(session, row)
        audit.record(session, at, actor, action, f"revision {row.id}", before, after, reason)
        return shown(after, at[:10])

    @staticmethod
    def _not_twice(session: Session, found: Judged, mine: str) -> None:
        same = session.scalar(
            select(Revision).where(
                Revision.fingerprint == mine,
                Revision.population == found.population,
                Revision.history_id == found.history_id,
                Revision.state.in_(("submitted", "approved", "active")),
            )
        )
        if same is not None:
            raise Conflict([Problem(found.scheme.id, f"the same scheme is {same.state} already, as {same.id}.")])

    @staticmethod
    def _returned(session: Session, found: Judged, actor: Actor) -> Revision | None:
        rows = session.scalars(
            select(Revision).where(
                Revision.scheme_id == found.scheme.id,
                Revision.state == "draft",
                Revision.population == found.population,
            )
        )
        return next((row for row in rows if same_person(row.author, actor.name)), None)

    @staticmethod
    def _parent(session: Session, found: Judged, named: str | None) -> str | None:
        if named is not None:
            return row_of(session, named).id
        rows = session.scalars(
            select(Revision)
            .where(Revision.population == found.population, Revision.state.in_(("approved", "active")))
            .order_by(Revision.starts.desc())
        )
        first = rows.first()
        return first.id if first is not None else None
