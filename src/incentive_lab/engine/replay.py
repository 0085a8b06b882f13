"""Replay: what a scheme would have paid these partners, month by month."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from incentive_lab.engine import compiling_once
from incentive_lab.engine.blocks import aligned, blocks
from incentive_lab.engine.claims import dated_claims
from incentive_lab.engine.compile import Compiled, compile_scheme
from incentive_lab.engine.contests import award_amounts, ranks_by_tier
from incentive_lab.engine.kernel import addresses, run_block
from incentive_lab.engine.ops import Y_PAID, Y_ROWS
from incentive_lab.engine.owed import KINDS
from incentive_lab.engine.program import (
    BUDGET,
    GUARANTEE,
    OPERANDS,
    POOL,
    SCORE_PARTS,
    SPECIAL_LINES,
    TRACE_FIELDS,
    Block,
)
from incentive_lab.engine.programme import budget_lines, pool_lines
from incentive_lab.engine.rollup import rolled_up
from incentive_lab.engine.variants import Part, parts
from incentive_lab.format import quarter_name
from incentive_lab.money import decimals
from incentive_lab.panel import Floats, Panel
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.fingerprint import fingerprint

_POOL = ThreadPoolExecutor(max_workers=max(1, os.cpu_count() or 1), thread_name_prefix="kernel")
_NOTHING = np.zeros((0, 0, 0))
_NO_TRACE = np.zeros((0, 0, 0, 0))


@dataclass(frozen=True, eq=False)
class Replay:
    """What a scheme paid on a history. All amounts are minor units (cents).

    Attributes:
        scheme: The document.
        panel: The history it was replayed on (after any roll-up to parents).
        line_ids: Rules in document order, then the special lines.
        total: float64 [months, partners], what was paid.
        by_rule: float64 [lines, partners].
        by_month: float64 [lines, months].
        tiers: uint8 [months, partners], the level in force (0 = lowest).
        tier_names: Names of the levels.
        detail: float64 [lines, months, partners], or empty when it was not asked for.
        warnings: What was assumed, as sentences.
    """

    scheme: Scheme
    panel: Panel
    line_ids: tuple[str, ...]
    total: Floats
    by_rule: Floats
    by_month: Floats
    tiers: NDArray[np.uint8]
    tier_names: tuple[str, ...]
    detail: Floats
    warnings: tuple[str, ...] = field(default=())

    @cached_property
    def fingerprint(self) -> str:
        """Content id of the scheme."""
        return fingerprint(self.scheme)

    @property
    def minor(self) -> int:
        """Minor units in one unit of currency."""
        return int(10 ** decimals(self.panel.currency))

    @property
    def by_partner(self) -> Floats:
        """float64 [partners] cents over all months."""
        return np.asarray(self.total.sum(axis=0))

    @property
    def cost(self) -> float:
        """Cents paid to everybody."""
        return float(self.total.sum())

    def quarters(self) -> list[str]:
        """The programme quarter of each month by name, as `incentive_lab.format.quarter_name` tells it."""
        return [quarter_name(month, self.scheme.year_starts) for month in self.panel.labels()]

    def amounts(self) -> Floats:
        """float64 [lines, months, partners] in whole currency units; needs `detail`."""
        return self.detail / self.minor


def compiled_parts(scheme: Scheme, panel: Panel, starts: int | None = None) -> list[tuple[Compiled, Part]]:
    """The scheme's variants compiled, each with the partners it pays; `starts` as in `compile_scheme`."""
    return [
        (compile_scheme(part.scheme, panel.first_month, panel.months, starts), part) for part in parts(scheme, panel)
    ]


