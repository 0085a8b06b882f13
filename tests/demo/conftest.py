"""One default demo for all tests that only read it."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from incentive_lab.history.demo import generate_demo
from incentive_lab.history.demo.generate import TABLES


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("demo")
    generate_demo(directory)
    return directory


@pytest.fixture(scope="session")
def sql(demo: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    for table in TABLES:
        connection.execute(f"create table {table} as from read_parquet('{demo / table}.parquet')")
    return connection


@pytest.fixture(scope="session")
def truth(demo: Path) -> dict:
    return json.loads((demo / "truth.json").read_text())
