"""What a scheme asks for and the history has nothing of, in the words of the pages rather than the ids of the files."""

from __future__ import annotations

import re
from dataclasses import replace

from incentive_lab.errors import Problem
from incentive_lab.format import in_words, small
from incentive_lab.scheme.check import not_in_history
from incentive_lab.scheme.document import Scheme

_COLUMNS = {
    "qualified_on": "date of qualification",
    "closed_on": "closing date",
    "created_on": "date of creation",
    "recorded_on": "date of recording",
    "registered_on": "registration date",
    "joined_on": "date of joining",
}
_TYPED = re.compile(r"((?:Map it to|or define) )(\S+)")
"""Names that are to be written into a file, which stay as they are."""


def lacking(scheme: Scheme, names: object) -> list[Problem]:
    """What of a scheme the history has nothing of (`scheme.check.not_in_history`), rules and measures by what people call them.

    Args:
        scheme: The scheme.
        names: What the history knows, as `scheme.check.check` takes it.
    """
    found = not_in_history(scheme, names)
    return [replace(one, message=worded(scheme, str(one.message)), fix=worded(scheme, one.fix)) for one in found]


def worded(scheme: Scheme, sentence: str) -> str:
    """A sentence with rules by their labels, columns by what they hold, and names without underscores.

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> text = "{scheme: a, currency: USD, effective: {from: 2024-01-01},"
        >>> scheme = loads(text + " rules: [{id: deal-reg, label: Registered deals, on: revenue, rate: 3%}]}")
        >>> worded(scheme, "This history has no deal with a qualified_on: the rule deal-reg pays nothing.")
        'This history has no deal with a date of qualification: the rule Registered deals pays nothing.'
        >>> worded(scheme, "It has lead, qualified_lead. Did you mean qualified_lead? Map it to deal_registration (docs).")
        'It has lead, qualified lead. Did you mean qualified lead? Map it to deal_registration (docs).'
    """
    for rule in scheme.rules:
        named = f"the rule {rule.label or in_words(rule.id)}".replace("\\", r"\\")
        sentence = re.sub(rf"\bthe rule {re.escape(rule.id)}(?![\w-])", named, sentence)
    sentence = re.sub(
        r"\bthe (gate|cap|target) ([\w-]+)", lambda hit: f"the {hit[1]} {small(in_words(hit[2]))}", sentence
    )
    for column, words in _COLUMNS.items():
        sentence = re.sub(rf"\b{column}\b", words, sentence)
    parts = _TYPED.split(sentence)  # what lies between, then twice the words of a hit
    return "".join(part if at % 3 else re.sub(r"(?<=\w)_(?=\w)", " ", part) for at, part in enumerate(parts))
