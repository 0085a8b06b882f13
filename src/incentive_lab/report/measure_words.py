"""A measure in one sentence: what is added or counted, over which rows, and in which month they count."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from incentive_lab.format import count, counted, quantity, small
from incentive_lab.report.rule_words import measure_label
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.lookup import measure_named
from incentive_lab.scheme.measures import COLUMNS, Condition, Expression, Measure

_ROWS = {"deals": "deals", "activities": "activities", "scores": "scores", "partners": "partners"}
_EVENTS = {
    "joined": "1 in the month in which a partner joins.",
    "anniversary": "1 in the month in which a partner's joining has its anniversary.",
    "first_deal": "1 in the month of a partner's first won deal.",
    "months_since_joining": "Whole months since the month in which the partner joined, 0 in it.",
}
_DATES = {
    "closed_on": "closing date", "created_on": "creation date", "qualified_on": "qualification date",
    "registered_on": "registration date", "returned_on": "return date", "recorded_on": "recording date",
    "occurred_on": "date", "joined_on": "joining date",
}  # fmt: skip
_JOINED = {"sum": " + ", "difference": " less ", "product": " times "}


def measure_sentence(scheme: Scheme, name: str) -> str:
    """How a measure is worked out, conditions included.

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> scheme = loads("{scheme: s, currency: USD, effective: {from: 2024-01-01}, measures: {big: {of: deals.amount,"
        ...                " where: {status: won, margin_share: {min: 15%}}}}, rules: [{id: a, on: big, rate: 1%}]}")
        >>> measure_sentence(scheme, "big")
        'Amount of deals with status won and margin share of at least 15 %, in the month of the closing date.'
    """
    measure = measure_named(name, scheme.measures)
    if measure.ratio is not None:
        over, under = (small(measure_label(scheme, part)) for part in measure.ratio)
        return f"{over[:1].upper()}{over[1:]} divided by {under}."
    if measure.plus:
        added = _listed([small(measure_label(scheme, part)) for part in measure.plus])
        less = _listed([small(measure_label(scheme, part)) for part in measure.minus])
        return f"{added[:1].upper()}{added[1:]}{', less ' + less if less else ''}."
    if measure.event is not None:
        return _EVENTS[measure.event]
    if measure.level is not None:
        which = measure_label(scheme, measure.level.split(".")[-1])
        part = {"whole": ", counted anew in every month", "twelfth": ", a twelfth of it in every month"}
        adds = part.get(measure.each_month or "", "")
        return f"The latest score for {small(which)}, for up to {counted(measure.hold_months, 'month')}{adds}."
    return f"{_what(measure)}{_where(scheme, measure)}{_when(measure)}{_credit(measure)}."


def _what(measure: Measure) -> str:
    rows = _ROWS.get(measure.table or "", measure.table or "")
    if measure.count is not None:
        return f"Number of {rows}"
    if measure.distinct is not None:
        return f"Number of different values of {_column(measure.distinct)} among {rows}{_once(measure)}"
    said = _expression(measure.of) if measure.of is not None else ""
    return f"{said[:1].upper()}{said[1:]} of {rows}"


def _once(measure: Measure) -> str:
    """In which window each value counts once."""
    if measure.rolling_months:
        part = {"whole": ", counted anew in every month", "twelfth": ", a twelfth of them in every month"}
        return f" of the last {counted(measure.rolling_months, 'month')}{part.get(measure.each_month or '', '')}"
    if measure.once_in == "life":
        return ", each in the month in which it comes first"
    return f", each once in a {measure.once_in.replace('_', '-')}" if measure.once_in else ""


def _expression(expression: Expression) -> str:
    if expression.column is not None:
        return _column(expression.column)
    if expression.number is not None:
        return (
            count(float(expression.number)) if expression.number == int(expression.number) else str(expression.number)
        )
    form = next(form for form in (*_JOINED, "largest", "smallest") if getattr(expression, form) is not None)
    parts = [_expression(part) for part in expression.parts()]
    return _JOINED[form].join(parts) if form in _JOINED else f"the {form} of {_listed(parts)}"


def _column(name: str) -> str:
    said = name.split(".")[-1]
    return _DATES.get(said, said.replace("_", " "))


def _where(scheme: Scheme, measure: Measure) -> str:
    units = COLUMNS.get(measure.table or "", {})
    tests = [_condition(name, one, units.get(name, "number"), scheme.currency) for name, one in measure.where.items()]
    if measure.roles:
        tests.append(f"a share of the deal as {_listed([role.replace('_', ' ') for role in measure.roles], 'or')}")
    return f" with {_listed(tests)}" if tests else ""


def _condition(name: str, test: Condition, unit: str, currency: str) -> str:
    """One test on a column, in words."""
    column, said = _column(name), []
    declared = {"money": "currency"}.get(unit, unit)

    def written(value: object) -> str:
        if isinstance(value, bool):
            return "yes" if value else "no"
        return quantity(value, declared, currency) if isinstance(value, Decimal) else str(value).replace("_", " ")

    if test.is_ is not None:
        said.append(written(test.is_))
    if test.in_ is not None:
        said.append(_listed([written(one) for one in test.in_], "or"))
    if test.not_ is not None:
        said.append(f"other than {_listed([written(one) for one in test.not_], 'or')}")
    for value, words in (
        (test.min, "of at least"),
        (test.max, "of at most"),
        (test.above, "above"),
        (test.below, "below"),
    ):
        if value is not None:
            said.append(f"{words} {written(value)}")
    if test.known is not None:
        return f"{'a' if test.known else 'no'} {column}" + (f" {' and '.join(said)}" if said else "")
    return f"{column} {' and '.join(said)}"


def _when(measure: Measure) -> str:
    if measure.spread is not None:
        return f", spread over {_months_of(measure)} from the {_column(measure.date or '')}"
    return f", in the month of the {_column(measure.date or '')}" if measure.date not in (None, "occurred_on") else ""


def _months_of(measure: Measure) -> str:
    """Which months of a contract count."""
    only = measure.months_of_term
    if only is None or (only.before == 0 and only.to is None):
        return "the contract's months"
    if only.to is None:
        return f"the contract's months after its first {only.before}"
    return f"months {only.from_} to {only.to} of the contract"


def _credit(measure: Measure) -> str:
    said = "; each partner of a deal counts the whole of it" if measure.credit == "full" else ""
    if not measure.less_returns:
        return said
    return said + ("; until it is returned" if measure.spread else "; less what was returned")


def _listed(parts: Sequence[str], word: str = "and") -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} {word} {parts[-1]}" if parts else ""
