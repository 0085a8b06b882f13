"""A disk that is really full, or really can only be read: a file system of two megabytes in a mount namespace.

No privilege is needed where Linux allows user namespaces (`unshare`); for PostgreSQL, whose server runs outside of it, a
tablespace on such a disk is mounted by root.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from incentive_lab.errors import InputError
from incentive_lab.registry.service import Registry
from tests.house.floors import ROOT
from tests.registry.made import ANN, BEN, CAT, submission

UNSHARE = ["unshare", "--user", "--map-root-user", "--mount"]


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    folder = tmp_path / "disk"
    folder.mkdir()
    probe = [*UNSHARE, "mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if shutil.which("unshare") is None or subprocess.run(probe, capture_output=True, check=False).returncode:
        pytest.skip("no small disk: this machine lets nobody mount one (unshare --user --mount)")
    return folder


def test_a_full_disk_and_a_read_only_one_are_told_and_nothing_is_half_written(disk: Path) -> None:
    script = f'mount -t tmpfs -o size=2m tmpfs "{disk}" && exec "{sys.executable}" -m tests.registry.on_a_small_disk "{disk}"'
    done = subprocess.run([*UNSHARE, "sh", "-c", script], cwd=ROOT, capture_output=True, text=True, check=False,
                          env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"})  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    said = told["said"]
    assert "the disk is full or failing; nothing was changed" in said["approve on a full disk"]
    assert said["export to a full disk"] == "OSError 28"
    assert (said["left on a full disk"], said["logged of it"]) == ("", "submit")
    assert said["approve afterwards"] == "done"
    assert "cannot be opened; nothing was changed" in said["activate on a disk that can only be read"]
    assert said["a new registry on it"] != "done"
    assert told["ok"] == [True, True]
    assert told["entries"] == [1, 1 + told["comments"], 2 + told["comments"]]
    assert told["state"] == "approved"


@pytest.fixture
def small(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A database on a tablespace of 24 megabytes, and the folder of that."""
    if os.geteuid() != 0 or os.environ.get("INCENTIVE_LAB_TEST_POSTGRES"):
        pytest.skip("a tablespace on a small disk needs root and a server of its own")
    folder = Path(psycopg.conninfo.conninfo_to_dict(postgres)["host"]) / "small"  # type: ignore[arg-type]
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)], capture_output=True,
                      check=False).returncode:  # fmt: skip
        pytest.skip("no small disk: this machine does not let root mount one")
    try:
        shutil.chown(folder, "postgres")
        with psycopg.connect(postgres, autocommit=True) as connection:
            connection.execute(f"CREATE TABLESPACE small LOCATION '{folder}'")
            connection.execute("CREATE DATABASE small TABLESPACE small")
        yield postgres.replace("/postgres?", "/small?"), folder
        with psycopg.connect(postgres, autocommit=True) as connection:
            connection.execute("DROP DATABASE small WITH (FORCE)")
            connection.execute("DROP TABLESPACE small")
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(file: Path) -> None:
    with file.open("wb", buffering=0) as stream:
        while True:
            stream.write(b"x" * 65536)


def talk(registry: Registry) -> None:
    for _ in range(500):
        registry.comment(CAT, "grown-1", "x" * 2000)


def test_a_full_disk_of_postgresql_is_told_and_nothing_is_half_written(small: tuple[str, Path]) -> None:
    url, folder = small
    registry = Registry(url)
    registry.submit(ANN, submission(), "worth it")
    filler = folder / "filler"
    with pytest.raises(OSError, match="No space"):
        fill(filler)
    with pytest.raises(InputError, match="disk is full or failing; nothing was changed"):
        talk(registry)
    shown = registry.show("grown-1")
    assert len(shown["log"]) == 1 + len(shown["comments"])
    assert registry.verify().ok
    filler.unlink()
    assert registry.approve(BEN, "grown-1", "agreed")["state"] == "approved"
    assert registry.verify().ok
    registry.store.close()
