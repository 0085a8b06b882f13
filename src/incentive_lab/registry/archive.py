"""Looking at a registry: revisions, their evidence and log, and whether anybody touched them."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from incentive_lab.registry import audit
from incentive_lab.registry.models import Entry, Person, Revision
from incentive_lab.registry.office import Office
from incentive_lab.registry.proposals import remarks_on
from incentive_lab.registry.rules import documents_of, row_of, shown
from incentive_lab.registry.verify import Verified, verify


class Archive(Office):
    """What can be read of a registry."""

    def revisions(self) -> list[dict[str, Any]]:
        """All revisions, newest first, with what is due."""
        with self.store.reading() as session:
            rows = session.scalars(select(Revision).order_by(Revision.submitted_at.desc(), Revision.id))
            return [shown(audit.of_revision(session, row), self.clock()[:10]) for row in rows]

    def show(self, revision: str) -> dict[str, Any]:
        """One revision with signatures, comments, its log, and what stands beside it."""
        with self.store.reading() as session:
            return self._shown(session, row_of(session, revision))

    def documents(self, revision: str) -> dict[str, bytes]:
        """The evidence of a revision, each document checked against its hash."""
        with self.store.reading() as session:
            return documents_of(session, row_of(session, revision))

    def whole(self, revision: str) -> tuple[dict[str, Any], dict[str, bytes], audit.Head]:
        """A revision as `show` gives it, its evidence, and the log's head, all of one moment."""
        with self.store.reading() as session:
            row = row_of(session, revision)
            return self._shown(session, row), documents_of(session, row), audit.head(session)

    def people(self) -> list[dict[str, Any]]:
        """Who may do what, by name."""
        with self.store.reading() as session:
            return [audit.columns(one) for one in session.scalars(select(Person).order_by(Person.name))]

    def verify(self, exported: tuple[audit.Head, ...] = ()) -> Verified:
        """Whether anything was touched behind the registry's back."""
        with self.store.reading() as session:
            return verify(session, exported)

    def _shown(self, session: Session, row: Revision) -> dict[str, Any]:
        entries = session.scalars(select(Entry).where(Entry.subject == f"revision {row.id}").order_by(Entry.seq))
        log = [_line(one) for one in entries]
        said = shown(audit.of_revision(session, row), self.clock()[:10])
        return {**said, "remarks": remarks_on(session, row), "log": log}


def _line(entry: Entry) -> dict[str, Any]:
    """An entry of the log as it is shown; `verify` tells whether it was edited."""
    try:
        detail = dict(json.loads(entry.detail))
    except (ValueError, TypeError):
        detail = {}
    return {
        "seq": entry.seq,
        "at": entry.at,
        "who": entry.who,
        "authenticated": bool(entry.authenticated),
        "by": detail.get("by"),
        "action": entry.action,
        "reason": detail.get("reason", ""),
    }
