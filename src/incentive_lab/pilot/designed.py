"""A design as a plain JSON object."""

from __future__ import annotations

from typing import Any

import numpy as np

from incentive_lab.pilot.reading import fingerprint
from incentive_lab.pilot.running import Design
from incentive_lab.pilot.told import number


def design_told(made: Design) -> dict[str, Any]:
    """What `pilot assign --json` prints."""
    trial = made.trial
    arms: dict[str, Any] = {}
    for place, name in enumerate(trial.arms):
        members = [trial.partners[row] for row in np.flatnonzero(trial.arm == place)]
        arms[name] = {
            "partners": len(members),
            "ids": members,
            "scheme": made.schemes.get(name),
            "cost": made.costs.get(name),
        }
        if arms[name]["cost"] is None:
            arms[name]["cost_reason"] = (
                "the control costs what it costs today" if place == 0 else "the arm names no scheme"
            )
    return {
        "ok": True, "pilot": made.pilot.id, "fingerprint": fingerprint(made.pilot), "history_id": trial.source,
        "currency": trial.currency, "arms": arms,
        "balance": [
            {"name": one.name, "arm": one.arm, "control": number(one.control), "treated": number(one.treated),
             "difference": number(one.difference), "p_value": number(one.p_value)} for one in made.balance
        ],
        "spillover": [{"what": one.what, "shared": one.shared, "partners": one.partners} for one in made.spillover],
        "smallest_p": number(made.smallest_p), "over_ceiling": list(made.over_ceiling), "warnings": list(made.warnings),
        "notes": list(trial.notes),
    }  # fmt: skip
