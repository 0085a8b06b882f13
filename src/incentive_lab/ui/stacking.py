"""The changes of a draft one on top of the other: A, A+B, A+B+C. Knows nothing of Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from incentive_lab.errors import InputError
from incentive_lab.format import counted
from incentive_lab.scheme.check import check
from incentive_lab.scheme.diff import Change
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.paths import apply


@dataclass(frozen=True)
class Step:
    """A scheme on the way.

    Attributes:
        label: What this step changes, in words.
        scheme: The scheme with this and all earlier steps.
    """

    label: str
    scheme: Scheme


def steps(start: Scheme, end: Scheme, baseline: Scheme, changes: Sequence[Change]) -> list[Step]:
    """The way from one scheme to another, one change at a time in this order.

    A change that cannot stand by itself (a tier renamed, a rule removed that others name) is made in a last step
    together with all that were not asked for, so that the last scheme is always the end.

    Args:
        start: Where it begins.
        end: Where it ends.
        baseline: What a guarantee compares with.
        changes: Differences between the two, as `diff` gives them, in the order wanted.
    """
    found: list[Step] = []
    here, left = start, 0
    for change in changes:
        try:
            moved = apply(here, {change.path: change.after})
            check(moved, baseline=baseline).require()
        except InputError:
            left += 1
            continue
        if moved != here:
            found.append(Step(change.sentence, moved))
            here = moved
    if here != end:
        found.append(Step(f"{counted(left, 'change')} that belong together" if left else "All other changes", end))
    return found
