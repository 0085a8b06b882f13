"""The programme guide follows the document, and its examples are the kernel's."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from incentive_lab.report.blocks import Document, Example, Heading, Paragraph, Points, Table
from incentive_lab.report.change_words import changes_between
from incentive_lab.report.examples import worked_example
from incentive_lab.report.guide import guide
from incentive_lab.report.html import html_page
from incentive_lab.report.pack import rate_cards
from incentive_lab.report.pdf import pdf_bytes
from incentive_lab.scheme.load import load, loads
from incentive_lab.scheme.mixed import as_paid

ROOT = Path(__file__).resolve().parents[2]
SCHEMES = sorted((ROOT / "data" / "schemes").glob("*.yaml"))
SIMPLE = """
scheme: simple
currency: USD
effective: {from: 2024-01-01}
rules:
  - {id: leads, label: Leads, group: behavioural, on: qualified_lead, per: quarter, rate: 100, limit: {quantity: 3, per: quarter}}
  - {id: volume, label: Volume, on: revenue, rate: 2%}
caps:
  - {per: quarter, amount: 900}
"""


def text_of(document: Document) -> str:
    parts: list[str] = []
    for block in document.blocks:
        match block:
            case Heading(text, _) | Paragraph(text) | Example(text):
                parts.append(text)
            case Points(items):
                parts += items
            case Table(heads, rows, _):
                parts += [*heads, *(cell for row in rows for cell in row)]
    return "\n".join(parts)


@pytest.mark.parametrize("file", SCHEMES, ids=lambda file: file.stem)
def test_every_shipped_scheme_has_a_guide_that_names_every_rule(file: Path) -> None:
    scheme = load(file)
    text = text_of(guide(scheme))
    for rule in scheme.rules:
        assert (rule.label or rule.id.replace("-", " ").capitalize()) in text
    assert "None" not in text


def test_an_example_is_what_the_kernel_pays() -> None:
    scheme = loads(SIMPLE)
    leads, volume = (worked_example(scheme, rule, "USD") for rule in scheme.rules)
    assert leads is not None
    assert leads.total == 300  # three leads, the most that count, at 100
    assert volume is not None
    assert volume.total == 200  # 2 % of 10,000
    assert "200.00 USD" in volume.words


def test_a_cap_is_told_with_the_guarantee_that_can_pay_above_it() -> None:
    assert "A guarantee is worked out" not in text_of(guide(loads(SIMPLE)))
    floored = loads(SIMPLE + "guarantees: [{amount: 5_000, per: quarter}]")
    (said,) = [line for line in text_of(guide(floored)).split("\n") if "at most 900.00 USD" in line]
    assert said.endswith("A guarantee is worked out after the cap: it can bring what is paid above it, and pay back what "
                         "the cap took.")  # fmt: skip


def test_a_guarantee_is_told_for_every_programme_year_and_by_the_title_of_what_it_compares_with() -> None:
    scheme, floor = (load(ROOT / "data" / "schemes" / f"{name}.yaml") for name in ("growth-80-20", "current-flat"))
    said = text_of(guide(scheme, floor))
    assert floor.title
    assert (f"In every programme year, all partners are paid at least 90 % of what {floor.title} would have paid since the "
            "year began.") in said  # fmt: skip
    assert floor.id not in said
    half = loads(SIMPLE + "guarantees: [{amount: 50, per: quarter, for_months: 6}]")
    assert (
        "In the first 6 months of every programme year, all partners are paid at least 50.00 USD a quarter."
        in text_of(guide(half))
    )
    assert floor.title in " ".join(changes_between(floor, scheme))


@pytest.mark.parametrize("file", SCHEMES, ids=lambda file: file.stem)
def test_an_example_names_the_tier_whose_rate_is_paid(file: Path) -> None:
    scheme = load(file)
    for rule in scheme.rules:
        worked = worked_example(scheme, rule, scheme.currency)
        if worked is not None and "rate for tier " in worked.words:
            tier = worked.words.split("rate for tier ")[1].split(";")[0]
            assert worked.given.startswith(f"A {tier} partner has")


def test_the_guide_changes_when_the_scheme_does() -> None:
    before, after = (text_of(guide(loads(text))) for text in (SIMPLE, SIMPLE.replace("2%", "3%")))
    assert "2 %" in before
    assert "3 %" in after
    assert "300.00 USD" in after
    assert before != after


def test_what_is_written_is_text_and_never_markup() -> None:
    scheme = loads(SIMPLE.replace("label: Leads", 'label: "<script>x</script> #panic() $a$"'))
    page = html_page(guide(scheme))
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert pdf_bytes(guide(scheme)).startswith(b"%PDF")


def test_no_line_of_a_page_ends_between_a_number_and_its_unit() -> None:
    page = html_page(Document("80 % behaviour", "", (Paragraph("3.07 m USD, ± 2 % of 12 months"),)))
    assert "80\N{NO-BREAK SPACE}% behaviour" in page
    assert "3.07\N{NO-BREAK SPACE}m\N{NO-BREAK SPACE}USD, ±\N{NO-BREAK SPACE}2\N{NO-BREAK SPACE}% of 12 months" in page


def test_one_document_gives_one_file() -> None:
    document = guide(loads(SIMPLE))
    assert pdf_bytes(document) == pdf_bytes(document)
    assert html_page(document).startswith("<!doctype html>")


def test_rates_are_told_as_they_are_paid_once_the_mix_is_solved() -> None:
    """The rules of the guide, its examples and the pack's rates for other systems say the same."""
    text = """
scheme: mixed
currency: USD
effective: {from: 2024-01-01}
mix: {behavioural: 0.8, factors: {behavioural: 1.25, transactional: 0.5}}
tiers: {review: quarter, looks_at: {months: 12}, levels: [{name: registered}, {name: gold, needs: {revenue: 10_000}}]}
rules:
  - {id: leads, group: behavioural, on: qualified_lead, per: quarter, rate: 33.33}
  - {id: courses, group: behavioural, on: training, rate: {by_tier: {registered: 40, gold: 60}}}
  - {id: volume, on: revenue, rate: {table: {steps: [{from: 0, rate: 2%}, {from: 5_000, rate: 3%, lump: 100}]}}}
"""
    scheme = loads(text)
    told = text_of(guide(scheme))
    assert "41.6625 USD each" in told  # 33.33 x 1.25
    cells = [cell for block in guide(scheme).blocks if isinstance(block, Table) for row in block.rows for cell in row]
    assert {"50.00 USD", "75.00 USD", "1 %", "1.5 %"} <= set(cells)
    assert not {"40.00 USD", "60.00 USD", "2 %", "3 %", "100.00 USD"} & set(cells)
    leads = worked_example(scheme, scheme.rules[0], "USD")
    assert leads is not None
    assert leads.total == 208.31  # 5 x 41.6625
    assert "at 41.6625 USD each" in leads.words
    assert b",50.00 USD" in rate_cards(scheme)
    assert b"40.00 USD" not in rate_cards(scheme)
    plain = loads(text.replace("mix: {behavioural: 0.8, factors: {behavioural: 1.25, transactional: 0.5}}", ""))
    said = " ".join(changes_between(plain, scheme))
    assert "times 1.250 for behaviour and 0.500 for volume" in said


