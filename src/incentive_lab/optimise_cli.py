"""The command `incentive-lab optimise`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from incentive_lab.cli_options import AsJson, ExcludeOption, HistoryOption, MappingOption, RatesOption, SchemeArgument


def optimise_command(
    scheme: SchemeArgument,
    history: HistoryOption,
    goal: Annotated[
        str, typer.Option("--goal", help="least:FIGURE, most:FIGURE or FIGURE=VALUE, such as cost=1_500_000.")
    ],
    vary: Annotated[
        list[str],
        typer.Option(
            "--vary", help="A number that may move, by its path; with a range as PATH=LOW:HIGH or PATH=LOW:HIGH:STEP."
        ),
    ],
    limit: Annotated[
        list[str] | None, typer.Option("--limit", help="FIGURE<=VALUE or FIGURE>=VALUE, such as losers<=20%.")
    ] = None,
    baseline: Annotated[
        Path | None, typer.Option("--baseline", help="A scheme to compare with, else the one it names.")
    ] = None,
    evaluations: Annotated[int, typer.Option("--evaluations", help="How many schemes are paid at most.")] = 400,
    seed: Annotated[int, typer.Option("--seed", help="Of where the search looks first.")] = 7,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the scheme that was found to this file, which is not there yet.")
    ] = None,
    mapping: MappingOption = None,
    exclude: ExcludeOption = None,
    rates: RatesOption = None,
    as_json: AsJson = False,
) -> None:
    """Search for the values that meet a goal within limits, on the partners' own history."""
    from incentive_lab.cli import emit, opened, progress, told, writing
    from incentive_lab.scheme.baseline import pair_from

    with told(as_json):
        from incentive_lab.history.for_schemes import panel_for
        from incentive_lab.optimise.question import question
        from incentive_lab.optimise.search import search
        from incentive_lab.optimise.words import as_json as told_as_json
        from incentive_lab.optimise.words import say
        from incentive_lab.scheme.dump import dumps

        pair = pair_from(scheme, baseline)
        asked = question(pair.scheme, goal, vary, limit or (), evaluations, seed)
        if out is not None:
            _writable(out)
        with (
            progress("Reading the history", as_json),
            opened(history, mapping, exclude, pair.scheme, rates).closing() as held,
        ):
            panel = panel_for(held, *pair.schemes)
        with progress(f"Searching, at most {evaluations} schemes", as_json) as step:
            found = search(asked, pair, panel, step)
        if out is not None:
            with writing(out.parent):
                out.parent.mkdir(parents=True, exist_ok=True)
                with out.open("x", encoding="utf-8") as file:
                    file.write(dumps(found.scheme))
        emit({**told_as_json(found), "out": None if out is None else str(out)}, as_json, say)


def _writable(out: Path) -> None:
    """Refuse a file that cannot be written before anything is searched for it.

    Raises:
        InputError: It is there already, is a folder, or lies where nothing can be written.
    """
    from incentive_lab.errors import InputError, Problem

    above = next((one for one in out.absolute().parents if one.exists()), out.parent)
    if out.is_dir():
        problem = Problem(str(out), "this is a folder.", "Give the file that the scheme is written to.")
    elif out.exists():
        message = "it is there already, perhaps edited by hand, and was left as it is."
        problem = Problem(str(out), message, "Name another file, or remove this one first.")
    elif not above.is_dir():
        problem = Problem(str(above), "this is a file.", "Give a folder; it is made where there is none.")
    elif not os.access(above, os.W_OK):
        problem = Problem(str(above), "nothing can be written here.", "Name a file in another folder.")
    else:
        return
    raise InputError([problem])
