"""The identity of a scheme: a hash of what decides the payouts, and of nothing else.

Left out: comments, key order, how numbers are written, defaults written out, id, title, author, reason, labels
and help texts, the history on which the mix was solved (its factors count), and the baseline, unless a
guarantee is measured against it: then its id counts, its content does not. Lists of names (types, `rules` of a
gate, `plus`) are sets and are sorted; the order of rules, levels, steps, gates, caps, guarantees, limits, targets
and variants counts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from incentive_lab.scheme.base import Part
from incentive_lab.scheme.document import MixFactors, Scheme
from incentive_lab.scheme.measures import DEFAULT_DATE, Measure
from incentive_lab.scheme.numbers import exact
from incentive_lab.scheme.rules import Rule
from incentive_lab.scheme.scorecards import Scorecard
from incentive_lab.scheme.tree import decimal_text, tree

_VERSION = "incentive-lab scheme 1\n"
_SAYS_ONLY: Mapping[type[Part], frozenset[str]] = {
    Scheme: frozenset({"scheme", "title", "author", "reason", "baseline"}),
    Rule: frozenset({"label"}),
    Measure: frozenset({"label", "help"}),
    MixFactors: frozenset({"solved_on"}),
    Scorecard: frozenset({"label"}),
}


def fingerprint(scheme: Scheme) -> str:
    """'s' and 20 hexadecimal digits that are equal for schemes that pay the same by the same text.

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> text = "{scheme: a, currency: USD, effective: {from: 2024-01-01}, rules: [{id: c, on: units, rate: RATE}]}"
        >>> fingerprint(loads(text.replace("RATE", "2%"))) == fingerprint(loads(text.replace("RATE", "0.020")))
        True
    """
    return "s" + hashlib.sha256((_VERSION + canonical(scheme)).encode()).hexdigest()[:20]


def canonical(scheme: Scheme) -> str:
    """The JSON text that the fingerprint is the hash of.

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> canonical(loads("{scheme: a, currency: USD, effective: {from: 2024-01-01}, rules: [{id: c, on: units}]}"))
        '{"currency":"USD","effective":{"from":"2024-01-01"},"rules":[{"id":"c","on":{"measure":"units"}}]}'
    """
    data = tree(scheme, _SAYS_ONLY)
    for name, measure in scheme.measures.items():
        if measure.at == DEFAULT_DATE.get(measure.table or ""):
            data["measures"][name].pop("at", None)
    if any(guarantee.against == "baseline" for guarantee in scheme.guarantees):
        data["baseline"] = scheme.baseline
    if scheme.variants:
        data["variants"] = [
            {"id": name, **tree(variant), "change": _numbers(variant.change)}
            for name, variant in scheme.variants.items()
        ]
    return _text(data)


def _numbers(value: Any) -> Any:
    """Values of a variant's changes, which no model has read yet, with percentages as numbers."""
    if isinstance(value, dict):
        return {key: _numbers(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_numbers(item) for item in value]
    if isinstance(value, float) or (isinstance(value, str) and value.endswith("%")):
        try:
            return exact(value)
        except ValueError:
            return value
    return value


def _text(value: Any, key: str = "") -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(name)}:{_text(value[name], name)}" for name in sorted(value)) + "}"
    if isinstance(value, list):
        if key != "ratio" and all(isinstance(item, str) for item in value):
            value = sorted(value)
        return "[" + ",".join(_text(item) for item in value) + "]"
    if isinstance(value, (Decimal, int)) and not isinstance(value, bool):
        return decimal_text(value)
    return json.dumps(value)
