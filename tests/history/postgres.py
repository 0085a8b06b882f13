"""A PostgreSQL server for tests: the one named by INCENTIVE_LAB_TEST_POSTGRES, else a private one, else a reason."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class NoServer(Exception):
    """No PostgreSQL can be reached or started, with the reason."""


@contextmanager
def server() -> Iterator[str]:
    """The URL of an empty database, gone afterwards."""
    given = os.environ.get("INCENTIVE_LAB_TEST_POSTGRES")
    if given:
        yield given
        return
    initdb, pg_ctl = shutil.which("initdb"), shutil.which("pg_ctl")
    if not initdb or not pg_ctl:
        raise NoServer(
            "no PostgreSQL: initdb and pg_ctl are not on the path and INCENTIVE_LAB_TEST_POSTGRES is not set"
        )
    folder = Path(tempfile.mkdtemp(prefix="lab-pg-"))
    as_user: list[str] = []
    if os.geteuid() == 0:  # initdb refuses to run as root
        if not shutil.which("runuser"):
            raise NoServer("no PostgreSQL: initdb refuses root and runuser is not there")
        shutil.chown(folder, "postgres")
        as_user = ["runuser", "-u", "postgres", "--"]
    data = folder / "data"
    options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
    try:
        _run([*as_user, initdb, "-D", str(data), "-U", "postgres", "--auth=trust", "--encoding=UTF8"])
        _run([*as_user, pg_ctl, "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start"])
        try:
            yield f"postgresql://postgres@/postgres?host={folder}"
        finally:
            _run([*as_user, pg_ctl, "-D", str(data), "-m", "immediate", "stop"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(command: list[str]) -> None:
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise NoServer(f"no PostgreSQL: {Path(command[-1]).name} failed: {done.stderr.strip()[:200]}")
