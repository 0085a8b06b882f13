"""The commands `history check`, `history suggest` and `history demo`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, cast, get_args

import typer

from incentive_lab.cli_options import WHERE, AsJson, ExcludeOption, MappingOption, RatesOption

history_app = typer.Typer(help="Look at a history, or make one.", no_args_is_help=True)


@history_app.command("check")
def history_check(
    history: Annotated[str, typer.Argument(help=WHERE)],
    mapping: MappingOption = None,
    exclude: ExcludeOption = None,
    rates: RatesOption = None,
    currency: Annotated[str | None, typer.Option("--currency", help="The currency amounts are kept in.")] = None,
    as_json: AsJson = False,
) -> None:
    """Load a history strictly and report its quality, with the money in each finding."""
    from incentive_lab.cli import emit, opened, progress, told

    with told(as_json):
        from incentive_lab.results import history_result, say_history

        held_in = opened(history, mapping, exclude, rates=rates, currency=currency)
        with progress("Reading the history", as_json), held_in.closing() as held:
            result = history_result(held)
        emit(result, as_json, say_history)


@history_app.command("suggest")
def history_suggest(
    export: Annotated[
        Path, typer.Argument(help="A folder of CSV or Parquet files, or a workbook, with names of its own.")
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", help="The mapping to write, a file that is not there yet; else it is printed."),
    ] = None,
    encoding: Annotated[
        str | None,
        typer.Option("--encoding", help="How CSV files are encoded that are not UTF-8, such as windows-1252."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Suggest a mapping for an export: which table and column is what, and how its dates and numbers are written."""
    from incentive_lab.cli import emit, told
    from incentive_lab.errors import InputError, Problem

    with told(as_json):
        from incentive_lab.history.encodings import Encoding
        from incentive_lab.history.mapping_writing import mapping_of, mapping_text
        from incentive_lab.history.previewing import previews
        from incentive_lab.history.suggesting import missing, suggested_all, unsure, unused

        if not export.exists():
            raise InputError([Problem(str(export), "it is not there.", "Name the folder or workbook of an export.")])
        if encoding is not None and encoding not in get_args(Encoding):
            allowed = f"Allowed: {', '.join(get_args(Encoding))}. A file that is UTF-8 needs none."
            raise InputError([Problem("--encoding", f"found {encoding!r}.", allowed)])
        said = cast("Encoding | None", encoding)
        found, problems = previews(export, said=said)
        if problems:
            raise InputError(problems)
        choices = suggested_all(found)
        if not choices:
            fix = "Give a folder of CSV or Parquet files or an .xlsx workbook with partners and their deals or activities."
            raise InputError([Problem(str(export), "no table here looks like one of a history.", fix)])
        text = mapping_text(choices, said)
        if out is not None:
            try:
                with out.open("x", encoding="utf-8") as file:
                    file.write(text)
            except FileExistsError:
                message = "it is there already, perhaps edited by hand, and was left as it is."
                raise InputError([Problem(str(out), message, "Name another file, or remove this one first.")]) from None
        tables = {one.table: one for one in found}
        left = [one.label for one in found if one.table not in {choice.source for choice in choices}]
        result = {"mapping": mapping_of(choices, said), "missing": missing(choices), "unsure": unsure(found, choices),
                  "left_out": left, "unused": {one.source: unused(tables[one.source], one) for one in choices},
                  "out": None if out is None else str(out)}  # fmt: skip

        def say(told: dict[str, Any]) -> None:
            if out is None:
                print(text, end="")
            for choice in choices:
                known = f": {', '.join(choice.columns)}." if choice.columns else "; none of its columns is recognised."
                print(f"{choice.source} is {choice.table}{known}", file=sys.stderr)
                if told["unused"][choice.source]:
                    print(f"  Not used: {', '.join(told['unused'][choice.source])}.", file=sys.stderr)
            for name in told["left_out"]:
                print(f"{name} is not used.", file=sys.stderr)
            for sentence in told["unsure"]:
                print(f"- {sentence}", file=sys.stderr)
            if told["missing"]:
                by_hand = "Add them to the mapping by hand; what a word means stands under values:, such as {Z9: open}."
                print(f"- Still needed: {', '.join(told['missing'])}. {by_hand}", file=sys.stderr)

        emit(result, as_json, say)


@history_app.command("demo")
def history_demo(
    folder: Annotated[Path, typer.Argument(help="Where to write it.")],
    partners: Annotated[int, typer.Option(min=1, help="How many partners.")] = 1000,
    months: Annotated[int, typer.Option(min=1, help="How many months.")] = 36,
    seed: Annotated[int, typer.Option(help="The same seed gives the same history.")] = 7,
    as_json: AsJson = False,
) -> None:
    """Generate a software vendor's channel with known truth (truth.json)."""
    from incentive_lab.cli import emit, progress, told, writing

    with told(as_json):
        from incentive_lab.history.demo import generate_demo

        with writing(folder), progress("Generating partners", as_json) as step:
            made = generate_demo(folder, partners=partners, months=months, seed=seed, progress=step)
        result = {"directory": str(made.directory), "partners": made.partners, "months": made.months, "rows": dict(made.rows),
                  "revenue": float(made.revenue), "seed": seed}  # fmt: skip
        emit(
            result, as_json, lambda r: print(f"{r['partners']} partners over {r['months']} months in {r['directory']}")
        )
