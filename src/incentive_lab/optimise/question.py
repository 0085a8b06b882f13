"""What is searched for: a goal, limits, and the numbers that may move, each on a grid of values that can be published."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, TypeVar

from incentive_lab.errors import InputError, Problem, did_you_mean
from incentive_lab.format import small
from incentive_lab.optimise.ahead import Futures
from incentive_lab.optimise.dials import Dial, dial
from incentive_lab.optimise.figures import FIGURES, Figure, NextYearFigure
from incentive_lab.projection.assumptions import BASE, load
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.numbers import exact
from incentive_lab.scheme.paths import tunables

MOST = 8
"""Numbers that may move at once."""
EVALUATIONS = 400
"""Schemes that are paid at most, unless said otherwise."""
LEAST = 40
"""The fewest schemes that may be allowed."""
OVER_BUDGET = FIGURES["over_budget"]
SETTLES = 60
"""Schemes for each of several numbers after which a search has about settled: 20 to 105 on the demo history."""
Sense = Literal["least", "most", "reach"]
Values = Mapping[str, float | None]
"""Figures by name."""
T = TypeVar("T")


@dataclass(frozen=True)
class Goal:
    """What is wanted of one figure: the least of it, the most of it, or that it reaches a value.

    Attributes:
        figure: Which.
        sense: Least, most or reach.
        value: What is to be reached; NaN otherwise.
    """

    figure: Figure
    sense: Sense
    value: float = math.nan

    def __str__(self) -> str:
        label = small(self.figure.label)
        if self.sense == "reach":
            return f"{label} of {self.figure.asked(self.value)}"
        return f"{self.sense} {label}"

    def away(self, figures: Values) -> float:
        """How far a scheme's figures are from the goal: smaller is better; infinite where there is no such figure."""
        value = figures.get(self.figure.name)
        if value is None:
            return math.inf
        if self.sense == "reach":
            return abs(value - self.value)
        return value if self.sense == "least" else -value


@dataclass(frozen=True)
class Limit:
    """What a figure must not exceed, or not fall below."""

    figure: Figure
    side: Literal["<=", ">="]
    value: float

    def __str__(self) -> str:
        words = "at most" if self.side == "<=" else "at least"
        return f"{small(self.figure.label)} {words} {self.figure.asked(self.value)}"

    def missed(self, figures: Values) -> float:
        """How far a scheme's figure is beyond the limit; 0 within it, infinite where there is none."""
        value = figures.get(self.figure.name)
        if value is None:
            return math.inf
        beyond = value - self.value if self.side == "<=" else self.value - value
        return beyond if beyond > 1e-9 * max(1.0, abs(self.value)) else 0.0


@dataclass(frozen=True)
class Question:
    """All of it.

    Attributes:
        goal: What is wanted.
        limits: What must hold.
        dials: What may move.
        evaluations: How many schemes are paid at most.
        seed: Of where the search looks first, and of the futures that are drawn.
        futures: Which, where goal or limits ask for figures of the next 12 months.
    """

    goal: Goal
    limits: tuple[Limit, ...]
    dials: tuple[Dial, ...]
    evaluations: int = EVALUATIONS
    seed: int = 7
    futures: Futures = field(default_factory=Futures)

    @property
    def likely(self) -> int:
        """About how many schemes are paid until it settles: every value of one number, else some for each."""
        return min(self.evaluations, self.dials[0].places if len(self.dials) == 1 else SETTLES * len(self.dials))

    @property
    def wanted(self) -> tuple[Figure, ...]:
        """The goal's figure and those of limits."""
        return self.goal.figure, *(one.figure for one in self.limits)

    @property
    def looks_ahead(self) -> bool:
        """Whether it asks for a figure of the next 12 months."""
        return any(isinstance(one, NextYearFigure) for one in self.wanted)


