"""What it costs to change one number and see the new total, the history being open."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from itertools import cycle

import numpy as np
from experiments.benchmarks.measuring import Row, alone, side_by_side
from experiments.benchmarks.month_rules import kernel
from experiments.benchmarks.world import month_panel, scheme

from incentive_lab.engine.blocks import blocks
from incentive_lab.engine.compile import compile_scheme
from incentive_lab.engine.replay import replay
from incentive_lab.scheme.fingerprint import fingerprint
from incentive_lab.scheme.paths import apply

PATH = "tiers.levels.gold.needs.revenue"


def slider(repeats: int, partners: int = 1_000, months: int = 36) -> list[Row]:
    """Rows for one moved threshold, and where the time goes."""
    document, panel = scheme("month_rules"), month_panel(partners, months)
    values = cycle([Decimal(150_000), Decimal(250_000)])
    compiled = compile_scheme(document, panel.first_month, panel.months)
    everybody, nothing = np.arange(partners), np.zeros((0, months, partners))

    def moved() -> object:
        return replay(apply(document, {PATH: next(values)}), panel, detail=False)

    steps: dict[str, Callable[[], object]] = {
        "in all": moved,
        "change, validated": lambda: apply(document, {PATH: next(values)}),
        "fingerprint": lambda: fingerprint(document),
        "compile": lambda: compile_scheme(document, panel.first_month, panel.months).program,
        "layout, kept": lambda: blocks(compiled, panel, everybody, nothing, None),
        "kernel, one thread": kernel(panel, compiled, False),
        "kernel, all threads": kernel(panel, compiled, True),
    }
    times = side_by_side(steps, repeats * 3)
    what = f"slider, {partners:,} x {months}"
    return [alone(f"{what}, {name}", each) for name, each in times.items()]
