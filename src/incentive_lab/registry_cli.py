"""The commands `incentive-lab registry ...`; in a terminal a name is typed, and recorded as unauthenticated."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from incentive_lab.cli_options import AsJson

if TYPE_CHECKING:
    from incentive_lab.registry.people import Actor
    from incentive_lab.registry.service import Registry

registry_app = typer.Typer(
    help="Propose, approve and keep schemes, with a log that shows tampering.", no_args_is_help=True
)

As = Annotated[str, typer.Option("--as", help="Your name; recorded as typed, not as signed in.")]
Reason = Annotated[str, typer.Option("--reason", help="Why, in a sentence.")]
Id = Annotated[str, typer.Argument(help="A revision's id, as `registry list` shows it.")]


@contextmanager
def opened_registry(as_json: bool) -> Iterator[Registry]:
    """The registry, closed afterwards; what is wrong is told in sentences."""
    from incentive_lab.cli import told

    with told(as_json):
        from incentive_lab.registry.service import Registry

        registry = Registry()
        try:
            yield registry
        finally:
            registry.store.close()


def emitted(result: dict[str, Any], as_json: bool, words: Callable[[dict[str, Any]], None]) -> None:
    """Print a result as JSON, or as words."""
    from incentive_lab.cli import emit

    emit(result, as_json, words)


def typed(name: str) -> Actor:
    """Somebody by the name they typed."""
    from incentive_lab.registry.people import Actor

    return Actor(name)


def _moved(result: dict[str, Any], as_json: bool) -> None:
    """Print a revision that an action moved."""
    emitted({"ok": True, **result}, as_json, _say_line)


def _say_line(row: dict[str, Any]) -> None:
    from incentive_lab.format import money
    from incentive_lab.money import from_minor

    cost = money(from_minor(row["cost_after"], row["currency"]), row["currency"])
    print(
        f"{row['id']}  {row['state']:<9} {row['fingerprint']}  {row['starts']} to {row['ends']}  {row['population']}  {cost}"
    )
    if row["missing_signatures"]:
        print(f"  still to sign: {', '.join(row['missing_signatures'])}")
    for one in row["due"]:
        print(f"  due: {one}")


@registry_app.command("submit")
def submit(
    scheme: Annotated[Path, typer.Argument(help="A scheme, YAML or JSON.")],
    history: Annotated[str, typer.Option("--history", help="A folder, a workbook, a DuckDB file or a database URL.")],
    name: As,
    reason: Reason,
    baseline: Annotated[Path | None, typer.Option("--baseline", help="The scheme it would replace.")] = None,
    scenarios: Annotated[int, typer.Option("--forecast", help="Draw so many futures and freeze that forecast.")] = 0,
    months: Annotated[int, typer.Option("--months", help="Months of the forecast.")] = 12,
    seed: Annotated[int, typer.Option("--seed", help="Of the forecast.")] = 7,
    assumptions: Annotated[str, typer.Option("--assumptions", help="A file, or the name of a preset.")] = "base",
    pilot: Annotated[Path | None, typer.Option("--pilot", help="A pilot's plan, or its folder, to read.")] = None,
    population: Annotated[str, typer.Option("--population", help="Whom it is for; by default who is eligible.")] = "",
    parent: Annotated[str | None, typer.Option("--parent", help="The revision it changes.")] = None,
    mapping: Annotated[Path | None, typer.Option("--mapping", help="YAML that maps an export's own names.")] = None,
    exclude: Annotated[list[str] | None, typer.Option("--exclude", help="Leave out rows with this finding.")] = None,
    as_json: AsJson = False,
) -> None:
    """Replay a scheme on a history, forecast it and read its pilot, and propose it with that evidence."""
    with opened_registry(as_json) as registry:
        from incentive_lab.cli import opened, progress
        from incentive_lab.projection.assumptions import load
        from incentive_lab.registry.evidence import Submission
        from incentive_lab.report.evidence import Wanted, evidence_of
        from incentive_lab.scheme.baseline import pair_from

        wanted = Wanted(scenarios, months, seed, load(assumptions)) if scenarios else None
        pair = pair_from(scheme, baseline)
        with (
            progress(f"Evidence for {pair.scheme.id}", as_json) as step,
            opened(history, mapping, exclude, pair.scheme).closing() as held,
        ):
            documents = evidence_of(pair, held, forecast=wanted, pilot=pilot, progress=step)
        given = Submission(documents, population, str(history), parent)
        _moved(registry.submit(typed(name), given, reason), as_json)


@registry_app.command("approve")
def approve(
    revision: Id,
    name: As,
    reason: Reason,
    role: Annotated[str | None, typer.Option("--role", help="finance or approver, if you have both.")] = None,
    fingerprint: Annotated[
        str | None, typer.Option("--fingerprint", help="The case, or the scheme, that you looked at.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Sign a submitted revision; the last signature that is needed approves it."""
    with opened_registry(as_json) as registry:
        _moved(registry.approve(typed(name), revision, reason, role=role, seen=fingerprint), as_json)


