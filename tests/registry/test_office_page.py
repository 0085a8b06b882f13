"""People and settings on the page: what the command does, for admins alone, and the only way where names are signed in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from incentive_lab.registry.people import ROLES, Actor, Refused
from incentive_lab.registry.service import Registry
from tests.registry.made import ANN, submission
from tests.registry.test_review_page import PAGE

ISSUER = "https://login.example"


@pytest.fixture
def registry(url: str, monkeypatch: pytest.MonkeyPatch) -> Registry:
    monkeypatch.setenv("INCENTIVE_LAB_DATABASE_URL", url)
    monkeypatch.setattr("incentive_lab.ui.signing_in.typed_names_allowed", lambda: True)
    return Registry(url)


def opened() -> AppTest:
    page = AppTest.from_string(PAGE, default_timeout=60)
    page.session_state["review office"] = True
    return page.run()


def give(page: AppTest, name: str, *roles: str, by: str = "", **more: str) -> AppTest:
    if by:
        page.text_input(key="office-people-as").input(by)
    page.text_input(key="office-person").input(name)
    page.button_group(key="office-roles").set_value(list(roles))
    for key, value in more.items():
        page.text_input(key=f"office-{key}").input(value)
    return next(one for one in page.button if one.label == "Give these roles").click().run()


def test_an_admin_gives_roles_and_the_first_is_an_admin(registry: Registry) -> None:
    page = give(opened(), "ben", "approver", by="root")
    assert "first role to give is admin" in page.error[0].value
    page = give(page, "root", "admin", by="root")
    assert not page.exception
    page = give(page, "Ann <b>Lee</b>", "designer", "finance", by="root", issuer=ISSUER, subject="a-1")
    assert [(one["name"], one["roles"], one["issuer"]) for one in registry.people()] == [
        ("Ann <b>Lee</b>", "designer finance", ISSUER), ("root", "admin", None),
    ]  # fmt: skip
    assert not any("<b>" in one.value.replace("\\<b\\>", "") for one in page.markdown)
    page = give(page, "x\u202ey", "viewer", by="root")
    assert "printable" in page.error[0].value
    assert registry.verify().ok


@pytest.mark.parametrize("role", [role for role in ROLES if role != "admin"])
def test_nobody_else_changes_people_or_settings(registry: Registry, role: str) -> None:
    registry.give_roles(Actor("root"), "root", frozenset({"admin"}))
    registry.give_roles(Actor("root"), "someone", frozenset({role}))
    entries = registry.verify().entries
    page = give(opened(), "someone", "admin", by="someone")
    assert f"{role} may not people" in page.error[0].value
    page.text_input(key="office-settings-as").input("someone")
    page.text_area(key="office-reason").input("as I like it")
    next(one for one in page.button if one.label == "Change the settings").click().run()
    assert len(page.error) == 1
    assert registry.verify().entries == entries


def test_settings_are_changed_inside_their_bounds_with_a_reason(registry: Registry) -> None:
    page = opened()
    page.text_input(key="office-settings-as").input("root")
    page.number_input(key="office-both_above").set_value(7.5)
    page.number_input(key="office-review_every").set_value(2)
    next(one for one in page.button if one.label == "Change the settings").click().run()
    assert "a reason" in page.error[0].value
    page.text_area(key="office-reason").input("a small programme")
    next(one for one in page.button if one.label == "Change the settings").click().run()
    assert not page.exception
    policy = registry.policy()
    assert (float(policy.both_above), policy.review_every, policy.refresh_every, policy.typed_names) == (
        0.075,
        2,
        12,
        True,
    )


def test_who_signs_in_as_admin_rules_where_no_typed_name_may(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.submit(ANN, submission(), "worth it")
    at = (datetime.now(UTC) - timedelta(minutes=1)).isoformat(timespec="microseconds")
    cleo = Actor("Cleo", ISSUER, "c-1", at)
    registry.give_roles(Actor("root"), "Cleo", frozenset({"admin", "approver"}), issuer=ISSUER, subject="c-1")
    monkeypatch.setattr("incentive_lab.ui.signing_in.signed_in", lambda: cleo)
    page = opened()
    page.checkbox(key="office-typed").uncheck()
    page.text_area(key="office-reason").input("everybody signs in")
    next(one for one in page.button if one.label == "Change the settings").click().run()
    with pytest.raises(Refused, match="takes no typed names"):
        registry.comment(ANN, "grown-1", "still me")
    page = give(page, "Ben", "finance", issuer=ISSUER, subject="b-1")
    assert not page.exception
    assert registry.roles(Actor("Ben", ISSUER, "b-1", at)) == {"finance"}
    # What the command line would do with a typed name is on the page too: retire what was approved.
    next(one for one in page.button if one.label == "Back").click().run()
    for button in ("Approve", "Retire"):
        page.text_area(key="review-reason").input("as the board decided")
        next(one for one in page.button if one.label == button).click().run()
        assert not page.exception
    assert registry.show("grown-1")["state"] == "retired"
    assert registry.show("grown-1")["log"][-1]["by"]["subject"] == "c-1"
