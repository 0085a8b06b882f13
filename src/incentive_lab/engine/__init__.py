"""What a scheme pays: compile it to arrays, walk the months, tell what came out.

Importing this package points numba's cache at a folder named after the engine's sources and this machine's numba,
because numba's own index does not notice a change in a function that another module calls.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib.metadata import version
from pathlib import Path

import llvmlite.binding
import numba
from numba.core.codegen import get_host_cpu_features

from incentive_lab.home import home


def compiled_sources(package: Path) -> list[Path]:
    """The modules of a package that hold compiled functions, and those whose constants are compiled into them."""
    sources = {path.stem: path for path in sorted(package.glob("*.py"))}
    texts = {name: path.read_text(encoding="utf-8") for name, path in sources.items()}
    chosen = {name for name, text in texts.items() if re.search(r"^@(jit|entry|bare)\b", text, re.MULTILINE)}
    prefix = rf"^from incentive_lab\.{package.name}"
    for name in list(chosen):
        chosen.update(re.findall(prefix + r"\.(\w+) import", texts[name], re.MULTILINE))
        for names in re.findall(prefix + r" import ([^(\n]+)", texts[name], re.MULTILINE):
            chosen.update(part.split()[0] for part in names.split(","))
    return [sources[name] for name in sorted(chosen & sources.keys())]


def _cache_folder(*packages: Path) -> Path:
    """The kernel cache of exactly the compiled sources of packages."""
    digest = hashlib.sha256(version("numba").encode())
    for source in (source for package in packages for source in compiled_sources(package)):
        digest.update(source.read_bytes())
    return home() / "kernel-cache" / digest.hexdigest()[:16]


@contextmanager
def compiled_apart(package: Path) -> Iterator[Path]:
    """Functions that are declared inside are cached in this folder, by the sources of their own package and of the engine.

    They may call the kernel.
    """
    before = numba.config.CACHE_DIR
    if "NUMBA_CACHE_DIR" not in os.environ:
        numba.config.CACHE_DIR = str(_cache_folder(package, Path(__file__).parent))
    try:
        yield Path(numba.config.CACHE_DIR)
    finally:
        numba.config.CACHE_DIR = before


KERNEL = "kernel.run_block"


def is_compiled(entry: str = KERNEL, folder: Path | None = None) -> bool:
    """Whether a function of these sources lies in its cache; else the first replay compiles the kernel, in about 15 seconds."""
    return any((folder or Path(numba.config.CACHE_DIR)).glob(f"**/{entry}*.nbc"))


_seen_compiled: set[str] = set()


@contextmanager
def compiling_once(entry: str = KERNEL, folder: Path | None = None) -> Iterator[None]:
    """Around the first payment of a process: one process at a time compiles, the others wait and load what it made.

    Without this, commands that begin together on a new machine each spend their processor's time on the same code.

    Args:
        entry: Module and function that is compiled last of what is called inside.
        folder: The cache it lies in, if not the engine's.
    """
    if entry in _seen_compiled:
        yield
        return
    with ExitStack() as held:
        if not is_compiled(entry, folder):
            with suppress(OSError, ImportError):  # a cache that cannot be written, or no such locks on this system
                import fcntl

                cache = folder or Path(numba.config.CACHE_DIR)
                cache.mkdir(parents=True, exist_ok=True)
                lock = held.enter_context((cache / "compiling.lock").open("w"))
                fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    _seen_compiled.add(entry)


def _widest_vectors() -> None:
    """Let loops over lanes use vectors of 512 bits where the processor has them, and many rows in one loop.

    Measured (experiments/benchmarks): a fifth of the time of a replay. Whoever sets NUMBA_CPU_FEATURES decides instead.
    """
    if "NUMBA_CPU_FEATURES" not in os.environ and "NUMBA_CPU_NAME" not in os.environ:
        features = get_host_cpu_features()
        if "+avx512f" in features.split(","):
            numba.config.CPU_FEATURES = f"{features},-prefer-256-bit"
    llvmlite.binding.set_option("incentive-lab", "--runtime-memory-check-threshold=64")


_widest_vectors()
if "NUMBA_CACHE_DIR" not in os.environ:
    numba.config.CACHE_DIR = str(_cache_folder(Path(__file__).parent))
