"""Activities that came to nothing: a failed exam, a training nobody came to; their outcome stands in a column of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from incentive_lab.history.recognising import normal
from incentive_lab.history.store import listed, literal, quoted
from incentive_lab.scheme.checks.context import Undone

if TYPE_CHECKING:
    from incentive_lab.history.history import History

_ASKED = frozenset(
    "passed pass attended attendance completed completion bestanden erschienen abgeschlossen teilgenommen".split()
)
"""Words of a column that a plain no answers."""
_TELLING = _ASKED | frozenset("status result outcome score grade state ergebnis teilnahme".split())
"""Words of a column that says how an activity came out."""
_UNDONE = (
    "failed", "fail", "failure", "not passed", "no show", "noshow", "did not attend", "not attended", "absent", "missed",
    "cancelled", "canceled", "withdrawn", "rejected", "declined", "incomplete", "not completed", "aborted", "void",
    "nicht bestanden", "durchgefallen", "abgesagt", "storniert", "abwesend", "nicht erschienen", "nicht teilgenommen",
    "abgebrochen", "abgelehnt",
)  # fmt: skip
_NO = ("no", "n", "false", "0", "nein")


def undone_words(column: str) -> tuple[str, ...]:
    """What a column says in small letters where an activity came to nothing; nothing where it tells no outcome.

    Example:
        >>> undone_words("Exam Result")[:2], undone_words("Passed__c")[-2:], undone_words("Region")
        (('failed', 'fail'), ('0', 'nein'), ())
    """
    words = set(normal(column).split())
    return (*_UNDONE, *_NO) if words & _ASKED else _UNDONE if words & _TELLING else ()


def outcome_columns(columns: Sequence[str], values: Callable[[str], Sequence[str]]) -> tuple[str, ...]:
    """The columns among some in which a value says that an activity came to nothing.

    Example:
        >>> held = {"Result": ["Passed", "No-show"], "Status": ["done"], "City": ["failed"]}
        >>> outcome_columns(list(held), held.__getitem__)
        ('Result',)
    """
    return tuple(name for name in columns if any(_plain(value) in undone_words(name) for value in values(name)))


def undone_activities(history: History) -> tuple[Undone, ...]:
    """The activities of a history that came to nothing, by column, kind and word."""
    found = []
    for name, kind in history.extras["activities"].items():
        words = undone_words(name)
        if kind == "text" and words:
            test = (
                f"replace(replace(lower(trim({quoted(name)})), '-', ' '), '_', ' ') IN ({listed(map(literal, words))})"
            )
        elif "0" in words:
            test = f"{quoted(name)} = 0"
        else:
            continue
        shown = quoted(name) if kind == "text" else "'0'"
        sql = f"SELECT kind, {shown} AS word, count(*) FROM {{activities}} t WHERE {test} GROUP BY 1, 2 ORDER BY 1, 2"
        found += [Undone(name, str(row[0]), str(row[1]), int(row[2])) for row in history.store.rows(sql)]
    return tuple(found)


def _plain(value: str) -> str:
    return value.strip().lower().replace("-", " ").replace("_", " ")
