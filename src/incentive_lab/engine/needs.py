"""What of a history a scheme reads: the measures, the deals and the returns to ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from incentive_lab.engine.columns import paid_on
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
    for scheme in _with_variants(schemes):
        columns = compile_scheme(scheme, 0, 1).columns
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


def _with_variants(schemes: tuple[Scheme, ...]) -> list[Scheme]:
    """The schemes and each of their variants."""
    result = []
    for scheme in schemes:
        plain = scheme.model_copy(update={"variants": {}})
        result += [plain, *(apply(plain, variant.change) for variant in scheme.variants.values())]
    return result
