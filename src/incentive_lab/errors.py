"""How anything says that the input is wrong: a list of problems a person can act on."""

from __future__ import annotations

import difflib
import logging
import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

_SECRET = ("pass", "secret", "token", "key", "pwd")
_ENDLESS = re.compile(r"[^\s/\\.'\"]{100,}")


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with what the user gave; of a word of 100 characters or more its first 60 are shown.

    Attributes:
        path: Where: a path inside a document (`rules.volume.rate`) or `deals.csv row 12, column amount`.
        message: What was found and what is allowed, as a sentence.
        fix: What to do about it, as a sentence; empty when the message already says it.

    Example:
        >>> print(Problem("rules." + 5_000 * "z" + ".on", "found 'revenu'."))
        rules.zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz....on: found 'revenu'.
    """

    path: str
    message: str
    fix: str = ""

    def __post_init__(self) -> None:
        for name in ("path", "message", "fix"):
            object.__setattr__(self, name, _ENDLESS.sub(lambda word: word[0][:60] + "...", getattr(self, name)))

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" + (f" {self.fix}" if self.fix else "")


class InputError(Exception):
    """The input cannot be used; `problems` lists every reason at once.

    Example:
        >>> raise InputError([Problem("currency", "found 'USDD'", "Use an ISO 4217 code such as USD.")])
        Traceback (most recent call last):
        incentive_lab.errors.InputError: currency: found 'USDD' Use an ISO 4217 code such as USD.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def unexpected(error: Exception, where: str) -> Problem:
    """What is told of an error that nobody foresaw; its trace goes to the log, under a reference that both name.

    Args:
        error: It, while it is handled.
        where: What went wrong, in a word or two.

    Example:
        >>> unexpected(KeyError("x"), "work").message[:-9]
        'something unexpected went wrong (KeyError), reference '
    """
    reference = uuid.uuid4().hex[:8]
    logging.getLogger("incentive_lab").error("%s failed, reference %s", where, reference, exc_info=error)
    said = f"something unexpected went wrong ({type(error).__name__}), reference {reference}."
    return Problem(where, said, "Its trace is in the log under that reference.")


def nearest(name: object, known: Iterable[str]) -> str | None:
    """The known name closest to `name`, or None when nothing is close.

    Example:
        >>> nearest("revenu", ["revenue", "margin"])
        'revenue'
    """
    return _nearest(str(name), tuple(known))


@lru_cache(maxsize=128)  # one mistake is often made in every rule of a document
def _nearest(name: str, known: tuple[str, ...]) -> str | None:
    matches = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return matches[0] if matches else None


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """A sentence that offers the nearest known name, else lists what is known (at most twelve).

    Example:
        >>> did_you_mean("hafl_up", ["half_up", "half_even"])
        'Did you mean half_up?'
    """
    names = sorted(known)
    close = nearest(name, names)
    if close:
        return f"Did you mean {close}?"
    shown = ", ".join(names[:12]) + (" ..." if len(names) > 12 else "")
    return f"Known: {shown}." if names else ""


def without_password(address: str) -> str:
    """Where something is, without the secrets of a database's URL; a password may hold any mark that an address has.

    Example:
        >>> without_password("postgresql://ann:se/c@ret@db/sales?sslpassword=x&options=y")
        'postgresql://ann@db/sales?options=y'
        >>> without_password("/data/history")
        '/data/history'
    """
    kind, mark, rest = address.partition("://")
    if not mark:
        return address
    who, at, where = rest.rpartition("@")
    path, _, query = where.partition("?")
    said = [
        one for one in query.split("&") if not any(word in unquote(one.partition("=")[0]).lower() for word in _SECRET)
    ]
    user = re.split("[:/?#]", who, maxsplit=1)[0]
    return f"{kind}://{user}{at if user else ''}{path}" + (f"?{'&'.join(said)}" if any(said) else "")
