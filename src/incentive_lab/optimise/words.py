"""What a search found, in sentences and as plain JSON."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from typing import Any

from incentive_lab.format import counted, percent, small
from incentive_lab.optimise.figures import HISTORY_FIGURES
from incentive_lab.optimise.found import Found, nobody_loses, reached
from incentive_lab.optimise.halves import Kept
from incentive_lab.optimise.paying import Trial
from incentive_lab.optimise.words_ahead import next_year, notes_ahead, say_ahead
from incentive_lab.scheme.fingerprint import fingerprint
from incentive_lab.scheme.numbers import plain

ITSELF = "the scheme is compared with itself: nobody loses by what is there already, and nothing can be better."
HALF = 0.5
"""Below this share of a gain that lasts, most of it is luck."""


def verdict(found: Found) -> str:
    """What was found, in a sentence or two."""
    goal, question = found.question.goal, found.question
    figures = found.figures(found.best)
    value, was = figures[goal.figure.name], found.figures(found.now)[goal.figure.name]
    said, before = goal.figure.apart(value, was)
    if not found.limits_met:
        missed = [one for one in question.limits if one.missed(figures)]
        near = [one.figure.apart(figures[one.figure.name], one.value)[0] for one in missed]
        if not any(one.missed(found.best.figures) for one in missed):
            return (
                f"No scheme that was tried keeps {_and([str(one) for one in missed])} in fresh futures: what keeps it in those "
                f"searched comes to {_and(near)} there. It does not meet the limit. Let more numbers move, ease the limit, or "
                "search more futures."
            )
        return (
            f"No scheme that was tried meets {_and([str(one) for one in missed])}: the nearest is {_and(near)}. "
            "Let more numbers move, give them more room, or ease the limit."
        )
    if value is None:
        return f"There is no {small(goal.figure.label)} to search for: nothing is paid that it could be told from."
    if goal.sense == "reach" and not found.goal_met:
        aid = (
            "Payouts jump past it there: let another number move, too, or give a finer step."
            if found.passed
            else "Let more numbers move, or give them more room."
        )
        return f"No scheme that was tried reaches {goal}: the nearest is {said}, now {before}. {aid}"
    if found.better and not found.gains:
        return (
            "What is best in the futures searched is no better in fresh ones than the scheme as it is: "
            f"{small(goal.figure.label)} {said}, now {before}."
        )
    if nobody_loses(goal, found.now.figures, question.limits):
        return ("Under the scheme as it is nobody loses already, and nothing can be better. Where it is compared with itself, "
                "choose what it replaces as the baseline.")  # fmt: skip
    if not found.better:
        return f"Nothing that was tried is better than the scheme as it is: {small(goal.figure.label)} {before}."
    moved = counted(len(found.moved), "changed number", "changed numbers")
    return f"{goal.figure.label}: {said}, now {before}, by {moved}."


def although(found: Found, trial: Trial) -> str:
    """What speaks against a scheme of the search, as the end of a sentence: limits it breaks, a value it does not reach.

    Args:
        found: What was found.
        trial: The best, or another point of the frontier.
    """
    question, figures = found.question, found.figures(trial)
    told = []
    for one in question.limits:
        if one.missed(figures):
            value, bound = one.figure.apart(figures[one.figure.name], one.value)
            told.append(f"{small(one.figure.label)} is {value}, {'above' if one.side == '<=' else 'below'} {bound}")
    goal = question.goal
    if not reached(goal, figures[goal.figure.name]):
        value, wanted = goal.figure.apart(figures[goal.figure.name], goal.value)
        told.append(f"{small(goal.figure.label)} is {value}, not {wanted}")
    return f"although {_and(told)}" if told else ""


def notes(found: Found, labels: dict[str, str] | None = None) -> list[str]:
    """What is to be known beside it."""
    said = [] if found.afresh is None else notes_ahead(found.question, found.afresh)
    if not found.converged:
        said.append(
            f"All {found.evaluations} schemes that may be paid were paid before the search had settled: "
            "a better one may be near. Allow more, or move fewer numbers."
        )
    if found.idle:
        names = [(labels or {}).get(path, path) for path in found.idle]
        one = len(names) == 1
        said.append(
            f"{_and(names)} {'moves' if one else 'move'} no figure from one end of {'its range' if one else 'their ranges'} to "
            "the other, the rest being as found: something else binds, or this history has nothing that it counts."
        )
    if edges := _edges(found):
        names = [(labels or {}).get(path, path) for path in edges]
        said.append(
            f"{_and(names)} {'ends at the edge of its range' if len(names) == 1 else 'end at the edge of their ranges'}: "
            "with more room something better may be found."
        )
    if found.kept is not None:
        said.append(_lasting(found.kept))
    said.append(
        "Found on what partners did, who may act otherwise under other numbers: "
        + ("project it before it is proposed." if found.afresh is None else "try it before it is proposed.")
    )
    return said


def _edges(found: Found) -> list[str]:
    """Paths of numbers that were moved to an end of their range, unless that is as far as a scheme allows."""
    if found.question.goal.sense == "reach" and found.goal_met and found.limits_met:
        return []
    ends = {one.address.path: {one.low, one.high} - set(map(Decimal, map(str, one.address.declaration.bounds)))
            for one in found.question.dials}  # fmt: skip
    return [path for path, (_, value) in found.moved.items() if value in ends[path]]


def _lasting(kept: Kept) -> str:
    """What the other half of the partners gains of what is found for one half."""
    share, low, high = ("all" if one >= 0.995 else "nothing" if one <= 0 else percent(one, 0)
                        for one in (kept.share, kept.low, kept.high))  # fmt: skip
    spread = "" if low == high == share else f" ({low} to {high}, as they are halved)"
    luck = ""
    if kept.high < HALF:
        luck = " Most of it is luck: what is best for these partners need not be best for others."
    elif kept.low < HALF:
        luck = " How much of it is luck cannot be told from so little."
    what = f"{share} of what one gains the other gains, too{spread}."
    return f"The best for half of the partners, read on the other half: {what}{luck}"


def as_json(found: Found) -> dict[str, Any]:
    """What `optimise --json` prints; money in whole currency units."""
    question = found.question
    return {
        "ok": True, "scheme": found.scheme.id, "goal": str(question.goal), "limits": [str(one) for one in question.limits],
        "verdict": verdict(found), "notes": notes(found), "limits_met": found.limits_met, "goal_met": found.goal_met,
        "converged": found.converged, "evaluations": found.evaluations, "now": _trial(found.now),
        "best": {**_trial(found.best), "fingerprint": fingerprint(found.scheme)},
        "frontier": [_trial(one) for one in found.frontier],
        **({"frontier_reason": "a value is to be reached, which leaves nothing to trade"} if found.price is None else {}),
        "idle": list(found.idle), "seed": question.seed,
        "kept_by_other_half": None if found.kept is None else asdict(found.kept),
        **({} if found.afresh is None else {"next_year": next_year(found, found.afresh)}),
    }  # fmt: skip


def say(answer: dict[str, Any]) -> None:
    """A search in words for a terminal."""
    print(f"{answer['scheme']}: {answer['goal']}" + (f", with {_and(answer['limits'])}" if answer["limits"] else ""))
    print(answer["verdict"])
    for path, value in answer["best"]["values"].items():
        was = answer["now"]["values"][path]
        print(f"  {path:<58} {was:>12,} -> {value:,}" if value != was else f"  {path:<58} {was:>12,} stays")
    for name, figure in HISTORY_FIGURES.items():
        was, now = figure.apart(*(answer[each]["figures"][name] for each in ("now", "best")))
        print(f"  {figure.label:<58} {was:>12} -> {now}")
    if "next_year" in answer:
        say_ahead(answer["next_year"])
    for note in answer["notes"]:
        print(f"- note: {note}")
    print(f"{answer['evaluations']} schemes paid.")
    if answer["out"] is not None:
        print(f"Written to {answer['out']}.")
    if answer.get("out_reason"):
        print(f"No file was written: {answer['out_reason']}.")


def _trial(trial: Trial) -> dict[str, Any]:
    return {"values": {path: plain(value) for path, value in trial.values.items()}, "figures": dict(trial.figures)}


def _and(parts: list[str]) -> str:
    return " and ".join(parts) if len(parts) < 3 else ", ".join(parts[:-1]) + " and " + parts[-1]
