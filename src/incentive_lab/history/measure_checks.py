"""Whether a history has the columns that measures name, said before any of them is worked out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from incentive_lab.errors import InputError, Problem, did_you_mean
from incentive_lab.history.quantities import Quantities
from incentive_lab.scheme.measures import Measure


def leaf_problems(leaves: Mapping[str, Measure], quantities: Mapping[str, Quantities]) -> list[Problem]:
    """Every column a leaf names that is not there or does not fit.

    Args:
        leaves: Name -> measure.
        quantities: Table -> what its columns are.
    """
    return [
        problem for name, measure in leaves.items() for problem in _problems(f"measures.{name}", measure, quantities)
    ]


def _problems(path: str, measure: Measure, quantities: Mapping[str, Quantities]) -> Iterator[Problem]:
    if not measure.leaf:
        yield Problem(path, "this measure is derived from others; ask for its leaves.")
        return
    table = measure.table or ("deals" if measure.event == "first_deal" else None)
    if table is None:
        return
    if table not in quantities:
        yield Problem(path, f"there is no table {table}.", did_you_mean(table, quantities))
        return
    columns = quantities[table]
    for name in measure.of.columns() if measure.of is not None else ():
        column = name.partition(".")[2]
        if not columns.is_ratio(column):
            yield from _number_problem(f"{path}.of", column, columns)
    if measure.at and columns.kind(measure.at) != "date":
        yield _unknown(f"{path}.at", measure.at, columns, "is not a date of")
    named = [*measure.where, *([measure.distinct.partition(".")[2]] if measure.distinct else [])]
    for column in named:
        if columns.kind(column) is None and not columns.is_ratio(column):
            yield _unknown(f"{path}.where", column, columns, "is not a column of")


def _number_problem(path: str, column: str, columns: Quantities) -> Iterator[Problem]:
    try:
        columns.places_of(column)
    except InputError as error:
        yield Problem(path, error.problems[0].message, error.problems[0].fix)


def _unknown(path: str, column: str, columns: Quantities, what: str) -> Problem:
    return Problem(path, f"{column} {what} {columns.table}.", did_you_mean(column, columns.known()))
