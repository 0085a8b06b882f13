"""The commands `incentive-lab registry payouts|follow|change`: what happened after approval."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from incentive_lab.cli_options import AsJson
from incentive_lab.registry_cli import emitted, opened_registry
from incentive_lab.registry_files_cli import registry_app

if TYPE_CHECKING:
    from incentive_lab.scheme.baseline import Pair

__all__ = ["registry_app"]

History = Annotated[str, typer.Option("--history", help="A folder, a workbook, a DuckDB file or a database URL.")]
Mapping = Annotated[Path | None, typer.Option("--mapping", help="YAML that maps an export's own names.")]
Exclude = Annotated[list[str] | None, typer.Option("--exclude", help="Leave out rows with this finding.")]
Baseline = Annotated[Path | None, typer.Option("--baseline", help="What guarantees compare with, for a scheme's file.")]
Named = Annotated[str, typer.Argument(help="A revision's id, or a scheme's file.")]


def _schemes(named: str, baseline: Path | None) -> tuple[Pair, tuple[str, str] | None]:
    """A scheme and its baseline from a file; or from a revision, with its first month and the first after it."""
    from incentive_lab.report.case import Case
    from incentive_lab.scheme.baseline import pair_from

    path = Path(named)
    if path.suffix.lower() in (".yaml", ".yml", ".json"):
        return pair_from(path, baseline), None
    with _registry() as registry:
        row = registry.show(named)
        case = Case.of(row, registry.documents(named))
        return case.pair, (row["starts"][:7], row["ends"][:7])


@contextmanager
def _registry() -> Iterator[Any]:
    from incentive_lab.registry.service import Registry

    registry = Registry()
    try:
        yield registry
    finally:
        registry.store.close()


def _month(text: str, option: str) -> int:
    """A running month, or a problem."""
    from incentive_lab.errors import InputError, Problem
    from incentive_lab.panel import month_index

    year, _, month = text.partition("-")
    if len(year) == 4 and year.isdecimal() and month.isdecimal() and 1 <= int(month) <= 12:
        return month_index(int(year), int(month))
    raise InputError([Problem(option, f"found '{text[:20]}', expected a month such as 2026-03.")])


@registry_app.command("payouts")
def payouts(
    named: Named,
    history: History,
    baseline: Baseline = None,
    first: Annotated[
        str | None, typer.Option("--from", help="First month, such as 2026-01; else a revision's first.")
    ] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last month.")] = None,
    mapping: Mapping = None,
    exclude: Exclude = None,
    as_json: AsJson = False,
) -> None:
    """Compare what was really paid with what approved rules say, with the likely reason of each difference."""
    from incentive_lab.cli import opened, progress, told

    with told(as_json):
        from incentive_lab.control.payouts import audit_payouts
        from incentive_lab.control_words import audit_result, say_audit
        from incentive_lab.errors import InputError, Problem
        from incentive_lab.panel import month_label

        pair, effect = _schemes(named, baseline)
        since, until = (_month(text, option) if text else None for text, option in ((first, "--from"), (last, "--to")))
        if effect is not None:  # A revision is held against what was paid while it was in effect.
            since = _month(effect[0], "--from") if since is None else since
            until = _month(effect[1], "--to") - 1 if until is None else until
        with progress("Comparing", as_json) as step, opened(history, mapping, exclude, pair.scheme).closing() as held:
            if first is None and since is not None and since >= sum(held.span):
                raise InputError([Problem(named, f"is in effect from {month_label(since)}; the history ends with "
                                          f"{month_label(sum(held.span) - 1)}.", "Name --from to compare as if it had been "
                                          "in effect before.")])  # fmt: skip
            found = audit_payouts(held, pair, first=since, last=until, progress=step)
        emitted(audit_result(found), as_json, say_audit)


@registry_app.command("follow")
def follow(
    revision: Annotated[str, typer.Argument(help="A revision's id.")],
    history: History,
    mapping: Mapping = None,
    exclude: Exclude = None,
    as_json: AsJson = False,
) -> None:
    """Compare the months that came with the forecast that was frozen: is cost inside the band, which assumption broke."""
    from incentive_lab.cli import opened, progress

    with opened_registry(as_json) as registry:
        from incentive_lab.control_words import follow_result, say_follow
        from incentive_lab.report.case import Case
        from incentive_lab.report.following import followed

        documents = registry.documents(revision)
        case = Case.of(registry.show(revision), documents)
        with progress("Drawing the forecast anew", as_json) as step, (
            opened(history, mapping, exclude, case.scheme).closing()
        ) as held:  # fmt: skip
            found = followed(case, documents, held, step)
        emitted(follow_result(found), as_json, lambda _: say_follow(found))


@registry_app.command("change")
def change(
    named: Named,
    to: Annotated[str, typer.Option("--to", help="What would follow it: a revision's id, or a scheme's file.")],
    month: Annotated[str, typer.Option("--from", help="First month under the new rules, such as 2026-07.")],
    history: History,
    baseline: Baseline = None,
    mapping: Mapping = None,
    exclude: Exclude = None,
    as_json: AsJson = False,
) -> None:
    """Say what a change in the middle of a programme year costs: who has already earned what."""
    from incentive_lab.cli import opened, told

    with told(as_json):
        from incentive_lab.control.midway import change_midway
        from incentive_lab.control_words import midway_result, say_midway
        from incentive_lab.scheme.baseline import Pair

        (present, _), (new, _) = _schemes(named, baseline), _schemes(to, baseline)
        changed = Pair(new.scheme, present.scheme, new.floor, present.floor)
        with opened(history, mapping, exclude, present.scheme).closing() as held:
            found = change_midway(held, changed, _month(month, "--from"))
        emitted(midway_result(found), as_json, lambda _: say_midway(found))
