"""The next 12 months of a search in sentences and as plain JSON: two readings, each with its Monte Carlo standard error."""

from __future__ import annotations

from typing import Any

from incentive_lab.format import counted, percent
from incentive_lab.optimise.ahead import Afresh, Readings
from incentive_lab.optimise.figures import NEXT_YEAR_FIGURES, Figure, NextYearFigure
from incentive_lab.optimise.found import Found
from incentive_lab.optimise.question import Limit, Question
from incentive_lab.projection.standard_errors import Figure as Reading

NEAR = 2.0
"""Standard errors within which a figure is too near its limit to say for sure on which side it lies."""


def readings_told(found: Found) -> list[str]:
    """Each limit on the next 12 months, and the goal, as what was found reads in both kinds of futures.

    Args:
        found: A search that looked ahead.
    """
    assert found.afresh is not None
    limited = {one.figure.name: one for one in found.question.limits}
    asked = [one for one in found.question.wanted if isinstance(one, NextYearFigure)]
    return [_told(found, found.afresh, one, limited.get(one.name)) for one in {one.name: one for one in asked}.values()]


def _told(found: Found, fresh: Afresh, figure: Figure, limit: Limit | None) -> str:
    searched, reading = found.best.ahead[figure.name], fresh.best[figure.name]
    said = (
        f"{figure.label}: {figure.sure(searched)} in the {counted(found.question.futures.searched, 'future')} searched, "
        f"{figure.sure(reading)} in {fresh.scenarios:,} fresh ones"
    )
    if limit is None or reading is None:
        return f"{said}."
    word = "at most" if limit.side == "<=" else "at least"
    broken = limit.missed({figure.name: reading.value})
    near = abs(reading.value - limit.value) < NEAR * (reading.error or 0.0)
    by = ", by less than two standard errors" if near else ""
    return (
        f"{said}: the limit of {word} {figure.asked(limit.value)} {'does not hold there' if broken else 'holds'}{by}."
    )


def notes_ahead(question: Question, fresh: Afresh) -> list[str]:
    """What is to be known of the futures.

    Args:
        question: What was asked.
        fresh: The fresh reading.
    """
    said = []
    if fresh.checks > 1:
        said.append(
            "What was best in the futures searched did not hold in fresh ones at first: it was searched again, as far within as "
            f"those had said too little, and {fresh.checks} answers were read, each in fresh futures of its own."
        )
    if fresh.cut.value > 0:
        said.append(
            f"Costs are what partners are owed: the budget of what was found cuts it in {percent(fresh.cut.value, 1)} of the "
            "fresh futures."
        )
    if fresh.note is not None:
        said.append(fresh.note)
    supposed = question.futures.assumptions
    said.append(
        f"Futures under the assumptions {supposed.assumptions}, seed {question.seed}; fresh ones, seed {fresh.seed}."
    )
    return said


def next_year(found: Found, fresh: Afresh) -> dict[str, Any]:
    """What `optimise --json` says of the next 12 months; money in whole currency units.

    Args:
        found: A search that looked ahead.
        fresh: Its fresh reading.
    """
    question = found.question
    return {
        "assumptions": question.futures.assumptions.assumptions, "budget": question.futures.budget,
        "told": readings_told(found), "checks": fresh.checks, "budget_cuts": fresh.cut.value,
        "searched": {"scenarios": question.futures.searched, "seed": question.seed, "now": _plain(found.now.ahead),
                     "best": _plain(found.best.ahead)},
        "fresh": {"scenarios": fresh.scenarios, "seed": fresh.seed, "now": _plain(fresh.now), "best": _plain(fresh.best)},
    }  # fmt: skip


def _plain(readings: Readings) -> dict[str, Any]:
    return {name: None if one is None else {"value": one.value, "se": one.error} for name, one in readings.items()}


def say_ahead(told: dict[str, Any]) -> None:
    """The next 12 months in words for a terminal: the figures in fresh futures, then both readings of what was asked.

    Args:
        told: What `next_year` gives.
    """
    fresh = told["fresh"]
    print(f"In {fresh['scenarios']:,} fresh futures of the next 12 months (±: standard error of drawing so many):")
    for name, figure in NEXT_YEAR_FIGURES.items():
        was, now = (
            figure.sure(None if one is None else Reading(one["value"], one["se"]))
            for one in (fresh["now"][name], fresh["best"][name])
        )
        if was != "-":
            print(f"  {figure.label:<42} {was:>28} -> {now}")
    for one in told["told"]:
        print(one)
