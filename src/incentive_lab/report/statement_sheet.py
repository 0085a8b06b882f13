"""A partner's statement as a document that can be printed."""

from __future__ import annotations

from incentive_lab.engine.statement import Statement
from incentive_lab.format import money, month_name
from incentive_lab.report.blocks import Block, Document, Heading, Paragraph, Points, Table


def statement_document(said: Statement, name: str, period: str, title: str) -> Document:
    """The statement with its lines, the reason of each, what is left to the next tier, and the conventions.

    Args:
        said: The statement.
        name: What people call the partner.
        period: The period in words.
        title: What people call the scheme.
    """
    rows = tuple((month_name(line.period), line.label + ("" if line.in_money else " (not in money)"),
                  money(line.amount, said.currency)) for line in said.lines)  # fmt: skip
    total = "Total" if all(line.in_money for line in said.lines) else "Total in money"
    blocks: list[Block] = [
        Heading("Amounts"),
        Table(("Month", "Reward", "Amount"), (*rows, ("", total, money(said.total, said.currency))), (0, 1)),
        Heading("Why each amount is what it is"),
        Points(
            tuple(
                f"{month_name(line.period)}, {line.label}, {money(line.amount, said.currency)}: {line.why}"
                for line in said.lines
            )
        ),
    ]
    if said.next_tier is not None:
        blocks += [Heading("Tier"), Paragraph(f"In tier {said.tier}. {said.next_tier.words}")]
    if said.balances:
        blocks += [Heading("Balances"), Points(tuple(one.words for one in said.balances))]
    blocks += [Heading("How amounts are worked out"), Points(said.conventions)]
    footer = f"{said.partner} under {said.scheme} {said.fingerprint}, history {said.history_id[:12]}"
    return Document(f"{name} ({said.partner})", f"{title}, {period}", tuple(blocks), footer)
