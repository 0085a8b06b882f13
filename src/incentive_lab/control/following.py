"""Actual against forecast: whether cost is inside the frozen band, and which assumption broke."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from incentive_lab.control.gauges import Gauge, gauges
from incentive_lab.engine.replay import replay
from incentive_lab.errors import InputError, Problem
from incentive_lab.format import money
from incentive_lab.history.history import History
from incentive_lab.money import decimals
from incentive_lab.panel import Floats, month_index, month_label
from incentive_lab.projection.assumptions import Assumptions
from incentive_lab.projection.model import fit
from incentive_lab.projection.past import Past, past_of, until
from incentive_lab.projection.running import Outcome, project
from incentive_lab.scheme.baseline import Pair
from incentive_lab.scheme.document import Scheme

LEVEL = 0.10
"""Chance with which any assumption is called broken although all hold (shared out over all by Bonferroni)."""
MOST_SCENARIOS = 1000
"""Futures that are drawn anew; enough for the chances that `LEVEL` shares out over twenty assumptions."""
RESTATED = 4
"""Standard errors of the mean that the forecast drawn anew may lie off the frozen one before the past counts as changed."""


@dataclass(frozen=True)
class Month:
    """One month that came; whole currency units.

    Attributes:
        month: ISO.
        actual: What the scheme pays for it.
        low, high: The frozen 90 % band of the month.
        to_date: Actual cost since the forecast began.
        low_to_date, high_to_date: The frozen 80 % band of that.
    """

    month: str
    actual: float
    low: float
    high: float
    to_date: float
    low_to_date: float
    high_to_date: float


@dataclass(frozen=True)
class Checked:
    """One assumption against what came.

    Attributes:
        name, about: See `Gauge`.
        expected: Mean over the forecast's futures, in the gauge's own unit.
        low, high: Middle 90 % of them.
        actual: What came.
        chance: Chance in the forecast of something at least as far out, on both sides.
        broke: Whether that is too little, with so many assumptions looked at.
        moved: What it moved cost by; whole currency units (see `Followed.explained`).
    """

    name: str
    about: str
    expected: float
    low: float
    high: float
    actual: float
    chance: float
    broke: bool
    moved: float


@dataclass(frozen=True)
class Followed:
    """Actual against forecast.

    Attributes:
        currency: Of all amounts.
        history_id: The history with the months that came.
        months: In order.
        expected: Mean of the forecast to date.
        checked: The assumptions, those that broke first, then by how far they moved cost.
        explained: Share of the variance of cost over the forecast's futures that these assumptions explain together
            (the R squared of the linear regression that `moved` is read from).
        notes: What limits this, as sentences.
    """

    currency: str
    history_id: str
    months: tuple[Month, ...]
    expected: float
    checked: tuple[Checked, ...]
    explained: float
    notes: tuple[str, ...]

    @property
    def inside(self) -> bool:
        """Whether cost to date lies in the frozen 80 % band."""
        last = self.months[-1]
        return last.low_to_date <= last.to_date <= last.high_to_date

    @property
    def actual(self) -> float:
        """Cost to date."""
        return self.months[-1].to_date


def follow(
    history: History, pair: Pair, forecast: Mapping[str, Any], *,
    assumptions: Assumptions, progress: Callable[[int, int], None] | None = None,
) -> Followed:  # fmt: skip
    """Compare the months that came with a frozen forecast.

    Args:
        history: With months after the forecast's first.
        pair: What was approved, beside the second scheme of the forecast, if it had one.
        forecast: The frozen projection.json.
        assumptions: Those of the forecast.
        progress: Called with futures drawn and to draw.

    Raises:
        InputError: No month of the forecast has come yet, or the forecast cannot be read.
    """
    first, horizon, seed, scenarios = _frozen(forecast)
    scheme, bare = pair.scheme, past_of(history, *pair.schemes)
    begin = first - bare.panel.first_month
    came = min(bare.panel.months - begin, horizon)
    if came < 1 or begin < 1:
        raise InputError([Problem("history", f"it ends with {month_label(bare.panel.first_month + bare.panel.months - 1)}; "
                                  f"the forecast begins with {month_label(first)}.",
                                  "Bring a history with later months.")])  # fmt: skip
    paid = replay(scheme, bare.panel, baseline=pair.floor, detail=False)
    actual = paid.total.sum(axis=1)[begin : begin + came] / paid.minor
    months = _months(forecast, actual, first)
    watched, counting = gauges(scheme, bare.panel)
    past = past_of(history, *pair.schemes, counting)
    run = _Run(past, begin, horizon, came, min(scenarios, MOST_SCENARIOS), seed, assumptions, progress)
    cost, counted = run.futures(pair, counting)
    read = [_ratio(gauge, counted, run.happened(counting)) for gauge in watched]
    checked, explained = _checked(watched, read, cost / paid.minor)
    notes = _notes(forecast, cost / paid.minor, months[-1].month, assumptions, came, scheme.currency)
    expected = float(forecast["accrual"][months[-1].month]["mean"])
    return Followed(scheme.currency, history.history_id, months, expected, checked, explained, tuple(notes))


def _frozen(forecast: Mapping[str, Any]) -> tuple[int, int, int, int]:
    """First month, horizon, seed and scenarios of a forecast."""
    try:
        label = str(forecast["first_month"])
        first = month_index(int(label[:4]), int(label[5:7]))
        found = first, int(forecast["months"]), int(forecast["seed"]), int(forecast["scenarios"])
        forecast["by_month"], forecast["accrual"]
    except (KeyError, TypeError, ValueError):
        raise InputError([Problem("projection.json", "it is not what `project --json` prints.",
                                  "Project the scheme again and submit that.")]) from None  # fmt: skip
    return found


def _months(forecast: Mapping[str, Any], actual: Floats, first: int) -> tuple[Month, ...]:
    found, to_date = [], 0.0
    for place, amount in enumerate(actual):
        label = month_label(first + place)
        month, path = forecast["by_month"][label], forecast["accrual"][label]
        to_date += float(amount)
        found.append(Month(label, float(amount), float(month["p05"]), float(month["p95"]), to_date, float(path["p10"]),
                           float(path["p90"])))  # fmt: skip
    return tuple(found)


@dataclass(frozen=True, eq=False)
class _Run:
    """The forecast drawn anew, over the months that came: the same seed, so the same futures."""

    past: Past
    begin: int
    horizon: int
    came: int
    scenarios: int
    seed: int
    assumptions: Assumptions
    progress: Callable[[int, int], None] | None

    def futures(self, pair: Pair, counting: Scheme) -> tuple[Floats, Outcome]:
        """[scenarios] what the scheme pays, minor units, and what the gauges count in the same futures."""
        model = fit(until(self.past, self.begin), horizon=self.horizon)

        def run(one: Scheme, other: Scheme | None) -> tuple[Outcome, ...]:
            return project(model, one, against=other, floor=pair.floor, against_floor=pair.baseline_floor,
                           assumptions=self.assumptions, horizon=self.came,
                           scenarios=self.scenarios, seed=self.seed, progress=self.progress).outcomes  # fmt: skip

        if not self.assumptions.responds:
            paid, counted = run(pair.scheme, counting)
            return paid.total, counted
        return run(pair.scheme, pair.baseline)[0].total, run(counting, None)[0]

    def happened(self, counting: Scheme) -> Mapping[str, float]:
        """Rule of a gauge -> what it counts over the same months as they came, minor units."""
        result = replay(counting, self.past.panel)
        came = result.detail[:, self.begin : self.begin + self.came].sum(axis=(1, 2))
        return dict(zip(result.line_ids, map(float, came), strict=True))


def _ratio(gauge: Gauge, counted: Outcome, came: Mapping[str, float]) -> tuple[Floats, float]:
    """A gauge in every future and in what came, in whole units."""
    futures, actual = counted.by_rule[:, counted.line_ids.index(gauge.rule)], came[gauge.rule]
    if gauge.by is None:
        minor = 10 ** decimals(counted.scheme.currency)
        return futures / minor, actual / minor
    below = counted.by_rule[:, counted.line_ids.index(gauge.by)]
    shares = np.divide(futures, below, out=np.zeros_like(futures), where=below > 0)
    return shares, actual / came[gauge.by] if came[gauge.by] > 0 else 0.0


def both_sides(futures: Floats, actual: float) -> float:
    """The chance of something at least as far out, on both sides; never 0, since futures are few.

    Example:
        >>> both_sides(np.arange(99.0), 200.0)
        0.02
    """
    n = len(futures)
    above, below = (1 + int((futures >= actual).sum())) / (n + 1), (1 + int((futures <= actual).sum())) / (n + 1)
    return float(min(1.0, 2 * min(above, below)))


def _checked(watched: list[Gauge], read: list[tuple[Floats, float]], cost: Floats) -> tuple[tuple[Checked, ...], float]:
    """Each assumption judged, with what it moved cost by: a linear regression of cost on all of them, over futures."""
    moved, explained = _moved([futures for futures, _ in read], [came for _, came in read], cost)
    border = LEVEL / max(1, len(watched))
    found = []
    for gauge, (futures, came), share in zip(watched, read, moved, strict=True):
        p = both_sides(futures, came)
        low, high = np.quantile(futures, [0.05, 0.95])
        found.append(Checked(gauge.name, gauge.about, float(futures.mean()), float(low), float(high), came, p,
                             p < border, share))  # fmt: skip
    return tuple(sorted(found, key=lambda one: (not one.broke, -abs(one.moved)))), explained


def _moved(futures: list[Floats], came: list[float], cost: Floats) -> tuple[list[float], float]:
    """What each gauge moved cost by, and the share of cost's variance that they explain together."""
    spread = [float(one.std()) for one in futures]
    used = [place for place, one in enumerate(spread) if one > 0]
    if not used or len(cost) < 10 * len(used) or cost.std() <= 0:
        return [0.0] * len(futures), 0.0
    wide = np.column_stack([(futures[place] - futures[place].mean()) / spread[place] for place in used])
    slopes, *_ = np.linalg.lstsq(wide, cost - cost.mean(), rcond=1e-8)
    left = cost - cost.mean() - wide @ slopes
    moved = [0.0] * len(futures)
    for place, slope in zip(used, slopes, strict=True):
        moved[place] = float(slope) * (came[place] - float(futures[place].mean())) / spread[place]
    return moved, float(1 - left.var() / cost.var())


def _notes(
    forecast: Mapping[str, Any], cost: Floats, last: str, assumptions: Assumptions, came: int, currency: str
) -> list[str]:
    frozen, found = float(forecast["accrual"][last]["mean"]), []
    if abs(cost.mean() - frozen) > RESTATED * cost.std() / np.sqrt(len(cost)) + 0.01:
        found.append(
            f"The forecast drawn anew has a mean of {money(float(cost.mean()), currency)} to date, the frozen one "
            f"{money(frozen, currency)}: the months before it, or the program, changed since. Cost is judged by the "
            "frozen band, assumptions by the new one."
        )
    if any(one.to == "reward" for one in assumptions.response):
        found.append("What partners do about rewards is in the forecast of cost, not in the bands of assumptions.")
    if came < int(forecast["months"]):
        found.append(
            f"{came} of {forecast['months']} months of the forecast came; the last of them is taken as complete."
        )
    return found
