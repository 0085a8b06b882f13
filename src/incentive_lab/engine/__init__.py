"""What a scheme pays: compile it to arrays, walk the months, tell what came out.

Importing this package points numba's cache at a folder named after the engine's sources and this machine's numba,
because numba's own index does not notice a change in a function that another module calls.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import numba

from incentive_lab.home import home


def _cache_folder(package: Path) -> Path:
    """The kernel cache of exactly the compiled sources of a package."""
    digest = hashlib.sha256(version("numba").encode())
    for source in sorted(package.glob("*.py")):
        text = source.read_bytes()
        if source.name == "program.py" or b"\n@jit" in text:
            digest.update(text)
    return home() / "kernel-cache" / digest.hexdigest()[:16]


@contextmanager
def compiled_apart(package: Path) -> Iterator[None]:
    """Functions that are declared inside are cached by the sources of their own package, not by the engine's."""
    before = numba.config.CACHE_DIR
    if "NUMBA_CACHE_DIR" not in os.environ:
        numba.config.CACHE_DIR = str(_cache_folder(package))
    try:
        yield
    finally:
        numba.config.CACHE_DIR = before


if "NUMBA_CACHE_DIR" not in os.environ:
    numba.config.CACHE_DIR = str(_cache_folder(Path(__file__).parent))
