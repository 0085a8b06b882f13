"""A registry on SQLite and on a real PostgreSQL, each empty."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from incentive_lab.registry.service import Registry
from tests.history.postgres import NoServer, server

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    with ExitStack() as stack:
        try:
            url = stack.enter_context(server())
        except NoServer as reason:
            pytest.skip(str(reason))
        yield url


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: each commit waits for the disk, which a busy machine makes long."""
    if not os.access("/dev/shm", os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="registry-") as folder:
        yield Path(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, quick: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{quick / 'registry.sqlite'}"
    admin = request.getfixturevalue("postgres")
    name = f"registry_{next(_NUMBERS)}"
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name}")
        connection.execute(f"CREATE DATABASE {name}")
    return str(admin.replace("/postgres?", f"/{name}?"))


@pytest.fixture
def registry(url: str) -> Iterator[Registry]:
    opened = Registry(url)
    yield opened
    opened.store.close()


@pytest.fixture
def local(quick: Path) -> Iterator[Registry]:
    """A registry on SQLite, for rules that do not depend on the database."""
    opened = Registry(f"sqlite:///{quick / 'registry.sqlite'}")
    yield opened
    opened.store.close()
