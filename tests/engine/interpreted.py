"""The kernel as plain Python: `NUMBA_DISABLE_JIT=1 python -m tests.engine.interpreted` pays the golden cases without a compiler.

What comes out must be what the compiled kernel pays. Coverage sees the lines of the kernel only here, and a mutant of
the kernel (experiments/validation/mutation.py) needs no compilation.
"""

from __future__ import annotations

import ctypes
import sys
import warnings
from collections.abc import Iterator
from fractions import Fraction

import numba
import numpy as np

import incentive_lab.engine.numeric as numeric
from incentive_lab.panel import Floats


def _lanes_at(address: int, count: int) -> Floats:
    return np.ctypeslib.as_array((ctypes.c_double * int(count)).from_address(int(address)))


def _fused(a: float, b: float, c: float) -> float:
    if np.isfinite([a, b, c]).all():
        return np.float64(float(Fraction(float(a)) * Fraction(float(b)) + Fraction(float(c))))
    return a * b + c


def differing() -> Iterator[str]:
    """Each golden case of which the interpreted kernel pays other amounts, with the first of them.

    Raises:
        RuntimeError: The compiler is at work.
    """
    if not numba.config.DISABLE_JIT:
        raise RuntimeError("set NUMBA_DISABLE_JIT=1 before Python starts")
    # The two instructions of the processor that have no Python of their own; modules that use them are loaded later.
    numeric.lanes_at, numeric.fused = _lanes_at, _fused
    from tests.engine.adapter import differences, engine_lines
    from tests.engine.golden_cases import golden_cases

    warnings.simplefilter("ignore", RuntimeWarning)  # compiled code divides by zero in silence
    for case in golden_cases():
        try:
            paid, _ = engine_lines(case.scheme, case.panel, case.baseline)
        except Exception as error:
            yield f"{case.name}: {error!r}"
            continue
        if found := differences(paid, case.pays):
            yield f"{case.name}: {found[0]}"


if __name__ == "__main__":
    found = list(differing())
    print("\n".join(found))
    sys.exit(bool(found))
