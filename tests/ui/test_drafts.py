from decimal import Decimal
from pathlib import Path

import pytest

from incentive_lab.errors import InputError
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.load import loads
from incentive_lab.ui import shelf
from incentive_lab.ui.drafts import Draft, started
from tests.ui.conftest import TIERED

CAP = "caps.top.amount"
LEVEL = "tiers.levels.high.needs.revenue"


@pytest.fixture
def draft(tiered: Scheme, flat: Scheme) -> Draft:
    return Draft.of(tiered, flat)


def test_a_move_changes_the_scheme_and_says_so(draft: Draft) -> None:
    moved = draft.moved(CAP, Decimal(800))
    assert moved.value(CAP) == 800
    assert [change.sentence for change in moved.changes] == ["top: amount from 900 to 800"]
    assert draft.value(CAP) == 900


def test_a_value_outside_its_bounds_is_kept_aside_and_never_clamped(draft: Draft) -> None:
    moved = draft.moved(CAP, Decimal(-5))
    assert not moved.valid
    assert moved.value(CAP) == -5
    assert moved.scheme == draft.scheme
    assert "allowed is 0 to" in moved.refused[CAP].problems[0].message


def test_another_dial_still_moves_while_one_is_refused(draft: Draft) -> None:
    moved = draft.moved(CAP, Decimal(-5)).moved(LEVEL, Decimal(6_000))
    assert moved.value(LEVEL) == 6_000
    assert set(moved.refused) == {CAP}


def test_what_was_refused_stays_refused_when_much_changes_at_once(draft: Draft) -> None:
    moved = draft.moved(CAP, Decimal(-5))
    other = loads(TIERED.replace("high, needs: {revenue: 5_000}", "top, needs: {revenue: 7_000}"))
    rewritten = moved.rewritten(other)
    assert rewritten.scheme == other
    assert rewritten.value(CAP) == -5
    assert rewritten.undone().value(CAP) == 900
    with_another_cap = loads(TIERED.replace("amount: 900", "amount: 950"))
    assert moved.rewritten(with_another_cap).value(CAP) == 950, "a number that is set anew is no longer refused"
    without = loads(TIERED.partition("caps:")[0])
    assert moved.rewritten(without).valid


def test_undo_forgets_what_was_refused_then_goes_back_step_by_step(draft: Draft) -> None:
    moved = draft.moved(CAP, Decimal(800)).moved(CAP, Decimal(-5))
    once = moved.undone()
    assert once.valid
    assert once.value(CAP) == 800
    assert once.undone().scheme == draft.scheme
    assert draft.undone() is draft


def test_one_number_or_all_go_back_to_the_start(draft: Draft) -> None:
    moved = draft.moved(CAP, Decimal(800)).moved(LEVEL, Decimal(6_000))
    assert [change.path for change in moved.reset(CAP).changes] == [LEVEL]
    assert moved.reset().changes == []
    assert started(moved, CAP) == 900
    assert started(moved, "caps.absent.amount") is None


def test_another_document_can_be_taken_back(draft: Draft, flat: Scheme) -> None:
    anew = draft.moved(CAP, Decimal(800)).begun_anew(flat, flat)
    assert anew.changes == []
    assert anew.undone().value(CAP) == 800


def test_a_scheme_that_cannot_be_paid_is_no_draft(flat: Scheme) -> None:
    broken = loads("{scheme: b, currency: USD, effective: {from: 2024-01-01}, rules: [{id: c, on: revenu, rate: 3%}]}")
    with pytest.raises(InputError, match="Did you mean revenue"):
        Draft.of(broken, flat)


def test_a_whole_number_goes_back_to_what_it_was() -> None:
    from incentive_lab.scheme.load import load
    from tests.ui.conftest import ROOT

    scheme = load(ROOT / "data/schemes/growth-80-20.yaml")
    draft = Draft.of(scheme, load(ROOT / "data/schemes/current-flat.yaml")).moved("tiers.grace", Decimal(2))
    assert started(draft, "tiers.grace") == 1


def test_what_speaks_against_a_scheme_goes_with_the_draft_until_it_is_undone(draft: Draft) -> None:
    other = loads(TIERED.replace("amount: 900", "amount: 950"))
    taken = draft.rewritten(other, "Taken although P95 is above the limit.")
    assert taken.reason == "Taken although P95 is above the limit."
    assert taken.moved(LEVEL, Decimal(6_000)).reason == "Taken although P95 is above the limit. It was changed since."
    assert taken.undone().reason == ""
    assert taken.undone().redone().reason == taken.reason
    assert draft.rewritten(other).reason == ""


def test_what_speaks_against_a_scheme_is_kept_with_the_draft(
    draft: Draft, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INCENTIVE_LAB_HOME", str(tmp_path))
    other = loads(TIERED.replace("amount: 900", "amount: 950"))
    kept = shelf.shared(shelf.share(draft.rewritten(other, "Taken although P95 is above the limit.")))
    assert kept is not None
    assert kept.reason == "Taken although P95 is above the limit."