def question(
    scheme: Scheme,
    goal: str,
    vary: Sequence[str],
    limits: Sequence[str] = (),
    evaluations: int = EVALUATIONS,
    seed: int = 7,
    futures: Futures | None = None,
) -> Question:
    """Read a question as it is typed.

    Args:
        scheme: Whose numbers move.
        goal: `cost=1_500_000`, `least:losers` or `most:middle`.
        vary: Paths, each with its own range if it is written as `path=low:high` or `path=low:high:step`.
        limits: Such as `cost<=1_500_000`, `losers<=20%` and `p95_next_year<=2_000_000`.
        evaluations: Schemes that are paid at most, `LEAST` to 20,000.
        seed: Of where the search looks first, and of the futures that are drawn.
        futures: Which, for figures of the next 12 months; the usual ones unless given.

    Raises:
        InputError: With everything wrong with it.

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> text = "{scheme: a, currency: USD, effective: {from: 2024-01-01}, rules: [{id: c, on: revenue, rate: 3%}]}"
        >>> asked = question(loads(text), "most:middle", ["rules.c.rate=1%:5%"], ["cost<=900_000"])
        >>> print(asked.goal, "|", *asked.limits, "|", asked.dials[0].places, asked.dials[0].step)
        most share paid to the middle 60 % | cost of all months at most 900 k | 41 0.001
    """
    problems: list[Problem] = []
    wanted = _told(problems, _goal, goal)
    bounds = [_told(problems, _limit, one) for one in limits]
    dials = [_told(problems, _dial, scheme, one) for one in vary]
    paths = [one.address.path for one in dials if one is not None]
    twice = {path for path in paths if paths.count(path) > 1}
    problems += [Problem(path, "is to move twice.", "Name it once.") for path in twice]
    problems += _contradictions([one for one in bounds if one])
    if not vary:
        example = next((f", such as {one.path}" for one in tunables(scheme)), "")
        problems.append(Problem("vary", "nothing may move.", f"Name at least one number of the scheme{example}."))
    if len(vary) > MOST:
        problems.append(Problem("vary", f"{len(vary)} numbers are to move; at most {MOST} can be searched together.",
                                "Leave out those that matter least."))  # fmt: skip
    if not LEAST <= evaluations <= 20_000:
        problems.append(Problem("evaluations", f"found {evaluations}, allowed is {LEAST} to 20,000."))
    if futures is not None:
        problems += futures.problems
        if (
            not any(isinstance(one.figure, NextYearFigure) for one in (wanted, *bounds) if one is not None)
            and not problems
        ):
            problems.append(Problem("--futures, --fresh, --budget and --assumptions", "these are for figures of the next 12 "
                                    "months, and neither goal nor limit asks for one.",
                                    "Ask for one, such as p95_next_year, or leave them out."))  # fmt: skip
    futures = futures or Futures()
    if scheme.budget is None and futures.budget is None:
        problems += [Problem(where, f"{OVER_BUDGET.name} asks for a budget, and the scheme names none.",
                             "Give one with --budget AMOUNT, or write it into the scheme.")
                     for where, one in (("goal", wanted), *(("limit", one) for one in bounds))
                     if one is not None and one.figure is OVER_BUDGET]  # fmt: skip
    if problems:
        raise InputError(problems)
    assert wanted is not None
    limited, moving = (tuple(one for one in bounds if one), tuple(one for one in dials if one))
    return Question(wanted, limited, moving, evaluations, seed, futures)


def futures_asked(searched: int | None, fresh: int | None, budget: str | None, assumptions: str) -> Futures | None:
    """Futures as they are typed; None where nothing is said of them.

    Args:
        searched, fresh: How many; None for the usual numbers.
        budget: An amount in whole currency units.
        assumptions: A file, or the name of a preset.

    Raises:
        InputError: The budget is no amount, or there are no such assumptions.

    Example:
        >>> futures_asked(None, None, "2_000_000", "base").budget, futures_asked(None, None, None, "base")
        (2000000.0, None)
    """
    problems: list[Problem] = []
    supposed = _told(problems, load, assumptions)
    amount = None if budget is None else _told(problems, _value, "--budget", budget)
    if problems:
        raise InputError(problems)
    usual = Futures(assumptions=supposed or BASE)
    given = Futures(usual.searched if searched is None else searched, fresh, amount, usual.assumptions)
    return None if given == Futures(assumptions=load("base")) else given


