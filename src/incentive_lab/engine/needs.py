"""What of a history a scheme reads: the measures, the deals and the returns to ask for."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from incentive_lab.engine.columns import ColumnBook, paid_on
from incentive_lab.engine.compile import compile_scheme
from incentive_lab.errors import InputError, Problem
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.measures import Measure
from incentive_lab.scheme.paths import apply


@dataclass(frozen=True)
class Needs:
    """Leaf measures by the name they get in the panel, those also needed deal by deal, and whether returns are."""

    leaves: Mapping[str, Measure]
    deal_leaves: Mapping[str, tuple[str, ...]]
    returns: bool


def needs(*schemes: Scheme) -> Needs:
    """Everything these schemes read, so that one panel serves them all.

    Raises:
        InputError: Two schemes define a measure of one name differently.
    """
    leaves: dict[str, Measure] = {}
    deals: dict[str, dict[str, None]] = {"deal": {}, "line": {}}
    returns = False
    problems: list[Problem] = []
    for scheme, columns in (one for each in schemes for one in _columns(each)):
        for name, measure in columns.leaves().items():
            if leaves.setdefault(name, measure) != measure:
                problems.append(Problem(f"measures.{name}", f"the schemes compared define {name} differently",
                                        "Give one of them another name."))  # fmt: skip
        for column in columns.deals:
            deals[column.grain] |= dict.fromkeys(columns.deal_leaves(column))
        if scheme.budget and scheme.budget.when_exceeded == "first_come":
            for rule in scheme.rules:
                dated = paid_on(scheme, rule)
                if dated is not None and not (dated[1].spread or dated[1].distinct):
                    leaves[dated[0]] = dated[1]
                    deals["deal"][dated[0]] = None
        returns = returns or bool(columns.returns)
    if problems:
        raise InputError(problems)
    return Needs(leaves, {grain: tuple(names) for grain, names in deals.items() if names}, returns)


_KEPT: OrderedDict[int, tuple[Scheme, tuple[tuple[Scheme, ColumnBook], ...]]] = OrderedDict()


def _columns(scheme: Scheme) -> tuple[tuple[Scheme, ColumnBook], ...]:
    """A scheme and each of its variants with the columns they read, remembered for the documents in use."""
    held = _KEPT.get(id(scheme))
    if held is None or held[0] is not scheme:
        plain = scheme.model_copy(update={"variants": {}})
        parts = [plain, *(apply(plain, variant.change) for variant in scheme.variants.values())]
        held = (scheme, tuple((part, compile_scheme(part, 0, 1).columns) for part in parts))
        _KEPT[id(scheme)] = held
        while len(_KEPT) > 64:
            _KEPT.popitem(last=False)
    return held[1]
