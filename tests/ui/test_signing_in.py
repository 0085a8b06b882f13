"""Signing in at a real OpenID Connect provider, in a real Chromium, and what the registry makes of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from experiments.benchmarks.serving import free_port

from incentive_lab.registry.people import Actor, Refused
from incentive_lab.registry.policy import Policy
from incentive_lab.registry.service import Registry
from incentive_lab.ui.signing_in import actor_of
from tests.registry.made import ANN, submission
from tests.ui.browsing import PATIENCE, settled
from tests.ui.conftest import ROOT

ISSUED = {"iss": "https://login.example", "sub": "b-1", "iat": 1_000, "exp": 2_000, "name": "Ben"}


@pytest.mark.parametrize("missing", ["iss", "sub", "iat", "exp"])
def test_a_token_that_does_not_say_whose_it_is_or_how_long_it_holds_is_nobody(missing: str) -> None:
    assert actor_of(ISSUED, 1_500) is not None
    assert actor_of({name: value for name, value in ISSUED.items() if name != missing}, 1_500) is None


def test_the_moment_of_the_last_password_counts_where_the_provider_tells_it() -> None:
    found = actor_of({**ISSUED, "iat": 1_900, "auth_time": 1_200}, 1_950)
    assert found is not None
    assert found.signed_in_at.startswith("1970-01-01T00:20:00")


@dataclass(frozen=True)
class Served:
    address: str
    issuer: str
    database: str


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            import authlib  # noqa: F401
            import oidc_provider_mock as provided
        except ImportError as error:
            pytest.skip(f"no OpenID Connect provider: {error.name} is not installed")
    with provided.run_server_in_thread(user_claims=[
        provided.User(sub="b-1", claims={"name": "Ben", "email": "ben@example.com"}),
        provided.User(sub="e-1", claims={"name": "Eve <b>", "groups": ["approver"]}),
    ]) as server:  # fmt: skip
        yield f"http://localhost:{server.server_port}"


@pytest.fixture(scope="module")
def served(provider: str, tiny_history: Path, home: Path) -> Iterator[Served]:
    port = free_port()
    secrets = home / "secrets.toml"
    secrets.write_text(
        f'[auth]\nredirect_uri = "http://localhost:{port}/oauth2callback"\ncookie_secret = "{"s" * 64}"\n'
        f'client_id = "lab"\nclient_secret = "not a secret of anybody"\n'
        f'server_metadata_url = "{provider}/.well-known/openid-configuration"\n'
    )
    database = f"sqlite:///{home / 'registry.sqlite'}"
    env = {**os.environ, "INCENTIVE_LAB_HISTORY": str(tiny_history), "INCENTIVE_LAB_HOME": str(home),
           "INCENTIVE_LAB_DATABASE_URL": database, "OAUTHLIB_INSECURE_TRANSPORT": "1",
           "AUTHLIB_INSECURE_TRANSPORT": "1"}  # fmt: skip
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port), "--secrets.files", str(secrets)],
        cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=(home / "log").open("wb"),
    )  # fmt: skip
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"http://localhost:{port}/_stcore/health", timeout=1)
                break
            except OSError:
                time.sleep(0.25)
        yield Served(f"http://localhost:{port}", provider, database)
    finally:
        server.terminate()
        server.wait(20)


@pytest.fixture(scope="module")
def registry(served: Served) -> Iterator[Registry]:
    opened = Registry(served.database)
    opened.submit(ANN, submission(), "worth it")
    opened.give_roles(Actor("root"), "root", frozenset({"admin"}))
    opened.give_roles(Actor("root"), "Ben", frozenset({"approver"}), issuer=served.issuer, subject="b-1")
    yield opened
    opened.store.close()


def sign_in(page: Any, served: Served, who: str, path: str = "/review") -> None:
    page.goto(served.address + path)
    page.get_by_role("button", name="Sign in", exact=True).click(timeout=PATIENCE)
    page.get_by_role("button", name=who, exact=True).first.click(timeout=PATIENCE)
    page.wait_for_url(f"{served.address}/**", timeout=PATIENCE)
    page.goto(served.address + "/review")
    page.get_by_text("Sign out").wait_for(timeout=PATIENCE)
    settled(page)


def decide(page: Any, button: str, reason: str) -> None:
    page.get_by_label("Reason or remark").fill(reason)
    page.get_by_role("button", name=button, exact=True).click()
    settled(page)


@pytest.mark.browser
@pytest.mark.parametrize("path", ["", "/review", "/data", "/overview"])
def test_nobody_sees_a_page_without_signing_in(served: Served, registry: Registry, page: Any, path: str) -> None:
    page.goto(served.address + path)
    page.get_by_role("button", name="Sign in", exact=True).wait_for(timeout=PATIENCE)
    settled(page)
    assert "grown" not in page.inner_text("body")
    assert page.locator("h1").all_inner_texts() == ["Incentive Lab"]
    assert page.locator("[data-testid=stMetric], [data-testid=stDataFrame], [data-testid=stPlotlyChart]").count() == 0


@pytest.mark.browser
def test_somebody_without_a_role_only_looks(served: Served, registry: Registry, page: Any) -> None:
    sign_in(page, served, "e-1")
    assert page.get_by_label("Your name").count() == 0
    decide(page, "Approve", "let me")
    assert "viewer may not approve" in page.inner_text("body")
    assert registry.show("grown-1")["signatures"] == []


@pytest.mark.browser
def test_who_signed_in_signs_and_a_copy_of_the_cookie_ends_with_the_sign_out(
    served: Served, registry: Registry, page: Any, browser: Any
) -> None:
    sign_in(page, served, "b-1")
    decide(page, "Approve", "inside the plan")
    shown = registry.show("grown-1")
    assert (shown["state"], shown["signatures"][0]["who"]) == ("approved", "Ben")
    assert shown["signatures"][0]["authenticated"] is True
    cookies = page.context.cookies()
    assert any(one["httpOnly"] for one in cookies)
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.wait_for_url(
        f"{served.issuer}/oauth2/end_session**", timeout=PATIENCE
    )  # The provider asks whether to end its own.
    with browser.new_context() as copied:
        copied.add_cookies(cookies)
        again = copied.new_page()
        again.goto(served.address + "/review")
        again.get_by_role("button", name="Sign in", exact=True).wait_for(timeout=PATIENCE)
        settled(again)
        assert "Your sign-in has ended" in again.inner_text("body")
        assert "grown" not in again.inner_text("body")
    assert registry.verify().ok


@pytest.mark.browser
def test_an_old_sign_in_decides_nothing_and_a_claim_gives_a_role_where_the_policy_says_so(
    served: Served, registry: Registry
) -> None:
    token = json.loads(urllib.request.urlopen(f"{served.issuer}/.well-known/openid-configuration").read())
    eve = actor_of({**ISSUED, "iss": token["issuer"], "sub": "e-1", "groups": ["approver"], "iat": time.time() - 3600,
                    "exp": time.time() + 60}, time.time())  # fmt: skip
    assert eve is not None
    registry.set_policy(
        Actor("root"), Policy(roles_issuer=served.issuer, roles_claim="groups"), "the directory decides"
    )
    assert registry.roles(eve) == {"approver", "viewer"}
    with pytest.raises(Refused, match="more than 15 minutes ago"):
        registry.activate(eve, "grown-1", "now")
