"""The commands `incentive-lab pilot power|assign|monitor|analyse`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from incentive_lab.cli_options import WHERE, AsJson, ExcludeOption, MappingOption

if TYPE_CHECKING:
    from incentive_lab.history import History
    from incentive_lab.pilot.document import Pilot

pilot_app = typer.Typer(help="Design, run and read an experiment on partners.", no_args_is_help=True)

HistoryOption = Annotated[str | None, typer.Option("--history", help=WHERE)]
PilotArgument = Annotated[Path, typer.Argument(help="A pilot document (YAML or JSON), or its folder.")]


def _told(as_json: bool) -> Any:
    from incentive_lab.cli import told

    return told(as_json)


def _emit(result: dict[str, Any], as_json: bool, words: Callable[[dict[str, Any]], None]) -> None:
    from incentive_lab.cli import emit

    emit(result, as_json, words)


@contextmanager
def _opened(history: str | None, mapping: Path | None, exclude: list[str] | None) -> Iterator[History | None]:
    if history is None:
        yield None
        return
    from incentive_lab.cli import opened

    with opened(history, mapping, exclude).closing() as held:
        yield held


def _loaded(path: Path) -> tuple[Pilot, Path]:
    from incentive_lab.pilot.reading import document_path, load

    return load(path), document_path(path).resolve().parent


def _needed(document: Pilot, held: History | None) -> History:
    from incentive_lab.errors import InputError, Problem
    from incentive_lab.pilot.checking import require_history

    require_history(document)
    if held is None:
        raise InputError([Problem("--history", "this needs the partners' history.", "Name it with --history.")])
    return held


@pilot_app.command("schema")
def schema() -> None:
    """Print the JSON Schema of a pilot document."""
    from incentive_lab.pilot.reading import json_schema

    print(json.dumps(json_schema(), ensure_ascii=False, indent=1))


@pilot_app.command("analyse")
def analyse(
    pilot: PilotArgument,
    history: HistoryOption = None,
    mapping: MappingOption = None,
    exclude: ExcludeOption = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write the read-out here, as .html or .pdf.")] = None,
    assumptions: Annotated[
        Path | None, typer.Option("--assumptions", help="Write the effect here, as assumptions for `project`.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Read a pilot: effects, checks, and the decision in money."""
    with _told(as_json):
        from incentive_lab.pilot.running import read_pilot
        from incentive_lab.pilot.told import analysis_told
        from incentive_lab.pilot_words import say_analysis

        document, folder = _loaded(pilot)
        with _opened(history, mapping, exclude) as held:
            read, _ = read_pilot(document, held, folder)
        if out is not None:
            from incentive_lab.pilot_readout import write_readout

            write_readout(read, out)
        if assumptions is not None:
            from incentive_lab.pilot.handing import handed_over
            from incentive_lab.scheme.yaml_text import yaml_text

            _write(assumptions, yaml_text(handed_over(read)))
        _emit(analysis_told(read), as_json, say_analysis)


@pilot_app.command("assign")
def assign(
    pilot: PilotArgument,
    history: HistoryOption = None,
    mapping: MappingOption = None,
    exclude: ExcludeOption = None,
    register: Annotated[
        bool, typer.Option("--register", help="Freeze: write arms.csv and registered.json beside it.")
    ] = False,
    out: Annotated[Path | None, typer.Option("--out", help="Write the arms as CSV here.")] = None,
    as_json: AsJson = False,
) -> None:
    """Draw the arms by the plan's seed; show their balance, their cost and where they would meet."""
    with _told(as_json):
        from incentive_lab.errors import InputError, Problem
        from incentive_lab.pilot.designed import design_told
        from incentive_lab.pilot.recorded import ARMS, PLAN
        from incentive_lab.pilot.running import design
        from incentive_lab.pilot_words import say_design

        document, folder = _loaded(pilot)
        target = folder / (document.assignment.file or ARMS)
        if register and ((folder / PLAN).exists() or target.exists()):
            raise InputError([Problem(str(target), "this pilot is registered already; its arms are frozen.",
                                      "To start anew, copy the plan into another folder.")])  # fmt: skip
        with _opened(history, mapping, exclude) as held:
            made = design(document, _needed(document, held), folder)
        if made.over_ceiling and register:
            raise InputError([Problem("cost_ceiling", f"the arm {', '.join(made.over_ceiling)} would cost more than "
                                      f"{float(document.cost_ceiling or 0):,.2f}.",
                                      "Raise the ceiling, or draw fewer partners.")])  # fmt: skip
        if register:
            _write(target, made.arms_text)
            _write(folder / PLAN, json.dumps(made.registration, indent=1, sort_keys=True) + "\n")
        if out is not None:
            _write(out, made.arms_text)
        _emit(design_told(made), as_json, say_design)


def _write(path: Path, text: str) -> None:
    """A file, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".partial")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


@pilot_app.command("monitor")
def monitor(
    pilot: PilotArgument,
    history: HistoryOption = None,
    mapping: MappingOption = None,
    exclude: ExcludeOption = None,
    as_json: AsJson = False,
) -> None:
    """Watch a running pilot: proportions, contamination, missing data, guardrails, and the looks that are allowed."""
    with _told(as_json):
        from incentive_lab.pilot.monitoring import monitored
        from incentive_lab.pilot_words import say_monitor

        document, folder = _loaded(pilot)
        with _opened(history, mapping, exclude) as held:
            result = monitored(document, held, folder)
        _emit(result, as_json, say_monitor)


@pilot_app.command("power")
def power(
    pilot: PilotArgument,
    history: HistoryOption = None,
    mapping: MappingOption = None,
    exclude: ExcludeOption = None,
    draws: Annotated[int, typer.Option(min=50, help="Simulated pilots for each size.")] = 500,
    audit: Annotated[
        bool, typer.Option("--audit", help="Also ask each method how often it cries wolf on this history.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """How large an effect must be to be found, by simulation on the partners' own history."""
    with _told(as_json):
        from incentive_lab.cli import progress
        from incentive_lab.pilot.power_answers import power_told
        from incentive_lab.pilot_words import say_power

        document, folder = _loaded(pilot)
        with (
            _opened(history, mapping, exclude) as held,
            nullcontext(None) if as_json else progress("Simulating", as_json) as step,
        ):
            result = power_told(document, _needed(document, held), folder, draws=draws, audit=audit, progress=step)
        _emit(result, as_json, say_power)
