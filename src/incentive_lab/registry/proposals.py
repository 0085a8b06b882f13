"""What a proposal stands beside in the registry: what it changes, what it is compared with, what else is in effect."""

from __future__ import annotations

from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from incentive_lab.errors import Problem
from incentive_lab.format import counted
from incentive_lab.registry.evidence import Judged, pair_of
from incentive_lab.registry.models import Revision
from incentive_lab.registry.people import Actor, Conflict, folded
from incentive_lab.registry.policy import Policy
from incentive_lab.registry.rules import documents_of, overlaps, row_of
from incentive_lab.scheme.fingerprint import fingerprint
from incentive_lab.scheme.load import loads


def require_not_twice(session: Session, found: Judged, mine: str) -> None:
    """Refuse a scheme that is proposed, or in effect, already, on the same history."""
    rows = session.scalars(
        select(Revision).where(
            Revision.fingerprint == mine,
            Revision.history_id == found.history_id,
            Revision.state.in_(("submitted", "approved", "active")),
        )
    )
    for same in rows:
        if folded(same.population) == folded(found.population):
            raise Conflict([Problem(found.scheme.id, f"the same scheme is {same.state} already, as {same.id}.")])


def row_for(session: Session, found: Judged, actor: Actor) -> Revision:
    """The draft that was returned to this author, or a new revision."""
    rows = list(session.scalars(select(Revision).where(Revision.scheme_id == found.scheme.id)))
    for row in rows:
        mine = row.author_id == actor.identity and folded(row.author) == folded(actor.name)
        if row.state == "draft" and mine and folded(row.population) == folded(found.population):
            return row
    taken = session.scalar(select(func.count()).where(Revision.scheme_id == found.scheme.id)) or 0
    row = Revision(id=f"{found.scheme.id}-{taken + 1}", scheme_id=found.scheme.id, round=0)
    return row


def parent_of(session: Session, found: Judged, named: str | None) -> Revision | None:
    """What a proposal changes: the revision named, else the newest in effect for its population."""
    if named is not None:
        row = row_of(session, named)
        if row.state not in ("approved", "active", "retired"):
            raise Conflict(
                [Problem("--parent", f"{row.id} is {row.state}; what is changed must have been approved once.")]
            )
        return row
    rows = session.scalars(
        select(Revision).where(Revision.state.in_(("approved", "active"))).order_by(Revision.starts.desc())
    )
    return next((row for row in rows if folded(row.population) == folded(found.population)), None)


def needs_of(policy: Policy, found: Judged, parent: Revision | None) -> str:
    """The roles that must sign. A move of cost counts only against what is in effect, where the registry knows that."""
    before = found.before if parent is None or found.floor == parent.fingerprint else None
    return " ".join(policy.needs(before, found.after))


def remarks_on(session: Session, row: Revision) -> list[str]:
    """What a reader of one revision would not see in it: another comparison, other programmes for the same days."""
    said = []
    parent = session.get(Revision, row.parent_id) if row.parent_id else None
    floor = documents_of(session, row).get("baseline.yaml")
    if parent is not None and (floor is None or fingerprint(loads(floor)) != parent.fingerprint):
        said.append(f"It changes {parent.id}, but its cost is compared with something else.")
    said += [*_back_dated(session, row, parent), *_gaps(session, row), *_floor_not_approved(session, row)]
    rows = session.scalars(
        select(Revision)
        .where(Revision.id != row.id, Revision.state.in_(("approved", "active", "retired")))
        .order_by(Revision.id)
    )
    beside = [
        f"{one.id} ({one.population}, {one.starts} to {one.ends})"
        for one in rows
        if folded(one.population) != folded(row.population) and overlaps(one, row)
    ]
    if beside:
        said.append(f"In effect on some of the same days: {', '.join(beside)}; partners in both are paid by both.")
    return said


def _back_dated(session: Session, row: Revision, parent: Revision | None) -> list[str]:
    """Where a revision starts before it was proposed: by what partners were paid since then, as far as is known here."""
    made = row.submitted_at[:10]
    if row.state not in ("submitted", "approved", "active") or row.starts >= made:
        return []
    days = (date.fromisoformat(made) - date.fromisoformat(row.starts)).days
    starts = f"It starts on {row.starts}, {counted(days, 'day')} before it was proposed: "
    if parent is not None and parent.starts < row.starts <= parent.ends:
        return [] if parent.state == "approved" else [f"{starts}what was earned since then was earned by {parent.id}."]
    rows = session.scalars(select(Revision).where(Revision.id != row.id, Revision.state.in_(("active", "retired"))))
    if any(one.starts <= row.starts < one.ends for one in rows if folded(one.population) == folded(row.population)):
        return []
    return [
        f"{starts}nothing approved here was in effect on that day; what partners were promised then is not known here."
    ]


def _gaps(session: Session, row: Revision) -> list[str]:
    """Days beside a revision's own on which nothing is in effect for its population, though something was or will be."""
    if row.state in ("draft", "rejected"):
        return []
    rows = session.scalars(
        select(Revision).where(Revision.id != row.id, Revision.state.in_(("approved", "active", "retired")))
    )
    own = [one for one in rows if folded(one.population) == folded(row.population) and one.starts < one.ends]
    if row.starts >= row.ends:
        ended = [one.id for one in own if one.ends == row.starts]
        if not ended or any(one.starts <= row.starts < one.ends for one in own):
            return []
        return [
            f"Nothing is in effect for {row.population} from {row.starts} on: {ended[0]} ended where this one was to start."
        ]
    before = max((one.ends for one in own if one.starts < row.starts), default=row.starts)
    after = min((one.starts for one in own if one.starts > row.starts), default=row.ends)
    spans = [(before, row.starts), (row.ends, after)]
    return [
        f"Nothing is in effect for {row.population} from {first} to {last}." for first, last in spans if first < last
    ]


def _floor_not_approved(session: Session, row: Revision) -> list[str]:
    """Where guarantees compare with a scheme that was approved here, but as it reads otherwise."""
    floor = pair_of(documents_of(session, row)).floor
    if floor is None:
        return []
    known = session.scalars(
        select(Revision.fingerprint)
        .where(Revision.scheme_id == floor.id, Revision.state.in_(("approved", "active", "retired")))
    )  # fmt: skip
    approved = set(known)
    if not approved or fingerprint(floor) in approved:
        return []
    return [
        f"Its guarantees compare with {floor.id} {fingerprint(floor)}, which is not what was approved under that name."
    ]
