"""What a partner's months in the programme decide: whom parts are for, and what floors and draws count."""

from __future__ import annotations

from incentive_lab.scheme.checks.context import PERIOD_MONTHS, Context, Findings, doubtful, wrong
from incentive_lab.scheme.checks.unseen import NOBODY_JOINED
from incentive_lab.scheme.document import Cap, Draw, Guarantee, Target
from incentive_lab.scheme.measures import TENURE
from incentive_lab.scheme.rules import Limit, Rule, Who
from incentive_lab.scheme.walk import Node, Segments

_NOBODY = f"This history has no {NOBODY_JOINED}"


def tenure(context: Context) -> Findings:
    """Months since joining that somebody has, asked where they can be answered."""
    for node in context.nodes:
        if isinstance(node.part, Who):
            yield from _who(context, node, node.part)
        elif isinstance(node.part, (Guarantee, Draw)):
            yield from _since(node, node.part)
            if isinstance(node.part, Draw):
                yield from _forgiven(node, node.part)
            if context.undated and node.part.since == "joined":
                yield doubtful((*node.segments, "since"), f"{_NOBODY}, so it is given to nobody.")
        elif isinstance(node.part, (Limit, Cap)):
            if node.part.since == "joined":
                yield from _counted(context, (*node.segments, "since"))
        elif isinstance(node.part, Target):
            if context.undated and node.part.ramp:
                yield doubtful((*node.segments, "ramp"), f"{_NOBODY}, so everybody owes the whole target.")
        elif isinstance(node.part, Rule):
            yield from _takes_back(context, node, node.part)


def _who(context: Context, node: Node, who: Who) -> Findings:
    asked = who.months_since_joining
    if asked is None:
        return
    here = (*node.segments, "months_since_joining")
    if asked.at_least is not None and asked.below is not None and asked.at_least >= asked.below:
        message = f"Nobody has at least {asked.at_least} and fewer than {asked.below} months since joining."
        yield wrong(here, message, "Write a larger number at below.")
    if context.undated:
        yield doubtful(here, f"{_NOBODY}, so nobody is named.")
    yield from _own(context, here)
    if node.segments[0] == "targets":
        message = "A target is chosen once for each partner, and months since joining change from month to month."
        yield wrong(here, message, "Write ramp, with a share of the target for each of the first months.")
    if node.segments[0] == "variants":
        message = "A variant is chosen once for each partner, and months since joining change from month to month."
        yield wrong(here, message, "Write a rule for each, with months_since_joining in its who.")


def _own(context: Context, here: Segments) -> Findings:
    if TENURE in context.scheme.measures:
        message = f"It looks at the measure '{TENURE}', and the scheme has one of that name of its own."
        yield wrong(here, message, "Give the scheme's measure another name.")


def _counted(context: Context, here: Segments) -> Findings:
    if context.undated:
        yield doubtful(here, f"{_NOBODY}, so its periods are those of the programme year.")
    yield from _own(context, here)


def _since(node: Node, one: Guarantee | Draw) -> Findings:
    """By programme year it lies inside one; since joining there is no year to compare with or to end."""
    what = "guarantee" if isinstance(one, Guarantee) else "draw"
    if one.since == "year":
        fix = "Write since: joined to count from the month in which a partner joined."
        if one.for_months > 12:
            message = f"This {what} counts months of a programme year, which has 12; found {one.for_months}."
            yield wrong((*node.segments, "for_months"), message, fix)
        if isinstance(one, Draw) and one.recover_from > 12:
            message = (
                f"This draw is recovered from a month of a programme year, which has 12; found {one.recover_from}."
            )
            yield wrong((*node.segments, "recover_from"), message, fix)
        if isinstance(one, Draw) and one.forgive_after is not None and one.forgive_after > 12:
            message = (
                f"This draw is forgiven after a month of a programme year, which has 12; found {one.forgive_after}."
            )
            yield wrong((*node.segments, "forgive_after"), message, fix)
    elif isinstance(one, Draw) and one.forgive:
        message = (
            "A balance is forgiven when the programme year ends, which is another month since joining for each partner: one "
            "that joined in the last month would owe nothing at once."
        )
        fix = (
            "Write forgive_after with the month since joining; or leave out since: joined, so that the draw counts by programme "
            "year. What need never be paid back is a guarantee of the same amount, with since: joined."
        )
        yield wrong((*node.segments, "forgive"), message, fix)
    elif isinstance(one, Guarantee) and one.against is not None:
        message = (
            "A guarantee against the baseline adds up what both schemes pay since the programme year began, so it cannot "
            "begin anew in the month in which each partner joined."
        )
        fix = (
            "Leave since and for_months out, and name newcomers with who: {months_since_joining: {below: 12}}; or leave "
            "against out and guarantee an amount, which may count since: joined."
        )
        yield wrong((*node.segments, "since"), message, fix)


def _forgiven(node: Node, one: Draw) -> Findings:
    """A draw is forgiven after it was given and could be recovered."""
    if one.forgive_after is None:
        return
    here = (*node.segments, "forgive_after")
    if one.forgive_after < one.for_months:
        message = (
            f"It is forgiven after month {one.forgive_after}, and advances are given until month {one.for_months}."
        )
        yield wrong(here, message, f"Write {one.for_months} or more; what is never paid back is a guarantee.")
    elif one.forgive_after < one.recover_from:
        message = f"It is forgiven before month {one.recover_from}, from which it is recovered: nothing ever is."
        yield doubtful(here, message)


def _takes_back(context: Context, node: Node, rule: Rule) -> Findings:
    """A requirement that ends with time, where the table pays what is owed to date: then nothing is owed any more."""
    test = rule.requires.get(TENURE)
    ends = test is not None and (test.below is not None or test.at_most is not None)
    table = rule.rate.table
    if not ends or table is None or table.pays != "true_up" or TENURE in context.scheme.measures:
        return
    windows = {"month": "month", "quarter": "quarter_to_date", "half_year": "half_year_to_date", "year": "year_to_date"}
    if PERIOD_MONTHS[rule.per] and table.over not in ("period", windows.get(rule.per)):
        message = (
            "Once it no longer holds, nothing is owed to date, and what the table's window paid before is taken back."
        )
        fix = f"To stop without taking back, write who: {{{TENURE}: ...}} instead."
        yield doubtful((*node.segments, "requires", TENURE), message, fix)
