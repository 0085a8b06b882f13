"""What is wrong with a plan before any data is looked at, as sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from incentive_lab.errors import InputError, Problem, did_you_mean
from incentive_lab.format import percent
from incentive_lab.pilot.document import Pilot


@dataclass(frozen=True)
class Checked:
    """Problems that stop a pilot, and warnings that its reader should know."""

    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        """Whether the plan can be used."""
        return not self.problems

    def require(self) -> None:
        """Refuse a plan with problems.

        Raises:
            InputError: With every problem.
        """
        if self.problems:
            raise InputError(self.problems)


def check(pilot: Pilot) -> Checked:
    """Every problem of a plan at once.

    Example:
        >>> from incentive_lab.pilot.reading import loads
        >>> text = "{pilot: a, arms: [{name: on}, {name: on}], metrics: [{name: y, of: revenue, role: primary}]}"
        >>> [one.path for one in check(loads(text)).problems]
        ['arms', 'dates']
    """
    problems = [*_arms(pilot), *_metrics(pilot), *_sources(pilot), *_assignment(pilot), *_dates(pilot), *_value(pilot)]
    return Checked(tuple(problems), tuple(_warnings(pilot)))


def require_history(pilot: Pilot) -> None:
    """Refuse a plan that reads a CSV file where partners of a history are drawn.

    Raises:
        InputError: The plan reads a CSV file.

    Example:
        >>> from incentive_lab.pilot.reading import loads
        >>> plan = loads("{pilot: a, arms: [{name: on}, {name: off}], metrics: [{name: y, of: y, role: primary}], "
        ...              "data: {file: a.csv}}")
        >>> try:
        ...     require_history(plan)
        ... except InputError as refusal:
        ...     print(refusal.problems[0].message)
        this plan reads a.csv; power and drawing need a plan with dates, on a history.
    """
    if pilot.data is not None:
        raise InputError([Problem("data", f"this plan reads {pilot.data.file}; power and drawing need a plan with dates, on a "
                                  "history.", "Read this one with `pilot analyse`; to draw partners, leave `data` out, write "
                                  "dates and name the history with --history.")])  # fmt: skip


def _arms(pilot: Pilot) -> Iterator[Problem]:
    for name, times in Counter(arm.name for arm in pilot.arms).items():
        if times > 1:
            yield Problem("arms", f"the arm '{name}' is there {times} times; arms must not overlap.",
                          "Give each arm its own name.")  # fmt: skip
    values = Counter(str(arm.value if arm.value is not None else arm.name) for arm in pilot.arms)
    for value, times in values.items():
        if times > 1 and len({arm.name for arm in pilot.arms}) == len(pilot.arms):
            yield Problem("arms", f"{times} arms are written '{value}' in the file; arms must not overlap.",
                          "Give each its own `value`.")  # fmt: skip
    given = sum((arm.share for arm in pilot.arms if arm.share is not None), Decimal(0))
    open_arms = sum(arm.share is None for arm in pilot.arms)
    if given > 1 or (not open_arms and given != 1):
        yield Problem("arms", f"the shares of the arms add up to {percent(float(given))}; they must make 100 %.",
                      "Change the shares, or leave one out.")  # fmt: skip
    for arm, share in zip(pilot.arms, pilot.shares(), strict=True):
        if share <= 0:
            yield Problem(f"arms.{arm.name}.share", "this arm would be empty.", "Give it a share above zero.")


def _metrics(pilot: Pilot) -> Iterator[Problem]:
    primary = [one.name for one in pilot.metrics if one.role == "primary"]
    if len(primary) != 1:
        found = ", ".join(primary) or "none"
        yield Problem("metrics", f"exactly one metric is primary; found {found}.", "Mark the one that decides.")
    for name, times in Counter(one.name for one in pilot.metrics).items():
        if times > 1:
            yield Problem("metrics", f"the metric '{name}' is there {times} times.", "Give each its own name.")
    for one in pilot.metrics:
        if one.margin is not None and one.margin_amount is not None:
            yield Problem(f"metrics.{one.name}", "a margin is either a share or an amount, not both.", "Keep one.")
        if one.role == "guardrail" and one.margin is None and one.margin_amount is None:
            yield Problem(f"metrics.{one.name}", "a guardrail needs the worst change that is still acceptable.",
                          "Add margin: 5%, or margin_amount in the metric's unit.")  # fmt: skip
        if one.transform != "none" and (pilot.data is None or one.over):
            yield Problem(f"metrics.{one.name}.transform", "a transform is for one column of a CSV file.",
                          "On a history use the estimator log_ancova or winsorised.")  # fmt: skip
        if one.transform != "none" and one.estimator in ("log_ancova", "ppml"):
            yield Problem(
                f"metrics.{one.name}.transform",
                f"{one.estimator} takes logarithms itself.",
                "Leave one of the two out.",
            )
        if one.estimator == "ratio" and not one.over:
            yield Problem(f"metrics.{one.name}", "the estimator ratio needs a denominator.", "Name it with `over`.")


def _sources(pilot: Pilot) -> Iterator[Problem]:
    if pilot.data is None:
        if pilot.dates is None:
            yield Problem("dates", "a pilot on a history needs its dates.",
                          "Add dates: {start: 2025-01-01, months: 6}, or data: with a CSV file.")  # fmt: skip
        return
    columns = pilot.data.columns
    panel = bool(columns.period)
    if panel and not columns.partner:
        yield Problem("data.columns", "a panel needs the column that names the unit.", "Add partner: its column.")
    if not panel and columns.first_treated:
        yield Problem("data.columns.period", "first_treated needs the column that names the period.", "Add period.")
    if not columns.arm and not columns.first_treated and not pilot.assignment.file:
        yield Problem("data.columns", "nothing says who was in which arm.", "Add arm, or first_treated.")
    if panel and not columns.first_treated and not pilot.data.start and pilot.assignment.mechanism != "switchback":
        yield Problem("data.start", "a panel needs the first period of the pilot.", "Add start, or first_treated.")


def _assignment(pilot: Pilot) -> Iterator[Problem]:
    plan = pilot.assignment
    if plan.mechanism == "observed" and not plan.accept_bias:
        yield Problem("assignment.accept_bias", "nobody was drawn, so partners that differ from the start are compared.",
                      "If that is all there is, write accept_bias: true; every result is then labelled.")  # fmt: skip
    if plan.mechanism == "observed" and not plan.file and (pilot.data is None or not (
            pilot.data.columns.arm or pilot.data.columns.first_treated)):  # fmt: skip
        yield Problem("assignment.file", "nobody was drawn, so a file must say who was treated.",
                      "Name a CSV with partner_id, arm.")  # fmt: skip
    if plan.mechanism in ("matched_pairs", "stratified") and pilot.data is not None and not (
            plan.strata or pilot.data.columns.stratum):  # fmt: skip
        yield Problem("data.columns.stratum", f"{plan.mechanism.replace('_', ' ')} are analysed as they were drawn, and no column "
                      "says which rows belong together.", "Name it with stratum.")  # fmt: skip
    if plan.mechanism == "stratified" and not plan.strata and pilot.data is None and not plan.file:
        yield Problem("assignment.strata", "a stratified draw needs strata.",
                      "Name attributes, such as strata: [type], or use mechanism: complete.")  # fmt: skip
    if plan.mechanism in ("rollout", "switchback", "matched_pairs") and len(pilot.arms) != 2:
        yield Problem("arms", f"{plan.mechanism} is for two arms; found {len(pilot.arms)}.", "Keep two arms.")
    if plan.mechanism in ("rollout", "switchback") and plan.rerandomise is not None:
        yield Problem("assignment.rerandomise", f"{plan.mechanism} cannot be re-randomised.", "Leave it out.")
    reads = {"rollout": ("staggered", "did"), "switchback": ("switchback",)}.get(plan.mechanism, ())
    named = [("analysis", pilot.analysis.estimator), *((f"metrics.{one.name}", one.estimator) for one in pilot.metrics)]
    for where, estimator in named if reads else ():
        if estimator not in (None, "auto", *reads):
            yield Problem(f"{where}.estimator", f"found {estimator}, which compares two arms that stay as they are; a "
                          f"{plan.mechanism} is read by {' or '.join(reads)}.", "Leave it out.")  # fmt: skip
    if plan.mechanism == "matched_pairs" and set(pilot.shares()) != {0.5}:
        yield Problem("arms", "matched pairs give each arm half of the units.", "Leave the shares out.")
    if plan.mechanism == "rollout" and pilot.dates is not None:
        needed = int(plan.waves - 1) * int(plan.period_months)
        if needed >= int(pilot.dates.months):
            yield Problem("dates.months", f"{plan.waves} waves every {plan.period_months} months do not fit into "
                          f"{pilot.dates.months} months.", f"Make it longer than {needed} months.")  # fmt: skip
    if pilot.looks.kind == "none" and pilot.looks.count > 1:
        yield Problem("looks.kind", f"{pilot.looks.count} looks need a rule, or looking will lie.",
                      "Use group_sequential or always_valid.")  # fmt: skip


def _dates(pilot: Pilot) -> Iterator[Problem]:
    dates = pilot.dates
    if dates is None:
        return
    if not "01" <= dates.start[5:7] <= "12":
        yield Problem("dates.start", f"found {dates.start}; a year has the months 01 to 12.", "Correct the month.")
    if dates.assigned is not None and dates.assigned.isoformat() > dates.start:
        yield Problem("dates.start", f"the arms differ from {dates.start}, before they were drawn on {dates.assigned}.",
                      "An effect cannot come before the draw: correct one of the dates.")  # fmt: skip
    whole = [("months", dates.months), ("pre_months", dates.pre_months)]
    for key, value in whole:
        if value != int(value):
            yield Problem(f"dates.{key}", f"found {value}; months are whole.", "")


def _value(pilot: Pilot) -> Iterator[Problem]:
    value = pilot.value
    if value is not None and value.revenue and value.margin_share is None:
        yield Problem(
            "value.margin_share", "revenue becomes money earned only with a margin.", "Add margin_share: 40%."
        )
    known = {one.name for one in pilot.metrics}
    if "size" in known and "size" in pilot.analysis.segments:
        yield Problem("analysis.segments", "'size' stands for thirds by size.", did_you_mean("size", known))


def _warnings(pilot: Pilot) -> Iterator[Problem]:
    if pilot.value is not None and not all(arm.scheme for arm in pilot.arms):
        yield Problem("arms", "an arm names no scheme, so incentive cost is unknown and the decision leaves it out.",
                      "Name a scheme for each arm.")  # fmt: skip
    if pilot.planted is not None:
        yield Problem(
            "planted",
            f"this is a rehearsal: a lift of {percent(float(pilot.planted.lift))} is added to the treated.",
            "",
        )
    for one in pilot.metrics:
        if one.transform in ("log1p", "asinh"):
            yield Problem(f"metrics.{one.name}.transform", f"the result of {one.transform} depends on the unit of the outcome: in "
                          "thousands it is another one.", "Use ppml, which allows zeros.")  # fmt: skip
    if pilot.hypothesis and pilot.expected is None and pilot.data is None:
        yield Problem("expected", "the hypothesis has no number, so nobody can say whether the pilot is large enough for it.",
                      "Add expected: 10% (the relative change that is hoped for).")  # fmt: skip
    if not pilot.hypothesis:
        yield Problem("hypothesis", "nothing says what is expected, so any result can be told as a success.",
                      "Write one sentence before the start.")  # fmt: skip