def _contradictions(limits: Sequence[Limit]) -> list[Problem]:
    """Pairs of limits on one figure that no scheme can meet together."""
    return [
        Problem("limit", f"{low} contradicts {high}.", "Leave out one of the two.")
        for low in limits
        for high in limits
        if low.side == ">=" and high.side == "<=" and low.figure is high.figure and low.value > high.value
    ]


def _told(problems: list[Problem], read: Callable[..., T], *given: object) -> T | None:
    """What is read, or None with its problems kept."""
    try:
        return read(*given)
    except InputError as error:
        problems += error.problems
        return None


_COMPARED = re.compile(r"\s*([\w-]+)\s*(<=|>=)\s*(.+?)\s*")
_REACHED = re.compile(r"\s*([\w-]+)\s*=\s*(.+?)\s*")
_SENSE = re.compile(r"\s*(least|most)\s*:\s*([\w-]+)\s*")


def _goal(text: str) -> Goal:
    """A goal as it is typed."""
    if found := _SENSE.fullmatch(text):
        sense: Sense = "least" if found[1] == "least" else "most"
        return Goal(_figure("goal", found[2]), sense)
    if found := _REACHED.fullmatch(text):
        figure = _figure("goal", found[1])
        return Goal(figure, "reach", _value("goal", found[2]))
    raise InputError([Problem("goal", f"found '{text[:60]}'.",
                              "Write least:FIGURE, most:FIGURE or FIGURE=VALUE, such as cost=1_500_000.")])  # fmt: skip


def _limit(text: str) -> Limit:
    """A limit as it is typed."""
    found = _COMPARED.fullmatch(text)
    if found is None:
        raise InputError([Problem("limit", f"found '{text[:60]}'.",
                                  "Write FIGURE<=VALUE or FIGURE>=VALUE, such as losers<=20%.")])  # fmt: skip
    return Limit(_figure("limit", found[1]), "<=" if found[2] == "<=" else ">=", _value("limit", found[3]))


def _figure(where: str, name: str) -> Figure:
    key = name.replace("-", "_")
    if key not in FIGURES:
        raise InputError([Problem(where, f"there is no figure '{name}'.", did_you_mean(key, FIGURES))])
    return FIGURES[key]


def _value(where: str, text: str) -> float:
    value = float(_exact(where, text))
    if not math.isfinite(value):
        raise InputError([Problem(where, f"found '{text[:40]}', which is too large for any figure.")])
    return value


def _exact(where: str, text: str) -> Decimal:
    try:
        return Decimal(str(exact(text)))
    except ValueError as error:
        raise InputError([Problem(where, f"{error}.")]) from None


def _dial(scheme: Scheme, text: str) -> Dial:
    """A number that may move as it is typed: its path, and its range if one is given."""
    path, _, ends = text.partition("=")
    known = {one.path: one for one in tunables(scheme)}
    address = known.get(path.strip())
    if address is None:
        raise InputError([Problem(path.strip(), "this is no number of the scheme that may move.",
                                  did_you_mean(path.strip(), known))])  # fmt: skip
    if path.strip().startswith("mix."):
        raise InputError([Problem(address.path, "this is what is planned; it pays nothing by itself.",
                                  "Move rates, and set a limit such as behavioural>=80%.")])  # fmt: skip
    if not ends:
        return dial(address)
    parts = ends.split(":")
    if len(parts) not in (2, 3):
        raise InputError([Problem(path, f"found the range '{ends[:60]}'.",
                                  "Write PATH=LOW:HIGH, or PATH=LOW:HIGH:STEP, such as 1%:5%:0.1%.")])  # fmt: skip
    return dial(address, *(_exact(path, one) for one in parts))