def test_table_and_example_tell_a_solved_rate_alike_and_it_is_the_one_that_is_paid() -> None:
    """350 x 1.280293 lies in the middle between two numbers of four decimals: binary fractions rounded it both ways."""
    scheme = loads("""
scheme: mixed
currency: USD
effective: {from: 2024-01-01}
mix: {behavioural: 0.8, factors: {behavioural: 1.280293, transactional: 1.2803}}
tiers: {review: quarter, looks_at: {months: 12}, levels: [{name: registered}, {name: silver, needs: {revenue: 10_000}}]}
rules:
  - {id: leads, group: behavioural, on: qualified_lead, per: quarter, rate: {by_tier: {registered: 350, silver: 400}}}
  - {id: pipeline, on: qualified_pipeline, per: quarter, rate: 0.25%}
""")
    told = text_of(guide(scheme))
    assert told.count("448.10255 USD") == 2
    worked = worked_example(scheme, scheme.rules[0], "USD")
    assert worked is not None
    assert worked.lines[-1].rate == 448.10255
    assert told.count("0.3201 %") == 2  # 0.25 % x 1.2803 = 0.320075 %, paid in whole millionths
    assert as_paid(scheme, scheme.rules[1]).rate.plain == Decimal("0.003201")


def test_a_scorecard_is_told_with_its_parts_where_it_is_looked_at_and_among_the_words() -> None:
    scheme = loads("""
scheme: scored
currency: USD
effective: {from: 2026-01-01}
scorecards:
  balanced:
    label: Balanced score
    missing: left_out
    parts: {revenue: {weight: 60%, against: last_period, at_most: 150%}, units: {weight: 40%, against: 10, counts_from: 80%}}
rules:
  - id: by-score
    on: revenue
    per: quarter
    rate: {table: {by: {scorecard: balanced}, applies: whole, steps: [{from: 80%, rate: 2%}]}}
  - {id: required, on: revenue, per: quarter, rate: 1%, requires: {balanced: {kind: scorecard, at_least: 100%}}}
  - {id: growing, on: {excess_of: revenue, above: {average_of_last: 4}}, per: quarter, rate: 5%}
gates: [{when: {balanced: {kind: scorecard, below: 50%}}, multiply: 0, rules: [required]}]
""")
    text = text_of(guide(scheme))
    assert "Balanced score, period, from" in text
    assert "only while balanced score is at least 100 %" in text
    assert "While balanced score is below 50 %" in text
    assert "revenue above the average of the 4 quarters before" in text
    assert (
        "60 % attainment of revenue against the period before (at most 150 %) + 40 % attainment of units against 10 (counting from"
        " 80 %). What cannot be told is left out, and the rest weighs more." in text
    )
