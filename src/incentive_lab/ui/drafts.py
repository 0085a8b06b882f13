"""A draft: a scheme that somebody is changing, what was refused, and the way back. Knows nothing of Streamlit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from typing import Any

from incentive_lab.errors import InputError, Problem
from incentive_lab.scheme.check import check
from incentive_lab.scheme.diff import Change, diff
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.paths import Address, apply, get, tunables

KEPT = 100
"""Steps back that a draft remembers."""
State = tuple[Scheme, Scheme, Scheme]
"""(start, scheme, baseline)."""


@dataclass(frozen=True)
class Refused:
    """A value that was asked for and is not allowed.

    Attributes:
        value: What was asked for.
        problems: Why it cannot be.
    """

    value: Any
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class Draft:
    """A scheme being tuned. Every move gives a new draft; the scheme is always one that can be computed.

    Attributes:
        start: The document it began with.
        scheme: The last one that is allowed.
        baseline: What it is compared with.
        refused: Path -> the value that was asked for there and refused.
        past: Earlier (start, scheme, baseline), oldest first.
        future: What was undone, nearest first.
        warned: A scheme that was taken though something spoke against it, and what, as a sentence.
    """

    start: Scheme
    scheme: Scheme
    baseline: Scheme
    refused: Mapping[str, Refused] = field(default_factory=dict)
    past: tuple[State, ...] = ()
    future: tuple[State, ...] = ()
    warned: tuple[Scheme, str] | None = None

    @classmethod
    def of(cls, scheme: Scheme, baseline: Scheme) -> Draft:
        """A draft that begins as this scheme.

        Raises:
            InputError: The scheme cannot be computed.
        """
        check(scheme, baseline=baseline).require()
        return cls(scheme, scheme, baseline)

    @property
    def valid(self) -> bool:
        """Whether everything that was asked for is in the scheme."""
        return not self.refused

    @property
    def reason(self) -> str:
        """What spoke against the scheme when it was taken, while the draft is that scheme or has come from it."""
        if self.warned is None:
            return ""
        taken, said = self.warned
        if self.scheme == taken:
            return said
        return f"{said} It was changed since." if any(scheme == taken for _, scheme, _ in self.past) else ""

    @cached_property
    def changes(self) -> list[Change]:
        """What differs from the document it began with."""
        return diff(self.start, self.scheme)

    @cached_property
    def numbers(self) -> tuple[Address, ...]:
        """The numbers that may be moved, in document order."""
        return tunables(self.scheme)

    def value(self, path: str) -> Any:
        """What was asked for at a path, else what the scheme says there."""
        return self.refused[path].value if path in self.refused else get(self.scheme, path)

    def moved(self, path: str, value: Any) -> Draft:
        """The draft with another value at a path; a value that is not allowed is kept aside with its reasons.

        Values refused before are tried again, since one may become possible through the other.
        """
        waiting = {other: one.value for other, one in self.refused.items() if other != path}
        together = self._tried({**waiting, path: value})
        if isinstance(together, Scheme):
            return self._stepped(together, {})
        alone = self._tried({path: value}) if waiting else together
        if isinstance(alone, Scheme):
            return self._stepped(alone, {other: self.refused[other] for other in waiting})
        kept = {other: one for other, one in self.refused.items() if other != path}
        return replace(self, refused={**kept, path: Refused(value, alone)})

    def rewritten(self, scheme: Scheme, although: str = "") -> Draft:
        """The draft with much changed at once (other tiers, a solved mix), as one step that can be taken back.

        What was refused stays refused where the number it was asked for is still there and still the same.

        Args:
            scheme: What it becomes.
            although: What speaks against it, as a sentence; the draft tells it as its `reason`.

        Raises:
            InputError: The scheme cannot be computed.
        """
        check(scheme, baseline=self.baseline).require()
        before = {one.path: one.value for one in self.numbers}
        same = {one.path for one in tunables(scheme) if before.get(one.path) == one.value}
        anew = self._stepped(scheme, {path: one for path, one in self.refused.items() if path in same})
        return replace(anew, warned=(scheme, although)) if although else anew

    def amended(self, scheme: Scheme) -> Draft:
        """The last step with another outcome: what follows from a move by itself belongs to that move."""
        return replace(self, scheme=scheme, future=())

    def begun_anew(self, start: Scheme, baseline: Scheme) -> Draft:
        """Another document or another baseline to begin with, as one step that can be taken back.

        Raises:
            InputError: The scheme cannot be computed.
        """
        anew = Draft.of(start, baseline)
        return replace(anew, past=(*self.past, self.here)[-KEPT:])

    def undone(self) -> Draft:
        """One step back: first whatever was refused is forgotten, then the last change."""
        if self.refused:
            return replace(self, refused={})
        if not self.past:
            return self
        return Draft(*self.past[-1], past=self.past[:-1], future=(self.here, *self.future)[:KEPT],
                     warned=self.warned)  # fmt: skip

    def redone(self) -> Draft:
        """The step that was taken back last, taken again."""
        if not self.future:
            return self
        return Draft(*self.future[0], past=(*self.past, self.here)[-KEPT:], future=self.future[1:],
                     warned=self.warned)  # fmt: skip

    def reset(self, path: str | None = None) -> Draft:
        """The value at a path as the document began with it; without a path, all of it."""
        if path is None:
            return self._stepped(self.start, {})
        return self.moved(path, get(self.start, path))

    def _tried(self, changes: Mapping[str, Any]) -> Scheme | tuple[Problem, ...]:
        """The scheme with these changes, or why not."""
        try:
            scheme = apply(self.scheme, changes)
            check(scheme, baseline=self.baseline).require()
        except InputError as error:
            return error.problems
        return scheme

    def _stepped(self, scheme: Scheme, refused: Mapping[str, Refused]) -> Draft:
        if scheme == self.scheme:
            return replace(self, refused=refused)
        return replace(self, scheme=scheme, refused=refused, past=(*self.past, self.here)[-KEPT:], future=())

    @property
    def here(self) -> State:
        """Where the draft stands."""
        return self.start, self.scheme, self.baseline


def started(draft: Draft, path: str) -> Decimal | None:
    """The number that stood at a path when the draft began, None where it was not there."""
    try:
        value = get(draft.start, path)
    except InputError:
        return None
    if isinstance(value, bool) or not isinstance(value, (Decimal, int)):
        return None
    return Decimal(value)
