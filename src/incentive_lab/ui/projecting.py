"""The work behind the page Projection, done in threads: reading, fitting and drawing, each kept for the next question."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from incentive_lab.format import count
from incentive_lab.projection.assumptions import Assumptions
from incentive_lab.projection.backtest import Backtest, backtest
from incentive_lab.projection.keeping import Draws
from incentive_lab.projection.model import Model, fit
from incentive_lab.projection.past import Past, past_of, question
from incentive_lab.projection.running import Projection, project
from incentive_lab.scheme.baseline import Pair
from incentive_lab.ui import workspace
from incentive_lab.ui.jobs import Step, watched

QUICK, LIVE = 64, 128
"""Futures of the first answer, which is shown while the others are drawn, and of one that follows a dial."""


class Kept:
    """The last few results by key; the same key is worked out once, however many ask at a time."""

    def __init__(self, most: int) -> None:
        """Keep at most so many."""
        self.most, self.lock = most, threading.Lock()
        self.found: OrderedDict[Hashable, Any] = OrderedDict()

    def get(self, key: Hashable, work: Callable[[], Any]) -> Any:
        """The result for a key."""
        with self.lock:
            if key not in self.found:
                self.found[key] = work()
                while len(self.found) > self.most:
                    self.found.popitem(last=False)
            self.found.move_to_end(key)
            return self.found[key]


PASTS, MODELS = Kept(6), Kept(12)
DRAWS = Draws()
"""Worlds that another draft is paid in without drawing them anew."""


@dataclass(frozen=True, eq=False)
class Asked:
    """Schemes on the history in use.

    Attributes:
        pair: What is projected, beside what it is set against.
        months: Ahead.
    """

    pair: Pair
    months: int

    @property
    def key(self) -> str:
        """What tells one question from another."""
        prints = " ".join(workspace.fingerprint(one) for one in self.pair.schemes)
        return f"{workspace.history().history_id} {prints} {self.pair.baseline is not None} {self.months}"

    def past(self) -> Callable[[], Past]:
        """A way to get at the past from a thread; schemes that read the same measures share it."""
        held, lock, schemes = workspace.history(), workspace.preparation().lock, self.pair.schemes
        key = held.history_id, question(*schemes)

        def read() -> Past:
            with lock:
                return past_of(held, *schemes)

        def get() -> Past:
            found: Past = PASTS.get(key, read)
            return found

        return get

    def model(self) -> Callable[[], Model]:
        """A way to get at the fitted model from a thread."""
        past, months = self.past(), self.months
        key = workspace.history().history_id, question(*self.pair.schemes), months

        def get() -> Model:
            found: Model = MODELS.get(key, lambda: fit(past(), horizon=months))
            return found

        return get


def at_once(asked: Asked) -> Projection | None:
    """The projection without waiting for a thread, for a dial that moves; None until the history is read and fitted."""
    model = asked.model()
    schemes = asked.pair.schemes
    key = f"model {workspace.history().history_id} {question(*schemes)} {asked.months}"
    fitted: Model | None = watched(key, lambda step: model(), "Reading your history and fitting it")
    return None if fitted is None else _at_once(asked.key, asked, fitted)


@st.cache_resource(show_spinner=False, max_entries=8)
def _at_once(key: str, _asked: Asked, _model: Model) -> Projection:
    pair = _asked.pair
    return project(_model, pair.scheme, against=pair.baseline, floor=pair.floor, against_floor=pair.baseline_floor,
                   horizon=_asked.months, scenarios=LIVE, draws=DRAWS)  # fmt: skip


def projected(asked: Asked, supposed: Assumptions, many: int, sure: float | None = None) -> Projection | None:
    """The projection; None while nothing can be shown yet. Below `many` futures it is the first answer.

    Args:
        asked: What is asked.
        supposed: What is supposed.
        many: Futures, at most where `sure` says when to stop.
        sure: See `project`.
    """
    first: Projection | None = _run(
        asked, supposed, min(many, QUICK), "Reading your history and drawing the first futures"
    )
    if first is None or many <= QUICK:
        return first
    most = "up to " if sure is not None else ""
    return (
        _run(asked, supposed, many, f"Drawing {most}{count(many)} futures; below are the first {QUICK}", sure) or first
    )


def _run(asked: Asked, supposed: Assumptions, many: int, label: str, sure: float | None = None) -> Any:
    model = asked.model()

    def work(step: Step) -> Projection:
        return project(model(), asked.pair.scheme, against=asked.pair.baseline, floor=asked.pair.floor,
                       against_floor=asked.pair.baseline_floor, horizon=asked.months, scenarios=many,
                       assumptions=supposed, progress=step, sure=sure, draws=DRAWS)  # fmt: skip

    return watched(f"projection {asked.key} {supposed.model_dump_json()} {many} {sure}", work, label)


def side_by_side(asked: Asked, presets: list[Assumptions], many: int) -> list[Projection] | None:
    """The projection under each of these assumptions; None while it is worked out."""
    model = asked.model()

    def work(step: Step) -> list[Projection]:
        found = []
        for place, one in enumerate(presets):
            found.append(project(
                model(), asked.pair.scheme, against=asked.pair.baseline, floor=asked.pair.floor,
                against_floor=asked.pair.baseline_floor, horizon=asked.months, scenarios=many,
                assumptions=one, progress=lambda done, of, at=place: step(at * of + done, of * len(presets)),  # type: ignore[misc]
            ))  # fmt: skip
        return found

    told: list[Projection] | None = watched(
        f"presets {asked.key} {many}", work, "Drawing futures under each assumption"
    )
    return told


def tested(asked: Asked) -> Backtest | None:
    """The backtest; None while it is worked out."""
    past = asked.past()

    def work(step: Step) -> Backtest:
        return backtest(past(), asked.pair.scheme, floor=asked.pair.floor, scenarios=300, progress=step)

    told: Backtest | None = watched(f"backtest {asked.key}", work, "Projecting your past")
    return told
