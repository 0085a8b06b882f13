"""What a scheme will cost: a model fitted to the history, scenarios of the future, and the one kernel that pays them."""

from __future__ import annotations

import importlib
from pathlib import Path

from incentive_lab.engine import compiled_apart

importlib.import_module("incentive_lab.engine.kernel")
with compiled_apart(Path(__file__).parent):
    importlib.import_module("incentive_lab.projection.draws")
    importlib.import_module("incentive_lab.projection.lanes")
    importlib.import_module("incentive_lab.projection.keeping")
