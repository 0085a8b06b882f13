"""The assumptions document: what a projection supposes beyond history. Without one, history goes on as it was."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from incentive_lab.errors import InputError, Problem, did_you_mean
from incentive_lab.scheme.base import Part, Tunable
from incentive_lab.scheme.building import ReadLimits
from incentive_lab.scheme.numbers import Whole, number
from incentive_lab.scheme.reading import decode, read
from incentive_lab.scheme.sentences import validated

SOURCE = "docs/projection.md#assumptions"
PRESETS = Path(__file__).resolve().parents[3] / "data" / "assumptions"


def _share(label: str, low: float, high: float, typical: tuple[float, float], help: str, step: float = 0.01) -> Any:
    return number(Tunable(label, "share", (low, high), typical, step, help, SOURCE))


Change = Annotated[Decimal, _share("Change", -0.99, 10, (-0.5, 0.5), "0.10 is a tenth more, -0.10 a tenth less.")]
Error = Annotated[Decimal, _share("Standard error", 0, 5, (0, 0.5), "How sure that is: one standard deviation.")]
Lag = Annotated[
    int,
    Whole(Tunable("Lag", "months", (0, 120), (0, 12), 1, "Months until all of it is felt; it grows evenly.", SOURCE)),
]


class Lift(Part):
    """What happens more or less often than in history, as a pilot measured it or as it is supposed.

    Attributes:
        of: A measure by its name (`qualified_lead`), `deals` for all deals, or `activities`.
        change: Relative change of how often it happens.
        error: Its standard error; each scenario draws its own change.
        lag: Months until it is felt in full.
        because: Where the number comes from.
    """

    of: str
    change: Change
    error: Error = Decimal(0)
    lag: Lag = 0
    because: str = ""


class Elasticity(Part):
    """How much more of something there is when its reward rises by one per cent against the baseline.

    Attributes:
        of: A measure that rules pay on, or `deals`.
        to: reward: what the scheme pays for it against the baseline; activities: how far activities rose themselves.
        per_cent: Per cent more of it for each per cent.
        error: Standard error of that.
        lag: Months until it is felt in full.
        because: Where the number comes from.
    """

    of: str
    to: Literal["reward", "activities"] = "reward"
    per_cent: Annotated[
        Decimal,
        number(
            Tunable("Elasticity", "factor", (-5, 5), (0, 1), 0.05, "Per cent more of it for each per cent.", SOURCE)
        ),
    ]
    error: Annotated[
        Decimal, number(Tunable("Standard error", "factor", (0, 5), (0, 1), 0.05, "One standard deviation.", SOURCE))
    ] = Decimal(0)
    lag: Lag = 0
    because: str = ""


class Assumptions(Part):
    """What is supposed about the future, each number declared; the defaults suppose nothing.

    Attributes:
        assumptions: Id.
        market: Level of all deals against what history leads to expect.
        growth: Growth a year on top of the fitted trend.
        trend: How much of the fitted trend goes on: 1 all, 0 none.
        price: Change of the amounts of deals.
        churn: Factor on the fitted rate at which partners leave.
        joining: Factor on the fitted rate at which partners join.
        lose_largest: How many of the largest partners leave at once.
        discount: Discount rate a year, for net present value.
        pull_forward: Share of the next month's deals that is closed in the last month of a settlement period.
        response: What partners do about the scheme; empty means that they do nothing.
        lifts: Changes that are supposed or measured by a pilot.
        then: What would be changed in the scheme if this came true, decided beforehand.
    """

    assumptions: str
    title: str = ""
    reason: str = ""
    market: Annotated[
        Decimal, _share("Market", -0.95, 5, (-0.4, 0.4), "Level of deals against what history leads to expect.")
    ] = Decimal(0)
    growth: Annotated[
        Decimal, _share("Growth a year", -0.95, 5, (-0.3, 0.3), "On top of the trend that history shows.")
    ] = Decimal(0)
    trend: Annotated[
        Decimal, _share("Trend that goes on", 0, 1, (0, 1), "1 continues the fitted trend, 0 stops it.", 0.05)
    ] = Decimal(1)
    price: Annotated[
        Decimal, _share("Prices", -0.9, 5, (-0.2, 0.2), "Change of the amounts of deals; their number stays.")
    ] = Decimal(0)
    churn: Annotated[
        Decimal, number(Tunable("Churn", "factor", (0, 20), (0, 3), 0.1, "Times the fitted rate of leaving.", SOURCE))
    ] = Decimal(1)
    joining: Annotated[
        Decimal, number(Tunable("Joining", "factor", (0, 20), (0, 3), 0.1, "Times the fitted rate of joining.", SOURCE))
    ] = Decimal(1)
    lose_largest: Annotated[
        int, Whole(Tunable("Largest partners lost", "count", (0, 100), (0, 5), 1, "They leave at once.", SOURCE))
    ] = 0
    discount: Annotated[Decimal, _share("Discount rate a year", 0, 1, (0, 0.2), "For net present value.")] = Decimal(
        "0.08"
    )
    pull_forward: Annotated[
        Decimal, _share("Pulled forward", 0, 0.9, (0, 0.3), "Deals of the next month closed before a period ends.")
    ] = Decimal(0)
    response: tuple[Elasticity, ...] = ()
    lifts: tuple[Lift, ...] = ()
    then: tuple[str, ...] = ()

    @property
    def responds(self) -> bool:
        """Whether partners are supposed to react to anything."""
        return bool(self.response or self.lifts or self.pull_forward)

    @property
    def without_response(self) -> Assumptions:
        """The same world, in which nobody reacts."""
        return self.model_copy(update={"response": (), "lifts": (), "pull_forward": Decimal(0)})


BASE = Assumptions(assumptions="base", title="As it was", reason="History goes on; nobody reacts to the scheme.")


def loads(text: str | bytes, *, name: str = "assumptions") -> Assumptions:
    """Assumptions from YAML 1.2 or JSON text.

    Raises:
        InputError: With every problem at once.

    Example:
        >>> loads("{assumptions: slump, market: -20%}").market
        Decimal('-0.20')
        >>> loads("{assumptions: slump, markt: -20%}")
        Traceback (most recent call last):
        incentive_lab.errors.InputError: markt: Line 1: unknown key 'markt'. Did you mean market?
    """
    source = read(
        decode(text, name) if isinstance(text, bytes) else text, name, ReadLimits(),
        needs="Assumptions need at least a name, such as assumptions: slump.",
        begins="Begin with a line such as assumptions: slump.",
    )  # fmt: skip
    return validated(source, Assumptions, name)


def load(path: str | Path) -> Assumptions:
    """Assumptions from a file, or a shipped preset by its name.

    Raises:
        InputError: There is no such file or preset, or it is not an assumptions document.

    Example:
        >>> load("recession").market < 0
        True
    """
    given, file = str(path), Path(path)
    if not file.is_file():
        names = {one.stem: one for one in PRESETS.glob("*.yaml")}
        if given not in names:
            raise InputError([Problem(given, f"There is no such file or preset. {did_you_mean(given, names)}")])
        file = names[given]
    return loads(file.read_bytes()[: ReadLimits().size + 1], name=file.name)


@cache
def presets() -> dict[str, Assumptions]:
    """The shipped assumptions by name, the base first."""
    found = {file.stem: load(file) for file in sorted(PRESETS.glob("*.yaml"))}
    return dict(sorted(found.items(), key=lambda item: (item[0] != "base", item[0])))


def json_schema() -> dict[str, Any]:
    """The JSON Schema, every movable number with its `x-tunable`.

    Example:
        >>> json_schema()["required"]
        ['assumptions']
    """
    schema = Assumptions.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "Assumptions of a projection"
    return schema


def diff(old: Assumptions, new: Assumptions) -> list[str]:
    """What differs, one sentence each; titles and reasons do not count.

    Example:
        >>> diff(loads("{assumptions: a}"), loads("{assumptions: b, market: -20%}"))
        ['market: from 0 to -0.20']
    """
    said = []
    for name in type(old).model_fields:
        one, two = getattr(old, name), getattr(new, name)
        if name in ("assumptions", "title", "reason") or one == two:
            continue
        if name in ("response", "lifts", "then"):
            said += [f"{name}: no longer {item}" for item in map(_told, one) if item not in set(map(_told, two))]
            said += [f"{name}: {item}" for item in map(_told, two) if item not in set(map(_told, one))]
        else:
            said.append(f"{name}: from {one} to {two}")
    return said


def _told(item: object) -> str:
    return " ".join(f"{key} {value}" for key, value in item if value) if isinstance(item, Part) else str(item)
