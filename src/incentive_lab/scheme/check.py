"""What a well-formed scheme still gets wrong: names that lead nowhere, tables that overlap, parts that cannot meet."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields

from incentive_lab.errors import InputError, Problem
from incentive_lab.scheme.checks import (
    alternatives,
    comparisons,
    counting,
    earlier,
    frame,
    grain,
    measuring,
    references,
    returned,
    rules,
    scoring,
    tables,
    tenure,
    undone,
    unseen,
    weeks,
    windows,
)
from incentive_lab.scheme.checks.context import Context, Finding, Findings, Known
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.lines import Lines
from incentive_lab.scheme.naming import join
from incentive_lab.scheme.paths import apply

_CHECKS: tuple[Callable[[Context], Findings], ...] = (
    frame.settings,
    frame.partners,
    frame.runs,
    weeks.quarters,
    measuring.measure_names,
    measuring.definitions,
    unseen.unseen,
    undone.undone,
    frame.tiers,
    references.unique,
    references.rule_names,
    references.tier_names,
    references.attributes,
    rules.rules,
    alternatives.alternatives,
    windows.windows,
    windows.tests,
    counting.distinct_windows,
    tenure.tenure,
    returned.schedules,
    returned.returns,
    comparisons.targets_needed,
    earlier.periods_before,
    scoring.scorecards,
    tables.tables,
    frame.money,
    grain.numbers,
)


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

    def told_on(self, lines: Lines) -> CheckResult:
        """The same, each with the line of the file on which it stands."""
        return CheckResult(tuple(map(lines.placed, self.problems)), tuple(map(lines.placed, self.warnings)))

    def require(self) -> None:
        """Raise InputError with every problem, if there are any."""
        if self.problems:
            raise InputError(self.problems)


def check(scheme: Scheme, *, baseline: Scheme | None = None, names: object = None) -> CheckResult:
    """Everything that the model alone cannot see, at once.

    Args:
        scheme: The scheme.
        baseline: The scheme it is compared with, when at hand.
        names: What a history knows: anything with the attributes of `checks.context.Known`, or some of them.

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> text = "{scheme: a, currency: USD, effective: {from: 2024-01-01}, rules: [{id: c, on: revenu, rate: 3%}]}"
        >>> print(*check(loads(text)).problems)
        rules.c.on: There is no measure named 'revenu'. Did you mean revenue?
    """
    known = _known(names)
    found = list(_found(Context(scheme, known)))
    found += frame.baseline_fits(scheme, baseline)
    found += _variants(scheme, known, {finding.problem for finding in found})
    return CheckResult(
        tuple(dict.fromkeys(finding.problem for finding in found if not finding.warning)),
        tuple(dict.fromkeys(finding.problem for finding in found if finding.warning)),
    )


def not_in_history(scheme: Scheme, names: object) -> tuple[Problem, ...]:
    """Those notes of a check that are about measures of which the history has nothing.

    Args:
        scheme: The scheme.
        names: What the history knows, as in `check`.

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> text = "{scheme: a, currency: USD, effective: {from: 2024-01-01}, rules: [{id: c, on: training, rate: 3}]}"
        >>> print(not_in_history(loads(text), Known(kinds=["Training Completed"]))[0].message)
        This history has no activities of kind 'training': the rule c pays nothing.
    """
    return tuple(finding.problem for finding in unseen.unseen(Context(scheme, _known(names))))


def _known(names: object) -> Known:
    return Known(**{one.name: getattr(names, one.name, None) for one in fields(Known)})


def _found(context: Context) -> Iterable[Finding]:
    endless = [*measuring.endless(context)]
    yield from endless
    for one in () if endless else _CHECKS:
        yield from one(context)


def _variants(scheme: Scheme, known: Known, already: set[Problem]) -> Iterable[Finding]:
    """Each variant's changes can be made, and the changed scheme is checked as if it stood alone."""
    plain = scheme.model_copy(update={"variants": {}})
    for name, variant in scheme.variants.items():
        here = join(("variants", name, "change"))
        try:
            changed = apply(plain, variant.change)
        except InputError as error:
            yield from (Finding(Problem(f"{here}.{one.path}", one.message, one.fix)) for one in error.problems)
            continue
        for finding in _found(Context(changed, known)):
            if finding.problem not in already:
                problem = finding.problem
                yield Finding(Problem(f"{here}.{problem.path}", problem.message, problem.fix), finding.warning)