def replay(
    scheme: Scheme, panel: Panel, *, baseline: Scheme | None = None, detail: bool = True, threads: bool = True,
    starts: int | None = None, compiled: Sequence[tuple[Compiled, Part]] | None = None,
) -> Replay:  # fmt: skip
    """Pay every partner of the panel under a scheme, over all its months.

    Args:
        scheme: A scheme that `check` finds no problem in.
        panel: A history with the columns that `requirements.wanted` names.
        baseline: The scheme that a guarantee compares with.
        detail: Keep every line by month and partner.
        threads: Use the process-wide pool for more than one block; the result does not depend on it.
        starts: As in `compile_scheme`.
        compiled: What `compiled_parts` made of a panel with the same months and the same partners, if it is there already.

    Raises:
        InputError: A guarantee needs a baseline and none was given.
    """
    panel = rolled_up(scheme, panel)
    shared = scheme.budget is not None and scheme.budget.when_exceeded != "report"
    asked, detail = detail, detail or bool(scheme.pools) or shared
    floor = _baseline_total(scheme, baseline, panel)
    awards = award_amounts(scheme, panel, _tiers(scheme, panel) if ranks_by_tier(scheme) else None)
    lines = len(scheme.rules) + len(SPECIAL_LINES)
    out = Replay(
        scheme=scheme, panel=panel,
        line_ids=(*(rule.id for rule in scheme.rules), *SPECIAL_LINES),
        total=np.zeros((panel.months, panel.partners)), by_rule=np.zeros((lines, panel.partners)),
        by_month=np.zeros((lines, panel.months)), tiers=np.zeros((panel.months, panel.partners), dtype=np.uint8),
        tier_names=tuple(level.name for level in scheme.tiers.levels) if scheme.tiers else ("all",),
        detail=np.zeros((lines, panel.months, panel.partners)) if detail else _NOTHING,
        warnings=panel.warnings,
    )  # fmt: skip
    for one, part in compiled_parts(scheme, panel, starts) if compiled is None else compiled:
        for lanes, result in run(one, panel, part.partners, awards, floor, detail, threads):
            _scatter(out, lanes, result)
    _programme(scheme, panel, out)
    _refuse_inexact(out)
    return out if asked else replace(out, detail=_NOTHING)


def _refuse_inexact(out: Replay) -> None:
    """Amounts that float64 no longer holds to the cent are refused, never shown."""
    sums = (
        *out.by_rule.sum(axis=1),
        out.total.sum(),
        np.abs(out.by_rule).max(initial=0.0),
        np.abs(out.total).max(initial=0.0),
    )
    if all(abs(amount) < EXACT for amount in sums):
        return
    from incentive_lab.errors import InputError, Problem

    rule = out.line_ids[int(np.abs(out.by_rule).sum(axis=1).argmax())]
    raise InputError([Problem(f"rules.{rule}", "what it pays is too large to be held to the cent.",
                              f"Amounts stay below {EXACT:,} of the currency's smallest units.")])  # fmt: skip


def _tiers(scheme: Scheme, panel: Panel) -> NDArray[np.uint8]:
    """The tiers in force, uint8 [months, partners], before anything is paid."""
    group = scheme.group if scheme.group and scheme.group.pays == "member" else None
    ranked = next(rule for rule in scheme.rules if rule.award is not None)
    bare = Scheme.model_validate({
        "scheme": scheme.id, "currency": scheme.currency, "effective": scheme.effective, "calendar": scheme.calendar,
        "tiers": scheme.tiers, "measures": scheme.measures, "group": group, "splits": scheme.splits,
        "returns": scheme.returns, "rules": [{"id": ranked.id, "on": ranked.on}],
    })  # fmt: skip
    return replay(bare, panel, detail=False).tiers


def _baseline_total(scheme: Scheme, baseline: Scheme | None, panel: Panel) -> Floats | None:
    """Cents by month and partner that a guarantee against the baseline compares with."""
    if not any(item.against == "baseline" for item in scheme.guarantees):
        return None
    from incentive_lab.errors import InputError, Problem

    if baseline is None:
        raise InputError([Problem("guarantees", "a guarantee against the baseline needs the baseline scheme",
                                  "Name it with `baseline:` in the scheme, or pass --baseline.")])  # fmt: skip
    bare = baseline.model_copy(update={"guarantees": (), "budget": None})
    return replay(bare, panel, detail=False).total


