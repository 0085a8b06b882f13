"""Random rates: numbers, tables in every mode, grids, choices."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.engine.strategies.choosing import one_from
from tests.engine.strategies.histories import LEVELS, MONEY_BORDERS, REGIONS, SEGMENTS, TYPES

Document = dict[str, Any]
MONEY_MEASURES = ("revenue", "margin")
COUNT_MEASURES = ("units", "certification")
SHARE_RATES = one_from(["0.01", "0.02", "0.035", "0.005", "0.333333", "0", "0.125", "-0.01", "0.0000005"])
UNIT_RATES = one_from(["1", "12.5", "0.005", "120", "0.333333", "0"])
LUMPS = one_from(["0", "1", "250", "99.99", "0.005"])
BORDERS = {
    "money": [str(cents / 100) for cents in MONEY_BORDERS],
    "count": ["0", "1", "2", "5", "10", "10.5", "20"],
    "share": ["-0.5", "0", "0.1", "0.333333", "0.5", "0.8", "1", "1.000001", "1.2", "2"],
    "score": ["1", "3.5", "4", "4.2"],
    "months": ["0", "1", "2", "5", "12"],
}
DRIVEN = ("revenue", "margin", "units", "csat", "margin_share", "months_since_joining")
CARDS = ("first", "second")
"""Scorecards that every random scheme has."""
RETURNING = ("skip", "zero", "prorate")
EARLIER = {"last_year": True, "last_period": True, "average_of_last": 2}


def kind_of(measure: str) -> str:
    """Which borders suit a measure."""
    if measure in ("csat",):
        return "score"
    if measure == "months_since_joining":
        return "months"
    if measure in ("margin_share",):
        return "share"
    return "count" if measure in COUNT_MEASURES else "money"


def rates_for(measure: str | None) -> st.SearchStrategy[str]:
    """Shares of money, or amounts for each unit."""
    return UNIT_RATES if measure in COUNT_MEASURES else SHARE_RATES


@st.composite
def references(draw: st.DrawFn, kind: str, with_last_year: bool = True) -> Document:
    """What a measure is compared with."""
    form = draw(one_from(["target", "amount", *(EARLIER if with_last_year else ())]))
    document: Document = {}
    if form == "target":
        document = {"target": True, "whole": draw(st.booleans())}
    elif form == "amount":
        document = {"amount": draw(one_from(BORDERS[kind][1:]))}
    else:
        document = {form: EARLIER[form], "new_partner": draw(one_from(RETURNING))}
        if form == "average_of_last":
            document[form] = draw(one_from([2, 3, 4]))
        if draw(st.booleans()):
            document["pace_of"] = draw(one_from(["type", "segment", "region"]))
    if draw(st.booleans()):
        document["times"] = draw(one_from(["1.05", "0.5", "1"]))
    return document


@st.composite
def scorecards(draw: st.DrawFn) -> Document:
    """Attainments of several measures, weighted: each against its own, with bounds of its own."""
    result = {}
    for name in CARDS:
        measures = draw(st.lists(one_from(["revenue", "margin", "units"]), min_size=1, max_size=3, unique=True))
        weights = {1: ["1"], 2: draw(one_from([["0.7", "0.3"], ["1", "0"]])), 3: ["0.333333", "0.333333", "0.333334"]}
        parts = {}
        for measure, weight in zip(measures, weights[len(measures)], strict=True):
            part: Document = {"weight": weight}
            if draw(st.booleans()):
                part["against"] = draw(references(kind_of(measure)))
            if draw(st.booleans()):
                part |= {"at_least": draw(one_from(["0", "0.5"])), "at_most": draw(one_from(["0.8", "1", "1.5"]))}
            if draw(st.booleans()):
                part["counts_from"] = draw(one_from(["0.5", "0.8", "1"]))
            parts[measure] = part
        result[name] = {"parts": parts, "missing": draw(one_from(["fails", "zero", "left_out"]))}
    return result


@st.composite
def drivers(draw: st.DrawFn, measures: tuple[str, ...]) -> tuple[Document, str]:
    """A driver and the kind of borders its steps have."""
    measure = draw(one_from(measures))
    kind = kind_of(measure)
    form = (
        "measure"
        if kind in ("score", "months", "share")
        else draw(one_from(["measure", "attainment_of", "growth_of", "excess_of", "scorecard"]))
    )
    if form == "scorecard":
        return {"scorecard": draw(one_from(CARDS))}, "share"
    document: Document = {form: measure}
    if form != "measure" and draw(st.booleans()):
        document["against"] = draw(references(kind))
    return document, kind if form in ("measure", "excess_of") else "share"


@st.composite
def steps(
    draw: st.DrawFn, kind: str, rates: st.SearchStrategy[str], applies: str, slices: str, beyond: str, with_lumps: bool
) -> list[Document]:
    """Steps in order, with ends where the mode needs them.

    A line over a millionth (a share of 1 to 1.000001) is too steep for the engine's floats, so it is left out.
    """
    borders = BORDERS[kind][1:] if kind == "share" and applies in ("marginal", "each_to_its_end") else BORDERS[kind]
    if applies.startswith("interpolated"):
        borders = [border for border in borders if border != "1.000001"]
    fewest = 2 if applies.startswith("interpolated") else 1
    places = sorted(draw(st.lists(st.integers(0, len(borders) - 2), min_size=fewest, max_size=4, unique=True)))
    result: list[Document] = []
    for number, place in enumerate(places):
        step: Document = {"from": borders[place]}
        if applies != "interpolated_amount":
            step["rate"] = draw(rates)
        is_last = number == len(places) - 1
        upper = borders[places[number + 1]] if not is_last else borders[-1]
        if applies == "interpolated_amount" or with_lumps:
            step["lump"] = draw(LUMPS)
        if applies == "interpolated_rate" and draw(st.booleans()):
            step["rate_to"], step["to"] = draw(rates), upper
        elif slices == "from_previous_end" or (is_last and beyond != "continues"):
            step["to"] = upper if is_last or draw(st.booleans()) else just_below(upper, kind, borders[place])
        if applies == "marginal" and draw(st.integers(0, 4)) == 0:
            step["retroactive"] = True
        result.append(step)
    return result


def just_below(border: str, kind: str, start: str) -> str:
    """The end of a band written x.99 or 1-10, if it lies above the band's start."""
    end = float(border) - (1 if kind == "count" else 0.01)
    return f"{end:.2f}" if end > float(start) else border


