"""Processes that begin together on a new machine do not all compile the same kernel."""

from __future__ import annotations

import fcntl
import threading
from pathlib import Path

import numba
import pytest

import incentive_lab.engine as engine


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(engine, "_seen_compiled", set())
    return tmp_path / "cache"


def test_who_comes_second_waits_for_the_first(empty_cache: Path) -> None:
    empty_cache.mkdir()
    entered = threading.Event()

    def second() -> None:
        with engine.compiling_once():
            entered.set()

    with (empty_cache / "compiling.lock").open("w") as first:
        fcntl.flock(first, fcntl.LOCK_EX)
        waiting = threading.Thread(target=second)
        waiting.start()
        assert not entered.wait(0.3)
    assert entered.wait(30)
    waiting.join()


def test_a_cache_that_cannot_be_written_keeps_nobody_from_paying(
    empty_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty_cache.write_text("not a folder", encoding="utf-8")
    with engine.compiling_once():
        pass
    monkeypatch.setattr(numba.config, "CACHE_DIR", "/nowhere")
    with engine.compiling_once():
        pass


def test_what_fails_is_tried_with_the_lock_again(empty_cache: Path) -> None:
    with pytest.raises(ValueError, match="broken"), engine.compiling_once():
        raise ValueError("broken")
    assert not engine._seen_compiled
