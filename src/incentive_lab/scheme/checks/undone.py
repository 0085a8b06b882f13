"""Activities that count though they came to nothing, such as failed exams: which measure counts them, and how it would not."""

from __future__ import annotations

import re
from collections.abc import Sequence

from incentive_lab.format import counted
from incentive_lab.scheme.checks.context import Context, Findings, Undone, doubtful
from incentive_lab.scheme.checks.measuring import used
from incentive_lab.scheme.lookup import leaves_of
from incentive_lab.scheme.measures import Condition, Measure
from incentive_lab.scheme.walk import Segments

_SHOWN = 3
_PLAIN = re.compile(r"[^\W\d][\w -]*")
_WORDS_OF_YAML = ("true", "false", "null", "yes", "no", "on", "off", "y", "n")


def undone(context: Context) -> Findings:
    """One note for each measure that is used and counts such activities, with the filter to write."""
    places: dict[str, Segments] = {}
    for segments, name, _ in used(context):
        if segments[0] != "measures" and name in context.measures and context.leaves(name):
            for leaf in leaves_of(name, context.scheme.measures):
                places.setdefault(leaf, segments)
    for name, place in places.items():
        measure = context.measures[name]
        for column in dict.fromkeys(one.column for one in context.names.undone or ()):
            found = [one for one in context.names.undone or () if one.column == column and _counts(measure, one)]
            if found:
                own = name in context.scheme.measures
                further = "Up to " if set(measure.where) - {"kind"} else ""
                said = f"{further}{told(found)} as {name} all the same."
                yield doubtful(("measures", name) if own else place, said, _fix(name, measure, own, found))


def told(found: Sequence[Undone]) -> str:
    """How many activities say that they came to nothing, and where.

    Example:
        >>> told([Undone("Result", "certification", "failed", 2), Undone("Result", "training", "no-show", 1)])
        '3 activities say failed or no-show in Result and count'
    """
    words = list(dict.fromkeys(one.value for one in found))
    listed = " or ".join(
        [", ".join(words[:-1]), words[-1]] if 1 < len(words) <= _SHOWN else [", ".join(words[:_SHOWN])]
    )
    rows = sum(one.rows for one in found)
    say, count = ("says", "counts") if rows == 1 else ("say", "count")
    return f"{counted(rows, 'activity', 'activities')} {say} {listed} in {found[0].column} and {count}"


def filter_of(found: Sequence[Undone]) -> str:
    """The line of a measure's `where` that leaves such activities out.

    Example:
        >>> filter_of([Undone("Exam Result", "certification", "failed", 2), Undone("Exam Result", "training", "No", 1)])
        'Exam Result: {not: [failed, "No"]}'
    """
    words = dict.fromkeys(one.value for one in found)
    return f"{_yaml(found[0].column)}: {{not: [{', '.join(map(_yaml, words))}]}}"


def _counts(measure: Measure, one: Undone) -> bool:
    """Whether a measure counts activities of this kind and does not look at this column."""
    if measure.table != "activities" or one.column in measure.where:
        return False
    test = measure.where.get("kind", Condition())
    asked = [test.is_] if test.is_ is not None else list(test.in_ or ())
    return (not asked or one.kind in asked) and one.kind not in (test.not_ or ())


def _fix(name: str, measure: Measure, own: bool, found: Sequence[Undone]) -> str:
    if own:
        return f"To leave them out, write under its where: {filter_of(found)}."
    of = measure.of.column if measure.of is not None else None
    kind = measure.where["kind"].is_
    where = f"where: {{kind: {kind}, {filter_of(found)}}}"
    return f"To leave them out, write measures: {{{name}: {{of: {of}, unit: {measure.unit or 'money'}, {where}}}}}."


def _yaml(word: str) -> str:
    if word.isdecimal() or (_PLAIN.fullmatch(word) and word.lower() not in _WORDS_OF_YAML):
        return word
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'
