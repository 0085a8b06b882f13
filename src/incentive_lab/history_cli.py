"""The commands `history check` and `history demo`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

history_app = typer.Typer(help="Look at a history, or make one.", no_args_is_help=True)


@history_app.command("check")
def history_check(
    history: Annotated[str, typer.Argument(help="A folder, a workbook, a DuckDB file or a database URL.")],
    mapping: Annotated[Path | None, typer.Option("--mapping", help="YAML that maps an export's own names.")] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            "--exclude", help="Leave out the rows of a kind of finding, or orphans or duplicates; may be repeated."
        ),
    ] = None,
    rates: Annotated[
        Path | None, typer.Option("--rates", help="CSV of currency, month and rate, where amounts are in several.")
    ] = None,
    currency: Annotated[str | None, typer.Option("--currency", help="The currency amounts are kept in.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Load a history strictly and report its quality, with the money in each finding."""
    from incentive_lab.cli import emit, opened, progress, told

    with told(as_json):
        from incentive_lab.results import history_result, say_history

        held_in = opened(history, mapping, exclude, rates=rates, currency=currency)
        with progress("Reading the history", as_json), held_in.closing() as held:
            result = history_result(held)
        emit(result, as_json, say_history)


@history_app.command("demo")
def history_demo(
    folder: Annotated[Path, typer.Argument(help="Where to write it.")],
    partners: Annotated[int, typer.Option(min=1, help="How many partners.")] = 1000,
    months: Annotated[int, typer.Option(min=1, help="How many months.")] = 36,
    seed: Annotated[int, typer.Option(help="The same seed gives the same history.")] = 7,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
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
