"""The command `incentive-lab optimise`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from incentive_lab.cli_options import AsJson, ExcludeOption, HistoryOption, MappingOption, RatesOption, SchemeArgument

if TYPE_CHECKING:
    from incentive_lab.history import History
    from incentive_lab.optimise.ahead import Ahead
    from incentive_lab.optimise.question import Question
    from incentive_lab.scheme.baseline import Pair

LONG = 180.0
"""Seconds from which on a search says beforehand how long it may take."""


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
        list[str] | None,
        typer.Option(
            "--limit", help="FIGURE<=VALUE or FIGURE>=VALUE, such as losers<=20% or p95_next_year<=2_000_000."
        ),
    ] = None,
    baseline: Annotated[
        Path | None, typer.Option("--baseline", help="A scheme to compare with, else the one it names.")
    ] = None,
    evaluations: Annotated[int, typer.Option("--evaluations", help="How many schemes are paid at most.")] = 400,
    seed: Annotated[
        int, typer.Option("--seed", help="Of where the search looks first, and of the futures that are drawn.")
    ] = 7,
    assumptions: Annotated[
        str, typer.Option("--assumptions", help="What the next 12 months suppose: a file, or the name of a preset.")
    ] = "base",
    futures: Annotated[
        int | None, typer.Option("--futures", help="Futures that every scheme is paid in; 256 unless said otherwise.")
    ] = None,
    fresh: Annotated[
        int | None,
        typer.Option(
            "--fresh",
            help="Futures that what is found is read in again: 10,000, or 1,024 where futures are replayed one by one.",
        ),
    ] = None,
    budget: Annotated[
        str | None, typer.Option("--budget", help="What over_budget is held against, else the scheme's own budget.")
    ] = None,
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

    unwritten = ""
    with told(as_json):
        from incentive_lab.errors import InputError, Problem
        from incentive_lab.history.for_schemes import panel_for
        from incentive_lab.optimise.found import nobody_loses
        from incentive_lab.optimise.question import futures_asked, question
        from incentive_lab.optimise.search import search
        from incentive_lab.optimise.words import ITSELF, say
        from incentive_lab.optimise.words import as_json as told_as_json
        from incentive_lab.scheme.dump import dumps
        from incentive_lab.scheme.fingerprint import fingerprint

        pair = pair_from(scheme, baseline)
        given = futures_asked(futures, fresh, budget, assumptions)
        asked = question(pair.scheme, goal, vary, limit or (), evaluations, seed, given)
        alone = pair.baseline is None or fingerprint(pair.baseline) == fingerprint(pair.scheme)
        if alone and nobody_loses(asked.goal, {asked.goal.figure.name: 0.0}) and not asked.limits:
            raise InputError([Problem("goal", ITSELF, "Name what it replaces with --baseline SCHEME or as `baseline:` in the "
                                      "scheme, or ask for another figure.")])  # fmt: skip
        if out is not None:
            _writable(out)
        with (
            progress("Reading the history", as_json),
            opened(history, mapping, exclude, pair.scheme, rates).closing() as held,
        ):
            panel = panel_for(held, *pair.schemes)
            ahead = _ahead(asked, pair, held) if asked.looks_ahead else None
        if ahead is not None:
            _warn(ahead.seconds(asked.likely), asked.likely, as_json)
        with progress(f"Searching, at most {evaluations} schemes", as_json) as step:
            found = search(asked, pair, panel, step, ahead)
        if out is not None and not found.gains:
            out = None
            unwritten = "nothing better was found, and the scheme stays as it is"
        if out is not None:
            with writing(out.parent):
                out.parent.mkdir(parents=True, exist_ok=True)
                with out.open("x", encoding="utf-8") as file:
                    file.write(dumps(found.scheme))
        told_of_file = {"out": None if out is None else str(out), **({"out_reason": unwritten} if unwritten else {})}
        emit({**told_as_json(found), **told_of_file}, as_json, say)


def _ahead(asked: Question, pair: Pair, held: History) -> Ahead:
    """The programme fitted, ready to pay schemes in futures.

    Raises:
        InputError: There is too little to fit anything to, or a scheme cannot be projected.
    """
    from incentive_lab.optimise.ahead import MONTHS, Ahead
    from incentive_lab.projection.model import fit
    from incentive_lab.projection.past import past_of

    return Ahead(fit(past_of(held, *pair.schemes), horizon=MONTHS), pair, asked.futures, asked.seed)


def _warn(seconds: float, likely: int, quiet: bool) -> None:
    """Say on standard error how long a long search may take."""
    if seconds > LONG and not quiet:
        print(f"It is likely to settle after about {likely} schemes, which take about {seconds / 60:.0f} minutes in so many "
              "futures on this machine; fewer --evaluations or --futures take less.", file=sys.stderr, flush=True)  # fmt: skip


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
