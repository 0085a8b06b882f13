"""What words of other systems mean: where a deal stands, which type a partner is, which currency, which kind of activity."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from incentive_lab.history.known_names import (
    CURRENCY_WORDS,
    KIND_WORDS,
    NEGATED,
    STATUS_WORDS,
    TYPE_WORDS,
    WAITING,
)
from incentive_lab.history.recognising import begins, foreign, normal
from incentive_lab.history.tables import PARTNER_TYPES
from incentive_lab.money import CODES
from incentive_lab.scheme.measures import ACTIVITY_KINDS

UNKNOWN = ""
"""What a word means that nobody has said yet."""


def suggested_status(value: str) -> str:
    """Where a deal stands, from another system's word for it; UNKNOWN where that does not say it.

    Example:
        >>> [suggested_status(one) for one in ("Closed Won", "Cancelled", "Negotiation", "Awaiting payment", "Not shipped", "Z9")]
        ['won', 'lost', 'open', 'open', '', '']
        >>> [suggested_status(one) for one in ("Gagnée", "Storniert", "En cours", "unbezahlt", "Teilweise geliefert")]
        ['won', 'lost', 'open', '', '']
    """
    said = normal(value)
    if NEGATED & set(said.split()):
        return UNKNOWN
    waits = said.startswith(WAITING)
    if any(word in said for word in STATUS_WORDS["lost"]) or begins(foreign("lost"), said):
        return UNKNOWN if waits else "lost"
    if any(word in said for word in STATUS_WORDS["won"]) or begins(foreign("won"), said):
        return "open" if waits else "won"
    return "open" if waits or begins((*STATUS_WORDS["open"], *foreign("open")), said) else UNKNOWN


def suggested_type(value: str) -> str:
    """A partner type that the product knows, from another system's word; the word itself where none is meant.

    Example:
        >>> [suggested_type(one) for one in ("Value Added Reseller", "Warehouse", "Großhändler", "Franchise")]
        ['reseller', 'distributor', 'distributor', 'Franchise']
    """
    return _one_of(value, PARTNER_TYPES, TYPE_WORDS)


def suggested_kind(value: str) -> str:
    """A kind of activity that measures know, from another system's word; the word itself where none is meant.

    Example:
        >>> suggested_kind("Training"), suggested_kind("Zertifizierung"), suggested_kind("Golf day")
        ('training', 'certification', 'Golf day')
    """
    return _one_of(value, ACTIVITY_KINDS, KIND_WORDS)


def suggested_currency(value: str) -> str:
    """The ISO 4217 code of a currency, from another system's word; UNKNOWN where several may be meant.

    Example:
        >>> suggested_currency("US Dollar"), suggested_currency("usd"), suggested_currency("€"), suggested_currency("$")
        ('USD', 'USD', 'EUR', '')
    """
    code, said = value.strip().upper(), normal(value) or value.strip()
    if code in CODES:
        return code
    return next((name for name, words in CURRENCY_WORDS.items() if said in words), UNKNOWN)


def _one_of(value: str, names: tuple[str, ...], words: Mapping[str, tuple[str, ...]]) -> str:
    said = normal(value)
    if said.replace(" ", "_") in names:
        return said.replace(" ", "_")
    held = set(said.split())
    return next(
        (name for name in words
         if any(word in held or (" " in word and word in said) for word in (*words[name], *foreign(name)))), value,
    )  # fmt: skip


@dataclass(frozen=True)
class Words:
    """A column whose words are translated.

    Attributes:
        meant: What a word of theirs most likely means; UNKNOWN where that has to be asked.
        values: What it may mean.
        only: Whether it may mean nothing else.
    """

    meant: Callable[[str], str]
    values: tuple[str, ...]
    only: bool = False

    def sure(self, word: str) -> bool:
        """Whether another system's word says by itself what it means, rather than being taken for the likeliest.

        Example:
            >>> [WORDED["deals", "status"].sure(one) for one in ("Closed Won", "Open", "Phase Z")]
            [True, True, False]
            >>> [WORDED["partners", "type"].sure(one) for one in ("Value Added Reseller", "Boutique")]
            [True, False]
        """
        found = self.meant(word)
        return found != UNKNOWN and found in self.values


_CODES = tuple(sorted(CODES))
WORDED: Mapping[tuple[str, str], Words] = {
    ("deals", "status"): Words(suggested_status, ("open", "won", "lost"), only=True),
    ("partners", "type"): Words(suggested_type, PARTNER_TYPES),
    ("deals", "currency"): Words(suggested_currency, _CODES, only=True),
    ("partners", "currency"): Words(suggested_currency, _CODES, only=True),
    ("activities", "kind"): Words(suggested_kind, ACTIVITY_KINDS),
}
"""Columns whose words are translated."""
