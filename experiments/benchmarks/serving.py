"""A Streamlit server of one's own on a free port, for benchmarks and for the tests that drive a browser."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0
"""Seconds within which a server answers, on a busy machine too."""


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(
    script: Path, environment: Mapping[str, str | None] | None = None, *, port: int = 0, options: Sequence[str] = ()
) -> Iterator[str]:
    """The address of a server that runs a script until the block ends.

    Args:
        script: What Streamlit runs.
        environment: Variables to set, or with None to take away.
        port: To listen on; by default a free one.
        options: More of Streamlit's options.

    Raises:
        RuntimeError: The server stopped or did not answer in time.
    """
    port, changed = port or free_port(), environment or {}
    env = {name: value for name, value in {**os.environ, **changed}.items() if value is not None}
    running = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port), *options],
        cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _answering(running, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        running.terminate()
        running.wait(20)


def _answering(running: subprocess.Popen[bytes], port: int) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if running.poll() is not None:
            raise RuntimeError(f"the server stopped with status {running.returncode}")
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1)
        except OSError:
            time.sleep(0.25)
        else:
            return
    raise RuntimeError(f"the server did not answer within {PATIENCE:.0f} seconds")
