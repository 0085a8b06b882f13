"""Writing a pack, or files for other systems: whole and recorded, or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from incentive_lab.engine.replay import replay
from incentive_lab.registry.people import Actor
from incentive_lab.registry.service import Registry
from incentive_lab.report.case import Case
from incentive_lab.report.pack import opened_pack, pack_bytes, rate_cards
from incentive_lab.results import write_replay
from incentive_lab.scheme.dump import dumps_json

if TYPE_CHECKING:
    from incentive_lab.history import History


def export_pack(registry: Registry, actor: Actor, revision: str, out: Path) -> dict[str, Any]:
    """Write the decision pack; its manifest's sha256 is in the log before the file has its name.

    Returns:
        The revision's id, state and fingerprint, the sha256, the file, and the head to keep.
    """
    body = pack_bytes(registry.show(revision), registry.documents(revision), str(registry.verify().head))
    sha = opened_pack(body).sha256
    part = out.with_name(out.name + ".partial")
    try:
        part.write_bytes(body)
        head = registry.exported(actor, revision, f"pack {sha}")
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
    return _said(registry, revision) | {"sha256": sha, "out": str(out), "head": str(head)}


def export_for_systems(
    registry: Registry, actor: Actor, revision: str, folder: Path, history: History
) -> dict[str, Any]:
    """Write scheme.json, rates.csv and payouts.csv (partner, month, line) for systems that pay or show it."""
    from incentive_lab.history.for_schemes import panel_for

    case = Case.of(registry.show(revision), registry.documents(revision))
    known = [one for one in (case.scheme, case.baseline) if one is not None]
    result = replay(case.scheme, panel_for(history, *known), baseline=case.baseline)
    head = registry.exported(actor, revision, f"files for systems on {history.history_id}")
    write_replay(result, folder)
    (folder / "scheme.json").write_text(dumps_json(case.scheme), encoding="utf-8")
    (folder / "rates.csv").write_bytes(rate_cards(case.scheme))
    return _said(registry, revision) | {"out": str(folder), "head": str(head)}


def _said(registry: Registry, revision: str) -> dict[str, Any]:
    row = registry.show(revision)
    return {key: row[key] for key in ("id", "state", "fingerprint")}
