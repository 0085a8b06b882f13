"""The commands `incentive-lab registry export|reproduce|verify`: what leaves the registry, and whether all is what it was."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from incentive_lab.cli_options import AsJson
from incentive_lab.registry_cli import As, Id, emitted, opened_registry, registry_app, typed

__all__ = ["registry_app"]


@registry_app.command("export")
def export(
    revision: Id,
    out: Annotated[Path, typer.Option("--out", help="The pack to write, or the folder with --for-systems.")],
    name: As,
    systems: Annotated[
        bool, typer.Option("--for-systems", help="Scheme, rates, payouts and statements as files.")
    ] = False,
    history: Annotated[
        str | None, typer.Option("--history", help="For the payouts and statements of --for-systems.")
    ] = None,
    mapping: Annotated[Path | None, typer.Option("--mapping", help="YAML that maps an export's own names.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write the decision pack as one zip, or what other systems need as a folder."""
    with opened_registry(as_json) as registry:
        from incentive_lab.report.exporting import export_for_systems, export_pack

        if systems:
            from incentive_lab.cli import opened, progress

            source = history or registry.show(revision)["history_source"]
            with progress("Writing statements", as_json) as step, opened(source, mapping, None).closing() as held:
                done = export_for_systems(registry, typed(name), revision, out, held, step)
        else:
            done = export_pack(registry, typed(name), revision, out)
        emitted({"ok": True, **done}, as_json, lambda one: print(f"{one['out']}\nKeep the log's head: {one['head']}"))


@registry_app.command("reproduce")
def reproduce(
    pack: Annotated[Path, typer.Argument(help="A decision pack.")],
    history: Annotated[
        str | None, typer.Option("--history", help="Where the history is; by default where it was.")
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option("--mapping", help="YAML that maps an export's own names; by default the pack's.")
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option("--exclude", help="Leave out rows with this finding; by default as the pack says."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Work out everything in a pack again and compare every figure; a pack that was altered is refused."""
    from incentive_lab.cli import told

    with told(as_json):
        from dataclasses import asdict

        from incentive_lab.cli import opened, progress
        from incentive_lab.errors import InputError, Problem
        from incentive_lab.report.left_out import left_out_kinds
        from incentive_lab.report.pack import read_pack, schemes_of
        from incentive_lab.report.reproducing import reproduce as run

        held_pack = read_pack(pack)
        source = history or held_pack.history_source
        with held_pack.mapping() as own:
            named = mapping or own
            try:
                kinds = exclude or list(left_out_kinds(held_pack.left_out))
                again = opened(source, named, kinds, schemes_of(held_pack).scheme)
            except InputError as error:
                if named is not None:
                    raise
                hint = Problem("--mapping", "this pack does not hold the mapping by which its history was brought in, if it was.",
                               "Name it: registry reproduce PACK --history HISTORY --mapping FILE.")  # fmt: skip
                raise InputError([hint, *error.problems]) from None
        with progress("Working it out again", as_json) as step, again.closing() as held:
            found = run(held_pack, held, step)
        result = {
            "ok": not found.differences, "matches": not found.differences, "figures": found.figures,
            "compared": dict(found.compared), "differences": [asdict(one) for one in found.differences],
            "not_run": list(found.not_run), "notes": list(found.notes),
            "id": held_pack.manifest["id"], "fingerprint": held_pack.manifest["fingerprint"],
            "history_id": held_pack.manifest["history_id"], "sha256": held_pack.sha256,
        }  # fmt: skip
        emitted(result, as_json, _say_reproduced)
        if found.differences:
            raise typer.Exit(1)


def _say_reproduced(result: dict[str, Any]) -> None:
    from incentive_lab.format import counted

    print(f"{result['id']} {result['fingerprint']} on {result['history_id']}: {result['figures']:,} figures compared")
    for name, count in result["compared"].items():
        print(f"  {name:<20} {count:>10,} {'figures' if name.endswith(('.json', '.csv')) else 'bytes'}")
    for one in result["differences"][:40]:
        print(f"- {one['path']}: was {one['was']}, is {one['now']}")
    for one in result["not_run"]:
        print(f"- not run again: {one}")
    for one in result["notes"]:
        print(f"- {one}")
    print(
        "Every figure is the same."
        if result["matches"]
        else f"{counted(len(result['differences']), 'figure or document', 'figures or documents')} differ."
    )


@registry_app.command("verify")
def verify(
    heads: Annotated[
        list[str] | None, typer.Option("--head", help="A head that was printed or exported before.")
    ] = None,
    packs: Annotated[
        list[Path] | None, typer.Option("--pack", help="A decision pack: whether it is one that was exported here.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Find any edit, deletion, reorder or truncation made behind the registry's back."""
    with opened_registry(as_json) as registry:
        from dataclasses import asdict

        from incentive_lab.registry.audit import Head
        from incentive_lab.report.exporting import not_exported
        from incentive_lab.report.left_out import left_out_words
        from incentive_lab.report.pack import read_pack

        held = [read_pack(one) for one in packs or ()]
        kept = (*(Head.read(one) for one in heads or ()), *(Head.read(one.manifest["head"]) for one in held))
        found = registry.verify(kept)
        faults = [asdict(one) for one in (*found.faults, *(not_exported(registry, held)))]
        told = [f"{one.manifest['id']}: {said}" for one in held for said in left_out_words(one.left_out)]
        result = {"ok": not faults, "head": str(found.head), "entries": found.entries,
                  "first_bad": faults[0] if faults else None, "faults": faults, "notes": [*found.notes, *told]}  # fmt: skip
        emitted(result, as_json, _say_verified)
        if faults:
            raise typer.Exit(1)


def _say_verified(result: dict[str, Any]) -> None:
    print(f"{result['entries']} entries, head {result['head']}")
    for one in result["faults"]:
        at = f"entry {one['seq']}, " if one["seq"] is not None else ""
        print(f"- {at}{one['where']}: {one['what']}")
    for one in result["notes"]:
        print(f"- note: {one}")
    if result["ok"]:
        print("Nothing was touched. Keep the head: what is cut off after it can then be found.")
