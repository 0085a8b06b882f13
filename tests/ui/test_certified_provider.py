"""Signing in at `oidc-provider`, which is certified by the OpenID Foundation: in a real Chromium, roles from its claim.

It is looked for in the folder that INCENTIVE_LAB_TEST_OIDC names (`npm install --prefix FOLDER oidc-provider`).
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from experiments.benchmarks.serving import free_port, served

from incentive_lab.registry.people import Actor
from incentive_lab.registry.policy import Policy
from incentive_lab.registry.service import Registry
from tests.registry.made import ANN, submission
from tests.ui.browsing import PATIENCE, settled
from tests.ui.conftest import ROOT
from tests.ui.test_signing_in import decide

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address() -> str:
    return f"http://localhost:{free_port()}"


@pytest.fixture(scope="module")
def issuer(address: str) -> Iterator[str]:
    folder, node = os.environ.get("INCENTIVE_LAB_TEST_OIDC", ""), shutil.which("node")
    if node is None or not (Path(folder) / "node_modules" / "oidc-provider").is_dir():
        pytest.skip("no oidc-provider: node is not installed, or INCENTIVE_LAB_TEST_OIDC names no folder that has it "
                    "(npm install --prefix FOLDER oidc-provider)")  # fmt: skip
    port = free_port()
    running = subprocess.Popen(
        [node, str(Path(__file__).with_name("provider.mjs")), folder, str(port), f"{address}/oauth2callback"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        assert running.stdout is not None
        assert running.stdout.readline() == "ready\n"
        yield f"http://localhost:{port}"
    finally:
        running.terminate()
        running.wait(20)


@pytest.fixture(scope="module")
def registry(issuer: str, address: str, tiny_history: Path, home: Path) -> Iterator[Registry]:
    (home / "secrets.toml").write_text(
        f'[auth]\nredirect_uri = "{address}/oauth2callback"\ncookie_secret = "{"s" * 64}"\nclient_id = "lab"\n'
        f'client_secret = "not a secret of anybody"\nserver_metadata_url = "{issuer}/.well-known/openid-configuration"\n'
        'client_kwargs = {prompt = "login"}\n'
    )
    database = f"sqlite:///{home / 'registry.sqlite'}"
    env = {"INCENTIVE_LAB_HISTORY": str(tiny_history), "INCENTIVE_LAB_HOME": str(home), "INCENTIVE_LAB_DATABASE_URL": database,
           "AUTHLIB_INSECURE_TRANSPORT": "1"}  # fmt: skip
    secrets = ("--secrets.files", str(home / "secrets.toml"))
    opened = Registry(database)
    opened.submit(ANN, submission(), "worth it")
    opened.give_roles(Actor("root"), "root", frozenset({"admin"}))
    opened.set_policy(Actor("root"), Policy(roles_issuer=issuer, roles_claim="groups"), "the directory decides")
    with served(ROOT / "app.py", env, port=int(address.rsplit(":", 1)[1]), options=secrets):
        yield opened
    opened.store.close()


def sign_in(page: Any, address: str, who: str) -> None:
    page.goto(f"{address}/review")
    page.get_by_role("button", name="Sign in", exact=True).click(timeout=PATIENCE)
    page.locator("input[name=login]").fill(who, timeout=PATIENCE)
    page.locator("input[name=password]").fill("any")
    page.locator("button[type=submit]").click()
    page.get_by_role("button", name="Continue").click(timeout=PATIENCE)
    page.wait_for_url(f"{address}/**", timeout=PATIENCE)
    page.goto(f"{address}/review")
    page.get_by_text("Sign out").wait_for(timeout=PATIENCE)
    settled(page)


def test_roles_come_from_the_claim_of_a_certified_provider(registry: Registry, address: str, page: Any) -> None:
    sign_in(page, address, "e-1")
    decide(page, "Approve", "let me")
    assert "viewer may not approve" in page.inner_text("body")
    page.context.clear_cookies()
    sign_in(page, address, "b-1")
    decide(page, "Approve", "inside the plan")
    for _ in range(100):  # the page may look settled before the click reached the server
        if (shown := registry.show("grown-1"))["signatures"]:
            break
        page.wait_for_timeout(200)
    assert (shown["state"], shown["signatures"][0]["who"]) == ("approved", "Ben")
    assert shown["log"][-1]["by"]["subject"] == "b-1"
    assert registry.verify().ok
