"""What a proposal is judged on: the scheme, what it replaces, the replay of both, a forecast and a pilot."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from incentive_lab.engine.replay import Replay, replay
from incentive_lab.panel import month_label
from incentive_lab.registry.evidence import BASELINE_FLOOR, FLOOR, LEFT_OUT, MAPPING
from incentive_lab.report.left_out import left_out_document
from incentive_lab.results import payout_lines, replay_result
from incentive_lab.scheme.baseline import Pair
from incentive_lab.scheme.dump import dumps
from incentive_lab.scheme.fingerprint import fingerprint

if TYPE_CHECKING:
    from incentive_lab.history import History
    from incentive_lab.projection.assumptions import Assumptions
    from incentive_lab.projection.running import Projection

Progress = Callable[[int, int], None]
FREE: AbstractContextManager[Any] = nullcontext()
"""Nobody else asks the history."""
ASIDE = frozenset({"seconds"})
"""What a forecast says of the machine it was drawn on, and not of the scheme."""


@dataclass(frozen=True)
class Wanted:
    """The forecast a submission rests on: futures, months, seed and what is supposed."""

    scenarios: int
    months: int
    seed: int
    assumptions: Assumptions


def replays(pair: Pair, history: History, alone: AbstractContextManager[Any] = FREE) -> tuple[Replay, Replay | None]:
    """The scheme and its baseline on one panel of the history, which is asked while `alone` is held."""
    from incentive_lab.history.for_schemes import panel_for

    with alone:
        panel = panel_for(history, *pair.schemes)
    before = replay(pair.baseline, panel, baseline=pair.baseline_floor) if pair.baseline is not None else None
    return replay(pair.scheme, panel, baseline=pair.floor), before


def replay_document(pair: Pair, after: Replay, before: Replay | None) -> dict[str, Any]:
    """The figures an approval binds: the replay, what the baseline pays each partner and rule, and what guarantees
    compare with, and what partners are called."""
    answer = replay_result(after, before)
    names = after.panel.attributes["name"].astype(str).tolist()
    answer["names"] = {who: name for who, name in zip(after.panel.partner_ids, names, strict=True) if name}
    if before is not None:
        said = replay_result(before)
        answer["baseline"] |= {key: said[key] for key in ("by_month", "by_rule", "by_partner")}
    if pair.floor is not None:
        answer["guarantees_against"] = {"scheme": pair.floor.id, "fingerprint": fingerprint(pair.floor)}
    if pair.baseline_floor is not None:
        found = {"scheme": pair.baseline_floor.id, "fingerprint": fingerprint(pair.baseline_floor)}
        answer["baseline"]["guarantees_against"] = found
    return answer


def forecast_document(
    pair: Pair, history: History, wanted: Wanted, progress: Progress | None = None,
    alone: AbstractContextManager[Any] = FREE,
) -> dict[str, Any]:  # fmt: skip
    """The forecast an approval freezes: the scheme and, in the same futures, its baseline."""
    from incentive_lab.projection.model import fit
    from incentive_lab.projection.past import past_of
    from incentive_lab.projection.running import project
    from incentive_lab.projection_words import project_result

    with alone:
        past = past_of(history, *pair.schemes)
    told = project(fit(past, horizon=wanted.months), pair.scheme, against=pair.baseline, floor=pair.floor,
                   against_floor=pair.baseline_floor, assumptions=wanted.assumptions,
                   horizon=wanted.months, scenarios=wanted.scenarios, seed=wanted.seed,
                   progress=progress)  # fmt: skip
    answer = {name: value for name, value in project_result(told).items() if name not in ASIDE}
    return answer | {"owed_accrual": _owed_to_date(told)}


def _owed_to_date(told: Projection) -> dict[str, dict[str, float]]:
    """What partners are owed to date by month, before a budget cuts it: mean, P10 and P90, whole units."""
    path = np.cumsum(told.outcome.owed, axis=1) / told.minor
    low, high = np.quantile(path, (0.1, 0.9), axis=0)
    return {
        month_label(told.first_month + month): {
            "mean": float(mean),
            "p10": float(low[month]),
            "p90": float(high[month]),
        }
        for month, mean in enumerate(path.mean(axis=0))
    }


def pilot_document(folder: Path, plan: Path, history: History) -> dict[str, Any]:
    """A pilot's result, read anew from its plan and the files beside it."""
    from incentive_lab.pilot.reading import load
    from incentive_lab.pilot.running import read_pilot
    from incentive_lab.pilot.told import analysis_told

    return analysis_told(read_pilot(load(plan), history, folder)[0])


