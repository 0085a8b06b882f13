"""Where this installation keeps its own state."""

from __future__ import annotations

import hashlib
import os
from functools import cache
from pathlib import Path


def home() -> Path:
    """The folder of drafts, uploaded histories and the kernel cache: `INCENTIVE_LAB_HOME`, or beside `app.py`.

    Returns:
        The folder; it is not created here.
    """
    named = os.environ.get("INCENTIVE_LAB_HOME")
    return Path(named).expanduser() if named else Path(__file__).resolve().parents[2] / ".incentive-lab"


@cache
def code_id() -> str:
    """'c' and 12 hexadecimal digits of this installation's own modules: equal where the same code runs.

    Example:
        >>> len(code_id())
        13
    """
    package, digest = Path(__file__).resolve().parent, hashlib.sha256()
    for path in sorted(package.rglob("*.py"), key=lambda one: one.relative_to(package).as_posix()):
        digest.update(path.relative_to(package).as_posix().encode() + b"\0")
        digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return "c" + digest.hexdigest()[:12]
