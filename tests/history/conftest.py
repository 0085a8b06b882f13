"""What several tests of histories share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.history import postgres


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    try:
        with postgres.server() as url:
            yield url
    except postgres.NoServer as reason:
        pytest.skip(str(reason))
