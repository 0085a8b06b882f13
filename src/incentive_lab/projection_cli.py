"""The command `incentive-lab project`."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from incentive_lab.cli_options import AsJson, ExcludeOption, HistoryOption, MappingOption, SchemeArgument


def project_command(
    scheme: SchemeArgument,
    history: HistoryOption,
    scenarios: Annotated[int, typer.Option("--scenarios", help="How many futures are drawn.")] = 1000,
    months: Annotated[int, typer.Option("--months", help="How many months ahead.")] = 12,
    seed: Annotated[int, typer.Option("--seed", help="Of the draws; the same seed gives the same answer.")] = 7,
    assumptions: Annotated[str, typer.Option("--assumptions", help="A file, or the name of a preset.")] = "base",
    against: Annotated[Path | None, typer.Option("--against", help="A second scheme in the same futures.")] = None,
    baseline: Annotated[Path | None, typer.Option("--baseline", help="What a guarantee compares with.")] = None,
    threads: Annotated[int, typer.Option("--threads", help="0: one a processor. Changes no result.")] = 0,
    sure: Annotated[
        float | None,
        typer.Option(
            "--sure", help="Stop once the 95th percentile's standard error is at most this share of it, such as 0.01."
        ),
    ] = None,
    margin_floor: Annotated[
        float | None,
        typer.Option(
            "--margin-floor",
            help="Tell the chance that margin less incentives is below this share of revenue, such as 0.2.",
        ),
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(
            "--cluster", help="Draw on the Dask cluster of this scheduler, such as tcp://HOST:8786. Changes no result."
        ),
    ] = None,
    backtest: Annotated[bool, typer.Option("--backtest", help="Fit on the past of the past, and compare.")] = False,
    mapping: MappingOption = None,
    exclude: ExcludeOption = None,
    as_json: AsJson = False,
) -> None:
    """Project what a scheme will cost, how sure that is, and what drives it."""
    from incentive_lab.cli import emit, opened, progress, told
    from incentive_lab.scheme.baseline import Pair, beside, compares, guarantee_floor, load_scheme, named_baseline

    with told(as_json):
        from incentive_lab.projection.assumptions import load
        from incentive_lab.projection.backtest import backtest as test
        from incentive_lab.projection.cluster import Cluster
        from incentive_lab.projection.model import fit
        from incentive_lab.projection.past import past_of
        from incentive_lab.projection.running import project
        from incentive_lab.projection_words import backtest_result, project_result, say_backtest, say_project

        document, supposed = load_scheme(scheme), load(assumptions)
        other = load_scheme(against) if against is not None else None
        floor = named_baseline(document, scheme, baseline)
        under = guarantee_floor(other, floor, beside(against)) if other is not None and against is not None else None
        pair = Pair(document, other, floor if compares(document) else None, under)
        with progress("Reading the history", as_json), opened(history, mapping, exclude, document).closing() as held:
            past = past_of(held, *pair.schemes)
        with nullcontext() if cluster is None else Cluster(cluster) as workers:
            if backtest:
                with progress("Projecting the past", as_json) as step:
                    tested = test(
                        past, document, floor=floor, horizon=months if months != 12 or past.panel.months >= 48 else 3,
                        scenarios=min(scenarios, 2000), seed=seed, progress=step, workers=workers,
                    )  # fmt: skip
                emit(backtest_result(tested, document, past), as_json, say_backtest)
                return
            model = fit(past, horizon=min(60, max(1, months)))
            with progress(f"Projecting {document.id}", as_json) as step:
                done = project(
                    model, document, against=other, floor=floor, against_floor=under, assumptions=supposed,
                    horizon=months, scenarios=scenarios, seed=seed, threads=threads, progress=step, sure=sure,
                    workers=workers,
                )  # fmt: skip
        emit(project_result(done, margin_floor), as_json, say_project)
