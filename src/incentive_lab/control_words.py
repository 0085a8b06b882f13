"""Audits of payouts, actual against forecast and mid-year changes, as JSON objects and as words."""

from __future__ import annotations

from typing import Any

from incentive_lab.control.following import Checked, Followed
from incentive_lab.control.midway import Midway
from incentive_lab.control.payouts import Audit, line_name
from incentive_lab.control.reasons import REASONS
from incentive_lab.format import count, counted, money, percent, signed
from incentive_lab.money import decimals, from_minor

SHOWN = 20
"""Differences and partners printed as words; --json has all."""


def audit_result(found: Audit) -> dict[str, Any]:
    """What `registry payouts --json` prints; amounts in whole currency units."""
    currency = found.scheme.currency

    def whole(minor: float) -> float:
        return from_minor(minor, currency)

    def sums(groups: dict[str, tuple[int, int, int]]) -> dict[str, Any]:
        return {name: {"differences": n, "too_much": whole(more), "too_little": whole(less)}
                for name, (n, more, less) in groups.items()}  # fmt: skip

    return {
        "ok": True, "scheme": found.scheme.id, "fingerprint": found.fingerprint, "history_id": found.history_id,
        "currency": currency, "first_month": found.periods[0], "last_month": found.periods[1],
        "compared": found.compared, "due": whole(found.due), "paid": whole(found.paid),
        "difference": whole(found.paid - found.due),
        "by_reason": sums(found.sums(lambda one: one.reasons[0].reason)),
        "by_rule": sums(found.sums(lambda one: line_name(one.rule))), "by_period": sums(found.sums(lambda one: one.period)),
        "by_partner": sums(found.sums(lambda one: one.partner)),
        "differences": [
            {"partner": one.partner, "period": one.period, "rule": line_name(one.rule), "due": whole(one.due),
             "paid": whole(one.paid), "difference": whole(one.difference), "reason": one.reasons[0].reason,
             "why": one.reasons[0].words, "other_reasons": [other.reason for other in one.reasons[1:]]}
            for one in found.differences
        ],
        "notes": list(found.notes),
    }  # fmt: skip


def say_audit(told: dict[str, Any]) -> None:
    """An audit of payouts in words."""
    currency = told["currency"]
    print(f"Paid against {told['scheme']} ({told['fingerprint']}), {told['first_month']} to {told['last_month']}")
    print(f"Due {money(told['due'], currency)}, paid {money(told['paid'], currency)}: "
          f"{signed(money(told['difference'], currency))} in sum; {count(len(told['differences']))} of "
          f"{counted(told['compared'], 'amount')} differ")  # fmt: skip
    for reason, one in told["by_reason"].items():
        print(f"  {REASONS[reason]:<42}{one['differences']:>6}  {signed(money(one['too_much'], currency)):>20} "
              f"{money(one['too_little'], currency):>20}")  # fmt: skip
    for one in told["differences"][:SHOWN]:
        print(f"- {one['partner']} {one['period']} {one['rule']}: due {money(one['due'], currency)}, paid "
              f"{money(one['paid'], currency)}: {one['why']}")  # fmt: skip
    if len(told["differences"]) > SHOWN:
        print(f"- and {count(len(told['differences']) - SHOWN)} more; --json has all")
    for note in told["notes"]:
        print(f"- note: {note}")


def follow_result(found: Followed) -> dict[str, Any]:
    """What `registry follow --json` prints; amounts in whole currency units."""
    places = decimals(found.currency)
    return {
        "ok": True, "history_id": found.history_id, "currency": found.currency, "inside": found.inside,
        "actual": round(found.actual, places), "expected": found.expected, "low": found.months[-1].low_to_date,
        "high": found.months[-1].high_to_date,
        "months": [{"month": one.month, "actual": round(one.actual, places), "low": one.low, "high": one.high,
                    "to_date": round(one.to_date, places), "low_to_date": one.low_to_date,
                    "high_to_date": one.high_to_date} for one in found.months],
        "assumptions": [{"name": one.name, "about": one.about, "expected": one.expected, "low": one.low,
                         "high": one.high, "actual": one.actual, "chance": one.chance, "broke": one.broke,
                         "moved": one.moved} for one in found.checked],
        "explained": found.explained, "notes": list(found.notes),
    }  # fmt: skip


def gauge_words(one: Checked, value: float, currency: str) -> str:
    """A value of a gauge in its own unit.

    Example:
        >>> gauge_words(Checked("Share", "mix", 0.5, 0.4, 0.6, 0.5, 1.0, False, 0.0), 0.456, "USD")
        '45.6 %'
    """
    if one.about in ("mix", "tier"):
        return percent(value, 1)
    return money(value, currency) if one.about == "size" else count(round(value))


