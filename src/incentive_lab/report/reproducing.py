"""Whether a decision pack comes out again: everything in it is worked out anew and compared, figure by figure."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from incentive_lab.errors import InputError, Problem
from incentive_lab.home import code_id
from incentive_lab.registry.evidence import LEFT_OUT, OF_PILOT
from incentive_lab.report.evidence import (
    Wanted,
    as_json,
    forecast_document,
    pilot_document,
    replay_document,
    replays,
)
from incentive_lab.report.left_out import left_out_document, left_out_words
from incentive_lab.report.pack import Pack, made, schemes_of
from incentive_lab.results import payout_lines

if TYPE_CHECKING:
    from incentive_lab.history import History

ROUGH = 1e-9
"""Relative difference that counts as none in statistics, whose last digits differ between processors; money is exact."""


@dataclass(frozen=True)
class Difference:
    """A figure that came out otherwise."""

    path: str
    was: Any
    now: Any


@dataclass(frozen=True)
class Reproduced:
    """A pack that was run again.

    Attributes:
        pack: The pack.
        compared: Member of the pack -> how many figures (or, of a document, bytes) were compared.
        differences: Those that differ.
        not_run: Documents of the pack that were not run again, with the reason.
        notes: What explains a difference, and which rows were left out of the history.
    """

    pack: Pack
    compared: Mapping[str, int]
    differences: tuple[Difference, ...]
    not_run: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def figures(self) -> int:
        """How many figures were compared."""
        return sum(count for name, count in self.compared.items() if name.endswith((".json", ".csv")))


def reproduce(pack: Pack, history: History, progress: Callable[[int, int], None] | None = None) -> Reproduced:
    """Work out everything in a pack again and compare it: replay, payouts, forecast, pilot, and what is written of them.

    Raises:
        InputError: The pack's scheme is not the one that was decided upon, or its forecast cannot be read.
    """
    pair = schemes_of(pack)
    after, before = replays(pair, history)
    now: dict[str, bytes] = {"replay.json": as_json(replay_document(pair, after, before))}
    not_run = []
    if "payouts.csv" in pack.files:
        now["payouts.csv"] = payout_lines(after).encode()
    if "projection.json" in pack.files:
        wanted = _forecast(pack)
        if wanted is None:
            not_run.append("projection.json: what it supposed is not in the pack")
        else:
            now["projection.json"] = as_json(forecast_document(pair, history, wanted, progress))
    if "pilot.json" in pack.files:
        if "pilot/pilot.yaml" not in pack.files:
            not_run.append("pilot.json: its plan is not in the pack")
        else:
            now["pilot.json"] = as_json(_pilot(pack, history))
    if pack.left_out is not None and history.excluded:
        now[LEFT_OUT] = as_json(left_out_document(history))
    documents = {name: body for name, body in pack.files.items() if name in pack.evidence}
    decision = json.loads(pack.files["decision.json"])
    try:
        now |= {name: body for name, body in made(decision, documents).items() if name in pack.files}
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        raise InputError([Problem("pack", "its documents lack what a registry writes into them.",
                                  "Ask for the pack again, or export it from the registry.")]) from None  # fmt: skip
    compared, differences, older = {}, [], pack.manifest.get("exported_by_code") != code_id()
    for name, body in now.items():
        found: list[Difference] = []
        compared[name] = _compared(name, pack.files[name], body, found, older)
        differences += found
    return Reproduced(pack, compared, tuple(differences), tuple(not_run), tuple(_notes(pack, differences, history)))


def _notes(pack: Pack, differences: list[Difference], history: History) -> Iterator[str]:
    made_by = pack.manifest.get("exported_by_code")
    if differences and made_by != code_id():
        yield f"The pack was written by other code ({made_by}, here {code_id()})."
    if history.history_id != pack.manifest["history_id"]:
        yield f"The history is {history.history_id}, the pack was made on {pack.manifest['history_id']}."
    yield from left_out_words(pack.left_out)
    if pack.left_out is not None and not history.excluded:
        yield "Here nothing was left out."
    if pack.left_out is None and history.excluded:
        yield "The pack says of no rows that were left out; here some were:"
        yield from left_out_words(left_out_document(history))


def _forecast(pack: Pack) -> Wanted | None:
    """What was asked of the forecast in a pack; None where its assumptions are not there."""
    from incentive_lab.projection.assumptions import loads

    if "assumptions.json" not in pack.files:
        return None
    told = json.loads(pack.files["projection.json"])
    supposed = loads(pack.files["assumptions.json"], name="assumptions.json")
    try:
        return Wanted(int(told["scenarios"]), int(told["months"]), int(told["seed"]), supposed)
    except (KeyError, TypeError, ValueError):
        raise InputError([Problem("projection.json", "does not say how it was drawn.")]) from None


def _pilot(pack: Pack, history: History) -> dict[str, Any]:
    """The pilot read anew, from its own files in a folder that is gone afterwards."""
    from incentive_lab.pilot.reading import load, require_beside

    with tempfile.TemporaryDirectory(prefix="pilot-") as name:
        folder = Path(name)
        for member, body in pack.files.items():
            if OF_PILOT.fullmatch(member):
                (folder / member.removeprefix("pilot/")).write_bytes(body)
        require_beside(load(folder))
        return pilot_document(folder, folder / "pilot.yaml", history)


def known_to(was: Any, now: Any) -> Any:
    """What is now, without the figures that a pack of older code does not have.

    Example:
        >>> known_to({"total": 1, "by": {"a": 2}}, {"total": 1, "by": {"a": 3, "b": 4}, "owed": 5})
        {'total': 1, 'by': {'a': 3}}
    """
    if isinstance(was, dict) and isinstance(now, dict):
        return {name: known_to(was[name], one) for name, one in now.items() if name in was}
    return now


def _compared(name: str, was: bytes, now: bytes, found: list[Difference], older: bool) -> int:
    """Put what differs into `found`; how many figures, or bytes, were compared."""
    if name.endswith(".json"):
        rough = ROUGH if name in ("projection.json", "pilot.json") else 0.0
        before, after = json.loads(was), json.loads(now)
        before.pop("seconds", None)
        after = known_to(before, after) if older else after
        return _compare(name, before, after, rough, found)
    if name.endswith(".csv"):
        one, other = (list(csv.reader(io.StringIO(body.decode()))) for body in (was, now))
        return _compare(name, one, other, 0.0, found)
    if was != now:
        found.append(Difference(name, f"{len(was):,} bytes", f"{len(now):,} other bytes"))
    return len(was)


def _compare(path: str, was: Any, now: Any, rough: float, found: list[Difference]) -> int:
    if isinstance(was, dict) and isinstance(now, dict):
        keys = dict.fromkeys((*was, *now))
        return sum(_compare(f"{path}: {key}" if ":" not in path else f"{path}.{key}", was.get(key), now.get(key), rough,
                            found) for key in keys)  # fmt: skip
    if isinstance(was, list) and isinstance(now, list) and len(was) == len(now):
        pairs = enumerate(zip(was, now, strict=True))
        return sum(_compare(f"{path}.{place}", one, other, rough, found) for place, (one, other) in pairs)
    if was != now and not _near(was, now, rough):
        found.append(Difference(path, was, now))
    return 1


def _near(was: Any, now: Any, rough: float) -> bool:
    """Whether two statistics are the same but for their last digits."""
    if not rough:
        return False
    if isinstance(was, str) and isinstance(now, str):
        digits = r"[-+]?\d[\d,]*(?:\.\d+)?"
        one, other = ([float(text.replace(",", "")) for text in re.findall(digits, said)] for said in (was, now))
        return re.sub(digits, "", was) == re.sub(digits, "", now) and len(one) == len(other) and (
            all(_near(a, b, rough) for a, b in zip(one, other, strict=True)))  # fmt: skip
    if any(isinstance(one, bool) or not isinstance(one, (int, float)) for one in (was, now)):
        return False
    return math.isclose(was, now, rel_tol=rough, abs_tol=rough)
