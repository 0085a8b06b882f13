"""What all tests share: what was worked out once, the heap, and an order in which nobody waits for the compiler."""

from __future__ import annotations

import functools
import gc
from collections.abc import Iterator

import pytest
from streamlit.components.v2 import manifest_scanner

from incentive_lab.history import queries
from incentive_lab.home import home

UNCOMPILED = ("tests/history/", "tests/scheme/")
"""Tests that never ask for the compiled engine."""


@pytest.fixture(scope="session", autouse=True)
def _one_query_cache() -> Iterator[None]:
    """Tests whose home is empty still find the SQL that others have written; it is named by code and question alone."""
    here = home()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(queries, "home", lambda: here)
        yield


@pytest.fixture(scope="session", autouse=True)
def _one_look_for_components() -> Iterator[None]:
    """Each app under test would read the metadata of every installed package again, for half a second."""
    found = functools.cache(manifest_scanner.scan_component_manifests)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", found)
        yield


def pytest_collection_finish() -> None:
    """Modules and tests stay for good, so the collector need not visit them."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """One process compiles the engine on a new machine, in a minute or two; the others have tests without it until then.

    Every process begins with an even slice of the list, so those without it are dealt out to the fronts of the slices
    after the first.
    """
    processes = int(getattr(config, "workerinput", {}).get("workercount", 1))
    if processes == 1:
        return
    first = [item for item in items if item.nodeid.startswith(UNCOMPILED)]
    rest = [item for item in items if not item.nodeid.startswith(UNCOMPILED)]
    bounds = [round(len(items) * part / processes) for part in range(processes + 1)]
    ordered, dealt, taken = [], 0, 0
    for part in range(processes):
        size = bounds[part + 1] - bounds[part]
        until = len(first) * part // (processes - 1)
        front = first[dealt:until][:size]
        dealt += len(front)
        ordered += front + rest[taken : taken + size - len(front)]
        taken += size - len(front)
    items[:] = ordered + first[dealt:] + rest[taken:]