@st.composite
def tables(
    draw: st.DrawFn,
    base: str | None,
    overs: tuple[Any, ...] = ("period",),
    modes: tuple[str, ...] = (
        "marginal", "whole", "each_to_its_end", "each_in_full", "interpolated_rate", "interpolated_amount",
    ),
    with_lumps: bool = True,
    pays: tuple[str, ...] = ("true_up",),
    driver: tuple[Document, str] | None = None,
    with_target: bool = True,
    counts: str = "after",
) -> Document:  # fmt: skip
    """A table in any mode; `base` None pays on earlier payouts, `driver` is what it looks at instead of the base."""
    applies = draw(one_from(modes))
    slices = (
        draw(one_from(["from_start", "from_start", "from_previous_end"]))
        if applies in ("marginal", "each_to_its_end")
        else "from_start"
    )
    beyond = draw(one_from(["continues", "continues", "capped", "nothing"]))
    if applies.startswith("interpolated") and beyond == "capped":
        beyond = "continues"
    table: Document = {
        "over": draw(one_from(overs)),
        "applies": applies,
        "border": draw(one_from(["at_or_above", "above"])),
        "slices": slices,
        "beyond": beyond,
        "lumps": draw(one_from(["highest", "each"])),
        "pays": draw(one_from(pays)),
        "counts": counts,
        "extrapolate": applies.startswith("interpolated") and draw(st.booleans()),
    }
    kind = kind_of(base) if base else "money"
    if driver is not None:
        table["by"], kind = driver
    elif base and with_target and draw(st.integers(0, 5)) == 0:
        table["of_target"], kind = True, "share"
    has_lumps = with_lumps and applies != "interpolated_amount" and draw(st.booleans())
    table["steps"] = draw(steps(kind, rates_for(base), applies, slices, beyond, has_lumps))
    ends = {step.get(key) for step in table["steps"] for key in ("from", "to")}
    if base in COUNT_MEASURES and {"100.0", "100.01"} <= ends:
        table["extrapolate"] = False  # a rate a unit that rises within a cent leaves the engine's floats further on
    return table


@st.composite
def optional_drivers(
    draw: st.DrawFn, measures: tuple[str, ...] = DRIVEN, one_in: int = 3
) -> tuple[Document, str] | None:
    """Sometimes a driver of its own; all tables of a choice have the same."""
    return draw(drivers(measures)) if draw(st.integers(0, one_in - 1)) == one_in - 1 else None


def table_rates(base: str | None, **settings: Any) -> st.SearchStrategy[Document]:
    """A table as a rate."""
    return tables(base, **settings).map(lambda table: {"table": table})


@st.composite
def grids(draw: st.DrawFn, base: str, measures: tuple[str, ...]) -> Document:
    """A rate chosen by two drivers; a combination may be missing."""
    axes = []
    for axis in ("r", "c"):
        by, kind = draw(drivers(measures))
        starts = sorted(draw(st.lists(st.integers(0, len(BORDERS[kind]) - 1), min_size=1, max_size=3, unique=True)))
        axes.append(
            {
                "by": by,
                "over": draw(one_from(["period", "year_to_date", {"trailing": 12}])),
                "border": draw(one_from(["at_or_above", "above"])),
                "steps": [
                    {"name": f"{axis}{place}", "from": BORDERS[kind][start]} for place, start in enumerate(starts)
                ],
            }
        )
    rates = {
        row["name"]: {column["name"]: draw(rates_for(base)) for column in axes[1]["steps"]} for row in axes[0]["steps"]
    }
    return {"grid": {"rows": axes[0], "columns": axes[1], "rates": rates}}


CHOICES = {"tier": LEVELS, "type": TYPES, "region": REGIONS, "segment": SEGMENTS}


@st.composite
def rates(draw: st.DrawFn, base: str | None, leaf: st.SearchStrategy[Any], has_grid: bool = False) -> Any:
    """A number, a table, a grid, or a choice of numbers and tables."""
    form = draw(one_from(["leaf", "leaf", "choice", "grid"] if has_grid and base else ["leaf", "leaf", "choice"]))
    if form == "leaf":
        return draw(leaf)
    if form == "grid":
        assert base
        return draw(grids(base, ("revenue", "units", "margin_share")))
    attribute = draw(one_from(sorted(CHOICES)))
    named = draw(st.lists(one_from(CHOICES[attribute]), min_size=1, unique=True))
    document = {f"by_{attribute}": {name: draw(leaf) for name in named}}
    if (attribute == "tier" and len(named) < len(LEVELS)) or draw(st.booleans()):
        document["otherwise"] = draw(leaf)
    return document
