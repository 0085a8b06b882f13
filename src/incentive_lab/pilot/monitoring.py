"""A running pilot: what must be looked at, what may be looked at, and whether a guardrail stops it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from incentive_lab.history import History
from incentive_lab.pilot.answering import Answer
from incentive_lab.pilot.document import Pilot
from incentive_lab.pilot.reading import fingerprint
from incentive_lab.pilot.running import read_pilot
from incentive_lab.pilot.told import check_told, look_told
from incentive_lab.pilot.watching import Check


def monitored(pilot: Pilot, history: History | None, folder: Path | None) -> dict[str, Any]:
    """What `pilot monitor --json` prints. The effect itself is shown only at planned looks.

    Raises:
        InputError: The plan or its data cannot be used.
    """
    read, prepared = read_pilot(pilot, history, folder, worth=False)
    flags = [*read.checks, *(guardrail_check(one) for one in read.answers if one.metric.role == "guardrail")]
    flags += [Check("Plan", "look", reason) for reason in read.why]
    crossed = [one for one in read.looks if one.crossed]
    stopped = [one.name for one in flags if one.state == "stop"]
    complete = prepared is None or prepared.world.complete
    if stopped:
        state = f"stop: {', '.join(stopped)}"
    elif crossed:
        state = f"the boundary was crossed after {crossed[0].months} months: the pilot may end"
    else:
        state = "complete" if complete else "go on"
    told: dict[str, Any] = {
        "ok": True, "pilot": pilot.id, "fingerprint": fingerprint(pilot), "state": state, "complete": complete,
        "arms": read.trial.sizes(), "looks": [look_told(one) for one in read.looks], "flags": [check_told(one) for one in flags],
        "notes": [*read.trial.flags, *read.trial.notes],
    }  # fmt: skip
    if not read.looks:
        told["looks_reason"] = read.no_looks or "no looks were planned"
    return told


def guardrail_check(answer: Answer) -> Check:
    """A guardrail as a check: broken beyond doubt stops the pilot."""
    state = {"held": "fine", "open": "look", "broken": "stop"}.get(answer.verdict, "look")
    return Check(f"Guardrail {answer.metric.name} ({answer.arm})", state, answer.words)
