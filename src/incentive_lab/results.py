"""Results as plain JSON objects and as words for a terminal: one shape for the command line and exports."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from incentive_lab.engine.impact import cost_by_tier, group_amounts, impact, mix
from incentive_lab.engine.replay import Replay
from incentive_lab.engine.statement import Statement, statements
from incentive_lab.format import count, counted, money, percent
from incentive_lab.money import in_units

if TYPE_CHECKING:
    from incentive_lab.history import History
    from incentive_lab.scheme.document import Scheme


NAMED = 5
"""Partners who lose and gain most that are named."""


def replay_result(result: Replay, before: Replay | None = None) -> dict[str, Any]:
    """What `replay --json` prints; amounts in whole currency units."""
    panel, currency = result.panel, result.panel.currency

    def whole(cents: float) -> float:
        return in_units(cents, currency)

    shares = mix(result)
    answer: dict[str, Any] = {
        "ok": True, "scheme": result.scheme.id, "fingerprint": result.fingerprint, "history_id": panel.history_id,
        "currency": currency, "months": panel.months, "first_month": panel.labels()[0] if panel.months else None,
        "partners": panel.partners, "total": whole(result.cost),
        "by_month": dict(zip(panel.labels(), map(whole, result.total.sum(axis=1)), strict=True)),
        "by_rule": {name: whole(cents) for name, cents in zip(result.line_ids, result.by_rule.sum(axis=1), strict=True)
                    if cents or name in {rule.id for rule in result.scheme.rules}},
        "by_group": {name: whole(cents.sum()) for name, cents in group_amounts(result).items()},
        "mix": {"planned": shares.planned, "paid": shares.paid},
        "by_tier": {name: whole(cents) for name, cents in cost_by_tier(result).items()},
        "by_partner": dict(zip(panel.partner_ids, map(whole, result.by_partner), strict=True)),
        "warnings": list(result.warnings),
    }  # fmt: skip
    if unpaid := [rule.id for rule in result.scheme.rules if rule.non_cash]:
        answer["not_in_money"] = unpaid
    if panel.calendar is not None:
        answer["calendar"] = panel.calendar.sentence(panel.first_month + panel.months - 1)
    if shares.planned is None:
        answer["mix"]["planned_reason"] = "the scheme has no mix dial"
    if shares.paid is None:
        answer["mix"]["paid_reason"] = "its rules paid nothing"
    if before is not None:
        found = impact(result, before)
        change = found.total
        answer["baseline"] = {
            "scheme": before.scheme.id,
            "fingerprint": before.fingerprint,
            "total": whole(before.cost),
        }
        answer["change"] = {"total": whole(change.change), "winners": change.winners, "losers": change.losers,
                            "unchanged": change.unchanged,
                            "by_partner": dict(zip(panel.partner_ids, map(whole, found.change), strict=True))}  # fmt: skip
    return answer


def say_replay(answer: dict[str, Any]) -> None:
    """A replay in words."""
    currency = answer["currency"]
    print(f"{answer['scheme']} ({answer['fingerprint']}) on {answer['history_id']}")
    print(f"{count(answer['partners'])} partners, {answer['months']} months from {answer['first_month']}")
    if "calendar" in answer:
        print(answer["calendar"])
    print(f"Total {money(answer['total'], currency)}")
    for reason in answer.get("why_nothing", ()):
        print(f"- note: {reason}")
    for name, amount in answer["by_rule"].items():
        aside = "  not in money, no part of the total" if name in answer.get("not_in_money", ()) else ""
        print(f"  {name:<28} {money(amount, currency):>24}{aside}")
    paid = answer["mix"]["paid"]
    if paid is not None:
        planned = answer["mix"]["planned"]
        print(f"Behaviour earns {percent(paid)}" + (f", planned {percent(planned)}" if planned is not None else ""))
    if "change" in answer:
        change = answer["change"]
        print(f"Against {answer['baseline']['scheme']}: {money(change['total'], currency)}; {change['winners']} gain, "
              f"{change['losers']} lose, {change['unchanged']} unchanged")  # fmt: skip
        ranked = sorted(change["by_partner"].items(), key=lambda one: (one[1], one[0]))
        for title, some in (("Lose most", ranked[:NAMED]), ("Gain most", ranked[: -NAMED - 1 : -1])):
            named = [
                f"{who} {money(amount, currency)}"
                for who, amount in some
                if (amount < 0) == (title == "Lose most") and amount
            ]
            if named:
                print(f"{title}: {', '.join(named)}")
    for warning in answer["warnings"]:
        print(f"- note: {warning}")


def payout_lines(result: Replay) -> str:
    """What is paid in money by partner, month and line as CSV, each with the fingerprint and the history it comes from."""
    stream, labels, detail = io.StringIO(newline=""), result.panel.labels(), result.detail.copy()
    detail[[place for place, rule in enumerate(result.scheme.rules) if rule.non_cash]] = 0.0
    writer = csv.writer(stream)
    writer.writerow(["partner_id", "month", "line", "amount", "fingerprint", "history_id"])
    lines, months, partners = np.nonzero(detail)
    for place in np.lexsort((lines, months, partners)):
        line, month, row = int(lines[place]), int(months[place]), int(partners[place])
        amount = in_units(float(detail[line, month, row]), result.panel.currency)
        writer.writerow([safe(result.panel.partner_ids[row]), labels[month], result.line_ids[line], _plain(amount),
                         result.fingerprint, result.panel.history_id])  # fmt: skip
    return stream.getvalue()


def _plain(amount: float) -> str:
    """An amount in plain digits, however small it is.

    Example:
        >>> _plain(160.0), _plain(-0.00002)
        ('160.0', '-0.00002')
    """
    return format(Decimal(repr(amount)), "f")


def statement_lines(result: Replay, floor: Scheme | None, progress: Callable[[int, int], None] | None = None) -> str:
    """Every partner's statement as CSV: what each line was paid on, at which rate, and why.

    Args:
        result: A replay with its detail.
        floor: What guarantees compare with.
        progress: Called with partners done and all of them.
    """
    stream, names = io.StringIO(newline=""), result.panel.attributes.get("name")
    writer = csv.writer(stream)
    writer.writerow(["partner_id", "name", "period", "line", "label", "deal_id", "base", "rate", "amount", "currency",
                     "in_money", "provisional", "why", "fingerprint", "history_id"])  # fmt: skip
    for row, told in enumerate(statements(result, floor)):
        name = str(names[row]) if names is not None else ""
        for one in told.lines:
            writer.writerow([safe(told.partner), safe(name), one.period, one.rule, safe(one.label), safe(one.deal), one.base,
                             one.rate, _plain(one.amount), told.currency, "yes" if one.in_money else "no",
                             "yes" if one.provisional else "no", safe(one.why), told.fingerprint, told.history_id])  # fmt: skip
        if progress is not None:
            progress(row + 1, result.panel.partners)
    return stream.getvalue()


def write_replay(result: Replay, folder: Path) -> None:
    """Write payouts by partner, month and line as `payouts.csv`, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    target, part = folder / "payouts.csv", folder / "payouts.csv.partial"
    try:
        part.write_text(payout_lines(result), encoding="utf-8", newline="")
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def safe(text: str) -> str:
    """Text that a spreadsheet does not take for a formula.

    Example:
        >>> safe("=1+1"), safe("P-1"), safe("\uff1d1+1")
        ("'=1+1", 'P-1', "'\uff1d1+1")
    """
    return "'" + text if text[:1] in "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20" and text else text