EXACT = 2**53
"""Whole numbers below this are exact in float64."""
Result = tuple[NDArray[np.uint8], Floats, Floats, Floats, Floats, Floats, Floats, Floats]


def run(
    compiled: Compiled, panel: Panel, partners: NDArray[np.int64], awards: Floats, baseline: Floats | None,
    detail: bool, threads: bool = True, trace: bool = False,
) -> list[tuple[NDArray[np.int64], Result]]:  # fmt: skip
    """Run the kernel over blocks of these partners; each result with the panel rows of its lanes."""
    made = blocks(compiled, panel, partners, awards, baseline)
    tasks = [(compiled, block, panel.months, detail, trace) for block in made]
    results: Sequence[Result]
    if threads and len(tasks) > 1:
        results = list(_POOL.map(lambda task: run_one(*task), tasks))
    else:
        results = [run_one(*task) for task in tasks]
    begin, paired = 0, []
    for block, result in zip(made, results, strict=True):
        paired.append((partners[begin : begin + block.fixed.shape[1]], result))
        begin += block.fixed.shape[1]
    return paired


def run_one(compiled: Compiled, block: Block, months: int, detail: bool, trace: bool, by_deal: bool = False) -> Result:
    """Run the kernel over one block."""
    lanes, rules = block.fixed.shape[1], len(compiled.rule_ids)
    lines = rules + len(SPECIAL_LINES)
    tiers, total = np.empty((months, lanes), dtype=np.uint8), np.empty((months, lanes))
    by_rule, by_month = np.zeros((lines, lanes)), np.zeros((lines, months))
    kept = np.zeros((lines, months, lanes)) if detail else _NOTHING
    told = len(TRACE_FIELDS) + len(compiled.tables[SCORE_PARTS]) + len(compiled.tables[OPERANDS])
    traced = np.zeros((months, rules, told, lanes)) if trace else _NO_TRACE
    balances = np.zeros((len(KINDS), months, lanes)) if trace else _NOTHING
    program = compiled.traced if trace else compiled.program
    paid = np.zeros((rules if by_deal else program.setup[Y_PAID], block.deal_values.shape[1]))
    work = aligned(int(program.setup[Y_ROWS]), lanes)
    work[:] = 0.0
    with compiling_once():
        run_block(addresses(program), program, block, tiers, total, by_rule, by_month, kept, traced, balances, paid, work, 0,
                  months)  # fmt: skip
    return tiers, total, by_rule, by_month, kept, traced, balances, paid


def _scatter(out: Replay, lanes: NDArray[np.int64], result: Result) -> None:
    tiers, total, by_rule, by_month, detail, *_ = result
    side_by_side = len(lanes) > 0 and int(lanes[-1] - lanes[0]) == len(lanes) - 1
    where = slice(int(lanes[0]), int(lanes[-1]) + 1) if side_by_side else lanes
    out.tiers[:, where] = tiers
    out.total[:, where] = total
    out.by_rule[:, where] = by_rule
    out.by_month[:] += by_month
    if detail.size:
        out.detail[:, :, where] = detail


def _programme(scheme: Scheme, panel: Panel, out: Replay) -> None:
    """Pools, then the budget, written into the result in place before it is handed out."""
    rules = {rule.id: row for row, rule in enumerate(scheme.rules)}
    if scheme.pools:
        _add(out, len(rules) + POOL, pool_lines(scheme, panel, out.detail, rules))
    if scheme.budget and scheme.budget.when_exceeded != "report":
        guaranteed = out.detail[len(rules) + GUARANTEE]
        dated = scheme.budget.when_exceeded == "first_come"
        claims = partial(dated_claims, scheme, panel, out.detail) if dated else None
        _add(out, len(rules) + BUDGET, budget_lines(scheme, panel, out.total, guaranteed, claims))


def _add(out: Replay, row: int, lines: Floats) -> None:
    out.total[:] += lines
    out.by_rule[row] += lines.sum(axis=0)
    out.by_month[row] += lines.sum(axis=1)
    if out.detail.size:
        out.detail[row] += lines
