"""Writing a pack, or files for other systems: whole and recorded, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from incentive_lab.engine.replay import replay
from incentive_lab.errors import InputError, Problem
from incentive_lab.registry.people import Actor, Conflict
from incentive_lab.registry.service import Registry
from incentive_lab.registry.verify import Fault
from incentive_lab.report.case import Case
from incentive_lab.report.evidence import FREE
from incentive_lab.report.pack import Pack, opened_pack, pack_bytes, rate_cards
from incentive_lab.results import statement_lines, write_replay
from incentive_lab.scheme.dump import dumps_json

if TYPE_CHECKING:
    from incentive_lab.history import History


def export_pack(registry: Registry, actor: Actor, revision: str, out: Path) -> dict[str, Any]:
    """Write the decision pack; its manifest's sha256 is in the log before the file has its name.

    Returns:
        The revision's id, state and fingerprint, the sha256, the file, and the head to keep.
    """
    if out.is_dir():
        raise InputError([Problem(str(out), "is a folder.", "Name a file, such as pack.zip.")])
    row, documents, before = registry.whole(revision)
    body = pack_bytes(row, documents, str(before))
    sha = opened_pack(body).sha256
    with _beside(out) as part:
        part.write_bytes(body)
        head = registry.exported(actor, revision, f"pack {sha}")
        part.replace(out)
    return _said(row) | {"sha256": sha, "out": str(out), "head": str(head)}


def export_for_systems(
    registry: Registry, actor: Actor, revision: str, folder: Path, history: History,
    progress: Callable[[int, int], None] | None = None, alone: AbstractContextManager[Any] = FREE,
) -> dict[str, Any]:  # fmt: skip
    """Write what systems that pay or show it need: scheme.json, rates.csv, payouts.csv and statements.csv.

    Raises:
        Conflict: It is not approved: nobody is to be paid by it.
    """
    from incentive_lab.history.for_schemes import panel_for

    if folder.exists() and not folder.is_dir():
        raise InputError([Problem(str(folder), "is a file.", "Name a folder.")])
    row, documents, _ = registry.whole(revision)
    if row["state"] not in ("approved", "active", "retired"):
        raise Conflict([Problem(revision, f"is {row['state']}; systems that pay get only what was approved.",
                                "Export the decision pack to look at it.")])  # fmt: skip
    case = Case.of(row, documents)
    with alone:
        panel = panel_for(history, *case.pair.schemes)
    result = replay(case.scheme, panel, baseline=case.pair.floor)
    with _beside(folder) as part:
        write_replay(result, part)
        (part / "statements.csv").write_text(
            statement_lines(result, case.pair.floor, progress), encoding="utf-8", newline=""
        )
        (part / "scheme.json").write_text(dumps_json(case.scheme), encoding="utf-8")
        (part / "rates.csv").write_bytes(rate_cards(case.scheme))
        folder.mkdir(parents=True, exist_ok=True)
        head = registry.exported(actor, revision, f"files for systems on {history.history_id}")
        for one in sorted(part.iterdir()):
            one.replace(folder / one.name)
    return _said(row) | {"out": str(folder), "head": str(head)}


def not_exported(registry: Registry, packs: Iterable[Pack]) -> Iterator[Fault]:
    """The packs of which the log does not say that they were exported from this registry."""
    known = {row["id"] for row in registry.revisions()}
    for pack in packs:
        name = str(pack.manifest["id"])
        log = registry.show(name)["log"] if name in known else ()
        if not any(one["action"] == "export" and one["reason"] == f"pack {pack.sha256}" for one in log):
            yield Fault(None, f"pack of {name[:80]}", "the log does not say that it was exported from this registry")


@contextmanager
def _beside(out: Path) -> Iterator[Path]:
    """A name of one's own beside a file or folder that is to be written, gone afterwards."""
    part = out.with_name(f".{out.name}.{uuid4().hex}.partial")
    try:
        yield part
    finally:
        if part.is_dir():
            rmtree(part, ignore_errors=True)
        part.unlink(missing_ok=True)


def _said(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: row[key] for key in ("id", "state", "fingerprint")}
