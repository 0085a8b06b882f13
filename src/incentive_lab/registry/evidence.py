"""What a submission rests on: documents by name, which must speak of the same scheme and history."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from incentive_lab.errors import InputError, Problem
from incentive_lab.money import to_minor
from incentive_lab.scheme.baseline import Pair, compares
from incentive_lab.scheme.check import check
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.fingerprint import fingerprint
from incentive_lab.scheme.load import loads

FLOOR, BASELINE_FLOOR = "guarantee.yaml", "baseline-guarantee.yaml"
"""What guarantees of the scheme compare with, where that is not the baseline; what those of the baseline compare with."""
MAPPING = "mapping.yaml"
"""By which the history was brought in, where it was by one."""
LEFT_OUT = "left-out.json"
"""Which rows of the history were left out, where some were."""
NAMES = (
    "scheme.yaml", "baseline.yaml", FLOOR, BASELINE_FLOOR, "replay.json", "payouts.csv", "projection.json", "assumptions.json",
    "pilot.json", MAPPING, LEFT_OUT,
)  # fmt: skip
"""Documents a submission may have; the scheme and the replay it must have."""
OF_PILOT = re.compile(r"pilot/[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
"""Names of the files a pilot is read from: its plan, arms, registration, schemes and data."""
FIGURES = ("history_id", "total", "months", "partners", "by_month", "by_rule", "by_partner")
"""What a replay says, all of which is shown to whoever decides."""
LARGEST = 64_000_000


@dataclass(frozen=True)
class Submission:
    """A scheme with its evidence.

    Attributes:
        documents: Name (of NAMES, or as OF_PILOT) -> bytes.
        population: Whom the scheme is for; two schemes cannot be in effect for one population at a time.
        history_source: Where the history was opened, a hint for running it again.
        parent_id: The revision this one changes; found by population when it is not given.
    """

    documents: Mapping[str, bytes]
    population: str = ""
    history_source: str = ""
    parent_id: str | None = None


@dataclass(frozen=True)
class Judged:
    """A submission that holds together. Costs are minor units; floor is the baseline's fingerprint, the seed the forecast's."""

    scheme: Scheme
    population: str
    history_id: str
    before: int | None
    after: int
    starts: str
    ends: str
    seed: int | None
    floor: str | None


def judged(given: Submission) -> Judged:
    """Read a submission.

    Raises:
        InputError: A document is missing, unreadable, or of another scheme or history.
    """
    problems = [
        Problem(name, "there is no such document in a submission.", f"Known: {', '.join(NAMES)} and pilot/FILE.")
        for name in given.documents
        if name not in NAMES and not OF_PILOT.fullmatch(name)
    ]
    problems += [
        Problem(name, "a submission needs it.")
        for name in ("scheme.yaml", "replay.json")
        if name not in given.documents
    ]
    problems += [
        Problem(name, f"has {len(body):,} bytes; at most {LARGEST:,} are kept.")
        for name, body in given.documents.items()
        if len(body) > LARGEST
    ]
    if problems:
        raise InputError(problems)
    pair = pair_of(given.documents)
    left_out_of(given.documents)
    scheme = pair.scheme
    check(scheme).require()
    mine, replayed = fingerprint(scheme), _object(given, "replay.json")
    if replayed.get("fingerprint") != mine:
        problems.append(
            Problem("replay.json", f"is of {replayed.get('fingerprint')}, the scheme is {mine}.", "Replay it again.")
        )
    missing = [key for key in FIGURES if key not in replayed]
    if missing:
        raise InputError([*problems, Problem("replay.json", f"lacks {', '.join(missing)}.", "Replay it again.")])
    before = replayed.get("baseline") or {}
    problems += [one for name, told in (("replay.json", replayed), ("replay.json baseline", before))
                 for one in _adds_up(name, told, scheme.currency)]  # fmt: skip
    floor = fingerprint(pair.baseline) if pair.baseline is not None else None
    problems += _floors(pair, given, replayed)
    if floor is not None and before.get("fingerprint") != floor:
        problems.append(Problem("baseline.yaml", "is not the scheme that the replay compares with."))
    if floor == mine:
        problems.append(Problem("baseline.yaml", "is the scheme itself: that compares nothing.",
                                "Compare it with what it would replace."))  # fmt: skip
    seed = None
    for name in ("projection.json", "pilot.json", LEFT_OUT):
        if name in given.documents:
            if name == "projection.json":
                seed = _object(given, name).get("seed")
            _of_the_same(name, _object(given, name), mine, str(replayed.get("history_id")), problems)
    if problems:
        raise InputError(problems)
    starts, ends = effective(scheme)
    return Judged(
        scheme=scheme,
        population=population_of(scheme, given.population),
        history_id=str(replayed["history_id"]),
        before=to_minor(str(before["total"]), scheme.currency) if "total" in before else None,
        after=to_minor(str(replayed["total"]), scheme.currency),
        starts=starts,
        ends=ends,
        seed=seed if isinstance(seed, int) else None,
        floor=floor,
    )


def pair_of(documents: Mapping[str, bytes]) -> Pair:
    """The scheme and the baseline of a submission or a pack, each with what its guarantees compare with."""
    known = {
        name: loads(documents[name])
        for name in ("scheme.yaml", "baseline.yaml", FLOOR, BASELINE_FLOOR)
        if name in documents
    }
    scheme, baseline = known["scheme.yaml"], known.get("baseline.yaml")
    floor = known.get(FLOOR, baseline) if compares(scheme) else None
    return Pair(scheme, baseline, floor, known.get(BASELINE_FLOOR))


def left_out_of(documents: Mapping[str, bytes]) -> Mapping[str, Any] | None:
    """Which rows of the history were left out: `currency` and `findings`; None where none were.

    Raises:
        InputError: The document says something else.
    """
    if LEFT_OUT not in documents:
        return None
    try:
        told = json.loads(documents[LEFT_OUT])
        whole = isinstance(told["currency"], str) and all(
            isinstance(one["kind"], str) and isinstance(one["message"], str) and isinstance(one["examples"], list)
            and isinstance(one["rows"], int) and isinstance(one["amount"], (int, float, type(None)))
            for one in told["findings"]
        )  # fmt: skip
    except (ValueError, KeyError, TypeError):
        whole = False
    if not whole:
        message = (
            "does not say which rows were left out, each finding with its kind, rows, amount, message and examples."
        )
        raise InputError([Problem(LEFT_OUT, message, "Propose the scheme again.")])
    return dict(told)


def _floors(pair: Pair, given: Submission, replayed: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with the schemes that guarantees compare with."""
    told = replayed, replayed.get("baseline") or {}
    sides = ((pair.scheme, pair.floor, FLOOR, told[0]), (pair.baseline, pair.baseline_floor, BASELINE_FLOOR, told[1]))
    for scheme, floor, name, said in sides:
        wanted = scheme is not None and compares(scheme)
        if wanted and floor is None:
            yield Problem(name, "a submission needs it: guarantees compare with it.", "Propose the scheme again.")
        if name in given.documents and not wanted:
            yield Problem(name, "no guarantee compares with it.", "Leave it out.")
        found = (said.get("guarantees_against") or {}).get("fingerprint") if isinstance(said, dict) else None
        if floor is not None and found is not None and found != fingerprint(floor):
            yield Problem(name, "is not the scheme that guarantees were worked out with.", "Replay it again.")


