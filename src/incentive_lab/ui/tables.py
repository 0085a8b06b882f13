"""Small tables in cards, with their numbers formatted like everywhere else."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import streamlit as st

from incentive_lab.engine.impact import GroupImpact
from incentive_lab.engine.replay import Replay
from incentive_lab.format import compact, count, counted, percent, signed, unbroken
from incentive_lab.money import decimals
from incentive_lab.ui.cards import plain


def group_table(groups: tuple[GroupImpact, ...], result: Replay, by: str, *, ordered: bool = False) -> None:
    """What the change does to each group of partners: in their own order, else those that lose most first."""
    shown = groups if ordered else sorted(groups, key=lambda group: group.change)
    rows = [
        (
            plain(group.name.replace("_", " ")),
            count(group.partners),
            percent(group.winners / group.partners, 1),
            percent(group.losers / group.partners, 1),
            compact(group.after / result.minor),
            signed(compact(group.change / result.minor)),
        )
        for group in shown
    ]
    st.header(plain(_title(groups, result, by)), anchor=False)
    st.markdown(f":small[:gray[By {by}, amounts in {result.panel.currency}.]]")
    table((by.capitalize(), "Partners", "Gain", "Lose", "Paid", "Change"), rows)


def amount_column(currency: str) -> Any:
    """How a column of amounts is shown: with as many decimals as the currency has."""
    return st.column_config.NumberColumn(format=f"%,.{decimals(currency)}f")


def table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]], *, words: Collection[int] = ()) -> None:
    """A small table as text.

    Args:
        heads: Names of the columns.
        rows: Cells as text.
        words: Columns beyond the first that hold words: they stand to the left, numbers to the right.
    """
    rules = "".join(":--|" if place == 0 or place in words else "--:|" for place in range(len(heads)))
    lines = ["| " + " | ".join(heads) + " |", "|" + rules]
    st.markdown(unbroken("\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])))


def _title(groups: tuple[GroupImpact, ...], result: Replay, by: str) -> str:
    losing = [group for group in groups if group.change < -0.5]
    if not groups:
        return "There are no partners"
    if not losing:
        best = max(groups, key=lambda group: group.change)
        gains = best.change >= 0.5
        return f"No {by} loses in sum" + (
            f"; {best.name.replace('_', ' ')} gains most, {compact(best.change / result.minor)}" if gains else ""
        )
    worst = min(losing, key=lambda group: group.change)
    said = f"{counted(len(losing), by + ' loses', by + 's lose')} in sum"
    return f"{said}; {worst.name.replace('_', ' ')} most, {compact(-worst.change / result.minor)}"
