"""Reading a scheme: numbers stay exact, documents that would hurt are refused, mistakes are told all at once."""

from decimal import Decimal
from pathlib import Path

import pytest

from incentive_lab.errors import InputError
from incentive_lab.scheme import naming
from incentive_lab.scheme.building import ReadLimits
from incentive_lab.scheme.check import check
from incentive_lab.scheme.lines import Lines
from incentive_lab.scheme.load import load, loads
from incentive_lab.scheme.reading import read

FLAT = """\
scheme: flat
currency: USD
effective: {from: 2014-01-01}
rules:
  - {id: rebate, on: revenue, rate: RATE}
"""
EXAMPLE = Path(__file__).with_name("example.yaml")


def problems_of(text, **limits):
    with pytest.raises(InputError) as caught:
        loads(text, limits=ReadLimits(**limits))
    return [str(problem) for problem in caught.value.problems]


def test_the_example_of_the_design_has_no_problems():
    result = check(load(EXAMPLE))
    assert result.ok
    assert [problem.path for problem in result.warnings] == ["rules.quarter-accelerator.on", "mix"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3%", "0.03"),
        ("2.50 %", "0.025"),
        ("0.1", "0.1"),
        ("1_000", "1000"),
        ("+5", "5"),
        (".5", "0.5"),
        ("1e3", "1E+3"),
        ("'7'", "7"),
        ("123456789.123456789", "123456789.123456789"),
    ],
)
def test_a_number_keeps_its_decimals(text, value):
    rate = loads(FLAT.replace("RATE", text)).rules[0].rate.plain
    assert rate == Decimal(value)
    assert isinstance(rate, Decimal)


@pytest.mark.parametrize("text", ["0x10", "0o7", "1,5", "1.2.3", "--1", "1e", "%", "3 percent", "१"])
def test_what_is_not_a_number_is_not_guessed_at(text):
    assert "expected a number" in problems_of(FLAT.replace("RATE", f"'{text}'"))[0]


def test_on_is_a_word_and_dates_are_text():
    scheme = loads(FLAT.replace("RATE", "1%"))
    assert scheme.rules[0].on.measure == "revenue"
    assert scheme.effective.from_ == "2014-01-01"


def test_json_is_read_with_tabs_and_escaped_characters():
    text = '{\n\t"scheme": "a", "currency": "USD", "title": "caf\\u00e9 \\ud83d\\ude00", '
    scheme = loads(text + '"effective": {"from": "2014-01-01"}, "rules": [{"id": "r", "on": "revenue", "rate": 0.1}]}')
    assert scheme.title == "café 😀"
    assert scheme.rules[0].rate.plain == Decimal("0.1")


def test_every_problem_is_told_at_once_with_its_line_and_named_path():
    text = EXAMPLE.read_text()
    text = text.replace("limit: {quantity", "limt: {quantity").replace("half_up", "hafl_up")
    text = text.replace("rate: 2.0%", "rate: lots").replace("multiply: 0.5", "multiply: -1").replace("0.80", "120%")
    assert problems_of(text) == [
        "rounding.mode: Line 9: found 'hafl_up', expected half_up, half_even, up or down. Did you mean half_up?",
        "mix.behavioural: Line 11: found '120%', allowed is 0 to 1 (0% to 100%).",
        "rules.qualified-lead.limt: Line 28: unknown key 'limt'. Did you mean limit?",
        "rules.volume-rebate.rate.table.steps.plus.rate: Line 34: "
        "found 'lots', expected a number such as 1500 or 2.5%.",
        "gates.gate-1.effect.multiply: Line 41: found -1, allowed is 0 to 100.",
    ]


def test_a_misspelt_choice_is_told_once_and_not_for_each_form_it_could_have_had():
    text = FLAT.replace("RATE", "{table: {over: {trailng: 3}, steps: [{rate: 1%}]}}")
    assert problems_of(text) == [
        "rules.rebate.rate.table.over.trailng: Line 5: unknown key 'trailng'. Did you mean trailing?"
    ]


def test_a_huge_value_is_refused():
    assert "a single value has 20,000 characters" in problems_of(f"title: {'x' * 20_000}")[0]


def test_a_huge_document_is_refused_unread():
    assert "larger than 1,000,000 bytes" in problems_of("# " + "x" * 1_000_001)[0]


def test_a_huge_file_is_refused(tmp_path):
    path = tmp_path / "huge.yaml"
    path.write_bytes(b"#" * 3_000_000)
    with pytest.raises(InputError, match="larger than"):
        load(path)


def test_the_limits_can_be_set():
    text = FLAT.replace("RATE", "1%")
    assert "more than 5 values" in problems_of(text, nodes=5)[0]
    assert "more than 2 levels" in problems_of(text, depth=2)[0]
    assert "larger than 10 bytes" in problems_of(text, size=10)[0]


def test_an_alias_that_stays_small_is_read():
    text = FLAT.replace("RATE", "&r 1%") + "  - {id: second, on: units, rate: *r}\n"
    assert loads(text).rules[1].rate.plain == Decimal("0.01")


def test_nested_aliases_count_as_deep_as_they_unfold():
    lines = ["a0: &a0 [1]"] + [f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 60)]
    assert "nested more than 40 levels deep" in problems_of("\n".join(lines))[0]


@pytest.mark.parametrize("text", ["[" * 5000, "{a: " * 5000, '{"a":' * 5000, "- " * 5000, "? " * 5000, "a: &b\n" * 9])
def test_odd_documents_are_refused_and_never_crash(text):
    assert problems_of(text)


def test_a_missing_file_a_folder_and_a_byte_order_mark(tmp_path):
    with pytest.raises(InputError, match="There is no such file"):
        load(tmp_path / "absent.yaml")
    with pytest.raises(InputError, match="This is a folder"):
        load(tmp_path)
    marked = tmp_path / "marked.yaml"
    marked.write_bytes(b"\xef\xbb\xbf" + FLAT.replace("RATE", "1%").encode())
    assert load(marked).id == "flat"


@pytest.mark.parametrize("step", ["rate: 0.01000000", "rat: 0.01000000"], ids=["note", "problem"])
def test_a_list_is_named_once_however_many_of_its_items_something_is_said_of(step, monkeypatch):
    steps = ", ".join(f"{{from: {place}, {step}{place}}}" for place in range(10, 210))
    text = FLAT.replace("RATE", f"{{table: {{steps: [{steps}]}}}}")
    named = []
    natural = naming._natural
    monkeypatch.setattr(naming, "_natural", lambda *given: named.append(given) or natural(*given))
    if "rate" in step:
        told = check(loads(text)).told_on(Lines(read(text, "steps", ReadLimits()))).warnings
    else:
        told = problems_of(text)
    assert len(told) == 200
    assert len(named) < 100 * 200
