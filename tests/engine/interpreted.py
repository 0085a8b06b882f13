"""The kernel as plain Python: `NUMBA_DISABLE_JIT=1 python -m tests.engine.interpreted` pays the golden cases without a compiler.

What comes out must be what the compiled kernel pays. Coverage sees the lines of the kernel only here, and a mutant of
the kernel (experiments/validation/mutation.py) needs no compilation.
"""

from __future__ import annotations

import ctypes
import inspect
import itertools
import math
import random
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP, Decimal
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numba
import numpy as np

from incentive_lab.panel import Floats, Panel
from incentive_lab.scheme.document import Scheme
from tests.engine.golden_cases import golden_cases


@dataclass(frozen=True)
class Case:
    """What a scheme pays on a history: (month, partner, line) -> amount; and (month, partner) -> tier where it is known."""

    name: str
    scheme: Scheme
    panel: Panel
    baseline: Scheme | None
    pays: Mapping[Any, Decimal]
    tiers: Mapping[tuple[int, str], int] = field(default_factory=dict)


def _lanes_at(address: int, count: int) -> Floats:
    return np.ctypeslib.as_array((ctypes.c_double * int(count)).from_address(int(address)))


def _fused(a: float, b: float, c: float) -> float:
    if np.isfinite([a, b, c]).all():
        return np.float64(float(Fraction(float(a)) * Fraction(float(b)) + Fraction(float(c))))
    return a * b + c


_BEGINS: list[Callable[..., None]] = []


def _address_of(function: Callable[..., None], _: tuple[Any, ...]) -> int:
    _BEGINS.append(function)
    return len(_BEGINS)


def _by_address(kinds: tuple[Any, ...]) -> Callable[..., None]:
    def call(address: int, *arguments: Any) -> None:
        if len(arguments) != len(kinds):
            raise TypeError(f"called by address with {len(arguments)} arguments, not {len(kinds)}")
        _BEGINS[address - 1](*arguments)

    return call


_FENCES: list[Floats] = []


def _fenced(shape: tuple[int, ...]) -> Floats:
    """Zeros with as much room again behind them, in which nothing may be written: addresses have no bounds of their own."""
    size = int(np.prod(shape))
    room = np.zeros(2 * size)
    room[size:] = -1234.5
    _FENCES.append(room[size:])
    return room[:size].reshape(shape)


def without_compiler() -> None:
    """Put Python in the place of what it has not: two instructions of the processor, addresses; the engine is loaded later.

    Raises:
        RuntimeError: The compiler is at work.
    """
    if not numba.config.DISABLE_JIT:
        raise RuntimeError("set NUMBA_DISABLE_JIT=1 before Python starts")
    import incentive_lab.engine.numeric as numeric

    numeric.lanes_at, numeric.fused = _lanes_at, _fused
    import incentive_lab.engine.calling as calling

    calling.address_of, calling.by_address = _address_of, _by_address
    import incentive_lab.engine.kernel as kernel

    kernel.np = SimpleNamespace(**{**vars(np), "zeros": _fenced})
    kernel.CHUNK = 2  # what one chunk of deals leaves for the next is asked by three deals
    warnings.simplefilter("ignore", RuntimeWarning)  # compiled code divides by zero in silence


def golden() -> list[Case]:
    """The golden cases."""
    return [Case(one.name, one.scheme, one.panel, one.baseline, one.pays) for one in golden_cases()]


def documented() -> list[Case]:
    """The examples of docs/scheme.md, with what they say is paid."""
    from incentive_lab.history import open_history
    from incentive_lab.history.for_schemes import panel_for
    from tests.docs.examples import TOTAL, checked, expected, read, write_history
    from tests.house.floors import ROOT

    found = []
    for example in read(ROOT / "docs" / "scheme.md").examples:
        baseline = checked(example.baseline) if example.baseline else None
        scheme = checked(example.scheme, baseline)
        with tempfile.TemporaryDirectory() as folder:
            write_history(example.tables, Path(folder))
            with open_history(folder, splits_at_most=float(scheme.splits.at_most)).closing() as history:
                panel = panel_for(history, *((scheme, baseline) if baseline else (scheme,)))
        place = panel.labels().index
        pays = {
            (place(month), who, line): amount
            for (who, month, line), amount in expected(example).items()
            if line != TOTAL
        }
        found.append(Case(example.heading, scheme, panel, baseline, pays))
    return found


def drawn(each: int) -> list[Case]:
    """Random schemes on random histories with what the reference pays, so many of each focus."""
    from hypothesis import given, settings

    from incentive_lab.scheme.check import check
    from tests.engine.adapter import reference_lines
    from tests.engine.test_against_reference import FOCUS
    from tests.reference import Undefined

    def collected(focus: str) -> list[Case]:
        found: list[Case] = []

        @settings(max_examples=each, derandomize=True, deadline=None)
        @given(*FOCUS[focus])
        def collect(scheme: Scheme, history: Any, baseline: Scheme | None) -> None:
            if not check(scheme).ok or (baseline is not None and not check(baseline).ok):
                return
            panel = history.panel()
            with suppress(Undefined):
                pays, tiers = reference_lines(scheme, panel, baseline)
                found.append(Case(focus, scheme, panel, baseline, pays, tiers if scheme.tiers else {}))

        collect()
        return found

    return [case for focus in FOCUS for case in collected(focus)]


