"""Every number is declared once and completely, and docs/numbers.md says what the declarations say."""

from __future__ import annotations

from decimal import Decimal

import pytest

from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.shapes import declarations
from tests.docs.numbers import PAGE, inside, models, page

NOT_MOVED = {
    ("Calendar", "year_starts"): "a fiscal calendar is given, not designed",
    ("Condition", "is"): "a value of a column",
    ("Condition", "in"): "values of a column",
    ("Condition", "not"): "values of a column",
    ("Condition", "min"): "a number or a date, in the column's unit",
    ("Condition", "max"): "a number or a date, in the column's unit",
    ("Condition", "above"): "a number or a date, in the column's unit",
    ("Condition", "below"): "a number or a date, in the column's unit",
    ("Expression", "number"): "a constant of row arithmetic",
    ("Rounding", "to"): "the smallest coin that is paid",
    ("Rounding", "rate_to"): "how finely a rate is stated",
    ("Target", "weights"): "a season",
}
"""Numbers that are part of a definition, with the reason why no designer moves them."""


def test_every_number_is_declared_or_says_why_not() -> None:
    undeclared = {
        (model.__name__, info.alias or name)
        for model in models(Scheme)
        for name, info in model.model_fields.items()
        if {int, float, Decimal} & {one for one in inside(info.annotation) if isinstance(one, type)}
        and (info.alias or name) not in declarations(model)
    }
    assert undeclared == set(NOT_MOVED)


@pytest.mark.parametrize("model", models(Scheme), ids=lambda model: model.__name__)
def test_a_declaration_is_complete(model: type) -> None:
    for key, told in declarations(model).items():
        assert told.label, key
        assert told.help.endswith("."), key
        assert told.source.startswith("docs/"), key
        assert told.bounds[0] <= told.typical[0] < told.typical[1] <= told.bounds[1], key
        assert told.step > 0, key


def test_the_page_is_what_the_declarations_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "write it anew with: make docs"
