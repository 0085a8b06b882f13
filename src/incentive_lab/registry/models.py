"""The registry's tables. Times are text in ISO 8601 (UTC), so that every database gives back what was hashed."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, ForeignKey, Integer, LargeBinary, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

TABLES_VERSION = "0003"
"""The newest migration; `store` brings older registries up to it."""


class Base(DeclarativeBase):
    """What every table of the registry derives from."""

    type_annotation_map = {str: Text, int: Integer, bytes: LargeBinary, bool: Boolean}  # noqa: RUF012


class Stored(Base):
    """A document under the sha256 of its bytes; never changed, never deleted."""

    __tablename__ = "documents"
    sha256: Mapped[str] = mapped_column(primary_key=True)
    body: Mapped[bytes]


class Revision(Base):
    """One version of a scheme on its way from draft to retired."""

    __tablename__ = "revisions"
    id: Mapped[str] = mapped_column(primary_key=True)
    scheme_id: Mapped[str]
    population: Mapped[str]
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("revisions.id"))
    state: Mapped[str]
    round: Mapped[int]
    author: Mapped[str]
    author_id: Mapped[str | None]
    authenticated: Mapped[bool]
    reason: Mapped[str]
    starts: Mapped[str]
    ends: Mapped[str]
    fingerprint: Mapped[str]
    history_id: Mapped[str]
    history_source: Mapped[str]
    currency: Mapped[str]
    cost_before: Mapped[int | None] = mapped_column(BigInteger)
    cost_after: Mapped[int] = mapped_column(BigInteger)
    code_version: Mapped[str]
    seed: Mapped[int | None] = mapped_column(BigInteger)
    evidence: Mapped[str]
    needs: Mapped[str]
    submitted_at: Mapped[str]
    decided_at: Mapped[str | None]
    review_due: Mapped[str | None]
    refresh_due: Mapped[str | None]


class Signature(Base):
    """One person's approval of one round, in one role."""

    __tablename__ = "signatures"
    __table_args__ = (
        UniqueConstraint("revision_id", "round", "role"),
        UniqueConstraint("revision_id", "round", "who"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    revision_id: Mapped[str] = mapped_column(ForeignKey("revisions.id"))
    round: Mapped[int]
    role: Mapped[str]
    who: Mapped[str]
    who_id: Mapped[str | None]
    authenticated: Mapped[bool]
    reason: Mapped[str]
    at: Mapped[str]


class Comment(Base):
    """A remark on a revision."""

    __tablename__ = "comments"
    id: Mapped[int] = mapped_column(primary_key=True)
    revision_id: Mapped[str] = mapped_column(ForeignKey("revisions.id"))
    who: Mapped[str]
    authenticated: Mapped[bool]
    text: Mapped[str]
    at: Mapped[str]


class Person(Base):
    """Who may do what. Someone who signs in is known by issuer and subject, a typed name has neither."""

    __tablename__ = "people"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)
    name: Mapped[str] = mapped_column(primary_key=True)
    issuer: Mapped[str | None]
    subject: Mapped[str | None]
    roles: Mapped[str]
    not_before: Mapped[str | None]


class SignOut(Base):
    """When somebody who signs in last signed out; sign-ins from before it are worth nothing, wherever they were copied."""

    __tablename__ = "sign_outs"
    issuer: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[str]


class Setting(Base):
    """A declared setting of the registry, as JSON."""

    __tablename__ = "settings"
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class Entry(Base):
    """One line of the audit log; its hash covers the line before it."""

    __tablename__ = "audit"
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[str]
    who: Mapped[str]
    authenticated: Mapped[bool]
    action: Mapped[str]
    subject: Mapped[str]
    detail: Mapped[str]
    previous: Mapped[str]
    hash: Mapped[str]
