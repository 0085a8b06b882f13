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
from incentive_lab.registry.audit import plain
from incentive_lab.registry.models import Revision, Setting, Stored
from incentive_lab.registry.people import Actor, Conflict, Refused, folded
from incentive_lab.registry.policy import Policy
from incentive_lab.scheme.fingerprint import fingerprint
from incentive_lab.scheme.load import loads

LONGEST_REASON = 2000


BOUND = (
    "id", "round", "author", "author_id", "reason", "population", "parent_id", "starts", "ends", "fingerprint", "history_id",
    "cost_before", "cost_after", "code_version", "seed", "evidence", "needs",
)  # fmt: skip
"""What a signature binds: the scheme and all it was judged on."""


def case_id(snapshot: Mapping[str, Any]) -> str:
    """'k' and 20 hexadecimal digits of what is decided upon: another round, or other evidence, is another case."""
    return "k" + hashlib.sha256(plain({name: snapshot[name] for name in BOUND}).encode()).hexdigest()[:20]


def shown(snapshot: dict[str, Any], today: str) -> dict[str, Any]:
    """A revision's snapshot as it is shown: with its case, the signatures still missing and reviews due."""
    due = [
        name
        for name in ("review", "refresh")
        if snapshot["state"] == "active" and (snapshot[f"{name}_due"] or "9999") <= today
    ]
    try:
        evidence, needs, case = dict(json.loads(snapshot["evidence"])), snapshot["needs"].split(), case_id(snapshot)
    except (ValueError, TypeError):
        raise _behind(str(snapshot["id"]), "cannot be read") from None
    missing = [
        role
        for role in needs
        if snapshot["state"] == "submitted"
        and role not in {one["role"] for one in snapshot["signatures"] if one["round"] == snapshot["round"]}
    ]
    return {**snapshot, "evidence": evidence, "needs": needs, "case": case, "missing_signatures": missing, "due": due}


def _behind(where: str, what: str) -> Refused:
    return Refused([Problem(where, f"{what}: it was changed behind the registry's back.", "Run `registry verify`.")])


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
    try:
        wanted: Mapping[str, str] = dict(json.loads(row.evidence))
    except (ValueError, TypeError):
        raise _behind(row.id, "has a list of documents that cannot be read") from None
    for name, sha in wanted.items():
        kept = session.get(Stored, sha)
        if kept is None or not isinstance(kept.body, bytes) or hashlib.sha256(kept.body).hexdigest() != sha:
            raise _behind(f"{row.id} {name}", "is not the document that was submitted")
        found[name] = kept.body
    return found


def require_whole(session: Session, row: Revision) -> None:
    """Refuse to act on a scheme that is not the one that was proposed."""
    actual = fingerprint(loads(documents_of(session, row)["scheme.yaml"]))
    if actual != row.fingerprint:
        raise _behind(row.id, f"says {row.fingerprint}, its scheme is {actual}")


def require_seen(snapshot: Mapping[str, Any], seen: str | None) -> None:
    """Refuse to decide on something else than what was looked at: a case, or a scheme's fingerprint."""
    case, scheme = case_id(snapshot), str(snapshot["fingerprint"])
    if seen is not None and seen not in (case, scheme):
        raise Conflict([Problem(str(snapshot["id"]), f"is {case} with the scheme {scheme} by now, not {seen[:40]} that you "
                                "looked at.", "Look again, then decide.")])  # fmt: skip


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
        select(Revision).where(Revision.id != row.id, Revision.state.in_(("approved", "active", "retired")))
    )
    for one in rows:
        follows = one.id == row.parent_id and one.state == "active" and one.starts < row.starts
        if folded(one.population) == folded(row.population) and overlaps(one, row) and not follows:
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
    """A reason, or a problem; characters that no one sees, or that a terminal obeys, are left out."""
    blanks = "".join(" " if unicodedata.category(one) in ("Zs", "Zl", "Zp") or one == "\t" else one for one in text)
    said = "".join(one for one in blanks if one.isprintable() or one == "\n").strip()
    if len(said) < 3 or len(said) > LONGEST_REASON:
        raise InputError([Problem("--reason", f"a reason of 3 to {LONGEST_REASON} characters is needed.")])
    return said


def day_of(text: str) -> str:
    """A day, or a problem."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").date().isoformat()
    except ValueError:
        raise InputError([Problem("--on", f"found '{text[:20]}', expected a day such as 2026-03-01.")]) from None
