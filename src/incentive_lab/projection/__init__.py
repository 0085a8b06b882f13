"""What a scheme will cost: a model fitted to the history, scenarios of the future, and the one kernel that pays them."""

from __future__ import annotations

import importlib
from functools import partial
from pathlib import Path

from incentive_lab.engine import compiled_apart, compiling_once

importlib.import_module("incentive_lab.engine.kernel")
with compiled_apart(Path(__file__).parent) as _CACHE:
    importlib.import_module("incentive_lab.projection.draws")
    importlib.import_module("incentive_lab.projection.lanes")
    importlib.import_module("incentive_lab.projection.keeping")
    importlib.import_module("incentive_lab.projection.spans")

drawing_once = partial(compiling_once, "spans.pay_span", _CACHE)
"""Around the first chunk of a process, as `compiling_once` around its first payment."""