@registry_app.command("reject")
def reject(revision: Id, name: As, reason: Reason, as_json: AsJson = False) -> None:
    """Refuse a submitted revision for good."""
    with opened_registry(as_json) as registry:
        _moved(registry.reject(typed(name), revision, reason), as_json)


@registry_app.command("return")
def give_back(revision: Id, name: As, reason: Reason, as_json: AsJson = False) -> None:
    """Ask its author for a change: it is a draft again."""
    with opened_registry(as_json) as registry:
        _moved(registry.give_back(typed(name), revision, reason), as_json)


@registry_app.command("activate")
def activate(revision: Id, name: As, reason: Reason, as_json: AsJson = False) -> None:
    """Put an approved revision into effect; the one it changes ends where it starts."""
    with opened_registry(as_json) as registry:
        _moved(registry.activate(typed(name), revision, reason), as_json)


@registry_app.command("retire")
def retire(
    revision: Id,
    name: As,
    reason: Reason,
    on: Annotated[str | None, typer.Option("--on", help="First day without it; by default today.")] = None,
    as_json: AsJson = False,
) -> None:
    """End a revision."""
    with opened_registry(as_json) as registry:
        _moved(registry.retire(typed(name), revision, reason, on), as_json)


@registry_app.command("review")
def review(revision: Id, name: As, reason: Reason, as_json: AsJson = False) -> None:
    """Record that an active revision was looked at."""
    with opened_registry(as_json) as registry:
        _moved(registry.review(typed(name), revision, reason), as_json)


@registry_app.command("comment")
def comment(revision: Id, name: As, text: Annotated[str, typer.Option("--text")], as_json: AsJson = False) -> None:
    """Say something about a revision."""
    with opened_registry(as_json) as registry:
        _moved(registry.comment(typed(name), revision, text), as_json)


@registry_app.command("list")
def list_all(as_json: AsJson = False) -> None:
    """All revisions, newest first."""
    with opened_registry(as_json) as registry:
        rows = registry.revisions()
        emitted({"ok": True, "revisions": rows}, as_json, _say_list)


def _say_list(result: dict[str, Any]) -> None:
    for row in result["revisions"]:
        _say_line(row)
    if not result["revisions"]:
        print("Nothing was proposed yet.")


@registry_app.command("show")
def show(revision: Id, as_json: AsJson = False) -> None:
    """One revision with its signatures, comments and log."""
    with opened_registry(as_json) as registry:
        emitted({"ok": True, **registry.show(revision)}, as_json, _say_shown)


def _say_shown(row: dict[str, Any]) -> None:
    _say_line(row)
    print(f"  proposed by {row['author']} on {row['submitted_at'][:16]}Z: {_line(row['reason'])}")
    print(f"  history {row['history_id']}, changes {row['parent_id'] or 'nothing in effect'}, case {row['case']}")
    for one in row["remarks"]:
        print(f"  note: {_line(one)}")
    for one in row["signatures"]:
        old = "" if one["round"] == row["round"] else " (an earlier round)"
        print(f"  signed as {one['role']} by {_who(one)} on {one['at'][:16]}Z: {_line(one['reason'])}{old}")
    for one in row["comments"]:
        print(f"  {_who(one)}: {_line(one['text'])}")
    for one in row["log"]:
        print(f"  {one['seq']:>5} {one['at'][:16]}Z {one['action']:<9} {_who(one)}")


def _line(said: str) -> str:
    """What somebody wrote, on one line, so that it does not look like a line of the registry."""
    return " ".join(said.split())


