"""A revision followed: the months that came against the forecast that its approval froze."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from incentive_lab.control.following import Followed, follow
from incentive_lab.errors import InputError, Problem
from incentive_lab.report.case import Case

if TYPE_CHECKING:
    from incentive_lab.history import History


def followed(
    case: Case,
    documents: Mapping[str, bytes],
    history: History,
    progress: Callable[[int, int], None] | None = None,
) -> Followed:
    """The months that came against the frozen forecast.

    Raises:
        InputError: No forecast was frozen, or none of its months has come.
    """
    from incentive_lab.projection.assumptions import BASE, loads

    if case.projection is None:
        raise InputError([Problem(str(case.revision["id"]), "has no forecast to compare with.",
                                  "Submit the next one with --forecast.")])  # fmt: skip
    supposed = documents.get("assumptions.json")
    return follow(
        history, case.pair, case.projection, progress=progress,
        assumptions=loads(supposed, name="assumptions.json") if supposed is not None else BASE,
    )  # fmt: skip
