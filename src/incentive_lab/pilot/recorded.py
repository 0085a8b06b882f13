"""What is written down before a pilot starts: the arms of partners, and the plan they belong to."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from incentive_lab.errors import InputError, Problem, did_you_mean
from incentive_lab.panel import Panel
from incentive_lab.pilot.assigning import Assigned
from incentive_lab.pilot.csvfile import read_table
from incentive_lab.pilot.document import Pilot
from incentive_lab.pilot.drawing import Codes, codes_of
from incentive_lab.pilot.reading import canonical, differences, fingerprint

ARMS, PLAN = "arms.csv", "registered.json"


@dataclass(frozen=True, eq=False)
class Recorded:
    """Arms as they were written down.

    Attributes:
        partners: Ids.
        arm: Arm (or wave) of each, int64 [n].
        clusters: Names, object [n], or None.
        strata: Stratum of each, or None.
        sequences: Arm of each period as text such as `0101`, or None.
    """

    partners: tuple[str, ...]
    arm: Codes
    clusters: np.ndarray[Any, np.dtype[np.object_]] | None
    strata: Codes | None
    sequences: tuple[str, ...] | None


def arms_csv(pilot: Pilot, panel: Panel, assigned: Assigned, schemes: Mapping[str, str]) -> str:
    """The arms as CSV text for the partner system.

    Args:
        pilot: The plan.
        panel: The history whose rows were drawn.
        assigned: The draw.
        schemes: Arm -> fingerprint of its scheme.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        ["partner_id", "arm", "wave", "sequence", "cluster", "stratum", "scheme", "scheme_fingerprint", "pilot"]
    )
    name, rolls = fingerprint(pilot), pilot.assignment.mechanism == "rollout"
    for place, row in enumerate(assigned.rows):
        arm = pilot.arms[1 if rolls else int(assigned.arm[place])]
        wave = str(int(assigned.arm[place]) + 1) if rolls else ""
        sequence = "" if assigned.sequence is None else "".join(str(one) for one in assigned.sequence[place])
        cluster = "" if assigned.clusters is None else assigned.cluster_names[int(assigned.clusters[place])]
        stratum = "" if assigned.strata is None else str(int(assigned.strata[place]) + 1)
        writer.writerow([_safe(panel.partner_ids[int(row)]), arm.name, wave, sequence, _safe(cluster), stratum, arm.scheme,
                         schemes.get(arm.name, ""), name])  # fmt: skip
    return out.getvalue()


def _safe(text: str) -> str:
    return "'" + text if text[:1] in tuple("=+-@\t\r") else text


def read_arms(pilot: Pilot, path: Path) -> Recorded:
    """The arms that a file records.

    Raises:
        InputError: The file cannot be used: a partner twice or in two arms, an unknown or empty arm.
    """
    table = read_table(path, ("", "NA"))
    ids = [str(one).removeprefix("'") for one in table.text("partner_id", path.name)]
    known = {arm.name: place for place, arm in enumerate(pilot.arms)}
    written = table.text("arm", path.name)
    problems = [
        Problem(f"{path.name}, line {line}", f"found the arm '{text}'.", did_you_mean(text, known))
        for line, text in enumerate(written, 2) if text not in known
    ][:5]  # fmt: skip
    seen: dict[str, str] = {}
    for line, (name, text) in enumerate(zip(ids, written, strict=True), 2):
        if name in seen:
            said = "is there twice" if seen[name] == text else f"is in two arms, {seen[name]} and {text}"
            problems.append(Problem(f"{path.name}, line {line}", f"{name} {said}; arms must not overlap.",
                                    "Keep one row for each partner."))  # fmt: skip
        seen[name] = text
    if problems:
        raise InputError(problems[:12])
    arm = np.array([known[text] for text in written], dtype=np.int64)

    def filled(name: str) -> bool:
        return name in table.columns and bool((table.columns[name] != "").any())

    if pilot.assignment.mechanism == "rollout" and filled("wave"):
        arm = np.array([int(float(text)) - 1 for text in table.columns["wave"]], dtype=np.int64)
    elif pilot.assignment.mechanism != "switchback":
        empty = [one.name for place, one in enumerate(pilot.arms) if not (arm == place).any()]
        if empty:
            raise InputError([Problem(path.name, f"the arm {' and '.join(empty)} is empty.", "Nobody is in it.")])
    return Recorded(
        tuple(ids), arm,
        table.columns["cluster"] if filled("cluster") else None,
        codes_of(table.columns["stratum"]) if filled("stratum") else None,
        tuple(str(one) for one in table.columns["sequence"]) if filled("sequence") else None,
    )  # fmt: skip


def registration(
    pilot: Pilot, history_id: str, schemes: Mapping[str, str], arms_text: str, version: str
) -> dict[str, Any]:
    """What is written down with the arms, so that a later reading can tell whether it follows the plan."""
    return {
        "pilot": pilot.id, "fingerprint": fingerprint(pilot), "plan": json.loads(canonical(pilot)),
        "history_id": history_id, "schemes": dict(schemes), "arms": hashlib.sha256(arms_text.encode()).hexdigest(),
        "version": version,
    }  # fmt: skip


@dataclass(frozen=True)
class Registered:
    """Whether a reading follows the plan that was registered.

    Attributes:
        known: Whether there is a registration at all.
        departures: What differs from it, as sentences; empty when nothing does.
    """

    known: bool
    departures: tuple[str, ...]

    @property
    def confirmatory(self) -> bool:
        """Whether results may be told as what was planned."""
        return self.known and not self.departures


def registered(pilot: Pilot, folder: Path | None, schemes: Mapping[str, str]) -> Registered:
    """Compare a plan, its arms and its schemes with what was registered beside it."""
    path = None if folder is None else folder / PLAN
    if path is None or not path.is_file():
        return Registered(False, ())
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        plan, arms, known = told["plan"], told["arms"], told["schemes"]
    except (ValueError, KeyError, TypeError):
        return Registered(True, (f"{PLAN} cannot be read.",))
    departures = []
    if told.get("fingerprint") != fingerprint(pilot):
        changed = differences(plan, json.loads(canonical(pilot)))
        departures.append(f"The plan was changed after its registration: {', '.join(changed) or 'its identity'}.")
    file = path.with_name(pilot.assignment.file or ARMS)
    if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != arms:
        departures.append(f"{file.name} is not the file that was registered.")
    moved = [name for name, own in schemes.items() if known.get(name) and known[name] != own]
    if moved:
        departures.append(f"The scheme of {', '.join(moved)} was changed after the registration.")
    return Registered(True, tuple(departures))
