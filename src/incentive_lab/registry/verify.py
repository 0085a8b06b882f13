"""Whether anybody touched the registry behind its back, and where."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from incentive_lab.registry.audit import EMPTY, Head, digest_of, head, subjects
from incentive_lab.registry.models import Entry, Revision, Stored


@dataclass(frozen=True)
class Fault:
    """Something that does not fit.

    Attributes:
        seq: The entry of the log it was found at; None where a table or a document disagrees with the log.
        where: What it is about.
        what: What is wrong, as a sentence.
    """

    seq: int | None
    where: str
    what: str


@dataclass(frozen=True)
class Verified:
    """What `verify` found.

    Attributes:
        head: The end of the log.
        entries: How many were read.
        faults: All that is wrong; the chain's first fault first.
        notes: Where the clock of whoever wrote was behind the entry before.
    """

    head: Head
    entries: int
    faults: tuple[Fault, ...]
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether all fits."""
        return not self.faults


def verify(session: Session, exported: tuple[Head, ...] = ()) -> Verified:
    """Read the whole log, compare it with exported heads, with the tables and with the documents.

    A log that was rewritten from some entry on, hashes and all, is found only by a head exported after that entry.
    """
    entries = list(session.scalars(select(Entry).order_by(Entry.seq)))
    faults = _chain(entries)
    hashes = {entry.seq: entry.hash for entry in entries}
    for one in exported:
        if one.seq and hashes.get(one.seq) is None:
            faults.append(
                Fault(
                    one.seq,
                    "audit log",
                    f"a head with {one.seq} entries was exported, the log ends "
                    f"before that, at {max(hashes, default=0)}",
                )
            )
        elif one.seq and hashes[one.seq] != one.hash:
            faults.append(
                Fault(one.seq, "audit log", "entry differs from the exported head: it or one before it was rewritten")
            )
    if not faults:
        faults = _story(entries, subjects(session))
    notes = [
        f"entry {one.seq}: the clock said {one.at}, though the entry before it was made {before.at}"
        for before, one in pairwise(entries)
        if not faults and one.at < before.at
    ]
    return Verified(head(session), len(entries), (*faults, *_documents(session)), tuple(notes))


def _chain(entries: list[Entry]) -> list[Fault]:
    """The first place where the chain breaks; after it nothing can be said."""
    before, expected = EMPTY, 1
    for entry in entries:
        if entry.seq != expected:
            return [Fault(expected, "audit log", f"entry {expected} is missing; the next is {entry.seq}")]
        try:
            fits = digest_of(entry) == entry.hash
        except TypeError:  # SQLite keeps a value of another type where somebody puts one.
            fits = False
        if not fits:
            return [Fault(entry.seq, entry.subject, "this entry was edited: its hash does not fit its text")]
        if entry.previous != before:
            return [Fault(entry.seq, entry.subject, "the entry before this one was replaced, moved or taken out")]
        before, expected = entry.hash, expected + 1
    return []


def _story(entries: list[Entry], now: dict[str, Any]) -> list[Fault]:
    """Whether each entry starts where the one before it on the same subject ended, and the tables where the last did."""
    last: dict[str, Any] = {}
    for entry in entries:
        detail = _detail(entry)
        if detail is None:
            return [Fault(entry.seq, entry.subject, "this entry does not say what was before it and what is after")]
        if detail.get("after") is None:
            continue
        if _told(detail.get("before")) != _told(last.get(entry.subject)):
            return [Fault(entry.seq, entry.subject, "what was before this entry is not what the entry before it left")]
        last[entry.subject] = detail["after"]
    faults = []
    for subject in sorted(last.keys() | now.keys()):
        was, is_now = _told(last.get(subject)), _told(now.get(subject))
        if was == is_now:
            continue
        if was is None or is_now is None:
            what = "is there without an entry in the log" if was is None else "is gone, though the log has it"
        else:
            moved = sorted(key for key in {*was, *is_now} if was.get(key) != is_now.get(key))
            what = f"was changed outside the registry: {', '.join(moved)}"
        faults.append(Fault(None, subject, what))
    return faults


def _detail(entry: Entry) -> dict[str, Any] | None:
    """What an entry says; None for a text that the registry does not write, whatever its hash."""
    try:
        said = json.loads(entry.detail)
        return said if all(isinstance(said.get(one), dict | None) for one in ("before", "after")) else None
    except (ValueError, TypeError, AttributeError):
        return None


def _told(value: Any) -> Any:
    """Plain data without what is not known: a column that was added later is that in older entries."""
    if isinstance(value, dict):
        return {key: _told(one) for key, one in value.items() if one is not None}
    return [_told(one) for one in value] if isinstance(value, list) else value


def _documents(session: Session) -> list[Fault]:
    faults, known = [], set()
    for one in session.scalars(select(Stored).execution_options(yield_per=20)):
        known.add(one.sha256)
        body = one.body if isinstance(one.body, bytes) else str(one.body).encode()
        if hashlib.sha256(body).hexdigest() != one.sha256:
            faults.append(Fault(None, f"document {one.sha256[:12]}", "its bytes were changed"))
    for revision in session.scalars(select(Revision)):
        try:
            wanted = {str(name): str(sha) for name, sha in dict(json.loads(revision.evidence)).items()}
        except (ValueError, TypeError):
            faults.append(Fault(None, f"revision {revision.id}", "its list of documents cannot be read"))
            continue
        for name, sha in wanted.items():
            if sha not in known:
                faults.append(Fault(None, f"revision {revision.id}", f"its document {name} is gone"))
    return faults
