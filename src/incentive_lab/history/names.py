"""The names that a history knows, for checking a scheme against it."""

from __future__ import annotations

from incentive_lab.history.history import History
from incentive_lab.history.outcomes import undone_activities
from incentive_lab.scheme.checks.context import Known


def known_names(history: History) -> Known:
    """Activity kinds, scores, partner attributes, targets and columns that the history holds."""

    def distinct(table: str, column: str) -> tuple[str, ...]:
        if column not in history.filled.get(table, ()):
            return ()
        rows = history.store.rows(f"SELECT DISTINCT {column} FROM {{{table}}} t WHERE {column} IS NOT NULL")
        return tuple(sorted(str(row[0]) for row in rows))

    return Known(
        kinds=distinct("activities", "kind"),
        scores=distinct("scores", "measure"),
        types=distinct("partners", "type"),
        regions=distinct("partners", "region"),
        segments=distinct("partners", "segment"),
        targets=distinct("targets", "measure"),
        columns=dict(history.columns),
        filled=dict(history.filled),
        undone=undone_activities(history),
        year_starts=0 if history.calendar is None else history.calendar.year_starts,
    )
