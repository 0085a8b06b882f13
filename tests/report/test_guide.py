"""The programme guide follows the document, and its examples are the kernel's."""

from __future__ import annotations

from pathlib import Path

import pytest

from incentive_lab.report.blocks import Document, Example, Heading, Paragraph, Points, Table
from incentive_lab.report.examples import worked_example
from incentive_lab.report.guide import guide
from incentive_lab.report.html import html_page
from incentive_lab.report.pdf import pdf_bytes
from incentive_lab.scheme.load import load, loads

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


def test_one_document_gives_one_file() -> None:
    document = guide(loads(SIMPLE))
    assert pdf_bytes(document) == pdf_bytes(document)
    assert html_page(document).startswith("<!doctype html>")
