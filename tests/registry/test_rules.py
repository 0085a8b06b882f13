"""The way of a revision, who may move it, and what may be in effect together."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from incentive_lab.errors import InputError
from incentive_lab.registry.evidence import Submission
from incentive_lab.registry.people import MAY, ROLES, Actor, Conflict, Refused
from incentive_lab.registry.policy import Policy
from incentive_lab.registry.service import Registry
from incentive_lab.report.case import Case
from incentive_lab.scheme.fingerprint import fingerprint
from incentive_lab.scheme.load import loads
from tests.registry.made import ANN, BEN, CAT, DAN, approved, submission


def test_the_way_from_draft_to_retired(registry: Registry) -> None:
    made = registry.submit(ANN, submission(), "costs two per cent more, sells six")
    assert (made["id"], made["state"], made["missing_signatures"]) == ("grown-1", "submitted", ["approver"])
    back = registry.give_back(BEN, "grown-1", "please lower the rate")
    assert back["state"] == "draft"
    again = registry.submit(ANN, submission(rate=2.5), "lowered")
    assert (again["id"], again["round"], again["state"]) == ("grown-1", 2, "submitted")
    registry.comment(CAT, "grown-1", "read the pilot first")
    assert registry.approve(BEN, "grown-1", "agreed")["state"] == "approved"
    active = registry.activate(BEN, "grown-1", "the quarter starts")
    assert active["state"] == "active"
    assert active["review_due"] > "2026"
    assert active["refresh_due"] == "2027-01-01"
    floor = registry.documents("grown-1")["scheme.yaml"]
    child = registry.submit(DAN, submission(rate=2, starts="2026-07-01", months=6, floor=floor), "mid-year change")
    assert (child["parent_id"], child["needs"]) == ("grown-1", ["approver"])
    registry.approve(BEN, child["id"], "agreed")
    registry.activate(CAT, child["id"], "second half")
    assert (registry.show("grown-1")["state"], registry.show("grown-1")["ends"]) == ("retired", "2026-07-01")
    assert registry.retire(BEN, child["id"], "programme ends", "2026-10-01")["ends"] == "2026-10-01"
    actions = [one["action"] for one in registry.show("grown-1")["log"]]
    assert actions == ["submit", "return", "submit", "comment", "approve", "activate", "retire"]
    found = registry.verify()
    assert found.ok, found.faults
    assert found.entries == 11


def test_nobody_approves_their_own_however_the_name_is_typed(local: Registry) -> None:
    local.submit(ANN, submission(), "worth it")
    for name in ("ann", "Ann", " ANN ", "\uff41nn", "ann  "):
        with pytest.raises(Refused, match="nobody approves their own"):
            local.approve(Actor(name), "grown-1", "fine by me")


def test_who_may_not_sign_hears_that_before_what_their_reason_lacks(local: Registry) -> None:
    local.submit(ANN, submission(), "worth it")
    with pytest.raises(Refused, match="nobody approves their own"):
        local.approve(ANN, "grown-1", "ok")
    with pytest.raises(InputError, match="a reason of 3 to 2000 characters is needed"):
        local.approve(BEN, "grown-1", "ok")
    assert local.show("grown-1")["state"] == "submitted"
    with pytest.raises(Conflict, match="only what is approved becomes active"):
        local.activate(BEN, "grown-1", "ok")
    with pytest.raises(InputError, match="a reason of 3"):
        local.reject(BEN, "grown-1", "ok")
    assert len(local.show("grown-1")["log"]) == 1


def test_finance_signs_too_when_the_cost_moves(registry: Registry) -> None:
    made = registry.submit(ANN, submission(total=106.0), "worth it")
    assert made["needs"] == ["finance", "approver"]
    assert registry.approve(BEN, "grown-1", "agreed")["state"] == "submitted"
    with pytest.raises(Conflict, match="has signed"):
        registry.approve(BEN, "grown-1", "agreed", role="finance")
    with pytest.raises(Conflict, match="no signature as approver is wanted"):
        registry.approve(CAT, "grown-1", "agreed", role="approver")
    assert registry.approve(CAT, "grown-1", "within budget")["state"] == "approved"
    with pytest.raises(Conflict, match="decided already"):
        registry.approve(DAN, "grown-1", "me too")


def test_signatures_are_given_anew_after_a_change(local: Registry) -> None:
    local.submit(ANN, submission(total=120.0), "worth it")
    local.approve(BEN, "grown-1", "agreed")
    local.give_back(CAT, "grown-1", "too dear")
    again = local.submit(ANN, submission(rate=2.9, total=118.0), "a little cheaper")
    assert again["missing_signatures"] == ["finance", "approver"]


@pytest.mark.parametrize("role", ROLES)
def test_each_role_may_what_it_may_and_nothing_else(local: Registry, role: str) -> None:
    admin, someone = Actor("root"), Actor("someone")
    local.submit(ANN, submission("old", starts="2020-01-01"), "worth it")
    local.approve(BEN, "old-1", "agreed")
    local.submit(ANN, submission(), "worth it")
    local.give_roles(admin, "root", frozenset({"admin"}))
    local.give_roles(admin, "someone", frozenset({role}))
    actions = {
        "comment": lambda: local.comment(someone, "grown-1", "hm, well"),
        "submit": lambda: local.submit(someone, submission("other", rate=9, population="others"), "worth it"),
        "approve": lambda: local.approve(someone, "grown-1", "agreed"),
        "reject": lambda: local.reject(someone, "grown-1", "too dear"),
        "return": lambda: local.give_back(someone, "grown-1", "too dear"),
        "activate": lambda: local.activate(someone, "old-1", "now"),
        "review": lambda: local.review(someone, "old-1", "looked at"),
        "retire": lambda: local.retire(someone, "old-1", "over"),
        "export": lambda: local.exported(someone, "grown-1", "m" * 64),
        "policy": lambda: local.set_policy(someone, Policy(), "as it was"),
        "people": lambda: local.give_roles(someone, "friend", frozenset({"viewer"})),
    }  # fmt: skip
    assert set(actions) == set(MAY) - {"view"}
    for action, act in actions.items():
        entries = local.verify().entries
        if role in MAY[action]:
            try:
                act()
            except Refused as error:
                pytest.fail(f"{role} is kept from {action}: {error}")
            except Conflict:
                pass  # An earlier action of this loop decided it; what counts is that the role was let through.
        else:
            with pytest.raises(Refused):
                act()
            assert local.verify().entries == entries
    assert local.verify().ok


def test_somebody_unknown_only_looks_once_roles_are_given(local: Registry) -> None:
    with pytest.raises(Conflict, match="first role to give is admin"):
        local.give_roles(ANN, "ben", frozenset({"viewer"}))
    local.give_roles(ANN, "ann", frozenset({"admin"}))
    with pytest.raises(Refused, match="viewer may not submit"):
        local.submit(DAN, submission(), "worth it")
    with pytest.raises(Conflict, match="must remain admin"):
        local.give_roles(ANN, "ann", frozenset({"viewer"}))


def test_a_typed_name_cannot_pass_for_somebody_who_signs_in(local: Registry) -> None:
    local.give_roles(ANN, "ann", frozenset({"admin"}))
    local.give_roles(ANN, "Ben", frozenset({"approver", "designer"}), issuer="https://login.example", subject="b-1")
    with pytest.raises(Refused, match="belongs to somebody who signs in"):
        local.submit(BEN, submission(), "worth it")
    signed_in = Actor("Ben", "https://login.example", "b-1", "2999-01-01")
    assert local.submit(signed_in, submission(), "worth it")["authenticated"] is True
    assert local.roles(Actor("Ben", "https://other.example", "b-1")) == {"viewer"}
    # Nobody could undo it: the only admin is a typed name.
    with pytest.raises(Conflict, match="somebody who signs in must be admin"):
        local.set_policy(ANN, Policy(typed_names=False), "everybody signs in")
    local.give_roles(ANN, "Cat", frozenset({"admin"}), issuer="https://login.example", subject="c-1")
    local.set_policy(ANN, Policy(typed_names=False), "everybody signs in")
    with pytest.raises(Refused, match="takes no typed names"):
        local.comment(ANN, "grown-1", "still me")


def test_a_sign_in_from_before_the_sign_out_is_refused(local: Registry) -> None:
    local.give_roles(ANN, "ann", frozenset({"admin"}))
    local.give_roles(ANN, "Ben", frozenset({"designer"}), issuer="i", subject="s", sign_out=True)
    with pytest.raises(Refused, match="no longer valid"):
        local.submit(Actor("Ben", "i", "s", "2020-01-01T00:00:00+00:00"), submission(), "worth it")


def signed_in(minutes: int = 0, **more: object) -> Actor:
    at = datetime(2026, 1, 10, 12, tzinfo=UTC) - timedelta(minutes=minutes)
    return Actor("Ben", "https://login.example", "b-1", at.isoformat(timespec="microseconds"), **more)  # type: ignore[arg-type]


@pytest.fixture
def noon(local: Registry) -> Registry:
    """At noon on the 10th of January 2026, with Ben, who signs in, as approver."""
    local.clock = lambda: "2026-01-10T12:00:00.000000+00:00"
    local.submit(ANN, submission(), "worth it")
    local.give_roles(ANN, "ann", frozenset({"admin"}))
    local.give_roles(ANN, "Ben", frozenset({"approver"}), issuer="https://login.example", subject="b-1")
    return local


def test_a_decision_asks_for_a_recent_sign_in_and_a_remark_does_not(noon: Registry) -> None:
    old = signed_in(minutes=16)
    noon.comment(old, "grown-1", "looks fine")
    for decide in (lambda: noon.approve(old, "grown-1", "agreed"), lambda: noon.reject(old, "grown-1", "too dear")):
        with pytest.raises(Refused, match="more than 15 minutes ago"):
            decide()
    assert noon.approve(signed_in(minutes=14), "grown-1", "agreed")["state"] == "approved"


def test_an_ended_sign_in_is_refused(noon: Registry) -> None:
    ended = signed_in(expires_at="2026-01-10T12:00:00.000000+00:00")
    with pytest.raises(Refused, match="no longer valid"):
        noon.comment(ended, "grown-1", "still me")
    noon.comment(signed_in(expires_at="2026-01-10T12:00:01.000000+00:00"), "grown-1", "still me")


def test_signing_out_ends_what_was_signed_in_before_it(noon: Registry) -> None:
    noon.sign_out(signed_in())
    with pytest.raises(Refused, match="no longer valid"):
        noon.comment(signed_in(minutes=1), "grown-1", "a copy of my cookie")
    noon.comment(signed_in(minutes=-1), "grown-1", "signed in again")
    with pytest.raises(Refused, match="nobody signed in"):
        noon.sign_out(ANN)
    assert noon.verify().ok


def test_a_claim_gives_roles_only_of_the_provider_and_claim_that_the_policy_names(noon: Registry) -> None:
    def eve(issuer: str, claim: str) -> Actor:
        return Actor("Eve", issuer, "e-1", signed_in().signed_in_at, "", {claim: frozenset({"approver", "emperor"})})

    assert noon.roles(eve("https://login.example", "groups")) == {"viewer"}
    noon.set_policy(ANN, Policy(roles_issuer="https://login.example", roles_claim="groups"), "the directory decides")
    assert noon.roles(eve("https://login.example", "groups")) == {"viewer", "approver"}
    assert noon.roles(eve("https://login.example", "hobbies")) == {"viewer"}
    assert noon.roles(eve("https://evil.example", "groups")) == {"viewer"}
    # Whom the table knows has what the table says, whatever the claim.
    assert noon.roles(signed_in(claims={"groups": frozenset({"admin"})})) == {"approver"}


def test_two_schemes_cannot_be_in_effect_for_the_same_partners(registry: Registry) -> None:
    approved(registry, name="one")
    floor = registry.documents("one-1")["scheme.yaml"]
    registry.submit(ANN, submission("two", rate=2, starts="2026-12-01", floor=floor), "worth it")
    with pytest.raises(Conflict, match="one-1 is approved from 2026-01-01 to 2027-01-01"):
        registry.approve(BEN, "two-1", "agreed")
    registry.submit(ANN, submission("next", rate=2, starts="2027-01-01", floor=floor), "worth it")
    assert registry.approve(BEN, "next-1", "agreed")["state"] == "approved"
    approved(registry, name="elsewhere", population="EMEA")
    registry.submit(ANN, submission("spelled", rate=4, population="  \uff25mea "), "worth it")
    with pytest.raises(Conflict, match="elsewhere-1 is approved"):
        registry.approve(BEN, "spelled-1", "agreed", role="approver")
    # Another name may be other partners; whoever decides is told that both pay.
    told = [one for one in registry.show("elsewhere-1")["remarks"] if "before it was proposed" not in one]
    assert told == ["In effect on some of the same days: one-1 (all partners, 2026-01-01 to 2027-01-01); partners in both "
                    "are paid by both."]  # fmt: skip


def test_of_two_changes_of_one_scheme_only_one_is_approved(local: Registry) -> None:
    approved(local)
    local.activate(BEN, "grown-1", "now")
    floor = local.documents("grown-1")["scheme.yaml"]
    for name, rate in (("a", 4), ("b", 5)):
        local.submit(ANN, submission(name, rate=rate, starts="2026-07-01", floor=floor), "worth it")
    local.approve(BEN, "a-1", "agreed")
    with pytest.raises(Conflict, match="a-1 is approved"):
        local.approve(BEN, "b-1", "agreed")


def test_what_was_looked_at_is_what_is_signed(local: Registry) -> None:
    first = local.submit(ANN, submission(), "worth it")
    local.give_back(BEN, "grown-1", "lower it")
    local.submit(ANN, submission(rate=2), "lowered")
    with pytest.raises(Conflict, match="that you looked at"):
        local.approve(BEN, "grown-1", "agreed", seen=first["fingerprint"])


@pytest.mark.parametrize(("change", "said"), [
    ({"fingerprint": "s" + "0" * 20}, "the scheme is"),
    ({"projection.json": {"fingerprint": "s1", "history_id": "h" * 32}}, "Project it again"),
    ({"pilot.json": {"history_id": "other"}}, "another history"),
    ({"notes.exe": {}}, "no such document"),
    ({"months": None}, "lacks months"),
])  # fmt: skip
def test_evidence_of_something_else_is_refused(local: Registry, change: dict[str, object], said: str) -> None:
    documents = dict(submission().documents)
    for name, value in change.items():
        if value is None:
            documents["replay.json"] = documents["replay.json"].replace(b'"months"', b'"moons"')
        elif name == "fingerprint":
            documents["replay.json"] = json.dumps(json.loads(documents["replay.json"]) | {name: value}).encode()
        else:
            documents[name] = json.dumps(value).encode()
    with pytest.raises(InputError, match=said):
        local.submit(ANN, Submission(documents), "worth it")
    assert local.revisions() == []


@pytest.mark.parametrize(("change", "said"), [
    ({"total": 99.0}, "by_month does not add up"), ({"by_partner": {"A": 1.0}}, "by_partner does not add up"),
    ({"by_month": {"2025-01": "much"}}, "cannot be read"), ({"by_month": [1]}, "cannot be read"),
    ({"baseline": {"scheme": "flat", "total": 101.0, "by_month": {"2025-01": 50.0}}}, "baseline: its by_month does not"),
])  # fmt: skip
def test_figures_that_do_not_add_up_are_refused(local: Registry, change: dict[str, object], said: str) -> None:
    documents = dict(submission().documents)
    documents["replay.json"] = json.dumps(json.loads(documents["replay.json"]) | change).encode()
    with pytest.raises(InputError, match=said):
        local.submit(ANN, Submission(documents), "worth it")
    assert local.revisions() == []


@pytest.mark.parametrize("reason", ["", "  ", "ok", "x" * 2001])
def test_a_reason_is_required(local: Registry, reason: str) -> None:
    local.submit(ANN, submission(), "worth it")
    with pytest.raises(InputError, match="a reason"):
        local.approve(BEN, "grown-1", reason)


def test_the_same_scheme_is_not_submitted_twice(local: Registry) -> None:
    local.submit(ANN, submission(), "worth it")
    with pytest.raises(Conflict, match="submitted already, as grown-1"):
        local.submit(DAN, submission(), "worth it")


def test_text_that_looks_like_sql_is_text(registry: Registry) -> None:
    evil = "x'); DROP TABLE audit; --"
    registry.submit(Actor(evil), submission(population=evil), evil)
    registry.comment(BEN, "grown-1", evil)
    shown = registry.show("grown-1")
    assert (shown["author"], shown["population"], shown["comments"][0]["text"]) == (evil, evil, evil)
    with pytest.raises(InputError, match="there is no"):
        registry.show("grown-1' OR '1'='1")
    assert registry.verify().ok


def test_reviews_become_due(local: Registry) -> None:
    approved(local)
    local.clock = lambda: "2026-01-15T00:00:00+00:00"
    local.activate(BEN, "grown-1", "now")
    local.clock = lambda: "2026-04-14T00:00:00+00:00"
    assert local.show("grown-1")["due"] == []
    local.clock = lambda: "2026-04-15T00:00:00+00:00"
    assert local.show("grown-1")["due"] == ["review"]
    local.review(CAT, "grown-1", "cost is inside the band")
    assert local.show("grown-1")["due"] == []
    local.clock = lambda: "2027-01-01T00:00:00+00:00"
    assert local.show("grown-1")["due"] == ["review", "refresh"]


def test_a_forecast_of_the_same_scheme_is_kept_with_its_seed(local: Registry) -> None:
    given = submission()
    forecast = {
        "history_id": "h" * 32,
        "seed": 3,
        "p_over_budget": 0.25,
        "p_over_budget_se": 0.019,
        "total": {"p05": 80.0, "p50": 100.0, "p95": 130.0, "errors": {"p50": 4.0}},
    }
    documents = {**given.documents, "projection.json": json.dumps(forecast).encode()}
    assert local.submit(ANN, Submission(documents), "worth it")["seed"] == 3
    case = Case.of(local.show("grown-1"), local.documents("grown-1"))
    assert case.forecast_words() == (
        "Expect 100.00 USD (± 4.00 USD) in the middle; nine times in ten between 80.00 USD and 130.00 USD. "
        "Chance of breaking the budget: 25 % (± 1.9 %)."
    )


def test_a_rehearsed_pilot_is_told_as_one_before_what_it_decides(local: Registry) -> None:
    pilot = {
        "history_id": "h" * 32, "label": ["exploratory", "rehearsal"],
        "why": ["The plan was not registered before the start.", "A lift of 50 % was added: this is a rehearsal, not a result."],
        "metrics": [{"name": "revenue", "effect": 3443.0, "interval": [2122.0, 4766.0], "p_value": 0.0005, "method": "ANCOVA."},
                    {"name": "won-deals", "effect": None, "interval": None, "p_value": None, "method": None}],
        "decision": {"advice": "scale", "reasons": ["The arm does better."],
                     "net_value": {"expected": 10.0, "interval": [5.0, 15.0], "months": 12}},
    }  # fmt: skip
    documents = {**submission().documents, "pilot.json": json.dumps(pilot).encode(), "pilot/pilot.yaml": b"pilot: a"}
    local.submit(ANN, Submission(documents), "worth it")
    case = Case.of(local.show("grown-1"), local.documents("grown-1"))
    said = case.pilot_words()
    assert said[0] == "A lift of 50 % was added: this is a rehearsal, not a result."
    assert said.index("The pilot's decision: scale. The arm does better.") > 1
    assert said[-1] == "Read by: ANCOVA."
    assert any("its lift was planted" in one for one in case.warnings())
    real = {**pilot, "label": ["confirmatory"], "why": []}
    told = Case(case.revision, case.pair, case.replay, None, real)
    assert told.pilot_words()[0] == "The pilot's decision: scale. The arm does better."
    assert not any("planted" in one for one in told.warnings())


@pytest.mark.parametrize(("rate", "said"), [(3, 0), (9, 1)])
def test_a_pilot_of_other_rules_is_an_open_warning_and_other_dates_are_not(
    local: Registry, rate: float, said: int
) -> None:
    tried = submission("grown", rate=rate, starts="2024-01-01", months=6).documents["scheme.yaml"]
    documents = {
        **submission().documents, "pilot.json": json.dumps({"history_id": "h" * 32}).encode(), "pilot/pilot.yaml": b"pilot: a",
        "pilot/registered.json": b"{", "pilot/odd.yaml": b"[", "pilot/grown.yaml": tried,
    }  # fmt: skip
    local.submit(ANN, Submission(documents), "worth it")
    case = Case.of(local.show("grown-1"), local.documents("grown-1"))
    assert sum("none of which is what is proposed" in one for one in case.warnings()) == said


def test_a_budget_that_cuts_is_told_by_what_is_owed_before_it(local: Registry) -> None:
    budget = b"budget: {amount: 100, when_exceeded: prorate}\n"
    text = submission().documents["scheme.yaml"] + budget
    replayed = json.loads(submission().documents["replay.json"]) | {"fingerprint": fingerprint(loads(text))}
    forecast = {
        "history_id": "h" * 32, "seed": 3, "p_over_budget": 0.25, "months": 12, "scenarios": 200, "assumptions": "base",
        "total": {"p05": 80.0, "p50": 100.0, "p95": 100.0}, "owed": {"p05": 80.0, "p50": 101.0, "p95": 130.0},
        "owed_words": "Partners are owed 85.00 USD to 125.00 USD.", "accrual": {"2026-01": {"mean": 1.0}},
        "owed_accrual": {"2026-01": {"mean": 2.0}},
    }  # fmt: skip
    documents = {"scheme.yaml": text, "replay.json": json.dumps(replayed).encode(),
                 "projection.json": json.dumps(forecast).encode()}  # fmt: skip
    local.submit(ANN, Submission(documents), "worth it")
    case = Case.of(local.show("grown-1"), local.documents("grown-1"))
    assert case.likely == forecast["owed"]
    assert case.to_date == forecast["owed_accrual"]
    assert case.forecast_words() == (
        "Partners are owed 85.00 USD to 125.00 USD. Owed before the cut: 101.00 USD in the middle, nine times in ten between "
        "80.00 USD and 130.00 USD. Expect 100.00 USD after the cut. Chance of breaking the budget: 25 %; each settlement is "
        "scaled to what remains then. Drawn over 12 months from 200 futures under the assumptions base."
    )
