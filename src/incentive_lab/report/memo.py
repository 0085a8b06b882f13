"""The decision memo: what a board reads before it signs, on two or three pages."""

from __future__ import annotations

from incentive_lab.format import money, signed
from incentive_lab.report.blocks import Block, Document, Heading, Paragraph, Points, Table
from incentive_lab.report.case import Case, unvouched

MOVERS = 5
"""Partners shown at each end."""


def memo(case: Case) -> Document:
    """The memo of a revision."""
    row = case.revision
    blocks: list[Block] = [
        Paragraph(f"{row['author']}{unvouched(row)} proposes {row['id']} for {row['population']}, "
                  f"in effect from {row['starts']} to {row['ends']}. It is {row['state']}."),
        Paragraph(f"Reason given: {row['reason']}"),
        Heading("Cost"),
        Paragraph(case.cost_words()),
        Paragraph(case.forecast_words()),
        Table(("Line", "Today", "Proposed", "Change"), tuple(_line(case, *one) for one in (
            *case.rules, ("Total", case.before or 0.0, case.after)))),
        Heading("Who gains and who loses"),
        Paragraph(case.people_words()),
    ]  # fmt: skip
    if case.before is not None:
        ends = (*case.partners[:MOVERS], *case.partners[-MOVERS:]) if len(case.partners) > 2 * MOVERS else case.partners
        blocks.append(Table(("Partner", "Today", "Proposed", "Change"), tuple(_line(case, *one) for one in ends)))
    blocks += [
        Heading("What changes"),
        Points(case.changes or ("There is no baseline to compare it with.",)),
        Heading("Evidence"),
        Points((*case.pilot_words(), f"Replayed on history {row['history_id']}.")),
        Heading("Open warnings"),
        Points(case.warnings() or ("None.",)),
        Heading("Signatures"),
        Points(case.signers() or ("Nobody has signed.",)),
    ]
    footer = f"{row['id']} {row['fingerprint']}, history {row['history_id'][:12]}, version {row['code_version']}"
    return Document(f"Decision memo: {case.title}", f"{row['population']}, from {row['starts']}", tuple(blocks), footer)


def _line(case: Case, name: str, before: float, after: float) -> tuple[str, ...]:
    def said(amount: float) -> str:
        return money(amount, case.currency)

    return name, said(before) if case.before is not None else "-", said(after), (
        signed(said(after - before)) if case.before is not None else "-")  # fmt: skip
