"""The rules that decisions of the registry stand on: who signs, what is whole, what may be in effect together."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from incentive_lab.errors import InputError, Problem, did_you_mean
from incentive_lab.registry.models import Revision, Setting, Stored
from incentive_lab.registry.people import Actor, Conflict, Refused
from incentive_lab.registry.policy import Policy
from incentive_lab.scheme.fingerprint import fingerprint
from incentive_lab.scheme.load import loads

LONGEST_REASON = 2000


def shown(snapshot: dict[str, Any], today: str) -> dict[str, Any]:
    """A revision's snapshot as it is shown: with signatures still missing and reviews due."""
    due = [
        name
        for name in ("review", "refresh")
        if snapshot["state"] == "active" and (snapshot[f"{name}_due"] or "9999") <= today
    ]
    missing = [
        role
        for role in snapshot["needs"].split()
        if snapshot["state"] == "submitted"
        and role not in {one["role"] for one in snapshot["signatures"] if one["round"] == snapshot["round"]}
    ]
    return {
        **snapshot,
        "evidence": json.loads(snapshot["evidence"]),
        "needs": snapshot["needs"].split(),
        "missing_signatures": missing,
        "due": due,
    }


def policy_of(session: Session) -> Policy:
    """The settings in force."""
    row = session.get(Setting, "policy")
    return Policy.model_validate_json(row.value) if row is not None else Policy()


def keep(session: Session, body: bytes) -> str:
    """Keep a document; its sha256."""
    sha = hashlib.sha256(body).hexdigest()
    if session.get(Stored, sha) is None:
        session.add(Stored(sha256=sha, body=body))
        session.flush()
    return sha


def documents_of(session: Session, row: Revision) -> dict[str, bytes]:
    """The documents of a revision, each checked against its hash."""
    found = {}
    wanted: Mapping[str, str] = json.loads(row.evidence)
    for name, sha in wanted.items():
        kept = session.get(Stored, sha)
        if kept is None or not isinstance(kept.body, bytes) or hashlib.sha256(kept.body).hexdigest() != sha:
            raise Refused(
                [
                    Problem(
                        f"{row.id} {name}",
                        "was changed or removed behind the registry's back.",
                        "Run `registry verify`.",
                    )
                ]
            )
        found[name] = kept.body
    return found


def require_whole(session: Session, row: Revision, seen: str | None) -> None:
    """Refuse to act on a scheme that is not the one that was proposed, or not the one that was looked at."""
    actual = fingerprint(loads(documents_of(session, row)["scheme.yaml"]))
    if actual != row.fingerprint:
        raise Refused(
            [
                Problem(
                    row.id,
                    f"says {row.fingerprint}, its scheme is {actual}: it was changed behind the registry's back.",
                    "Run `registry verify`.",
                )
            ]
        )
    if seen is not None and seen != actual:
        raise Conflict(
            [Problem(row.id, f"is {actual} by now, not {seen[:40]} that you looked at.", "Look again, then decide.")]
        )


def signing_role(actor: Actor, roles: frozenset[str], wanted: str | None, needs: list[str], signed: set[str]) -> str:
    """The role somebody signs in: the one they name, else the one of theirs that is still missing."""
    may = [role for role in ("approver", "finance") if role in roles and (wanted is None or role == wanted)]
    if not may:
        raise Refused(
            [Problem(actor.name, f"may not sign as {wanted or 'approver or finance'}.", "Ask an admin for the role.")]
        )
    missing = [role for role in may if role in needs and role not in signed]
    if not missing:
        still = [role for role in needs if role not in signed]
        raise Conflict(
            [Problem(actor.name, f"no signature as {' or '.join(may)} is wanted; still to sign: {', '.join(still)}.")]
        )
    return missing[0]


def overlaps(one: Revision, other: Revision) -> bool:
    """Whether both are in effect on some day."""
    return one.starts < other.ends and other.starts < one.ends


def require_no_overlap(session: Session, row: Revision) -> None:
    """Refuse dates on which something else is in effect for the same partners, but for what this one changes."""
    rows = session.scalars(
        select(Revision).where(
            Revision.population == row.population,
            Revision.id != row.id,
            Revision.state.in_(("approved", "active", "retired")),
        )
    )
    for one in rows:
        follows = one.id == row.parent_id and one.state == "active" and one.starts < row.starts
        if overlaps(one, row) and not follows:
            raise Conflict(
                [
                    Problem(
                        row.id,
                        f"would be in effect from {row.starts} to {row.ends} for {row.population}; "
                        f"{one.id} is {one.state} from {one.starts} to {one.ends}.",
                        "Retire that one first, or give this one other dates.",
                    )
                ]
            )


def row_of(session: Session, revision: str) -> Revision:
    """The revision of this id."""
    row = session.get(Revision, revision)
    if row is None:
        known = session.scalars(select(Revision.id))
        raise InputError([Problem("revision", f"there is no '{revision[:80]}'.", did_you_mean(revision, known))])
    return row


def reason_of(text: str) -> str:
    """A reason, or a problem."""
    said = text.strip()
    if len(said) < 3 or len(said) > LONGEST_REASON:
        raise InputError([Problem("--reason", f"a reason of 3 to {LONGEST_REASON} characters is needed.")])
    return said


def day_of(text: str) -> str:
    """A day, or a problem."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").date().isoformat()
    except ValueError:
        raise InputError([Problem("--on", f"found '{text[:20]}', expected a day such as 2026-03-01.")]) from None


def same_person(one: str, other: str) -> bool:
    """Whether two names are one person's, however they are typed."""
    return (
        unicodedata.normalize("NFKC", one).casefold().strip() == unicodedata.normalize("NFKC", other).casefold().strip()
    )
