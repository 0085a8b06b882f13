"""What a well-formed scheme still gets wrong: names that lead nowhere, tables that overlap, parts that cannot meet."""

from __future__ import annotations

from dataclasses import dataclass

from incentive_lab.errors import InputError, Problem
from incentive_lab.scheme.document import Scheme


@dataclass(frozen=True)
class CheckResult:
    """What a check found.

    Attributes:
        problems: What must be put right before the scheme can be computed.
        warnings: What is allowed but probably not meant.
    """

    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the scheme can be computed."""
        return not self.problems

    def require(self) -> None:
        """Raise InputError with every problem, if there are any."""
        if self.problems:
            raise InputError(self.problems)


def check(scheme: Scheme, *, baseline: Scheme | None = None, names: object = None) -> CheckResult:
    """Everything that the model alone cannot see, at once."""
    return CheckResult()
