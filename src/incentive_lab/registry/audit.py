"""The audit log: each entry's hash covers the entry before it, and each change is kept as what was and what is."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from incentive_lab.errors import InputError, Problem
from incentive_lab.registry.models import Comment, Entry, Person, Revision, Setting, Signature, SignOut
from incentive_lab.registry.people import Actor

EMPTY = "0" * 64
"""What the first entry calls the one before it."""


@dataclass(frozen=True)
class Head:
    """The end of the log at a moment: how many entries, and the hash of the last.

    Example:
        >>> str(Head.read("2:" + "ab" * 32))[:6]
        '2:abab'
    """

    seq: int
    hash: str

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash}"

    @classmethod
    def read(cls, text: str) -> Head:
        """The head that was written as text.

        Raises:
            InputError: It is not one.
        """
        seq, _, digest = text.strip().partition(":")
        if not (seq.isdecimal() and len(digest) == 64 and set(digest) <= set("0123456789abcdef")):
            raise InputError(
                [
                    Problem(
                        "head", f"found '{text.strip()[:80]}', expected NUMBER:SHA256 as `registry verify` prints it."
                    )
                ]
            )
        return cls(int(seq), digest)


def plain(value: Any) -> str:
    """Plain data as the one text that is hashed."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest_of(entry: Entry) -> str:
    """The hash an entry must have."""
    said = plain(
        [
            entry.seq,
            entry.at,
            entry.who,
            bool(entry.authenticated),
            entry.action,
            entry.subject,
            entry.detail,
            entry.previous,
        ]
    )
    return hashlib.sha256(said.encode()).hexdigest()


def head(session: Session) -> Head:
    """The end of the log as this session sees it."""
    last = session.scalars(select(Entry).order_by(Entry.seq.desc()).limit(1)).first()
    return Head(last.seq, last.hash) if last is not None else Head(0, EMPTY)


def last_at(session: Session) -> str | None:
    """When the last entry was made."""
    return session.scalar(select(Entry.at).order_by(Entry.seq.desc()).limit(1))


def record(
    session: Session, at: str, actor: Actor, action: str, subject: str, before: Any, after: Any, reason: str = ""
) -> None:
    """Add an entry in the session's transaction, with who a provider vouches for, and whether the clock went back."""
    end, last = head(session), last_at(session)
    detail = {"before": before, "after": after, "reason": reason}
    if actor.authenticated:
        detail["by"] = {"issuer": actor.issuer, "subject": actor.subject}
    if last is not None and at < last:
        detail["clock_before"] = last
    entry = Entry(
        seq=end.seq + 1,
        at=at,
        who=actor.name,
        authenticated=actor.authenticated,
        action=action,
        subject=subject,
        detail=plain(detail),
        previous=end.hash,
    )
    entry.hash = digest_of(entry)
    session.add(entry)
    session.flush()


def columns(row: Any) -> dict[str, Any]:
    """A row as plain data."""
    return {column.key: getattr(row, column.key) for column in row.__mapper__.columns}


def of_revision(session: Session, revision: Revision) -> dict[str, Any]:
    """A revision with its signatures and comments, as plain data; what the log keeps of it."""
    session.flush()
    signed = session.scalars(select(Signature).where(Signature.revision_id == revision.id).order_by(Signature.id))
    said = session.scalars(select(Comment).where(Comment.revision_id == revision.id).order_by(Comment.id))
    return {
        **columns(revision),
        "signatures": [columns(one) for one in signed],
        "comments": [columns(one) for one in said],
    }


def subjects(session: Session) -> dict[str, Any]:
    """Everything the log speaks of, as it now stands: subject -> plain data."""
    found: dict[str, Any] = {
        f"revision {one.id}": of_revision(session, one) for one in session.scalars(select(Revision))
    }
    found |= {f"person {one.name}": columns(one) for one in session.scalars(select(Person))}
    found |= {f"sign-out {one.issuer} {one.subject}": columns(one) for one in session.scalars(select(SignOut))}
    return found | {f"setting {one.name}": columns(one) for one in session.scalars(select(Setting))}
