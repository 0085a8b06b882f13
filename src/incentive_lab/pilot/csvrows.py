"""What the rows of a CSV file mean: which are read, which arm they are in, and their values as a metric wants them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from incentive_lab.errors import InputError, Problem, did_you_mean, nearest
from incentive_lab.panel import Floats
from incentive_lab.pilot.csvfile import Table, Text, distinct
from incentive_lab.pilot.document import Pilot
from incentive_lab.pilot.drawing import Codes
from incentive_lab.pilot.outcomes import Metric


def chosen_rows(pilot: Pilot, table: Table) -> Table:
    """The rows of the file that the population names.

    Raises:
        InputError: A column or value is not there, or no row is left.
    """
    if not pilot.population.where:
        return table
    kept = np.ones(len(next(iter(table.columns.values()))), dtype=bool)
    for name, values in pilot.population.where.items():
        text = table.text(name, f"population.where.{name}")
        wanted = {_same(value) for value in values}
        different, codes = distinct(text)
        written = [_same(one) for one in different]
        strange = sorted(wanted - set(written))
        if strange:
            raise InputError([Problem(f"population.where.{name}", f"no row has the {name} '{strange[0]}'.",
                                      did_you_mean(strange[0], different))])  # fmt: skip
        kept &= np.array([one in wanted for one in written])[codes]
    if not kept.any():
        raise InputError([Problem("population", "no row of the file is left.", "Widen the population.")])
    return Table(table.name, {name: text[kept] for name, text in table.columns.items()}, table.missing)


def transformed(values: Floats, metric: Metric, where: str) -> Floats:
    """Values as the metric's transform gives them; missing ones stay missing.

    Raises:
        InputError: A value has no logarithm or root.
    """
    least = float(np.nanmin(values)) if np.isfinite(values).any() else 1.0
    low = {"log": 0.0, "log1p": -1.0, "sqrt": 0.0}.get(metric.transform)
    if low is not None and (least < low or (least == low and metric.transform != "sqrt")):
        raise InputError([Problem(where, f"{metric.transform} needs values above {low:g}; the least is {least:g}.",
                                  "Use ppml or ancova without a transform.")])  # fmt: skip
    if metric.transform == "rank":
        from scipy.stats import rankdata

        return np.asarray(rankdata(values, nan_policy="omit", axis=None).reshape(values.shape))
    kinds: dict[str, Callable[[Floats], Floats]] = {
        "log": np.log,
        "log1p": np.log1p,
        "asinh": np.arcsinh,
        "sqrt": np.sqrt,
    }
    return values if metric.transform == "none" else np.asarray(kinds[metric.transform](values))


def arms_of(pilot: Pilot, written: Text, table: Table, where: str) -> Codes:
    """Arms as numbers; -1 where the file gives none.

    Raises:
        InputError: The file writes an arm that the plan does not know.
    """
    known = {
        _same(str(arm.value if arm.value is not None else arm.name)): place for place, arm in enumerate(pilot.arms)
    }
    different, places = distinct(written)
    own = np.array([-1 if text in table.missing else known.get(_same(text), -2) for text in different], dtype=np.int64)
    codes = own[places]
    strange = sorted({different[place] for place in np.flatnonzero(own == -2)})
    if strange:
        known_ones = [str(arm.value if arm.value is not None else arm.name) for arm in pilot.arms]
        close = [f"{one} for {text}" for text in strange[:3] if (one := nearest(text, known_ones))]
        raise InputError([Problem(where, f"found the {'arm' if len(strange) == 1 else 'arms'} "
                                  f"{some([repr(one) for one in strange])}; the plan knows {', '.join(known_ones)}.",
                                  (f"Did you mean {', '.join(close)}? " if close else "")
                                  + "Correct them, or add to an arm the `value: ...` that the file writes.")])  # fmt: skip
    return codes


def some(names: Sequence[str] | NDArray[np.str_]) -> str:
    """The first three names, and how many more.

    Example:
        >>> some(["a", "b", "c", "d"])
        'a, b, c and 1 more'
    """
    shown = ", ".join(str(one) for one in names[:3])
    return shown + (f" and {len(names) - 3:,} more" if len(names) > 3 else "")


def _same(text: str) -> str:
    """A number without needless zeros, so that 1, 1.0 and true are one arm."""
    lowered = text.strip().lower()
    if lowered in ("true", "false"):
        return "1" if lowered == "true" else "0"
    try:
        number = float(lowered)
    except ValueError:
        return text.strip()
    return f"{number:g}"


def changing(
    pilot: Pilot, table: Table, cube: Callable[[Floats], Floats], first: Codes, unit: Codes, kept: Codes
) -> dict[str, Floats]:
    """Covariates that change over periods, float64 [units, periods] each.

    Raises:
        InputError: One that is text changes, or the weight does.
    """
    found, problems = {}, []
    assert pilot.data is not None
    weight = pilot.data.columns.weight
    for name in (*pilot.analysis.covariates, *([weight] if weight else [])):
        text = table.text(name, "analysis.covariates")
        if (text == text[first][unit]).all():
            continue
        if name == weight:
            problems.append(Problem("data.columns.weight", f"'{name}' changes over the periods of a unit.",
                                    "Each unit counts by one number, such as that of its first period."))  # fmt: skip
        elif table.is_number(name):
            found[name] = cube(table.numbers(name, "analysis.covariates"))[kept]
        else:
            problems.append(Problem("analysis.covariates", f"'{name}' is text and changes over the periods of a unit.",
                                    "Make a column of numbers for each of its values."))  # fmt: skip
    if problems:
        raise InputError(problems)
    return found


def require_ids(different: list[str], codes: Codes, table: Table) -> None:
    """Refuse rows that do not say whose they are; ids as `distinct` gives them.

    Raises:
        InputError: With the first such lines.
    """
    without = [place for place, text in enumerate(different) if text in table.missing]
    if without:
        lines = np.flatnonzero(np.isin(codes, without)) + 2
        raise InputError([Problem(f"{table.name}, line {', '.join(map(str, lines[:3]))}", "found no id of a unit.",
                                  "Fill it in, or leave the rows out.")])  # fmt: skip
