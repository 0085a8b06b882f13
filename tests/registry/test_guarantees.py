"""A guarantee compares with the baseline it names: on the command line, in a proposal, its pack and after approval alike."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from incentive_lab.control.midway import change_midway
from incentive_lab.control.payouts import audit_payouts
from incentive_lab.errors import InputError
from incentive_lab.history import open_history
from incentive_lab.panel import month_index
from incentive_lab.registry.evidence import Submission
from incentive_lab.registry.service import Registry
from incentive_lab.report.case import Case
from incentive_lab.report.evidence import Wanted, forecast_document
from incentive_lab.scheme.baseline import Pair, pair_from
from tests.cli.conftest import Command, ask, place  # noqa: F401
from tests.registry.made import ANN, BEN

RIVAL = """\
scheme: rival
baseline: flat
currency: USD
effective: {from: 2024-01-01}
settle: quarter
rules: [{id: c, on: revenue, rate: 1%}]
guarantees: [{against: baseline, keep: 0.9}]
"""


@pytest.fixture
def proposed(place: Path, ask: Command, monkeypatch: pytest.MonkeyPatch, quick: Path) -> dict[str, Any]:  # noqa: F811
    """`grown` keeps half of what `flat` pays, and is compared with `rival`, which keeps 90 % of it."""
    monkeypatch.setenv("INCENTIVE_LAB_DATABASE_URL", f"sqlite:///{quick / 'registry.sqlite'}")
    (place / "rival.yaml").write_text(RIVAL)
    code, said = ask("registry", "submit", place / "grown.yaml", "--baseline", place / "rival.yaml", "--history",
                     place / "history", "--as", "ann", "--reason", "worth it")  # fmt: skip
    assert code == 0, said
    return said


def test_a_proposal_binds_what_a_replay_prints(proposed: dict[str, Any], place: Path, ask: Command) -> None:  # noqa: F811
    registry = Registry()
    documents = registry.documents("grown-1")
    bound = json.loads(documents["replay.json"])
    assert {"baseline.yaml", "guarantee.yaml", "baseline-guarantee.yaml"} <= documents.keys()
    _, printed = ask("replay", place / "grown.yaml", "--history", place / "history", "--baseline", place / "rival.yaml")
    # B is paid 5.01 and keeps half of the 15.02 that flat pays; rival tops 1 % up to 90 % of the 3 % that flat pays.
    assert bound["by_rule"]["guarantee"] == printed["by_rule"]["guarantee"] == 2.5
    assert bound["baseline"]["total"] == printed["baseline"]["total"] == pytest.approx(0.9 * 195.02, abs=0.02)
    assert bound["guarantees_against"]["scheme"] == bound["baseline"]["guarantees_against"]["scheme"] == "flat"
    ask("registry", "export", "grown-1", "--as", "ann", "--out", place / "pack.zip")
    code, said = ask("registry", "reproduce", place / "pack.zip", "--history", place / "history")
    assert (code, said["differences"]) == (0, [])
    assert not any("guarantee" in one for one in Case.of(registry.show("grown-1"), documents).warnings())
    registry.store.close()


def test_what_follows_an_approval_uses_it_too(proposed: dict[str, Any], place: Path, ask: Command) -> None:  # noqa: F811
    pair = pair_from(place / "grown.yaml", place / "rival.yaml")
    assert [one.id for one in pair.schemes] == ["grown", "rival", "flat"]
    # What the rules pay, as it was paid: the guarantee of B falls due with the quarter.
    (place / "history" / "actual_payouts.csv").write_text(
        "partner_id,period,rule,amount\nA,2024-Q1,certification,250.00\nA,2024-Q2,certification,250.00\n"
        "A,2024-Q1,rebate,30.00\nA,2024-Q2,rebate,110.00\nB,2024-Q1,rebate,5.01\nB,2024-Q1,guarantee,2.50\n"
    )
    for name in ("ben", "cat"):
        ask("registry", "approve", "grown-1", "--as", name, "--reason", "agreed")
    for named in ("grown-1", place / "grown.yaml"):
        code, said = ask("registry", "payouts", named, "--history", place / "history", "--from", "2024-01")
        assert (code, said["differences"], said["due"]) == (0, [], 647.51)
    with open_history(str(place / "history"), currency="USD").closing() as held:
        assert audit_payouts(held, pair).differences == ()
        found = change_midway(held, pair, month_index(2024, 4))
        b = next(one for one in found.partners if one.partner == "B")
        # Rival owed 90 % of 15.02, rounded; the new rules give 5.01 and 2.50.
        assert (b.earned, b.under_new) == (13_52, 7_51)


def test_a_forecast_pays_each_scheme_over_its_own_floor(proposed: dict[str, Any], place: Path) -> None:  # noqa: F811
    from incentive_lab.projection.assumptions import BASE

    pair = pair_from(place / "grown.yaml", place / "rival.yaml")
    poor = pair_from(place / "rival.yaml", None).scheme.model_copy(update={"guarantees": ()})
    wanted = Wanted(20, 6, 3, BASE)
    with open_history(str(place / "history"), currency="USD").closing() as held:
        both = forecast_document(pair, held, wanted)
        alone = forecast_document(Pair(pair.baseline or pair.scheme, None, pair.floor), held, wanted)
        bare = forecast_document(Pair(poor), held, wanted)
    assert both["against"]["total"]["mean"] == pytest.approx(alone["total"]["mean"])
    assert alone["total"]["mean"] > 2 * bare["total"]["mean"]


@pytest.mark.parametrize(("change", "said"), [
    ({"guarantee.yaml": None, "baseline.yaml": None, "baseline-guarantee.yaml": None}, "guarantees compare with it"),
    ({"baseline-guarantee.yaml": None}, "guarantees compare with it"),
    ({"guarantee.yaml": "3%"}, "is not the scheme that guarantees were worked out with"),
    ({"baseline-guarantee.yaml": "3%"}, "is not the scheme that guarantees were worked out with"),
])  # fmt: skip
def test_another_floor_than_the_one_of_the_replay_is_refused(
    proposed: dict[str, Any], change: dict[str, str | None], said: str
) -> None:
    registry = Registry()
    documents = dict(registry.documents("grown-1"))
    for name, rate in change.items():
        if rate is None:
            del documents[name]
        else:
            documents[name] = documents[name].replace(rate.encode(), b"0.1%")
    with pytest.raises(InputError, match=said):
        registry.submit(ANN, Submission(documents, "others"), "worth it")
    registry.store.close()


def test_whoever_decides_is_told_of_a_floor_that_nobody_approved(
    proposed: dict[str, Any],
    place: Path,  # noqa: F811
    ask: Command,  # noqa: F811
) -> None:
    registry = Registry()
    assert not any("approved under that name" in one for one in registry.show("grown-1")["remarks"])
    cheap = place / "flat.yaml"
    text = cheap.read_text()
    cheap.write_text(text.replace("3%", "2%"))
    ask(
        "registry",
        "submit",
        cheap,
        "--history",
        place / "history",
        "--as",
        "ann",
        "--reason",
        "as it is",
        "--population",
        "x",
    )
    for name in ("ben", "cat"):
        ask("registry", "approve", "flat-1", "--as", name, "--reason", "agreed")
    assert registry.show("flat-1")["state"] == "approved"
    assert any("not what was approved under that name" in one for one in registry.show("grown-1")["remarks"])
    registry.give_back(BEN, "grown-1", "compare with what holds")
    registry.store.close()


def test_a_floor_of_another_name_is_an_open_warning(
    place: Path,  # noqa: F811
    ask: Command,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    quick: Path,
) -> None:
    monkeypatch.setenv("INCENTIVE_LAB_DATABASE_URL", f"sqlite:///{quick / 'registry.sqlite'}")
    (place / "flat.yaml").write_text((place / "flat.yaml").read_text().replace("scheme: flat", "scheme: other"))
    (place / "flat.yaml").rename(place / "other.yaml")
    code, said = ask("registry", "submit", place / "grown.yaml", "--baseline", place / "other.yaml", "--history",
                     place / "history", "--as", "ann", "--reason", "worth it")  # fmt: skip
    assert code == 0, said
    registry = Registry()
    case = Case.of(registry.show("grown-1"), registry.documents("grown-1"))
    assert "The guarantees of grown name flat; they were worked out with other." in case.warnings()
    registry.store.close()
