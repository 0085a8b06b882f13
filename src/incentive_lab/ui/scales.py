"""How a declared number becomes a control: its group, its words, the range of its slider, and what a screen shows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

from incentive_lab.format import capital, in_words, small
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.lookup import measure_named
from incentive_lab.scheme.naming import split
from incentive_lab.scheme.numbers import shortest
from incentive_lab.scheme.paths import Address

GROUPS = (
    "Tiers",
    "Rates",
    "Mix",
    "Caps and limits",
    "Gates and guarantees",
    "Scorecards",
    "Budget",
    "Targets",
    "Variants",
    "Other numbers",
)
_GATED = frozenset({"gates", "guarantees", "draws"})
_CAPPED = frozenset({"caps", "pools", "minimum_payout"})
_INSIDE_RULES = {
    "limit": "Caps and limits",
    "multiples": "Caps and limits",
    "requires": "Gates and guarantees",
    "repay": "Gates and guarantees",
    "returns": "Gates and guarantees",
}
_WORDS = {
    "from": "starts at",
    "rate": "rate",
    "lump": "lump sum",
    "keep": "share kept",
    "multiply": "factor",
    "average_of_last": "periods averaged",
}
_MADE_OF = frozenset(
    {"table", "steps", "plain", "when", "who", "by_tier", "by_type", "by_region", "by_segment", "grid", "rates"}
)
_DECLARED = frozenset({"average_of_last", "months_ago", "after"})
"""Numbers that are called as they are declared, wherever in a rule they stand."""


def group_of(path: str) -> str:
    """The group of controls a number belongs to.

    Example:
        >>> group_of("tiers.levels.gold.needs.revenue"), group_of("rules.lead.limit.quantity")
        ('Tiers', 'Caps and limits')
    """
    parts = split(path)
    if parts[0] in ("tiers", "mix", "budget", "targets", "variants", "scorecards"):
        return parts[0].capitalize()
    if parts[0] in _GATED:
        return "Gates and guarantees"
    if parts[0] in _CAPPED:
        return "Caps and limits"
    if parts[0] == "rules":
        return next((_INSIDE_RULES[part] for part in parts[2:] if part in _INSIDE_RULES), "Rates")
    return "Other numbers"


@dataclass(frozen=True)
class Words:
    """What a control is called: under which heading, its short name there, and both together."""

    heading: str
    short: str

    @property
    def full(self) -> str:
        """The name that stands alone."""
        return f"{self.heading}: {small(self.short)}" if self.heading else self.short


def words_of(scheme: Scheme, address: Address) -> Words:
    """What people call a number, from the labels of the scheme; one in months says so."""
    words = _words_of(scheme, address)
    told = address.declaration.unit != "months" or "month" in words.short.lower()
    return words if told else Words(words.heading, f"{words.short}, in months")


def _words_of(scheme: Scheme, address: Address) -> Words:
    parts = split(address.path)
    if parts[0] == "tiers" and len(parts) > 3 and parts[1] == "levels":
        return Words(in_words(parts[2]), _sentence([measure_words(scheme, part) for part in parts[4:] or parts[3:]]))
    if parts[:2] == ("tiers", "windows") and len(parts) > 2:
        return Words(measure_words(scheme, parts[2]), "Counted over")
    if parts[0] == "rules":
        rule = next((one for one in scheme.rules if one.id == parts[1]), None)
        inside = address.declaration.label if parts[-1] in _DECLARED else _inside(scheme, parts[2:])
        return Words(rule.label if rule and rule.label else in_words(parts[1]), inside)
    if parts[0] == "scorecards" and len(parts) > 4:
        card = scheme.scorecards.get(parts[1])
        return Words(card.label if card and card.label else in_words(parts[1]), _inside(scheme, parts[3:]))
    if parts[0] == "targets" and len(parts) > 2:
        name, _, number = parts[1].partition("#")
        short = f"Share owed in month {parts[3]}" if parts[2] == "ramp" else in_words(parts[2])
        return Words(f"{measure_words(scheme, name)} target {number}".strip(), short)
    if parts[0] in (*_GATED, *_CAPPED) and len(parts) > 2:
        return Words(in_words(parts[1]), _inside(scheme, parts[2:]))
    if parts[0] == "variants" and len(parts) > 3:
        return Words(in_words(parts[1]), address.label.split(": ", 1)[-1])
    return Words("", address.declaration.label if parts[0] in ("mix", "budget", "tiers") else address.label)


def _inside(scheme: Scheme, parts: tuple[str, ...]) -> str:
    """What a number inside a rule, cap or gate is called there."""
    said = [part for part in parts if part not in _MADE_OF]
    if said[0] == "limit":
        kind = said[-1]
        return {"quantity": "Units counted", "amount": "Most it pays", "share": "Most it pays, as a share"}.get(
            kind, in_words(kind)
        )
    if parts[0] == "rate" and len(said) > 1:
        if "steps" in parts:
            said = [one for one in said if one != "rate"] + (["rate"] if said[-1] == "rate" else [])
            return capital(f"{in_words(said[0])} {' '.join(_WORDS.get(one, one) for one in said[1:])}".lower())
        return f"Rate for {said[-1].replace('_', ' ')}"
    if said == ["amount"]:
        return "Amount"
    if said[:2] == ["award", "prizes"]:
        return f"Prize {said[2]}"
    if said[-2:] == ["over", "trailing"]:
        return f"Months that {small(measure_words(scheme, said[-3]))} is added up over"
    return _sentence([_WORDS.get(one) or measure_words(scheme, one) for one in said])


def measure_words(scheme: Scheme, name: str) -> str:
    """What people call a measure."""
    try:
        measure = measure_named(name, scheme.measures)
    except KeyError:
        return in_words(name)
    return measure.label or in_words(name)


def _sentence(words: list[str]) -> str:
    """Words joined, the first letter of later ones small unless they are short forms."""
    return capital(" ".join([*words[:1], *map(small, words[1:])]))


@dataclass(frozen=True)
class Scale:
    """What a slider shows, in screen units (shares as per cent).

    Attributes:
        low: Left end.
        high: Right end.
        step: One press of an arrow key.
        places: Decimals shown.
        suffix: Written after the number.
    """

    low: float
    high: float
    step: float
    places: int
    suffix: str = ""


def on_screen(value: Decimal | float, unit: str) -> float:
    """A number of the document as the screen shows it.

    Example:
        >>> on_screen(Decimal("0.025"), "share"), on_screen(Decimal(25_000), "currency")
        (2.5, 25000.0)
    """
    exact = Decimal(str(value))
    return float(exact.scaleb(2) if unit == "share" else exact)


def from_screen(shown: float, unit: str) -> Decimal:
    """A number of the screen as the document says it, freed of what binary arithmetic adds.

    Example:
        >>> from_screen(0.30000000000000004, "share"), from_screen(25_000.0, "currency")
        (Decimal('0.003'), Decimal('25000'))
    """
    exact = Decimal(repr(round(shown, 8)))
    exact = exact.scaleb(-2) if unit == "share" else exact
    return shortest(exact)


def scale_of(address: Address, start: Decimal | None, value: Decimal) -> Scale:
    """Where a slider goes: the typical range, narrowed around a number that is small in it, always with the value in it.

    A rate of 0.25 % on a range to 20 % would be a slider nobody can aim with; the typed entry beside it still takes
    everything within the hard bounds.

    Args:
        address: The number.
        start: What it was when the draft began; the range does not move while it is dragged.
        value: What it is now.
    """
    told = address.declaration
    centre = on_screen(start if start is not None else value, told.unit)
    low, high = (on_screen(end, told.unit) for end in told.typical)
    step = on_screen(told.step, told.unit)
    if told.label == "Behavioural share":
        return Scale(low, high, 1.0, 0, "%")
    if 0 < centre < high / 10:
        high = _nice(centre * 4)
    step = min(step, _nice_step((high - low) / 100, step))
    while step > 1e-4 and not _multiple(centre, step):
        step /= 10 if _multiple(centre, step / 10) or step > 1e-3 else 2
    now = on_screen(value, told.unit)
    low, high = min(low, now), max(high, now)
    if told.unit in ("count", "months"):
        step = max(1.0, round(step)) if _multiple(now, 1.0) else step
    return Scale(low, high, step, _places(step, now), "%" if told.unit == "share" else "")


def _nice(size: float) -> float:
    """The next of 1, 2, 5, 10 ... at or above a size.

    Example:
        >>> _nice(0.9), _nice(130), _nice(2000)
        (1.0, 200.0, 2000.0)
    """
    power = 10.0 ** math.floor(math.log10(size))
    return next(float(f"{factor * power:.10g}") for factor in (1, 2, 5, 10) if factor * power >= size * (1 - 1e-9))


def _nice_step(size: float, most: float) -> float:
    return most if size >= most else _nice(size)


def _multiple(value: float, step: float) -> bool:
    return abs(value / step - round(value / step)) < 1e-6


def _places(step: float, value: float) -> int:
    """Decimals that show a step and a value without loss, at most four."""
    return next((places for places in range(4) if _multiple(step, 10**-places) and _multiple(value, 10**-places)), 4)
