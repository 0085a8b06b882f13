"""Rows of a history that somebody left out before a scheme was proposed on it: how many, with how much money, and why."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from incentive_lab.format import money

if TYPE_CHECKING:
    from incentive_lab.history import History


def left_out_document(history: History) -> dict[str, Any]:
    """What was left out of a history, as plain data; `findings` is empty where nothing was."""
    findings = [
        {"kind": one.kind, "rows": one.rows, "amount": None if one.amount is None else float(one.amount),
         "message": one.message, "examples": list(one.examples)}
        for one in history.excluded
    ]  # fmt: skip
    return {"history_id": history.history_id, "currency": history.currency, "findings": findings}


def left_out_kinds(found: Mapping[str, Any] | None) -> tuple[str, ...]:
    """The kinds of findings whose rows were left out, as `--exclude` takes them.

    Example:
        >>> left_out_kinds({"findings": [{"kind": "orphans"}, {"kind": "duplicates"}, {"kind": "orphans"}]})
        ('orphans', 'duplicates')
    """
    return tuple(dict.fromkeys(str(one["kind"]) for one in (found or {}).get("findings", ())))


def left_out_words(found: Mapping[str, Any] | None) -> tuple[str, ...]:
    """What was left out in sentences, one for each finding.

    Example:
        >>> one = {"kind": "zero_amounts", "rows": 1, "message": "1 won deal has an amount of zero; it was left out."}
        >>> left_out_words({"currency": "EUR", "findings": [{**one, "amount": 0.0, "examples": ["D1"]}]})
        ('Left out of the history: 1 won deal has an amount of zero (0.00 EUR; D1; --exclude zero_amounts).',)
    """
    return tuple(_sentence(one, str(found["currency"])) for one in found["findings"]) if found else ()


def _sentence(one: Mapping[str, Any], currency: str) -> str:
    amount = [] if one["amount"] is None else [money(float(one["amount"]), currency)]
    details = [*amount, ", ".join(map(str, one["examples"])), f"--exclude {one['kind']}"]
    message = re.sub("(; (it was|they were) left out)?[.]$", "", str(one["message"]))
    return f"Left out of the history: {message} ({'; '.join(filter(None, details))})."