def differing(cases: list[Case]) -> Iterator[str]:
    """Each case of which the interpreted kernel pays other amounts, with the first of them."""
    without_compiler()
    from tests.engine.adapter import differences, engine_lines

    yield from arithmetic()
    yield from told()
    for case in cases:
        try:
            paid, tiers = engine_lines(case.scheme, case.panel, case.baseline)
        except Exception as error:
            yield f"{case.name}: {error!r}"
            continue
        if found := differences(paid, case.pays):
            yield f"{case.name}: {found[0]}"
        if any(case.tiers.get(place, tier) != tier for place, tier in tiers.items()):
            yield f"{case.name}: another tier is in force"
        if any((fence != -1234.5).any() for fence in _FENCES):
            yield f"{case.name}: something is written past the end of the kernel's own rows"
        _FENCES.clear()


def told() -> Iterator[str]:
    """Each test of what a statement tells that fails: the kernel's trace is read there alone."""
    from tests.engine import test_statement as tests

    with tempfile.TemporaryDirectory() as folder:
        made = tests.stated(Path(folder))
    for name, test in vars(tests).items():
        if name.startswith("test_") and [*inspect.signature(test).parameters] == ["told"]:
            try:
                test(made)
            except (AssertionError, StopIteration) as error:
                yield f"{name}: {error!r}"


def arithmetic() -> Iterator[str]:
    """Each function of engine/numeric.py that is not exact, on whole numbers of every size."""
    from incentive_lab.engine import numeric
    from incentive_lab.engine.program import HALF_EVEN, HALF_UP, UP

    chance = random.Random(7)
    sizes = [chance.choice((-1, 1)) * chance.randrange(2 ** chance.randrange(1, 52)) for _ in range(1_500)]
    sizes += [0, 1, -1, 2, 3, 5, 15, 25, -25, 35, 50, 75, 100, 150, 250, 2**52 - 1]

    def half_up(exact: Fraction) -> int:
        size = int(abs(exact) + Fraction(1, 2))
        return size if exact >= 0 else -size

    ways = {HALF_UP: ROUND_HALF_UP, HALF_EVEN: ROUND_HALF_EVEN, UP: ROUND_UP}
    for x in sizes:
        for unit in (1, 2, 10, 100, 10_000, 999_983):
            for mode, way in ways.items():
                wanted = (Decimal(x) / unit).quantize(Decimal(1), way) * unit
                if numeric.round_money(float(x), float(unit), mode) != float(wanted):
                    yield f"round_money({x}, {unit}, {mode}) is not {wanted}"
        for unit in (16, 100, 10_000, 999_983, 1_000_000, 25_000_000):
            for size in (abs(x), abs(x) // unit * unit, max(0, abs(x) // unit * unit - 1)):
                found = numeric.whole_units(float(size), float(unit), numeric.inverse_of(float(unit)))
                if found != size // unit:
                    yield f"whole_units({size}, {unit}) is not {size // unit}"
        b, c = chance.choice(sizes), chance.choice([one for one in sizes[:50] if one])
        exact = Fraction(x * b, c)
        if abs(exact) < 2**52 and numeric.times_over(float(x), float(b), float(c)) != half_up(exact):
            yield f"times_over({x}, {b}, {c}) is not {half_up(exact)}"
        if numeric.half_away(x / 2) != half_up(Fraction(x, 2)):
            yield f"half_away({x / 2})"
    for x, cents, line in ((2_500_000.0, 3.0, 3_000_000.0), (1_499_999.0, 1.0, 1_000_000.0)):
        told = [(at(x, 1e6, HALF_UP, True), at(x, 1e6, HALF_UP, False)) for at in (numeric.to_cents, numeric.to_line)]
        if told != [(cents, x / 1e6), (line, x)]:
            yield f"to_cents or to_line of {x}: {told}"
    nothing = math.nan
    for asked, answer in {
        (0, 3.0, 2.0, False): 1.5, (0, 3.0, 0.5, False): 6.0, (0, 3.0, 0.0, False): nothing, (0, 3.0, -0.5, False): nothing,
        (1, 3.0, 2.0, False): 0.5, (1, 0.0, 0.5, False): -1.0, (1, 3.0, 0.0, False): nothing, (1, 3.0, 0.0, True): math.inf,
        (1, 0.5, 0.0, True): math.inf, (1, 0.0, 0.0, True): nothing, (1, -0.5, 0.0, True): nothing,
        (1, 3.0, nothing, True): nothing, (2, 3.0, 2.0, False): 1.0, (2, 2.0, 3.0, False): 0.0, (2, 3.0, 2.5, False): 0.5,
        (2, 3.0, nothing, False): nothing,
    }.items():  # fmt: skip
        got = numeric.compared(*asked)
        if not (got == answer or (math.isnan(answer) and math.isnan(got))):
            yield f"compared{asked} is {got}, not {answer}"
    for base, unit in itertools.product((3e6, 3_000_001.0, 7e8, 123_456e6), (50, 1_000)):
        for rate in (0.0125, 0.033, 0.00005, 1.25):
            amount = np.floor(base * rate + 0.5)
            wanted = (Decimal(repr(rate)) * 1_000_000 / unit).quantize(Decimal(1), ROUND_HALF_UP) * unit / 1_000_000
            if numeric.rounded_rate(amount, base, 1e6, float(unit), HALF_UP) != float(wanted):
                yield f"rounded_rate({amount}, {base}, {unit}) is not {wanted}"
    if numeric.lane_sum(np.array([1.0, 2.0, 4.0, 8.0]), 3) != 7.0:
        yield "lane_sum"


if __name__ == "__main__":
    seen = list(differing(golden()))
    print("\n".join(seen))
    sys.exit(bool(seen))
