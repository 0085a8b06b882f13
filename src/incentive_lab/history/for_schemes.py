"""The panel that schemes need from a history: one set of columns, so that schemes meet the same numbers."""

from __future__ import annotations

from incentive_lab.engine.needs import needs
from incentive_lab.errors import InputError, Problem, did_you_mean
from incentive_lab.history.history import History
from incentive_lab.panel import Panel
from incentive_lab.scheme.checks.weeks import quarters_apart
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.restating import restated


def must_fit(history: History, *schemes: Scheme) -> None:
    """Raise InputError where a scheme is in another currency, has quarters that are not those of the history's weeks, or groups
    partners by what the history does not tell of them.
    """
    problems = [
        Problem(f"{scheme.id}: currency", f"The scheme pays in {scheme.currency}, the history is in {history.currency}.",
                f"Write the scheme in {history.currency}, or load the history with a table of rates.")
        for scheme in schemes if scheme.currency != history.currency
    ]  # fmt: skip
    for scheme in schemes:
        apart = None if history.calendar is None else quarters_apart(scheme, history.calendar.year_starts)
        if apart:
            problems.append(Problem(f"{scheme.id}: calendar.year_starts", *apart))
        known = [name for name in history.partners if name != "partner_id"]
        if scheme.group is not None and scheme.group.by not in known:
            problems.append(Problem(f"{scheme.id}: group.by", f"there is no column {scheme.group.by} in partners.",
                                    did_you_mean(scheme.group.by, known)))  # fmt: skip
    if problems:
        raise InputError(problems)


def misfits(history: History, scheme: Scheme) -> tuple[bool, int]:
    """Whether a scheme pays in another currency than the history's, and the month (1 to 12) in which its programme year has
    to start for its quarters to be those of the history's weeks, 0 where they are.

    Example:
        >>> # a scheme in USD from January, a history in EUR whose year of weeks starts in February: (True, 2)
    """
    calendar = history.calendar
    apart = calendar is not None and quarters_apart(scheme, calendar.year_starts) is not None
    return scheme.currency != history.currency, calendar.year_starts if calendar is not None and apart else 0


def fits(history: History, scheme: Scheme) -> bool:
    """Whether a scheme's currency and quarters are the history's."""
    return misfits(history, scheme) == (False, 0)


def made_to_fit(history: History, scheme: Scheme) -> Scheme:
    """The scheme in the history's currency, with the numbers it has, and with programme years that begin with a quarter of
    the history's weeks; itself where it fits.

    Raises:
        InputError: It cannot be so.
    """
    _, starts = misfits(history, scheme)
    return restated(scheme, history.currency, starts or scheme.year_starts)


def panel_for(history: History, *schemes: Scheme) -> Panel:
    """One panel that serves all these schemes (the first one's calendar and late-data policy decide).

    Args:
        history: An open history.
        schemes: At least one checked scheme, all in the history's currency.

    Raises:
        InputError: A scheme is in another currency, has other quarters, or asks for what the history does not have.
    """
    must_fit(history, *schemes)
    first, wanted = schemes[0], needs(*schemes)
    return history.panel(
        wanted.leaves,
        settle=first.settle,
        year_starts=first.year_starts,
        late_data=first.late_data,
        deal_leaves=wanted.deal_leaves,
        want_returns=wanted.returns,
        role_shares=first.splits.role_shares,
    )
