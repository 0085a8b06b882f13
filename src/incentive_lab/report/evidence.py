"""What a proposal is judged on: the scheme, what it replaces, and the replay of both."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from incentive_lab.engine.replay import Replay, replay
from incentive_lab.results import replay_result
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.dump import dumps

if TYPE_CHECKING:
    from incentive_lab.history import History


def replays(scheme: Scheme, baseline: Scheme | None, history: History) -> tuple[Replay, Replay | None]:
    """The scheme and its baseline on one panel of the history."""
    from incentive_lab.history.for_schemes import panel_for

    panel = panel_for(history, *(one for one in (scheme, baseline) if one is not None))
    before = replay(baseline, panel) if baseline is not None else None
    return replay(scheme, panel, baseline=baseline), before


def replay_document(after: Replay, before: Replay | None) -> dict[str, Any]:
    """The figures an approval binds: the replay, and what the baseline pays each partner and rule."""
    answer = replay_result(after, before)
    if before is not None:
        said = replay_result(before)
        answer["baseline"] |= {key: said[key] for key in ("by_month", "by_rule", "by_partner")}
    return answer


def evidence_of(scheme: Scheme, baseline: Scheme | None, history: History) -> dict[str, bytes]:
    """The documents of a submission, by name."""
    after, before = replays(scheme, baseline, history)
    documents = {
        "scheme.yaml": dumps(scheme).encode(),
        "replay.json": as_json(replay_document(after, before)),
    }
    if baseline is not None:
        documents["baseline.yaml"] = dumps(baseline).encode()
    return documents


def as_json(value: Any) -> bytes:
    """Plain data as a readable JSON file."""
    return (json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode()