def statement_result(told: Statement) -> dict[str, Any]:
    """What `statement --json` prints."""
    lines = [
        {"period": line.period, "rule": line.rule, "base": line.base, "rate": line.rate, "amount": line.amount,
         "why": line.why, "in_money": line.in_money, "provisional": line.provisional, "deal": line.deal or None,
         "slices": [asdict(one) for one in line.slices]}
        for line in told.lines
    ]  # fmt: skip
    answer: dict[str, Any] = {
        "ok": True, "partner": told.partner, "scheme": told.scheme, "fingerprint": told.fingerprint,
        "history_id": told.history_id, "currency": told.currency, "conventions": list(told.conventions), "lines": lines,
        "total": told.total, "tier": told.tier, "next_tier": None,
        "balances": [asdict(one) for one in told.balances],
    }  # fmt: skip
    if told.next_tier is not None:
        answer["next_tier"] = {
            "name": told.next_tier.name,
            "missing": dict(told.next_tier.missing),
            "words": told.next_tier.words,
        }
    else:
        answer["next_tier_reason"] = "the scheme has no tiers, or this is the highest"
    return answer


def say_statement(answer: dict[str, Any]) -> None:
    """A statement in words."""
    currency = answer["currency"]
    print(f"Statement of {answer['partner']} under {answer['scheme']} ({answer['fingerprint']})")
    for line in answer["lines"]:
        print(f"{line['period']}  {line['rule']:<24} {money(line['amount'], currency):>20}  {line['why']}")
        if len(line["slices"]) > 1:
            for one in line["slices"]:
                print(f"{'':>9}{one['step']:<24} {money(one['amount'], currency):>20}  {_slice_words(one, currency)}")
    print(f"Total {money(answer['total'], currency)}; tier {answer['tier']}")
    if answer["next_tier"]:
        print(answer["next_tier"]["words"])
    for one in answer["balances"]:
        print(one["words"])
    for sentence in answer["conventions"]:
        print(f"- {sentence}")


def _slice_words(one: dict[str, Any], currency: str) -> str:
    """A band in words: how much lay in it, at which rate."""
    lump = f" and {money(one['lump'], currency)}" if one["lump"] else ""
    end = "" if one["end"] is None else f" to {count(one['end'])}"
    return f"{count(one['base'])} from {count(one['start'])}{end} at {count(one['rate'])}{lump}"


def history_result(history: History) -> dict[str, Any]:
    """What `history check --json` prints."""
    from incentive_lab.history import quality
    from incentive_lab.panel import month_label

    first, months = history.span
    findings = [
        {"kind": one.kind, "rows": one.rows, "amount": None if one.amount is None else float(one.amount),
         "message": one.message, "severity": one.severity}
        for one in quality(history)
    ]  # fmt: skip
    return {"ok": True, "history_id": history.history_id, "currency": history.currency, "rows": dict(history.rows),
            "first_month": month_label(first), "months": months, "findings": findings,
            "warnings": list(history.warnings), "calendar": history.describe()["calendar"]}  # fmt: skip


def say_history(answer: dict[str, Any]) -> None:
    """A history's quality in words."""
    print(
        f"{answer['history_id']}: {answer['months']} months from {answer['first_month']}, amounts in {answer['currency']}"
    )
    if answer["calendar"] is not None:
        last = answer["calendar"]["months"][-1]
        print(
            f"Months are its own: {answer['calendar']['words']} {last['month']} is {last['first_day']} to {last['last_day']}."
        )
    for table, rows in answer["rows"].items():
        print(f"  {table:<16} {count(rows):>12} rows")
    for one in answer["findings"]:
        amount = "" if one["amount"] is None else f", {money(one['amount'], answer['currency'])}"
        print(f"- {one['severity']}: {one['kind']}: {counted(one['rows'], 'row')}{amount}. {one['message']}")
    if not answer["findings"]:
        print("Nothing unusual was found.")
    for warning in answer["warnings"]:
        print(f"- note: {warning}")
