"""The registry: every action with its rules, so that no page or command can leave one out."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from incentive_lab import __version__
from incentive_lab.errors import Problem, without_password
from incentive_lab.registry import audit
from incentive_lab.registry.archive import Archive
from incentive_lab.registry.evidence import Submission, judged, months_after
from incentive_lab.registry.models import Comment, Revision, Signature
from incentive_lab.registry.office import Turn
from incentive_lab.registry.people import Actor, Conflict, Refused, folded, same_person
from incentive_lab.registry.proposals import needs_of, parent_of, require_not_twice, row_for
from incentive_lab.registry.rules import (
    day_of,
    keep,
    overlaps,
    reason_of,
    require_no_overlap,
    require_seen,
    require_whole,
    row_of,
    shown,
    signing_role,
)
from incentive_lab.scheme.fingerprint import fingerprint


class Registry(Archive):
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
            turn = self.may(session, "submit", actor)
            mine = fingerprint(found.scheme)
            require_not_twice(session, found, mine)
            parent = parent_of(session, found, given.parent_id)
            row = row_for(session, found, turn.actor)
            before = audit.of_revision(session, row) if row.round else None
            evidence = {name: keep(session, body) for name, body in sorted(given.documents.items())}
            row.population, row.parent_id = found.population, parent.id if parent is not None else None
            row.state, row.round = "submitted", row.round + 1
            row.author, row.author_id = turn.actor.name, turn.actor.identity
            row.authenticated, row.reason = turn.actor.authenticated, reason
            row.starts, row.ends, row.fingerprint = found.starts, found.ends, mine
            row.history_id, row.history_source = found.history_id, without_password(given.history_source)
            row.currency, row.cost_before, row.cost_after = found.scheme.currency, found.before, found.after
            row.code_version, row.seed, row.evidence = __version__, found.seed, audit.plain(evidence)
            row.needs = needs_of(turn.policy, found, parent)
            row.submitted_at, row.decided_at, row.review_due, row.refresh_due = turn.at, None, None, None
            session.add(row)
            return self._recorded(session, turn, "submit", row, before, reason)

    def approve(
        self, actor: Actor, revision: str, reason: str, *, role: str | None = None, seen: str | None = None
    ) -> dict[str, Any]:
        """Sign. The last signature that is needed makes the revision approved, and frozen.

        Args:
            actor: Never its author; a person signs once.
            revision: Its id.
            reason: Why.
            role: finance or approver, for someone who has both.
            seen: The case, or the scheme's fingerprint, that the signer looked at; refused where it is another by now.
        """
        with self.store.writing() as session:
            turn = self.may(session, "approve", actor)
            row = row_of(session, revision)
            if row.state != "submitted":
                raise Conflict([Problem(row.id, f"is {row.state}, not submitted: it has been decided already.",
                                        "Look at it with `registry show`.")])  # fmt: skip
            before = audit.of_revision(session, row)
            require_seen(before, seen)
            require_whole(session, row)
            if same_person(turn.actor, row.author, row.author_id):
                raise Refused([Problem(turn.actor.name, f"proposed {row.id}; nobody approves their own.",
                                       "Ask somebody else to sign.")])  # fmt: skip
            signed = list(
                session.scalars(select(Signature).where(Signature.revision_id == row.id, Signature.round == row.round))
            )
            if any(same_person(turn.actor, one.who, one.who_id) for one in signed):
                raise Conflict(
                    [Problem(turn.actor.name, f"has signed {row.id} already.", "Somebody else must sign too.")]
                )
            as_role = signing_role(turn.actor, turn.roles, role, row.needs.split(), {one.role for one in signed})
            require_no_overlap(session, row)
            reason = reason_of(reason)
            session.add(
                Signature(
                    revision_id=row.id,
                    round=row.round,
                    role=as_role,
                    who=turn.actor.name,
                    who_id=turn.actor.identity,
                    authenticated=turn.actor.authenticated,
                    reason=reason,
                    at=turn.at,
                )
            )
            if set(row.needs.split()) <= {one.role for one in signed} | {as_role}:
                row.state, row.decided_at = "approved", turn.at
            return self._recorded(session, turn, "approve", row, before, reason)

    def reject(self, actor: Actor, revision: str, reason: str, *, seen: str | None = None) -> dict[str, Any]:
        """Refuse it for good."""
        return self._decide(actor, revision, reason, "reject", ("submitted",), "rejected", seen=seen)

    def give_back(self, actor: Actor, revision: str, reason: str, *, seen: str | None = None) -> dict[str, Any]:
        """Ask for a change: it is its author's draft again, and signatures are to be given anew."""
        return self._decide(actor, revision, reason, "return", ("submitted",), "draft", seen=seen)

    def retire(
        self, actor: Actor, revision: str, reason: str, on: str | None = None, *, seen: str | None = None
    ) -> dict[str, Any]:
        """End it, on a day (by default today)."""
        return self._decide(actor, revision, reason, "retire", ("approved", "active"), "retired", on, seen)

    def _decide(
        self,
        actor: Actor,
        revision: str,
        reason: str,
        action: str,
        states: tuple[str, ...],
        state: str,
        on: str | None = None,
        seen: str | None = None,
    ) -> dict[str, Any]:
        with self.store.writing() as session:
            turn = self.may(session, action, actor)
            row = row_of(session, revision)
            if row.state not in states:
                raise Conflict([Problem(row.id, f"is {row.state}; only what is {' or '.join(states)} can be {state}.")])
            before = audit.of_revision(session, row)
            require_seen(before, seen)
            reason = reason_of(reason)
            row.state = state
            if state == "retired":
                row.ends = max(row.starts, min(row.ends, day_of(on) if on else turn.at[:10]))
                row.review_due = None
            else:
                row.decided_at = turn.at
            return self._recorded(session, turn, action, row, before, reason)

    def activate(self, actor: Actor, revision: str, reason: str, *, seen: str | None = None) -> dict[str, Any]:
        """Put it into effect; the active revision that it changes ends where it starts."""
        with self.store.writing() as session:
            turn = self.may(session, "activate", actor)
            row = row_of(session, revision)
            if row.state != "approved":
                raise Conflict([Problem(row.id, f"is {row.state}; only what is approved becomes active.")])
            before = audit.of_revision(session, row)
            require_seen(before, seen)
            require_whole(session, row)
            require_no_overlap(session, row)
            reason = reason_of(reason)
            parent = session.get(Revision, row.parent_id) if row.parent_id else None
            if parent is not None and folded(parent.population) == folded(row.population) and overlaps(parent, row):
                was = audit.of_revision(session, parent)
                parent.state, parent.ends, parent.review_due = "retired", max(parent.starts, row.starts), None
                self._recorded(session, turn, "retire", parent, was, f"followed by {row.id}")
            row.state = "active"
            row.review_due = months_after(max(row.starts, turn.at[:10]), turn.policy.review_every)
            row.refresh_due = months_after(row.starts, turn.policy.refresh_every)
            return self._recorded(session, turn, "activate", row, before, reason)

    def review(self, actor: Actor, revision: str, reason: str) -> dict[str, Any]:
        """Record that an active revision was looked at; the next review is due a period later."""
        reason = reason_of(reason)
        with self.store.writing() as session:
            turn = self.may(session, "review", actor)
            row = row_of(session, revision)
            if row.state != "active":
                raise Conflict([Problem(row.id, f"is {row.state}; only what is active is reviewed.")])
            before = audit.of_revision(session, row)
            row.review_due = months_after(turn.at[:10], turn.policy.review_every)
            return self._recorded(session, turn, "review", row, before, reason)

    def comment(self, actor: Actor, revision: str, text: str) -> dict[str, Any]:
        """Say something about a revision."""
        text = reason_of(text)
        with self.store.writing() as session:
            turn = self.may(session, "comment", actor)
            row = row_of(session, revision)
            before = audit.of_revision(session, row)
            session.add(Comment(revision_id=row.id, who=turn.actor.name, authenticated=turn.actor.authenticated,
                                text=text, at=turn.at))  # fmt: skip
            return self._recorded(session, turn, "comment", row, before, "")

    def exported(self, actor: Actor, revision: str, manifest: str) -> audit.Head:
        """Record that a pack was made, by its manifest's sha256; the head after it is what the exporter keeps."""
        with self.store.writing() as session:
            turn = self.may(session, "export", actor)
            row = row_of(session, revision)
            audit.record(session, turn.at, turn.actor, "export", f"revision {row.id}", None, None, manifest)
            return audit.head(session)

    @staticmethod
    def _recorded(session: Session, turn: Turn, action: str, row: Revision, before: Any, reason: str) -> dict[str, Any]:
        after = audit.of_revision(session, row)
        audit.record(session, turn.at, turn.actor, action, f"revision {row.id}", before, after, reason)
        return shown(after, turn.at[:10])
