"""Where this installation keeps its own state."""

from __future__ import annotations

import os
from pathlib import Path


def home() -> Path:
    """The folder of drafts, uploaded histories and the kernel cache: `INCENTIVE_LAB_HOME`, or beside `app.py`.

    Returns:
        The folder; it is not created here.
    """
    named = os.environ.get("INCENTIVE_LAB_HOME")
    return Path(named).expanduser() if named else Path(__file__).resolve().parents[2] / ".incentive-lab"
