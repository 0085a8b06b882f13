"""A month-level replay against NumPy and pandas on the same scheme and the same history, equal to the cent."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from experiments.benchmarks import numpy_rival, pandas_rival
from experiments.benchmarks.by_hand import by_hand
from experiments.benchmarks.measuring import Row, Times, alone, rivalry, side_by_side
from experiments.benchmarks.world import month_panel, scheme

from incentive_lab.engine.blocks import blocks
from incentive_lab.engine.compile import Compiled
from incentive_lab.engine.program import Block
from incentive_lab.engine.replay import compiled_parts, replay, run_one
from incentive_lab.panel import Floats, Panel

CHUNKS = (500, 1_000, 2_500)
POOL = ThreadPoolExecutor(os.cpu_count() or 1)


def kernel(panel: Panel, compiled: Compiled, threads: bool) -> Callable[[], object]:
    """Only the kernel: the scheme is compiled and the panel laid out in blocks before."""
    everybody, nothing = np.arange(panel.partners), np.zeros((0, panel.months, panel.partners))
    made = blocks(compiled, panel, everybody, nothing, None)

    def one(block: Block) -> object:
        return run_one(compiled, block, panel.months, False, False)

    return lambda: list(POOL.map(one, made)) if threads else [one(block) for block in made]


def month_rules(repeats: int, partners: int = 10_000, months: int = 36) -> list[Row]:
    """Rows for 10 mixed rules over partners x months."""
    document, panel = scheme("month_rules"), month_panel(partners, months)
    ((compiled, _),) = compiled_parts(document, panel)
    prepared, plain = numpy_rival.prepare(panel), numpy_rival.monthly(panel)
    few = month_panel(1_000, months)
    ((small, _),) = compiled_parts(document, few)
    rows = pandas_rival.frame(few)
    paid = replay(document, panel, detail=False).total
    _same(paid, numpy_rival.pay(plain), "NumPy")
    _same(paid, numpy_rival.pay(prepared), "NumPy on running totals")
    hand = by_hand(prepared)
    _same(paid, np.concatenate(hand(), axis=1), "code written by hand")
    _same(replay(document, few, detail=False).total, np.asarray(pandas_rival.pay(rows)).reshape(-1, months).T, "pandas")
    rivals = {
        name: {f"chunks of {size:,}": numpy_rival.chunks(given, size) for size in CHUNKS} | {"whole": [given]}
        for name, given in (("NumPy", plain), ("NumPy on running totals", prepared))
    }

    def rival(chunks: list[numpy_rival.Monthly]) -> Callable[[], object]:
        return lambda: [numpy_rival.pay(each) for each in chunks]

    times = side_by_side({
        "one": kernel(panel, compiled, False), "two": kernel(panel, compiled, True),
        **{f"{name}, {how}": rival(chunks) for name, each in rivals.items() for how, chunks in each.items()},
        "by hand": hand, "small": kernel(few, small, False),
        "small replay": lambda: replay(document, few, detail=False, threads=False),
    }, repeats)  # fmt: skip
    slow = side_by_side(
        {"pandas": lambda: pandas_rival.pay(rows), "small": kernel(few, small, False)}, max(3, repeats // 5)
    )
    again = _each(kernel(few, small, False), repeats)
    what = f"{partners:,} partners x {months} months x {len(document.rules)} rules"
    one, threads = times["one"].of_processor, os.cpu_count() or 1
    per = one.median / (partners * months * len(document.rules)) * 1e9
    rows_against = []
    for name, each in rivals.items():
        best, beaten = _fastest({key: times[key] for key in (f"{name}, {how}" for how in each)})
        rows_against += [
            rivalry(f"month rules, {what}, one thread", one, beaten.of_processor, f"{best}, one thread", 8),
            rivalry(f"month rules, {what}, {threads} threads", times["two"], beaten, f"{best}, one thread", 12),
        ]
    hands = times["by hand"].of_processor
    return [
        *rows_against,
        rivalry(f"month rules, {what}, one thread", one, hands, "code written by hand for this scheme", None),
        rivalry(f"month rules, {what}, code written by hand", hands, _fastest({
            key: times[key] for key in (f"NumPy on running totals, {how}" for how in rivals["NumPy on running totals"])
        })[1].of_processor, "NumPy on running totals, its fastest", None),
        rivalry("month rules, 1,000 partners, one thread", slow["small"].of_processor,
                slow["pandas"].of_processor, "pandas, the same", 40),
        alone("month rules, 1,000 partners, kernel, after work that took its rows out of the cache", times["small"]),
        Row("month rules, 1,000 partners, kernel, time after time", round(1e3 * again.median, 4), "ms", bar=1,
            holds=1e3 * again.median <= 1, spread=round(again.spread, 3)),
        alone("month rules, 1,000 partners, replay in all", times["small replay"]),
        Row("month rules, a partner, month and rule", round(per, 3), "ns", spread=round(one.spread, 3)),
    ]  # fmt: skip


def _each(run: Callable[[], object], repeats: int, many: int = 20) -> Times:
    """One run of many that follow each other."""
    times = side_by_side({"many": lambda: [run() for _ in range(many)]}, repeats)["many"]
    return Times(tuple(one / many for one in times.seconds), tuple(one / many for one in times.cpu))


def _fastest(times: dict[str, Times]) -> tuple[str, Times]:
    name = min(times, key=lambda each: times[each].median)
    return name, times[name]


def _same(ours: Floats, theirs: Floats, who: str) -> None:
    """Stop unless every partner's every month is the same number of cents."""
    wrong = np.argwhere(ours != theirs)
    if len(wrong):
        month, partner = wrong[0]
        raise AssertionError(
            f"{who} pays differently in {len(wrong)} places, first month {month}, partner {partner}: "
            f"kernel {ours[month, partner]}, {who} {theirs[month, partner]}"
        )
