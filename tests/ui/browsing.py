"""What the tests that drive a browser share: where Chromium is, how long they wait, when a page is done."""

from __future__ import annotations

import shutil
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PATIENCE = 120_000
"""Milliseconds that a step may take on a busy machine."""


def settled(page: Any) -> None:
    """Until no run is under way and no placeholder stands."""
    page.wait_for_function(
        "() => document.querySelector('[data-testid=stApp]').getAttribute('data-test-script-state') !== 'running'"
        " && !document.querySelector('[data-testid=stSkeleton]')",
        timeout=PATIENCE,
    )
    page.wait_for_timeout(700)
