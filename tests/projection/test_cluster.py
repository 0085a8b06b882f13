"""The same run on a Dask cluster of two worker processes on this machine."""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from typer.testing import CliRunner

from incentive_lab.cli import app
from incentive_lab.errors import InputError
from incentive_lab.projection import chunks
from incentive_lab.projection.chunks import Cancelled, Job
from incentive_lab.projection.cluster import Cluster, digest_of_sources
from incentive_lab.projection.model import Model
from incentive_lab.projection.running import Projection, project
from tests.projection.conftest import FLAT, TIERED

distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        # A new process imports the file that __main__ names, which after a test of a page is that page.
        patch.setitem(sys.modules, "__main__", ModuleType("__main__"))
        yield from _address()


def _address() -> Iterator[str]:
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", host="127.0.0.1", scheduler_port=0
    ) as local:
        yield local.scheduler_address


def same(one: Projection, other: Projection) -> bool:
    """Whether two projections agree bit for bit."""
    names = ("monthly", "by_rule", "by_tier", "by_segment", "demand", "higher", "owed", "capped", "partners")
    return all((getattr(one.outcome, name) == getattr(other.outcome, name)).all() for name in names) and all(
        (a == b).all() for a, b in ((one.revenue, other.revenue), (one.staying, other.staying))
    )


def test_a_cluster_gives_the_same_bit_for_bit(model: Model, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "CHUNK", 16)
    here, told = project(model, TIERED, against=FLAT, floor=FLAT, scenarios=100), []
    with Cluster(address) as cluster:
        assert cluster.number == 2
        there = project(model, TIERED, against=FLAT, floor=FLAT, scenarios=100, workers=cluster,
                        progress=lambda done, of: told.append(done))  # fmt: skip
        sure = project(model, FLAT, scenarios=3000, sure=0.05, workers=cluster)
    assert same(here, there)
    assert list(here.factors) == list(there.factors)
    assert told == sorted(told)
    assert told[-1] == 100
    assert len(set(told)) > 5, "results come chunk by chunk"
    assert same(sure, project(model, FLAT, scenarios=3000, sure=0.05))


def test_a_worker_that_dies_loses_nothing(model: Model, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "CHUNK", 16)
    here, killed = project(model, TIERED, floor=FLAT, scenarios=480), []
    with Cluster(address) as cluster:
        processes = cluster.client.run(os.getpid)

        def step(done: int, of: int) -> None:
            if done >= 48 and not killed:
                killed.append(processes[min(processes)])
                os.kill(killed[0], signal.SIGKILL)

        there = project(model, TIERED, floor=FLAT, scenarios=480, workers=cluster, progress=step)
        assert killed
        assert same(here, there)


def test_a_cancelled_run_leaves_the_cluster_to_the_next_one(
    model: Model, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "CHUNK", 16)
    stop = threading.Event()
    with Cluster(address) as cluster:
        with pytest.raises(Cancelled):
            project(model, FLAT, scenarios=50_000, workers=cluster, cancel=stop, progress=lambda done, of: stop.set())
        assert same(project(model, FLAT, scenarios=40, workers=cluster), project(model, FLAT, scenarios=40))


def test_what_is_wrong_with_a_cluster_is_said(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("incentive_lab.projection.cluster.PATIENCE", 1)
    for wrong in ("tcp://127.0.0.1:9", "nowhere at all", ""):
        with pytest.raises(InputError, match="--cluster: nothing answers at"):
            Cluster(wrong)
    with (
        distributed.LocalCluster(n_workers=0, dashboard_address=":0", host="127.0.0.1", scheduler_port=0) as empty,
        pytest.raises(InputError, match="has no workers"),
    ):
        Cluster(empty.scheduler_address)
    with Cluster(address) as cluster:
        cluster.client.run(_told_digest, "of other sources")
        with pytest.raises(InputError, match=r"\d of \d workers run another version of the kernel, such as tcp://"):
            Cluster(address)
        cluster.client.run(_told_digest, digest_of_sources())
    Cluster(address).close()


def _told_digest(digest: str) -> None:
    """On a worker: what it says of its sources."""
    module = importlib.import_module("incentive_lab.projection.cluster")

    def told() -> str:
        return digest

    told.__module__, told.__qualname__ = module.__name__, "digest_of_sources"
    module.digest_of_sources = told  # type: ignore[attr-defined]


@pytest.mark.parametrize("more", [[], ["--backtest"]])
def test_the_command_draws_on_a_cluster(
    address: str, tiny: Path, more: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    scheme = Path(__file__).parents[2] / "data" / "schemes" / "current-flat.yaml"
    command = ["project", str(scheme), "--history", str(tiny), "--scenarios", "40", "--json", *more]
    told, drawn, pieces = [], [], Cluster.pieces

    def seen(cluster: Cluster, job: Job, *rest: Any) -> Any:
        drawn.append(job.scenarios)
        return pieces(cluster, job, *rest)

    monkeypatch.setattr(Cluster, "pieces", seen)
    for where in ([], ["--cluster", address]):
        done = CliRunner().invoke(app, [*command, *where])
        assert done.exit_code == 0, done.output
        told.append({name: value for name, value in json.loads(done.stdout).items() if name != "seconds"})
        assert bool(drawn) == bool(where), "the cluster draws what it is asked for"
    assert told[0] == told[1]
    monkeypatch.setattr("incentive_lab.projection.cluster.PATIENCE", 1)
    done = CliRunner().invoke(app, [*command, "--cluster", "tcp://127.0.0.1:9"])
    assert done.exit_code == 1
    assert "nothing answers at tcp://127.0.0.1:9" in done.output