def _adds_up(name: str, told: Mapping[str, Any], currency: str) -> Iterator[Problem]:
    """Where months or partners do not add up to the total, to which each may be half a minor unit off."""
    for key in ("by_month", "by_partner"):
        parts = told.get(key)
        if not parts:
            continue
        try:
            off = abs(
                sum(to_minor(str(one), currency) for one in parts.values()) - to_minor(str(told["total"]), currency)
            )
        except (AttributeError, KeyError, TypeError, ValueError, ArithmeticError, InputError):
            yield Problem(name, f"its {key} cannot be read as amounts.", "Replay it again.")
            continue
        if off > 1 + len(parts) / 2:
            yield Problem(name, f"its {key} does not add up to its total.", "Replay it again.")


def _object(given: Submission, name: str) -> dict[str, Any]:
    try:
        found = json.loads(given.documents[name])
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise InputError([Problem(name, "is not a JSON object.", "Write it with --json.")])
    return found


def _of_the_same(name: str, found: dict[str, Any], mine: str, history: str, problems: list[Problem]) -> None:
    if name == "projection.json" and found.get("fingerprint", mine) != mine:
        problems.append(Problem(name, f"is of {found['fingerprint']}, the scheme is {mine}.", "Project it again."))
    if found.get("history_id", history) != history:
        problems.append(Problem(name, "was made on another history than the replay.", "Make it on the same history."))


def effective(scheme: Scheme) -> tuple[str, str]:
    """First day in effect, and the first day after.

    Example:
        >>> text = "{scheme: a, currency: USD, effective: {from: 2024-03-01}, rules: [{id: c, on: revenue, rate: 3%}]}"
        >>> effective(loads(text))
        ('2024-03-01', '2025-03-01')
    """
    return scheme.effective.from_, months_after(scheme.effective.from_, scheme.effective.months)


def months_after(day: str, months: int) -> str:
    """The same day so many months later (the last day of a shorter month).

    Example:
        >>> months_after("2024-11-30", 3)
        '2025-02-28'
    """
    start = date.fromisoformat(day)
    years, month = divmod(start.month - 1 + months, 12)
    for last in (start.day, 30, 29, 28):
        try:
            return date(start.year + years, month + 1, min(start.day, last)).isoformat()
        except ValueError:
            continue
    raise ValueError(day)


def population_of(scheme: Scheme, given: str = "") -> str:
    """Whom a scheme is for: the name given, else what it says of who is eligible.

    Example:
        >>> text = "{scheme: a, currency: USD, effective: {from: 2024-03-01}, rules: [{id: c, on: revenue, rate: 3%}]}"
        >>> population_of(loads(text))
        'all partners'
    """
    named = " ".join(given.split())
    if named:
        if len(named) > 100 or not named.isprintable():
            raise InputError([Problem("--population", "is a name of at most 100 printable characters.")])
        return named
    said = scheme.eligible.model_dump(exclude_defaults=True, mode="json")
    parts = [
        f"{key.replace('_', ' ')} {', '.join(sorted(map(str, value))) if not isinstance(value, str) else value}"
        for key, value in sorted(said.items())
    ]
    return "; ".join(parts) or "all partners"
