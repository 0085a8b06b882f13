"""What a search found, in sentences and as plain JSON."""

from __future__ import annotations

from typing import Any

from incentive_lab.format import counted, percent
from incentive_lab.optimise.figures import FIGURES
from incentive_lab.optimise.paying import Trial
from incentive_lab.optimise.question import small
from incentive_lab.optimise.search import Found
from incentive_lab.scheme.fingerprint import fingerprint
from incentive_lab.scheme.numbers import plain

HALF = 0.5
"""Below this share of a gain that lasts, most of it is luck."""


def verdict(found: Found) -> str:
    """What was found, in a sentence or two."""
    goal, question = found.question.goal, found.question
    value, was = (trial.figures[goal.figure.name] for trial in (found.best, found.now))
    said, before = goal.figure.said(value), goal.figure.said(was)
    if not found.limits_met:
        missed = [one for one in question.limits if one.missed(found.best.figures[one.figure.name])]
        return (
            f"These numbers cannot meet {_and([str(one) for one in missed])}: the nearest is "
            f"{_and([one.figure.said(found.best.figures[one.figure.name]) for one in missed])}. "
            "Let more numbers move, give them more room, or ease the limit."
        )
    if goal.sense == "reach" and not found.goal_met:
        return (
            f"These numbers cannot reach {goal}: the nearest is {said}, now {before}. "
            "Let more numbers move, or give them more room."
        )
    if not found.better:
        return f"Nothing that was tried is better than the scheme as it is: {small(goal.figure.label)} {before}."
    moved = counted(len(found.moved), "changed number", "changed numbers")
    return f"{goal.figure.label}: {said}, now {before}, by {moved}."


def notes(found: Found, labels: dict[str, str] | None = None) -> list[str]:
    """What is to be known beside it."""
    said = []
    if not found.converged:
        said.append(
            f"All {found.evaluations} schemes that may be paid were paid before the search had settled: "
            "a better one may be near. Allow more, or move fewer numbers."
        )
    if found.idle:
        names = [(labels or {}).get(path, path) for path in found.idle]
        said.append(f"{_and(names)} {'moves' if len(names) == 1 else 'move'} no figure here: something else binds.")
    if found.kept is not None:
        share = "all" if found.kept >= 1 else "nothing" if found.kept <= 0 else percent(found.kept, 0)
        luck = "" if found.kept >= HALF else " Much of it is luck: what is best here need not be best for others."
        said.append(
            f"Searched on half of the partners, {share} of what they gain is gained by the other half, too.{luck}"
        )
    said.append(
        "Found on what partners did, who may act otherwise under other numbers: project it before it is proposed."
    )
    return said


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
        "idle": list(found.idle), "kept_by_other_half": found.kept, "seed": question.seed,
    }  # fmt: skip


def say(answer: dict[str, Any]) -> None:
    """A search in words for a terminal."""
    print(f"{answer['scheme']}: {answer['goal']}" + (f", with {_and(answer['limits'])}" if answer["limits"] else ""))
    print(answer["verdict"])
    for path, value in answer["best"]["values"].items():
        was = answer["now"]["values"][path]
        print(f"  {path:<58} {was:>12,} -> {value:,}" if value != was else f"  {path:<58} {was:>12,} stays")
    for name, figure in FIGURES.items():
        was, now = (answer[each]["figures"][name] for each in ("now", "best"))
        print(f"  {figure.label:<58} {figure.said(was):>12} -> {figure.said(now)}")
    for note in answer["notes"]:
        print(f"- note: {note}")
    print(f"{answer['evaluations']} schemes paid.")


def _trial(trial: Trial) -> dict[str, Any]:
    return {"values": {path: plain(value) for path, value in trial.values.items()}, "figures": dict(trial.figures)}


def _and(parts: list[str]) -> str:
    return " and ".join(parts) if len(parts) < 3 else ", ".join(parts[:-1]) + " and " + parts[-1]