def verdict(found: Followed) -> str:
    """Whether cost is inside the band, in a sentence."""
    last = found.months[-1]
    low, high = money(last.low_to_date, found.currency), money(last.high_to_date, found.currency)
    where = "inside" if found.inside else "above" if found.actual > last.high_to_date else "below"
    return (f"To {last.month} it costs {money(found.actual, found.currency)}, {where} the frozen band of {low} to {high} "
            f"(four futures of five; the mean was {money(found.expected, found.currency)}).")  # fmt: skip


def broken_words(found: Followed) -> str:
    """Which assumptions broke, in a sentence."""
    broke = [one for one in found.checked if one.broke]
    if not broke:
        return (f"None of {counted(len(found.checked), 'assumption')} is outside what the forecast allows "
                "(one in ten forecasts would show one by chance).")  # fmt: skip
    named = "; ".join(f"{one.name.lower()} {gauge_words(one, one.actual, found.currency)}, expected "
                      f"{gauge_words(one, one.low, found.currency)} to {gauge_words(one, one.high, found.currency)}"
                      for one in broke)  # fmt: skip
    return f"{counted(len(broke), 'assumption')} broke: {named}."


def say_follow(found: Followed) -> None:
    """Actual against forecast in words."""
    currency = found.currency
    print(verdict(found))
    for month in found.months:
        band = f"{money(month.low, currency)} to {money(month.high, currency)}"
        print(f"  {month.month}  {money(month.actual, currency):>20}  90 %: {band}")
    print(broken_words(found))
    for one in found.checked:
        band = f"{gauge_words(one, one.low, currency)} to {gauge_words(one, one.high, currency)}"
        mark = "broke" if one.broke else ""
        print(f"  {one.name:<40}{gauge_words(one, one.actual, currency):>18}  90 %: {band:<34} moved cost by "
              f"{signed(money(one.moved, currency)):>18} {mark}".rstrip())  # fmt: skip
    print(f"Together these explain {percent(found.explained, 0)} of how cost differs between futures.")
    for note in found.notes:
        print(f"- note: {note}")


def midway_result(found: Midway) -> dict[str, Any]:
    """What `registry change --json` prints; amounts in whole currency units."""

    def whole(minor: float) -> float:
        return from_minor(minor, found.currency)

    return {
        "ok": True, "history_id": found.history_id, "currency": found.currency, "year_from": found.year_from,
        "changes": found.changes, "settled": whole(found.settled), "open": whole(found.open),
        "honoured": whole(found.honoured), "topped_up": whole(found.topped_up), "holders": found.holders,
        "partners": [{"partner": one.partner, "settled": whole(one.settled), "open": whole(one.open),
                      "under_new": whole(one.under_new), "difference": whole(one.difference)} for one in found.partners],
        "rest": {"from": found.rest_from, "months": found.rest_months, "present": whole(found.rest_present),
                 "new": whole(found.rest_new), "new_counting_anew": whole(found.rest_fresh)},
    }  # fmt: skip


def midway_words(found: Midway) -> tuple[str, ...]:
    """A mid-year change in sentences."""

    def said(minor: float) -> str:
        return money(from_minor(minor, found.currency), found.currency)

    rest = found.rest_new - found.rest_present
    sentences = [
        f"From {found.year_from} to the change in {found.changes}, partners earned {said(found.settled + found.open)} under "
        f"the present rules: {said(found.settled)} settled, {said(found.open)} of the period under way.",
        f"{counted(found.holders, 'partner')} earned {said(found.honoured)} more than the new rules give for the same "
        f"months; that is what it costs to leave it to them. Others would have had {said(found.topped_up)} more.",
    ]
    if found.rest_months:
        sentences.append(
            f"The {found.rest_months} months from {found.rest_from} cost {said(found.rest_new)} under the new rules, "
            f"{signed(said(rest))} against the present ones; {said(found.rest_fresh)} where they count anew from the change."
        )
    else:
        sentences.append("The history has no months like those that are left of the year.")
    return tuple(sentences)


def say_midway(told: Midway) -> None:
    """A mid-year change in words."""
    for sentence in midway_words(told):
        print(sentence)
    for one in told.partners[:SHOWN]:
        if one.difference < 0:
            amounts = [money(from_minor(value, told.currency), told.currency)
                       for value in (one.earned, one.under_new, one.difference)]  # fmt: skip
            print(f"- {one.partner}: earned {amounts[0]}, under the new rules {amounts[1]}, {amounts[2]}")
