"""The periods of a CSV file in the order of time, and who was treated when; what cannot be told or is contradictory is refused."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from incentive_lab.errors import InputError, Problem, did_you_mean
from incentive_lab.panel import Floats
from incentive_lab.pilot.csvfile import Table, Text, distinct
from incentive_lab.pilot.csvrows import arms_of
from incentive_lab.pilot.document import Pilot
from incentive_lab.pilot.drawing import Codes
from incentive_lab.pilot.outcomes import Data

_DIGITS = re.compile(r"\d+")
_ALLOWED = "Write the year first, such as 2024-07 or 2024-07-31, or number the periods 1, 2, 3."


def periods_of(written: Text, where: str) -> tuple[list[str], Codes]:
    """The periods in order of time, and the place of each row's: int64 [rows].

    Numbers are in order as numbers; texts that differ by one number only (m1, m2), or that name the year first, by
    their numbers. Any other text has no order that can be relied upon: 1/2/24 is in January or in February.

    Args:
        written: The column, object [rows].
        where: Names the column in a message.

    Raises:
        InputError: A row has no period, the order cannot be told, or one period is written in two ways.

    Example:
        >>> periods_of(np.array(["m10", "m9", "m10"], dtype=object), "data.csv, column when")[0]
        ['m9', 'm10']
    """
    different, codes = distinct(written)
    if "" in different:
        line = int(np.flatnonzero(codes == different.index(""))[0]) + 2
        raise InputError([Problem(where, f"line {line} has no period.", "Each row of a panel needs one.")])
    keys = _keys(different)
    if keys is None:
        shown = " and ".join(f"'{text}'" for text in different[:2])
        raise InputError([Problem(where, f"found {shown}: their order in time cannot be told.", _ALLOWED)])
    order = sorted(range(len(different)), key=lambda place: keys[place])
    for one, next_one in pairwise(order):
        if keys[one] == keys[next_one]:
            raise InputError([Problem(where, f"'{different[one]}' and '{different[next_one]}' are the same period.",
                                      "Write each period in one way.")])  # fmt: skip
    place = np.empty(len(different), dtype=np.int64)
    place[order] = np.arange(len(different))
    return [different[one] for one in order], place[codes]


def period_at(text: str, labels: Sequence[str], never: Iterable[str], where: str) -> int:
    """The place of a period, or of the first one at or after it where periods are numbers; -1 for never.

    Raises:
        InputError: The file has no such period.
    """
    if text in never:
        return -1
    if text in labels:
        return labels.index(text)
    if _numeric(text) and all(map(_numeric, labels)):
        later = [place for place, label in enumerate(labels) if float(label) >= float(text)]
        return later[0] if later else -1
    raise InputError([Problem(where, f"found '{text}', which is no period of the file.", did_you_mean(text, labels))])


def _keys(labels: list[str]) -> list[tuple[float, ...]] | None:
    """What each label sorts by; None where that cannot be told."""
    if all(map(_numeric, labels)):
        numbers: list[tuple[float, ...]] = [(float(label),) for label in labels]
        if len(set(numbers)) == len(labels):
            return numbers
    shapes = {_DIGITS.sub("#", label) for label in labels}
    if len(shapes) > 1:
        return None
    parts = [_DIGITS.findall(label) for label in labels]
    if len(parts[0]) == 1 or (parts[0] and all(len(part[0]) == 4 for part in parts)):
        return [tuple(float(number) for number in part) for part in parts]
    return None


def _numeric(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def who_when(
    pilot: Pilot, data: Data, table: Table, labels: list[str], unit: Codes, period: Codes, shape: tuple[int, int],
    first: Codes, names: NDArray[np.str_],
) -> tuple[Codes, Codes, Floats | None, int]:  # fmt: skip
    """First treated period, arm, months in the arm (switchback) and the first period of the pilot.

    Raises:
        InputError: Arms and dates contradict each other, or the file.
    """
    columns = data.columns
    if columns.first_treated:
        written = table.text(columns.first_treated, "data.columns.first_treated")[first]
        never = {*data.missing, "0", "inf", "Inf", "0.0", "never"}
        starts = np.array([period_at(str(text), labels, never, f"{table.name}, column {columns.first_treated}")
                           for text in written], dtype=np.int64)  # fmt: skip
        arm = (starts >= 0).astype(np.int64)
        if columns.arm:
            arm = arms_of(pilot, table.text(columns.arm, "data.columns.arm")[first], table, table.name)
            wrong = np.flatnonzero((arm >= 0) & ((arm > 0) != (starts >= 0)))
            if len(wrong):
                said = (
                    "is in the control and has a first treated period"
                    if arm[wrong[0]] == 0
                    else "is in an arm and never treated"
                )
                raise InputError([Problem(table.name, f"{names[wrong[0]]} {said} ('{written[wrong[0]]}').",
                                          "Correct one of the two columns, or leave the arm out.")])  # fmt: skip
        begun = starts[starts > 0]
        return starts, arm, None, int(begun.min()) if len(begun) else 0
    codes = arms_of(pilot, table.text(columns.arm, "data.columns.arm"), table, f"{table.name}, column {columns.arm}")
    if pilot.assignment.mechanism == "switchback":
        inside = np.full(shape, np.nan)
        inside[unit, period] = np.where(codes >= 0, codes, np.nan)
        return np.zeros(shape[0], dtype=np.int64), (np.nanmax(inside, axis=1) > 0).astype(np.int64), inside, 0
    start = period_at(data.start, labels, (), "data.start")
    if start < 0:
        raise InputError([Problem("data.start", f"found '{data.start}', and the file ends at {labels[-1]}: there is nothing to "
                                  "read yet.", "Give a period of the file.")])  # fmt: skip
    highest = np.full(shape[0], -1, dtype=np.int64)
    np.maximum.at(highest, unit, codes)
    late = period >= start
    changed = late & (codes >= 0) & (codes != highest[unit])
    if changed.any():
        who = names[unit[np.flatnonzero(changed)[0]]]
        raise InputError([Problem(table.name, f"{who} is in two arms after the start.",
                                  "Each unit has one arm; for changing arms use the mechanism switchback.")])  # fmt: skip
    moved = np.zeros(shape[0], dtype=bool)
    moved[unit[(codes >= 0) & (codes != highest[unit])]] = True
    early = np.flatnonzero(~late & moved[unit] & (codes > 0))
    if len(early):
        who, when = names[unit[early[0]]], labels[period[early[0]]]
        raise InputError([Problem(table.name, f"{who} changes arms and is in its arm in {when}, before the start at {data.start}.",
                                  "Correct data.start, or name the column of first_treated.")])  # fmt: skip
    return np.where(highest > 0, start, -1), highest, None, start
