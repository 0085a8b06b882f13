"""The registry's database: SQLite beside the drafts, or PostgreSQL by `INCENTIVE_LAB_DATABASE_URL`.

All writers stand in one queue (SQLite: BEGIN IMMEDIATE; PostgreSQL: an advisory lock held to the commit), so a decision
reads what it decides upon and the audit log has one order.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from incentive_lab.errors import InputError, Problem
from incentive_lab.home import home
from incentive_lab.registry.models import TABLES_VERSION

WAIT_SECONDS = 60
"""How long a writer waits for the ones before it."""
_QUEUE = 0x1CE27177
"""The advisory lock of PostgreSQL that writers stand in line for."""


def registry_url(named: str | None = None) -> URL:
    """Where the registry is: the given URL, else the environment's, else SQLite in this installation's folder.

    Example:
        >>> registry_url("postgresql://ann@db/lab").drivername
        'postgresql+psycopg'
    """
    given = named or os.environ.get("INCENTIVE_LAB_DATABASE_URL") or ""
    if not given:
        return URL.create("sqlite", database=str(home() / "registry.sqlite"))
    try:
        url = make_url(given)
    except (ArgumentError, ValueError):
        raise InputError(
            [
                Problem(
                    "INCENTIVE_LAB_DATABASE_URL",
                    "it is not the URL of a database.",
                    "Write postgresql://user@host/database or sqlite:///path/to/registry.sqlite.",
                )
            ]
        ) from None
    kind = url.drivername.split("+")[0]
    if kind in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    if kind == "sqlite" and url.database and url.database != ":memory:":
        return url.set(drivername="sqlite")
    raise InputError(
        [
            Problem(
                "INCENTIVE_LAB_DATABASE_URL",
                f"found '{kind}'; a registry is kept in PostgreSQL or in a SQLite file.",
                "Write postgresql://user@host/database.",
            )
        ]
    )


class Store:
    """The database of one registry, with its tables brought up to date.

    Raises:
        InputError: It cannot be opened, written, or was made by a newer version.
    """

    def __init__(self, url: str | None = None) -> None:
        self.url = registry_url(url)
        self.engine = _engine(self.url)
        with told():
            self._bring_up_to_date()

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session whose changes are all kept, after this block, or none."""
        with told(), Session(self.engine) as session, session.begin():
            session.connection(execution_options={"writes": True})
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that only looks, at one moment."""
        with told(), Session(self.engine) as session:
            options: dict[str, Any] = {"writes": False}
            if self.engine.dialect.name == "postgresql":
                options["isolation_level"] = "REPEATABLE READ"
            session.connection(execution_options=options)
            yield session

    def close(self) -> None:
        """Give connections back."""
        self.engine.dispose()

    def _bring_up_to_date(self) -> None:
        if self.url.drivername == "sqlite":
            _made_private(Path(str(self.url.database)))
        with self.engine.connect() as connection:
            if _version(connection.execution_options(writes=False)) == TABLES_VERSION:
                return
        with self.engine.connect() as connection, connection.execution_options(writes=True).begin():
            _migrate(connection)


def _made_private(file: Path) -> None:
    """Make the file, and the folder where it is missing; what partners are paid is for whoever runs this alone."""
    if file.exists():
        return
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            os.close(os.open(file, os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        raise InputError([_problem("unable to open database file")]) from error


def _engine(url: URL) -> Engine:
    if url.drivername == "sqlite":
        engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": WAIT_SECONDS})
    else:
        engine = create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": 10})

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        if engine.dialect.name == "sqlite":
            connection.isolation_level = None
            cursor = connection.cursor()
            for pragma in (f"busy_timeout={WAIT_SECONDS * 1000}", "foreign_keys=ON", "synchronous=FULL"):
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes")
        if engine.dialect.name == "sqlite":
            if writes:
                connection.exec_driver_sql("PRAGMA journal_mode=WAL")
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
        elif writes:
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{WAIT_SECONDS}s'")
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_QUEUE})")

    return engine


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return str(found) if found is not None else None


def _migrate(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError:
        raise InputError(
            [
                Problem(
                    "registry",
                    "its tables were made by a newer version of Incentive Lab.",
                    "Open it with that version.",
                )
            ]
        ) from None


@contextmanager
def told() -> Iterator[None]:
    """What a database cannot do, as a sentence; whatever was being written is not there."""
    try:
        yield
    except DBAPIError as error:
        raise InputError([_problem(str(error.orig))]) from error
    except SQLAlchemyError as error:
        raise InputError([Problem("registry", f"the database failed ({type(error).__name__}).")]) from error


_WORDS = (
    (
        ("disk is full", "no space left", "disk i/o error", "could not extend file"),
        "the disk is full or failing",
        "Free some space and try again.",
    ),
    (("readonly", "read-only"), "the registry can only be read", "Make its folder and file writable for this user."),
    (
        ("unable to open database file",),
        "the registry's file cannot be opened",
        "Check that its folder exists and is writable.",
    ),
    (("locked", "lock timeout"), "others are writing for too long", "Try again."),
    (("not a database", "malformed"), "the registry's file is damaged", "Restore it from a backup."),
    (
        ("connection failed", "could not connect", "connection refused", "no such file or directory", "timeout"),
        "the database server does not answer",
        "Check INCENTIVE_LAB_DATABASE_URL and that the server runs.",
    ),
    (("only be added to",), "the audit log and the documents can only be added to", ""),
)


def _problem(said: str) -> Problem:
    for signs, message, fix in _WORDS:
        if any(sign in said.lower() for sign in signs):
            return Problem("registry", f"{message}; nothing was changed.", fix)
    return Problem("registry", f"the database refused: {said.splitlines()[0][:200]}; nothing was changed.")
