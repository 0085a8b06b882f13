"""When something is in effect: changes that begin in the past, days without a scheme, names that only look alike, broken logs."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from incentive_lab.errors import InputError
from incentive_lab.registry import audit
from incentive_lab.registry.models import Entry
from incentive_lab.registry.people import Actor, Refused, folded
from incentive_lab.registry.service import Registry
from tests.registry.made import ANN, BEN, CAT, approved, submission
from tests.registry.test_verify import behind


def at(registry: Registry, day: str) -> None:
    """Set the registry's clock."""
    registry.clock = lambda: f"{day}T12:00:00.000000+00:00"


@pytest.fixture
def running(local: Registry) -> Registry:
    """Something in effect for 2026, since before the year began."""
    at(local, "2025-12-01")
    approved(local)
    local.activate(BEN, "grown-1", "the year starts")
    return local


def test_a_change_that_starts_before_it_was_proposed_is_told(running: Registry) -> None:
    at(running, "2026-09-10")
    made = running.submit(ANN, submission("next", starts="2026-07-01", months=6), "a change")
    told = running.show(made["id"])["remarks"]
    assert any(
        "starts on 2026-07-01, 71 days before it was proposed" in one and "earned by grown-1" in one for one in told
    )
    running.reject(BEN, made["id"], "too late")
    made = running.submit(ANN, submission("next", rate=4, starts="2026-10-01", months=3), "a change")
    assert not any("before it was proposed" in one for one in running.show(made["id"])["remarks"])


def test_a_first_revision_that_starts_before_it_was_proposed_is_told(local: Registry) -> None:
    """Nothing was in effect that partners could have known: whoever decides sees it."""
    at(local, "2026-03-01")
    local.submit(ANN, submission("late"), "what we do anyway")
    told = local.show("late-1")["remarks"]
    assert any(
        one.startswith("It starts on 2026-01-01, 59 days before it was proposed: nothing approved here") for one in told
    )
    local.reject(BEN, "late-1", "not for the past")
    assert not any("before it was proposed" in one for one in local.show("late-1")["remarks"])
    local.submit(ANN, submission("timely", starts="2026-04-01", months=9), "from April")
    assert not any("before it was proposed" in one for one in local.show("timely-1")["remarks"])


def test_days_on_which_nothing_is_in_effect_are_told(running: Registry) -> None:
    running.submit(ANN, submission("after", starts="2027-03-01"), "next year")
    said = "Nothing is in effect for everyone from 2027-01-01 to 2027-03-01."
    population = running.show("after-1")["population"]
    assert said.replace("everyone", population) in running.show("after-1")["remarks"]
    running.submit(ANN, submission("at-once", starts="2027-01-01"), "next year")
    assert not any("Nothing is in effect" in one for one in running.show("at-once-1")["remarks"])


def test_a_change_that_is_taken_back_before_it_starts_leaves_days_without_anything(running: Registry) -> None:
    at(running, "2026-03-01")
    approved(running, name="next", starts="2026-07-01", months=6)
    running.approve(CAT, "next-1", "agreed")
    running.activate(BEN, "next-1", "from July")
    assert running.show("grown-1")["ends"] == "2026-07-01"
    running.retire(BEN, "next-1", "not after all")
    (told,) = (one for one in running.show("next-1")["remarks"] if "Nothing is in effect" in one)
    assert told.endswith("from 2026-07-01 on: grown-1 ended where this one was to start.")
    approved(running, name="instead", starts="2026-07-01", months=6)
    assert not any("Nothing is in effect" in one for one in running.show("next-1")["remarks"])


@pytest.mark.parametrize("other", [
    "\u0430nn", "ann\ufe0f", "ann\u034f", "ann\u3164", "a\u115fnn", "\u0251nn", "\u03b1nn", "ann\u2800", "\uff21nn",
    "\u0410\uff2e\uff2e",
])  # fmt: skip
def test_nobody_approves_their_own_under_a_name_that_looks_the_same(local: Registry, other: str) -> None:
    local.submit(ANN, submission(), "worth it")
    with pytest.raises(Refused, match="nobody approves their own"):
        local.approve(Actor(other), "grown-1", "agreed")
    with pytest.raises(InputError, match="printable"):
        local.approve(Actor("\u3164\u2800"), "grown-1", "agreed")


def test_names_that_differ_to_the_eye_are_two_people() -> None:
    names = [
        "Ann Lee",
        "Anne Lee",
        "\u0410\u043d\u043d\u0430",
        "\u00c5nn Lee",
        "J\u00f6rg",
        "Jorg",
        "\u5f20\u4f1f",
        "\u5f20\u5a01",
    ]
    assert len({folded(one) for one in names}) == len(names)


@pytest.mark.parametrize("detail", ["not json", "[1]", "null", '{"after": {"x": 1}}', '{"before": null, "after": 3}'])
@pytest.mark.parametrize("seq", [2, 3])
def test_an_entry_that_the_registry_never_writes_is_named(running: Registry, detail: str, seq: int) -> None:
    """Somebody who can write the database can give it a hash that fits."""
    with running.store.reading() as session:
        entries = list(session.query(Entry).order_by(Entry.seq))
        session.expunge_all()
    before, statements = audit.EMPTY, []
    for entry in entries:
        entry.previous, entry.detail = before, detail if entry.seq == seq else entry.detail
        before = entry.hash = audit.digest_of(entry)
        statements.append((entry.seq, entry.detail, entry.previous, entry.hash))
    behind(running)
    with running.store.engine.connect() as connection, connection.begin():
        for place, said, previous, digest in statements:
            connection.execute(text("UPDATE audit SET detail = :said, previous = :previous, hash = :digest WHERE seq = :place"),
                               {"said": said, "previous": previous, "digest": digest, "place": place})  # fmt: skip
    found: Any = running.verify()
    assert not found.ok
    assert found.faults[0].seq == seq


def test_a_list_of_documents_of_another_form_is_named(running: Registry) -> None:
    behind(running, "UPDATE revisions SET evidence = '{\"scheme.yaml\": [1]}'")
    found = running.verify()
    assert any("was changed outside the registry: evidence" in one.what for one in found.faults)
    assert any("its document scheme.yaml is gone" in one.what for one in found.faults)
