"""What is searched for: a goal, limits, and the numbers that may move, each on a grid of values that can be published."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Literal, TypeVar

from incentive_lab.errors import InputError, Problem, did_you_mean
from incentive_lab.optimise.figures import FIGURES, Figure
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.numbers import exact
from incentive_lab.scheme.paths import Address, tunables

MOST = 8
"""Numbers that may move at once."""
EVALUATIONS = 400
"""Schemes that are paid at most, unless said otherwise."""
LEAST = 40
"""The fewest schemes that may be allowed."""
FINE = 20
"""A step is at most this part of the number as it stands, so that the search can find something near it."""
NEAR = 4
"""Without bounds of its own a number is searched between this part of it and so many times it."""
Sense = Literal["least", "most", "reach"]
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
            return f"{label} of {self.figure.said(self.value)}"
        return f"{self.sense} {label}"

    def score(self, value: float | None) -> float:
        """How far a value is from the goal: smaller is better; infinite where there is no value."""
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
        return f"{small(self.figure.label)} {words} {self.figure.said(self.value)}"

    def missed(self, value: float | None) -> float:
        """How far a value is beyond the limit; 0 within it, infinite where there is no value."""
        if value is None:
            return math.inf
        beyond = value - self.value if self.side == "<=" else self.value - value
        slack = 1e-9 * max(1.0, abs(self.value))
        return beyond if beyond > slack else 0.0


@dataclass(frozen=True)
class Dial:
    """A number that may move over multiples of a step.

    Attributes:
        address: Which.
        low, high: The ends, multiples of `step`.
        step: Between two values that are tried.
    """

    address: Address
    low: Decimal
    high: Decimal
    step: Decimal

    @property
    def places(self) -> int:
        """How many values it may take."""
        return int((self.high - self.low) / self.step) + 1

    def at(self, place: int) -> Decimal:
        """The value at a place, 0 to `places` - 1."""
        return plain_decimal(self.low + self.step * place)

    def nearest(self, value: Decimal) -> int:
        """The place nearest a value."""
        return min(self.places - 1, max(0, round(float((value - self.low) / self.step))))


@dataclass(frozen=True)
class Question:
    """All of it.

    Attributes:
        goal: What is wanted.
        limits: What must hold.
        dials: What may move.
        evaluations: How many schemes are paid at most.
        seed: Of where the search looks first.
    """

    goal: Goal
    limits: tuple[Limit, ...]
    dials: tuple[Dial, ...]
    evaluations: int = EVALUATIONS
    seed: int = 7


def question(
    scheme: Scheme,
    goal: str,
    vary: Sequence[str],
    limits: Sequence[str] = (),
    evaluations: int = EVALUATIONS,
    seed: int = 7,
) -> Question:
    """Read a question as it is typed.

    Args:
        scheme: Whose numbers move.
        goal: `cost=1_500_000`, `least:losers` or `most:middle`.
        vary: Paths, each with its own range if it is written as `path=low:high`.
        limits: Such as `cost<=1_500_000` and `losers<=20%`.
        evaluations: Schemes that are paid at most, `LEAST` to 20,000.
        seed: Of where the search looks first.

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
    problems += [
        Problem(path, "is to move twice.", "Name it once.") for path in {p for p in paths if paths.count(p) > 1}
    ]
    if not vary:
        example = next((f", such as {one.path}" for one in tunables(scheme)), "")
        problems.append(Problem("vary", "nothing may move.", f"Name at least one number of the scheme{example}."))
    if len(vary) > MOST:
        problems.append(Problem("vary", f"{len(vary)} numbers are to move; at most {MOST} can be searched together.",
                                "Leave out those that matter least."))  # fmt: skip
    if not LEAST <= evaluations <= 20_000:
        problems.append(Problem("evaluations", f"found {evaluations}, allowed is {LEAST} to 20,000."))
    if problems:
        raise InputError(problems)
    assert wanted is not None
    return Question(wanted, tuple(one for one in bounds if one), tuple(one for one in dials if one), evaluations, seed)


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
    try:
        return float(Decimal(str(exact(text))))
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
    if not ends:
        return dial(address)
    first, colon, last = ends.partition(":")
    if not colon:
        raise InputError([Problem(path, f"found the range '{ends}'.", "Write PATH=LOW:HIGH, such as 1%:5%.")])
    low, high = (Decimal(str(_value(path, one))) for one in (first, last))
    return dial(address, low, high)


def dial(address: Address, low: Decimal | None = None, high: Decimal | None = None) -> Dial:
    """A number with the values that are tried of it.

    Without a range it goes from a quarter of what it is to four times that, inside its typical range. The step is the
    declared one, or for a small number the largest of 1, 2 or 5 times a power of ten that is a twentieth of it at most.

    Raises:
        InputError: The range leaves the declared limits, or holds fewer than two values.

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> text = "{scheme: a, currency: USD, effective: {from: 2024-01-01}, rules: [{id: c, on: revenue, rate: 0.4%}]}"
        >>> made = dial(tunables(loads(text))[0])
        >>> str(made.low), str(made.high), str(made.step)
        ('0.001', '0.016', '0.0002')
    """
    told, value = address.declaration, address.value
    hard = [Decimal(str(end)) for end in told.bounds]
    if low is None or high is None:
        typical = [Decimal(str(end)) for end in told.typical]
        low = min(value, max(typical[0], value / NEAR)) if value > 0 else min(value, typical[0])
        high = max(value, min(typical[1], value * NEAR)) if value > 0 else max(value, typical[1])
    if not hard[0] <= low < high <= hard[1]:
        raise InputError([Problem(address.path, f"found the range {low} to {high}.",
                                  f"It lies within {plain_decimal(hard[0])} and {plain_decimal(hard[1])}, "
                                  "the lower end first.")])  # fmt: skip
    step = Decimal(str(told.step))
    size = abs(value) if value else high - low
    step = min(step, _one_two_five(size / FINE))
    if told.unit in ("count", "months") and value == value.to_integral_value():
        step = max(Decimal(1), step.to_integral_value())
    first, last = (low / step).to_integral_value(ROUND_CEILING), (high / step).to_integral_value(ROUND_FLOOR)
    if last <= first:
        raise InputError([Problem(address.path, f"between {low} and {high} there is one value at most.",
                                  f"Give it more room: its step is {plain_decimal(step)}.")])  # fmt: skip
    return Dial(address, plain_decimal(first * step), plain_decimal(last * step), plain_decimal(step))


def _one_two_five(size: Decimal) -> Decimal:
    """The largest of 1, 2 or 5 times a power of ten that a size holds."""
    power = Decimal(10) ** (size.adjusted())
    return next(power * times for times in (5, 2, 1) if power * times <= size)


def plain_decimal(value: Decimal) -> Decimal:
    """The same number without zeros behind it and without an exponent."""
    whole = value.to_integral_value()
    return Decimal(int(value)) if value == whole else value.normalize()


def small(label: str) -> str:
    """A label inside a sentence."""
    return label[:1].lower() + label[1:]