def _who(one: dict[str, Any]) -> str:
    return str(one["who"]) + ("" if one["authenticated"] else " (typed name)")


@registry_app.command("people")
def people(
    person: Annotated[str | None, typer.Argument(help="The person's name; without one, who has which role.")] = None,
    roles: Annotated[list[str] | None, typer.Argument(help="viewer, designer, finance, approver, admin.")] = None,
    name: Annotated[str, typer.Option("--as", help="Your name; recorded as typed, not as signed in.")] = "",
    issuer: Annotated[str, typer.Option("--issuer", help="Who signs them in.")] = "",
    subject: Annotated[str, typer.Option("--subject", help="Their id there.")] = "",
    sign_out: Annotated[bool, typer.Option("--sign-out", help="End the sign-ins they have.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say who may do what, or give somebody roles; the first to get one must be an admin."""
    with opened_registry(as_json) as registry:
        if person is None:
            told = {"ok": True, "people": registry.people(), "policy": registry.policy().model_dump(mode="json")}
            emitted(told, as_json, _say_people)
            return
        row = registry.give_roles(
            typed(name), person, frozenset(roles or ()), issuer=issuer, subject=subject, sign_out=sign_out
        )
        emitted({"ok": True, **row}, as_json, lambda one: print(f"{one['name']}: {one['roles'] or 'no role'}"))


def _say_people(told: dict[str, Any]) -> None:
    from incentive_lab.format import counted, percent

    for one in told["people"]:
        known = f"signs in at {one['issuer']} as {one['subject']}" if one["issuer"] else "typed name"
        print(f"{one['name']}: {one['roles'] or 'no role'} ({known})")
    if not told["people"]:
        print("Nobody has a role yet: every typed name may act in any.")
    policy = told["policy"]
    taken = "are taken" if policy["typed_names"] else "are not taken"
    given = f"{policy['roles_claim']} of {policy['roles_issuer']}" if policy["roles_claim"] else "no claim of a sign-in"
    print(f"  Finance signs too where the cost moves by more than {percent(float(policy['both_above']))}.")
    print(f"  A review every {counted(policy['review_every'], 'month')}; a new proposal after "
          f"{counted(policy['refresh_every'], 'month')}.")  # fmt: skip
    print(f"  Who decides signed in at most {counted(policy['recent_sign_in'], 'minute')} before; typed names {taken}.")
    print(f"  Roles are given by {given}.")


@registry_app.command("policy")
def policy(
    name: As,
    reason: Reason,
    both_above: Annotated[
        str | None, typer.Option("--both-above", help="Change of cost above which finance signs.")
    ] = None,
    review_every: Annotated[int | None, typer.Option("--review-every", help="Months between reviews.")] = None,
    refresh_every: Annotated[int | None, typer.Option("--refresh-every", help="Months until a new proposal.")] = None,
    recent_sign_in: Annotated[int | None, typer.Option("--recent-sign-in", help="Minutes, for who decides.")] = None,
    typed_names: Annotated[bool | None, typer.Option("--typed-names/--no-typed-names")] = None,
    roles_issuer: Annotated[str | None, typer.Option("--roles-issuer", help="Whose claim gives roles.")] = None,
    roles_claim: Annotated[str | None, typer.Option("--roles-claim", help="That claim's name.")] = None,
    as_json: AsJson = False,
) -> None:
    """Change the registry's settings; what is not named stays."""
    with opened_registry(as_json) as registry:
        from pydantic import ValidationError

        from incentive_lab.errors import InputError, Problem
        from incentive_lab.registry.policy import Policy

        given = {"both_above": both_above, "review_every": review_every, "refresh_every": refresh_every,
                 "recent_sign_in": recent_sign_in, "typed_names": typed_names, "roles_issuer": roles_issuer,
                 "roles_claim": roles_claim}  # fmt: skip
        try:
            wanted = Policy.model_validate(
                registry.policy().model_dump() | {key: value for key, value in given.items() if value is not None}
            )
        except ValidationError as error:
            raise InputError([Problem(f"--{str(one['loc'][0]).replace('_', '-')}", one["msg"] + ".")
                              for one in error.errors()]) from None  # fmt: skip
        kept = registry.set_policy(typed(name), wanted, reason)
        emitted({"ok": True, **kept.model_dump(mode="json")}, as_json, lambda one: print(one))
