"""Killed at any moment, and asked by fifty at once: every acknowledged decision is there, and only one wins."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter
from pathlib import Path
from typing import IO

from incentive_lab.errors import InputError
from incentive_lab.registry.audit import Head
from incentive_lab.registry.people import Actor, Conflict
from incentive_lab.registry.service import Registry
from incentive_lab.report.pack import opened_pack
from tests.registry.made import ANN, submission, work

KILLS = int(os.environ.get("INCENTIVE_LAB_KILLS", "20"))
"""Kills on each database."""


def forked(url: str, start: int, packs: Path | None) -> tuple[int, IO[str]]:
    """A process that submits, approves and exports until it is killed, and the end of its pipe."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(writing, 1)
        os.close(reading)
        try:
            work(url, start, packs)
        finally:
            os._exit(1)
    os.close(writing)
    said = os.fdopen(reading)
    assert said.readline() == "ready\n"
    return child, said


def test_what_was_acknowledged_survives_being_killed(url: str, tmp_path: Path) -> None:
    chance, start, told = random.Random(7), 0, []
    Registry(url).store.close()
    for kill in range(KILLS):
        # Every third writes whole packs, which takes longer.
        child, said = forked(url, start, tmp_path if kill % 3 == 0 else None)
        first = [said.readline().strip()] if kill == 0 else []  # One at least, however busy the machine is.
        time.sleep(chance.uniform(0, 2.0 if kill % 3 == 0 else 0.4))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        lines = first + said.read().splitlines()
        said.close()
        told += [line for line in lines if line != "ready"]
        start += len(lines) + 2
    registry = Registry(url)
    heads = tuple(Head.read(line.split()[1]) for line in told if line.startswith("exported"))
    found = registry.verify(heads)
    assert found.ok, found.faults
    state = {row["id"]: row["state"] for row in registry.revisions()}
    exports = {name: registry.show(name)["log"] for name in state}
    for path in tmp_path.glob("*.zip"):  # Whatever has its name is whole, and in the log.
        sha = opened_pack(path.read_bytes()).sha256
        assert f"pack {sha}" in {one["reason"] for one in exports[path.stem]}
    assert told
    for line in told:
        verb, name = line.split()
        if verb == "packed":
            assert (tmp_path / f"{name}.zip").exists()
        else:
            assert verb == "exported" or state[name] in ("approved", verb)
    approvals = sum(bool(row["signatures"]) for row in registry.revisions())
    assert approvals == Counter(state.values())["approved"]
    told = [line for line in told if not line.startswith("packed")]
    # At most the one action that was under way when it was killed happened without being acknowledged.
    assert len(told) <= found.entries <= len(told) + KILLS
    registry.store.close()


def test_of_fifty_approvals_at_once_exactly_one_wins(url: str) -> None:
    registry = Registry(url)
    registry.submit(ANN, submission(), "worth it")
    gate, won, lost = threading.Barrier(50), [], []

    def sign(number: int) -> None:
        mine = Registry(url)
        gate.wait()
        try:
            won.append(mine.approve(Actor(f"approver {number}"), "grown-1", "agreed")["state"])
        except InputError as error:
            lost.append(error)
        mine.store.close()

    threads = [threading.Thread(target=sign, args=(number,)) for number in range(50)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert won == ["approved"]
    assert len(lost) == 49
    assert all(isinstance(one, Conflict) and "decided already" in str(one) for one in lost), Counter(map(str, lost))
    assert registry.verify().ok
    assert len(registry.show("grown-1")["signatures"]) == 1
    registry.store.close()