def pilot_files(path: Path) -> dict[str, bytes]:
    """What a pilot is read from, by the names it gets in a pack: plan, arms, registration, schemes, data.

    Raises:
        InputError: It names a file elsewhere than beside it.
    """
    from incentive_lab.pilot.paying import floors_for, schemes_for
    from incentive_lab.pilot.reading import document_path, load, require_beside
    from incentive_lab.pilot.recorded import ARMS, PLAN

    plan, folder = load(path), document_path(path).resolve().parent
    require_beside(plan)
    found = {"pilot/pilot.yaml": document_path(path).read_bytes()}
    beside = {plan.assignment.file or ARMS, PLAN, *([plan.data.file] if plan.data is not None else [])}
    for name in sorted(beside):
        if (folder / name).is_file():
            found[f"pilot/{name}"] = (folder / name).read_bytes()
    arms = {arm.name: arm.scheme for arm in plan.arms}
    schemes = schemes_for(plan, folder)
    for arm, scheme in schemes.items():
        found[f"pilot/{arms[arm]}.yaml"] = dumps(scheme).encode()
    for arm, floor in floors_for(schemes, plan.arms[0].name, folder).items():
        if floor not in schemes.values():
            found[f"pilot/{schemes[arm].baseline}.yaml"] = dumps(floor).encode()
    return found


def evidence_of(
    pair: Pair, history: History, *, forecast: Wanted | None = None,
    pilot: Path | None = None, progress: Progress | None = None, alone: AbstractContextManager[Any] = FREE,
) -> dict[str, bytes]:  # fmt: skip
    """The documents of a submission, by name; forecast and pilot where they are asked for.

    Args:
        pair, history: What is proposed beside what it is compared with, and on what.
        forecast, pilot: Asked of the forecast; a pilot's plan or folder.
        progress: Called with the futures drawn and all of them.
        alone: Held while the history is asked, where others ask it too.
    """
    after, before = replays(pair, history, alone)
    documents = {
        "scheme.yaml": dumps(pair.scheme).encode(),
        "replay.json": as_json(replay_document(pair, after, before)),
        "payouts.csv": payout_lines(after).encode(),
    }
    beside = {"baseline.yaml": pair.baseline, FLOOR: pair.floor, BASELINE_FLOOR: pair.baseline_floor}
    if pair.baseline is not None and pair.floor is not None and fingerprint(pair.baseline) == fingerprint(pair.floor):
        del beside[FLOOR]
    documents |= {name: dumps(one).encode() for name, one in beside.items() if one is not None}
    if history.mapping:
        documents[MAPPING] = history.mapping.encode()
    if history.excluded:
        with alone:
            documents[LEFT_OUT] = as_json(left_out_document(history))
    if forecast is not None:
        documents["projection.json"] = as_json(forecast_document(pair, history, forecast, progress, alone))
        documents["assumptions.json"] = as_json(
            forecast.assumptions.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        )
    if pilot is not None:
        from incentive_lab.pilot.reading import document_path

        documents |= pilot_files(pilot)
        plan = document_path(pilot)
        with alone:
            documents["pilot.json"] = as_json(pilot_document(plan.resolve().parent, plan, history))
    return documents


def as_json(value: Any) -> bytes:
    """Plain data as a readable JSON file."""
    return (json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode()
