"""What happens once, behind the first page: the history is read and the payout engine is compiled."""

from __future__ import annotations

import atexit
import ctypes
import gc
import importlib
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from incentive_lab.errors import InputError, Problem, unexpected
from incentive_lab.home import home

if TYPE_CHECKING:
    from incentive_lab.history import Finding, History

LOG = logging.getLogger(__name__)
DEMO_PARTNERS, DEMO_MONTHS = 1_000, 36
STEPS = ("Reading the partner history", "Checking its quality", "Preparing the payout engine")


@dataclass(frozen=True)
class Source:
    """Where the history in use comes from.

    Attributes:
        path: Folder, file or URL; the demo's folder when nothing was named.
        mapping: Mapping file, or None.
        demo: Whether it is the generated one.
        exclude: Kinds of findings whose rows are left out.
    """

    path: str
    mapping: str | None
    demo: bool
    exclude: tuple[str, ...] = ()


def source() -> Source:
    """The history that the environment names, else the demo."""
    return named_source() or demo_source()


def named_source() -> Source | None:
    """The history that `INCENTIVE_LAB_HISTORY` and `INCENTIVE_LAB_MAPPING` name."""
    named = os.environ.get("INCENTIVE_LAB_HISTORY")
    return Source(named, os.environ.get("INCENTIVE_LAB_MAPPING") or None, False) if named else None


def demo_source() -> Source:
    """The history that is generated when there is none."""
    return Source(str(home() / "demo"), None, True)


@dataclass
class Preparation:
    """Progress of what is prepared in a thread; it never calls Streamlit.

    Attributes:
        source: What is read.
        step: Which of `STEPS` is under way.
        history: The open history, once it is read.
        findings: Its quality report, once it is there.
        problems: Why it cannot go on.
        ready: Whether the engine can be asked.
        started: Clock time of the start.
        lock: To be held while the history is asked: its store is one connection.
    """

    source: Source
    step: int = 0
    history: History | None = None
    findings: tuple[Finding, ...] | None = None
    problems: tuple[Problem, ...] = ()
    ready: bool = False
    started: float = field(default_factory=time.monotonic)
    lock: Any = field(default_factory=threading.RLock)

    def begin(self) -> Preparation:
        """Start the thread."""
        # Plotly looks for pandas among the loaded modules: it must not meet it half loaded by the thread.
        importlib.import_module("pandas")
        threading.Thread(target=self._run, name="prepare", daemon=True).start()
        return self

    @property
    def seconds(self) -> float:
        """How long it has been going on."""
        return time.monotonic() - self.started

    def _run(self) -> None:
        try:
            for step, work in enumerate((self._read, self._check, warm_engine)):
                self.step = step
                _told(work)
            _settle_memory()
            self.ready = True
        except InputError as error:
            self.problems = error.problems
        except Exception as error:
            self.problems = (unexpected(error, "preparation"),)

    def _read(self) -> None:
        from incentive_lab.history import open_history
        from incentive_lab.history.demo import generate_demo

        if self.source.demo and not (Path(self.source.path) / "partners.parquet").is_file():
            generate_demo(Path(self.source.path), partners=DEMO_PARTNERS, months=DEMO_MONTHS)
        history = open_history(self.source.path, mapping=self.source.mapping, exclude=self.source.exclude)
        with self.lock:
            history.describe()
        self.history = history

    def _check(self) -> None:
        from incentive_lab.history import quality

        assert self.history is not None
        with self.lock:
            self.findings = tuple(quality(self.history))


def _told(work: Callable[[], None]) -> None:
    begun = time.monotonic()
    work()
    LOG.info("%s took %.1f s", getattr(work, "__name__", "work").strip("_"), time.monotonic() - begun)


def _settle_memory() -> None:
    """Take what is loaded for good out of garbage collection.

    Streamlit collects all generations after every run of a page; with the compiled engine in memory that took longer
    than the page itself.
    """
    gc.collect()
    gc.freeze()
    atexit.register(gc.unfreeze)


def give_back() -> None:
    """Return freed memory to the system; glibc keeps what a thread freed, hundreds of MB after a projection."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # another C library has no such function
            ctypes.CDLL(None).malloc_trim(0)


def warm_engine() -> None:
    """Compile the kernel, or load it from its cache, by paying one partner for one quarter."""
    import numpy as np

    from incentive_lab.engine.replay import replay
    from incentive_lab.panel import Panel, month_index
    from incentive_lab.scheme.load import loads

    scheme = loads(
        "{scheme: warm, currency: USD, effective: {from: 2024-01-01}, rules: [{id: c, on: revenue, rate: 3%}]}"
    )
    names = ("name", "type", "region", "segment", "tier", "parent_id")
    panel = Panel(
        history_id="none",
        currency="USD",
        partner_ids=("a",),
        first_month=month_index(2024, 1),
        months=3,
        joined=np.zeros(1, dtype=np.int32),
        attributes={name: np.array([""], dtype=object) for name in names},
        columns={"revenue": np.full((1, 3), 10_000.0)},
    )
    replay(scheme, panel)


_GIVEN: ContextVar[Preparation | None] = ContextVar("given", default=None)


@contextmanager
def working_on(prepared: Preparation) -> Iterator[None]:
    """Work on a history that is given, where there is no session to ask for its own."""
    before = _GIVEN.set(prepared)
    try:
        yield
    finally:
        _GIVEN.reset(before)


def given() -> Preparation | None:
    """What `working_on` was told, None outside of it."""
    return _GIVEN.get()
