"""The command `incentive-lab`: the same functions as the pages, for scripts and terminals."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from incentive_lab.cli_options import AsJson, ExcludeOption, HistoryOption, MappingOption, RatesOption, SchemeArgument
from incentive_lab.control_cli import registry_app
from incentive_lab.errors import InputError, Problem, unexpected
from incentive_lab.history_cli import history_app
from incentive_lab.optimise_cli import optimise_command
from incentive_lab.pilot_cli import pilot_app
from incentive_lab.projection_cli import project_command
from incentive_lab.scheme.baseline import load_scheme, named_baseline, pair_from

if TYPE_CHECKING:
    from incentive_lab.history import History
    from incentive_lab.scheme.document import Scheme

app = typer.Typer(
    help="Design, replay and test partner incentive programmes.", no_args_is_help=True, add_completion=False,
    pretty_exceptions_enable=False,
)  # fmt: skip
app.add_typer(history_app, name="history")
app.add_typer(pilot_app, name="pilot")
app.add_typer(registry_app, name="registry")


def main() -> None:
    """Run the command; an unexpected error is a sentence with a reference, its trace in the log."""
    level = os.environ.get("INCENTIVE_LAB_LOG", "warning").upper()
    known = level in ("DEBUG", "INFO", "WARNING", "ERROR")
    logging.basicConfig(
        stream=sys.stderr, level=level if known else "WARNING", format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    if not known:
        logging.warning("INCENTIVE_LAB_LOG is %s; allowed: debug, info, warning, error", level.lower())
    app()


@contextmanager
def told(as_json: bool) -> Iterator[None]:
    """Turn what is wrong into sentences (or JSON) and exit 1; never a traceback."""
    try:
        yield
    except InputError as error:
        fail(error.problems, as_json)
    except BrokenPipeError:  # whoever reads the output has what it wants
        _silence()
        raise typer.Exit(1) from None
    except (OSError, MemoryError) as error:
        fail([Problem(str(getattr(error, "filename", "") or "file"), f"{error.strerror or error}." if isinstance(
            error, OSError) else "it does not fit into memory.")], as_json)  # fmt: skip
    except (typer.Exit, KeyboardInterrupt):
        raise
    except Exception as error:
        fail([unexpected(error, "incentive-lab")], as_json)


def fail(problems: Any, as_json: bool) -> None:
    """Print problems and exit 1."""
    rows = [{"path": one.path, "message": one.message, "fix": one.fix} for one in problems]
    try:
        if as_json:
            print(json.dumps({"ok": False, "problems": rows}, ensure_ascii=False), flush=True)
    except OSError:  # standard output takes no more; people are told all the same
        as_json = False
        _silence()
    if not as_json:
        for one in problems:
            print(f"- {one}", file=sys.stderr)
    raise typer.Exit(1)


def _silence() -> None:
    """Let go of a standard output that takes no more, so that leaving the program does not fail on it."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Name the folder in what the system says about a write that failed."""
    if folder.exists() and not folder.is_dir():
        raise InputError([Problem(str(folder), "this is a file.", "Give a folder; it is made where there is none.")])
    try:
        yield
    except OSError as error:
        error.filename = error.filename or str(folder)
        raise


def emit(result: dict[str, Any], as_json: bool, words: Callable[[dict[str, Any]], None]) -> None:
    """Print a result as JSON, or as words."""
    if as_json:
        print(json.dumps(result, ensure_ascii=False, allow_nan=False))
    else:
        words(result)
    sys.stdout.flush()


