"""Submissions for tests, and the child process that is killed while it writes."""

from __future__ import annotations

import json
import os
from pathlib import Path

from incentive_lab.registry.evidence import Submission
from incentive_lab.registry.people import Actor
from incentive_lab.registry.service import Registry
from incentive_lab.report.exporting import export_pack
from incentive_lab.scheme.fingerprint import fingerprint
from incentive_lab.scheme.load import loads

TEXT = """\
scheme: {name}
currency: USD
effective: {{from: {starts}, months: {months}}}
rules:
  - {{id: commission, on: revenue, rate: {rate}%}}
"""

ANN, BEN, CAT, DAN = (Actor(name) for name in ("ann", "ben", "cat", "dan"))


def submission(
    name: str = "grown", rate: float = 3, starts: str = "2026-01-01", months: int = 12, total: float = 102.0, before: float = 100.0,
    floor: bytes | None = None, **more: str,
) -> Submission:  # fmt: skip
    text = TEXT.format(name=name, rate=rate, starts=starts, months=months)
    replayed = {
        "fingerprint": fingerprint(loads(text)), "history_id": "h" * 32, "total": total, "months": 12, "partners": 1,
        "by_partner": {"A": total}, "by_rule": {"commission": total}, "by_month": {"2025-01": total},
        "baseline": {"scheme": "flat", "total": before},
    }  # fmt: skip
    documents = {"scheme.yaml": text.encode()}
    if floor is not None:
        replayed["baseline"] = {"fingerprint": fingerprint(loads(floor)), "scheme": "flat", "total": before}
        documents["baseline.yaml"] = floor
    return Submission({**documents, "replay.json": json.dumps(replayed).encode()}, **more)


def approved(registry: Registry, **more: object) -> str:
    """A revision that ann proposed and ben signed."""
    made = registry.submit(ANN, submission(**more), "worth it")  # type: ignore[arg-type]
    registry.approve(BEN, made["id"], "agreed")
    return str(made["id"])


def work(url: str, start: int, packs: Path | None = None) -> None:
    """Submit, approve and export without end; a line on standard output once each is acknowledged.

    With a folder, whole decision packs are written into it.
    """

    def say(line: str) -> None:
        os.write(1, f"{line}\n".encode())

    registry = Registry(url)
    say("ready")
    for number in range(start, start + 1_000_000):
        made = registry.submit(ANN, submission(f"s{number}", population=f"p{number}"), "worth it")
        say(f"submitted {made['id']}")
        registry.approve(BEN, made["id"], "agreed")
        say(f"approved {made['id']}")
        if packs is None:
            say(f"exported {registry.exported(CAT, made['id'], 'm' * 64)}")
        else:
            done = export_pack(registry, CAT, made["id"], packs / f"{made['id']}.zip")
            say(f"exported {done['head']}")
            say(f"packed {made['id']}")
