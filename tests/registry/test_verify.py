"""What is done behind the registry's back is found, and where."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from incentive_lab.errors import InputError
from incentive_lab.registry import audit
from incentive_lab.registry.models import TABLES_VERSION, Entry
from incentive_lab.registry.service import Registry
from tests.registry.made import ANN, BEN, CAT, approved, submission


def behind(registry: Registry, *statements: str) -> None:
    """Change tables as somebody with the database's password would."""
    with registry.store.engine.connect() as connection, connection.begin():
        if registry.store.engine.dialect.name == "postgresql":
            connection.execute(text("SET session_replication_role = replica"))
        else:
            for table in ("audit", "documents"):
                for verb in ("update", "delete"):
                    connection.execute(text(f"DROP TRIGGER {table}_no_{verb}"))
        for statement in statements:
            connection.execute(text(statement))


@pytest.fixture
def busy(registry: Registry) -> Registry:
    approved(registry)
    registry.comment(CAT, "grown-1", "noted")
    registry.activate(BEN, "grown-1", "now")
    registry.submit(ANN, submission("next", starts="2027-01-01"), "for next year")
    assert registry.verify().ok
    return registry


@pytest.mark.parametrize(("statement", "seq", "said"), [
    ("UPDATE audit SET who = 'dan' WHERE seq = 2", 2, "edited"),
    ("UPDATE audit SET at = '2020-01-01' WHERE seq = 4", 4, "edited"),
    ("DELETE FROM audit WHERE seq = 3", 3, "missing"),
    ("DELETE FROM audit WHERE seq = 1", 1, "missing"),
    ("UPDATE revisions SET state = 'active' WHERE id = 'next-1'", None, "changed outside the registry: state"),
    ("UPDATE revisions SET ends = '2099-01-01' WHERE id = 'grown-1'", None, "changed outside the registry: ends"),
    ("DELETE FROM signatures", None, "changed outside the registry: signatures"),
    ("DELETE FROM comments", None, "changed outside the registry: comments"),
    ("UPDATE comments SET text = 'fine'", None, "changed outside the registry: comments"),
    ("INSERT INTO people (name, roles) VALUES ('eve', 'admin')", None, "without an entry"),
    ("DELETE FROM revisions WHERE id = 'next-1'", None, "is gone"),
    ("DELETE FROM documents WHERE length(body) < 200", None, "is gone"),
])  # fmt: skip
def test_a_change_is_found(busy: Registry, statement: str, seq: int | None, said: str) -> None:
    behind(busy, statement)
    found = busy.verify()
    assert not found.ok
    assert said in found.faults[0].what
    assert found.faults[0].seq == seq


def test_reordered_entries_are_found(busy: Registry) -> None:
    behind(busy, "UPDATE audit SET seq = 99 WHERE seq = 2", "UPDATE audit SET seq = 2 WHERE seq = 3",
           "UPDATE audit SET seq = 3 WHERE seq = 99")  # fmt: skip
    assert busy.verify().faults[0].seq == 2


def test_a_log_cut_short_is_found_by_its_tables_and_by_an_exported_head(busy: Registry) -> None:
    kept = busy.exported(CAT, "grown-1", "m" * 64)
    behind(busy, "DELETE FROM audit WHERE seq = 6")
    assert busy.verify().ok  # An export changes no table, so only the head that was kept tells.
    assert "ends before that, at 5" in busy.verify((kept,)).faults[0].what
    assert audit.Head.read(str(kept)) == kept


def test_a_log_written_anew_is_found_by_an_exported_head(busy: Registry) -> None:
    kept = busy.exported(CAT, "grown-1", "m" * 64)
    with busy.store.reading() as session:
        entries = list(session.query(Entry).order_by(Entry.seq))
        session.expunge_all()
    statements, before = [], audit.EMPTY
    for entry in entries:
        entry.previous, entry.who = before, "dan" if entry.seq == 6 else entry.who
        before = entry.hash = audit.digest_of(entry)
        statements.append(f"UPDATE audit SET who = '{entry.who}', previous = '{entry.previous}', hash = '{entry.hash}' "
                          f"WHERE seq = {entry.seq}")  # fmt: skip
    behind(busy, *statements)
    assert busy.verify().ok
    assert busy.verify((kept,)).faults[0].seq == 6


def test_a_document_that_was_changed_is_found_and_not_acted_upon(registry: Registry) -> None:
    registry.submit(ANN, submission(), "worth it")
    cast = "CAST(body AS BLOB)" if registry.store.engine.dialect.name == "sqlite" else "body"
    behind(registry, f"UPDATE documents SET body = {cast} || {cast}")
    assert "bytes were changed" in registry.verify().faults[0].what
    with pytest.raises(InputError, match="behind the registry's back"):
        registry.approve(BEN, "grown-1", "agreed")


@pytest.mark.parametrize("statement", ["UPDATE audit SET who = 'dan'", "DELETE FROM audit", "DELETE FROM documents",
                                       "UPDATE documents SET sha256 = 'x'"])  # fmt: skip
def test_the_database_itself_refuses_to_change_the_log(busy: Registry, statement: str) -> None:
    with pytest.raises(InputError, match="only be added to"), busy.store.writing() as session:
        session.execute(text(statement))
    assert busy.verify().ok


def test_the_tables_are_at_their_newest_version() -> None:
    folder = Path(audit.__file__).parent / "migrations" / "versions"
    assert sorted(path.name.split("_")[0] for path in folder.glob("*.py"))[-1] == TABLES_VERSION


def test_tables_of_a_newer_version_are_refused(registry: Registry, url: str) -> None:
    with registry.store.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(InputError, match="newer version"):
        Registry(url)


def test_the_models_are_what_the_migrations_make(registry: Registry) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from incentive_lab.registry.models import Base

    with registry.store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
        connection.rollback()