@contextmanager
def progress(label: str, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on standard error for long work."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True, quiet=quiet)
    with Progress(TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn(), console=console,
                  transient=True, disable=quiet or not console.is_terminal) as bar:  # fmt: skip
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def paying(label: str, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """Progress of work that pays; says so where the payout engine has to be compiled first."""
    from incentive_lab.engine import is_compiled

    if not quiet and not is_compiled():
        print(
            "The payout engine is compiled once on this machine; it takes about 15 seconds.",
            file=sys.stderr,
            flush=True,
        )
    with progress(label, quiet) as tell:
        yield tell


def opened(
    source: str,
    mapping: Path | None,
    exclude: list[str] | None,
    scheme: Scheme | None = None,
    rates: Path | None = None,
    currency: str | None = None,
) -> History:
    """Open a history in the scheme's currency, else in the one given."""
    from incentive_lab.history import open_history

    currency = scheme.currency if scheme else currency
    options: dict[str, Any] = {"mapping": mapping, "exclude": tuple(exclude or ()), "rates": rates}
    if scheme:
        options["time_zone"] = scheme.time_zone
        options["splits_at_most"] = scheme.splits.at_most
    return open_history(source, currency=currency, **options)


@app.command()
def check(
    scheme: SchemeArgument,
    history: Annotated[str | None, typer.Option("--history", help="Also check names against a history.")] = None,
    mapping: MappingOption = None,
    exclude: ExcludeOption = None,
    rates: RatesOption = None,
    as_json: AsJson = False,
) -> None:
    """Say everything that is wrong with a scheme, at once."""
    with told(as_json):
        from incentive_lab.scheme.check import check as check_scheme
        from incentive_lab.scheme.load import load_with_lines

        document, lines = load_with_lines(scheme)
        known = None
        if history is not None:
            from incentive_lab.history.names import known_names

            with opened(history, mapping, exclude, document, rates).closing() as held:
                known = known_names(held)
        found = check_scheme(document, names=known).told_on(lines)
        rows = [{"path": one.path, "message": one.message, "fix": one.fix} for one in found.problems]
        warned = [{"path": one.path, "message": one.message, "fix": one.fix} for one in found.warnings]
        if not found.ok and not as_json:
            fail(found.problems, False)
        emit(
            {"ok": found.ok, "problems": rows, "warnings": warned},
            as_json,
            lambda result: _say_checked(document, result),
        )
        if not found.ok:
            raise typer.Exit(1)


def _say_checked(document: Scheme, result: dict[str, Any]) -> None:
    from incentive_lab.scheme.fingerprint import fingerprint

    print(f"{document.id} is sound ({fingerprint(document)}).")
    for one in result["warnings"]:
        print(f"- note: {one['path']}: {one['message']} {one['fix']}".rstrip())


@app.command()
def schema() -> None:
    """Print the JSON Schema of a scheme."""
    from incentive_lab.scheme.schema import json_schema

    print(json.dumps(json_schema(), ensure_ascii=False, indent=1))


@app.command()
def replay(
    scheme: SchemeArgument,
    history: HistoryOption,
    baseline: Annotated[
        Path | None, typer.Option("--baseline", help="A scheme to compare with, else the one it names.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write payouts as CSV into this folder.")] = None,
    mapping: MappingOption = None,
    exclude: ExcludeOption = None,
    rates: RatesOption = None,
    as_json: AsJson = False,
) -> None:
    """Pay every partner of a history under a scheme."""
    with told(as_json):
        from incentive_lab.engine.replay import replay as run
        from incentive_lab.history.for_schemes import panel_for
        from incentive_lab.history.names import known_names
        from incentive_lab.history.quality import why_nothing
        from incentive_lab.results import replay_result, say_replay, write_replay
        from incentive_lab.scheme.check import not_in_history

        pair = pair_from(scheme, baseline)
        with (
            paying(f"Replaying {pair.scheme.id}", as_json),
            opened(history, mapping, exclude, pair.scheme, rates).closing() as held,
        ):
            panel = panel_for(held, *pair.schemes)
            result = run(pair.scheme, panel, baseline=pair.floor)
            before = run(pair.baseline, panel, baseline=pair.baseline_floor) if pair.baseline is not None else None
            reasons = why_nothing(held) if not result.cost else []
            noted = not_in_history(pair.scheme, known_names(held))
        if out is not None:
            with writing(out):
                write_replay(result, out)
        answer = replay_result(result, before)
        answer["warnings"] += map(str, noted)
        emit({**answer, "why_nothing": reasons} if reasons else answer, as_json, say_replay)


@app.command()
def statement(
    scheme: SchemeArgument,
    history: HistoryOption,
    partner: Annotated[str, typer.Option("--partner", help="Partner id.")],
    period: Annotated[
        str | None, typer.Option("--period", help="Of the calendar: 2013, 2013-Q2 or 2013-05; 2013-02..2013-04.")
    ] = None,
    baseline: Annotated[Path | None, typer.Option("--baseline", help="The scheme a guarantee compares with.")] = None,
    mapping: MappingOption = None,
    exclude: ExcludeOption = None,
    rates: RatesOption = None,
    as_json: AsJson = False,
) -> None:
    """One partner's statement, line by line, with the rule behind each."""
    with told(as_json):
        from incentive_lab.engine.replay import replay as run
        from incentive_lab.engine.statement import statement as state
        from incentive_lab.history.for_schemes import panel_for
        from incentive_lab.results import say_statement, statement_result

        document = load_scheme(scheme)
        floor = named_baseline(document, scheme, baseline)
        with (
            paying(f"Statement of {partner}", as_json),
            opened(history, mapping, exclude, document, rates).closing() as held,
        ):
            panel = panel_for(held, *(one for one in (document, floor) if one is not None))
            told_lines = state(run(document, panel, baseline=floor), partner, period, floor)
        emit(statement_result(told_lines), as_json, say_statement)


app.command("project")(project_command)
app.command("optimise")(optimise_command)
