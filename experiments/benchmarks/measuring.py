"""How a benchmark is timed, and the rows it ends in."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        name: What was measured.
        value: The median.
        unit: Of the value.
        against: The rival, measured in the same run; None where there is none.
        ratio: The rival's time over ours (or the factor the bar is about); None without a rival.
        bar: What the ratio is held against: a lower bound, or an upper one if `at_most`.
        holds: Whether it does; None without a bar.
        spread: Range of the middle half of the repeats, as a share of the median: the noise of this run.
    """

    name: str
    value: float
    unit: str
    against: str | None = None
    ratio: float | None = None
    bar: float | None = None
    holds: bool | None = None
    spread: float | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Times:
    """Seconds of the repeats of one contestant, in the order they ran: by the wall clock and of the processor."""

    seconds: tuple[float, ...]
    cpu: tuple[float, ...] = ()

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def of_processor(self) -> Times:
        """The same repeats by processor time, which other work on the machine disturbs less: for one thread each."""
        return Times(self.cpu)

    @property
    def spread(self) -> float:
        """Range of the middle half as a share of the median."""
        if len(self.seconds) < 4:
            return (max(self.seconds) - min(self.seconds)) / self.median
        low, _, high = statistics.quantiles(self.seconds, n=4)
        return (high - low) / self.median


def side_by_side(contestants: Mapping[str, Callable[[], object]], repeats: int) -> dict[str, Times]:
    """Time contestants in turn, round after round, so that a noisy moment meets all of them.

    Each runs once before, untimed. The collector is off while a contestant runs.
    """
    for run in contestants.values():
        run()
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    cpu: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(repeats):
        for name, run in contestants.items():
            gc.collect()
            gc.disable()
            begin, begin_cpu = time.perf_counter(), time.process_time()
            run()
            seconds[name].append(time.perf_counter() - begin)
            cpu[name].append(time.process_time() - begin_cpu)
            gc.enable()
    return {name: Times(tuple(each), tuple(cpu[name])) for name, each in seconds.items()}


def rivalry(
    name: str, ours: Times, rival: Times, against: str, bar: float | None, *, share: float = 1.0, at_most: bool = False,
    unit: str = "ms",
) -> Row:  # fmt: skip
    """A row for us against a rival that did `share` of the same work.

    With `at_most` the ratio is our time over the rival's and the bar an upper bound.
    """
    scale = {"ms": 1e3, "s": 1.0}[unit]
    ratio = ours.median / (rival.median / share) if at_most else rival.median / share / ours.median
    holds = None if bar is None else (ratio <= bar if at_most else ratio >= bar)
    return Row(
        name, round(ours.median * scale, 4), unit, f"{against}: {rival.median * scale:.4g} {unit}"
        + (f" for 1/{1 / share:.0f} of it" if share != 1 else ""),
        round(ratio, 3), bar, holds, round(max(ours.spread, rival.spread), 3),
    )  # fmt: skip


def alone(name: str, times: Times, unit: str = "ms") -> Row:
    """A row without a rival."""
    return Row(name, round(times.median * {"ms": 1e3, "s": 1.0}[unit], 4), unit, spread=round(times.spread, 3))


def table(rows: list[Row]) -> str:
    """Rows as text for a terminal."""
    head = ("what", "value", "", "against", "ratio", "bar", "holds", "noise")
    cells = [head] + [
        (
            row.name, f"{row.value:.4g}", row.unit, row.against or "", f"{row.ratio:.2f}" if row.ratio else "",
            f"{row.bar:g}" if row.bar else "", {True: "yes", False: "NO", None: ""}[row.holds],
            f"{row.spread:.0%}" if row.spread is not None else "",
        )
        for row in rows
    ]  # fmt: skip
    widths = [max(len(line[column]) for line in cells) for column in range(len(head))]
    right = {1, 4, 5, 7}
    return "\n".join(
        "  ".join(text.rjust(width) if place in right else text.ljust(width)
                  for place, (text, width) in enumerate(zip(line, widths, strict=True))).rstrip()
        for line in cells
    )  # fmt: skip
