"""Several instructions of the usual rule become one: the kernel passes over its lanes once instead of four times."""

from __future__ import annotations

from collections.abc import Sequence

from incentive_lab.engine import ops as o
from incentive_lab.engine.assembler import Assembler

_BEFORE = {o.CUT_AT: o.QUANTITY_AT, o.CUT_USED: o.QUANTITY_USED}
_AFTER = {o.CUT_AT: o.AMOUNT_AT, o.CUT_USED: o.AMOUNT_USED}


def fuse_rule(code: Assembler, start: int) -> None:
    """Make one EARN of a rule that pays one rate on a window, has at most one limit, and posts at once.

    Args:
        code: What was written so far; the rule's instructions begin at `start` and end with its posting.
        start: Where the rule begins.
    """
    lines = [line for line in code.code[start:] if line[o.C_OP] != o.GROUP]
    names = [line[o.C_OP] for line in lines]
    if names[0:1] != [o.DIFFERENCE] or names[-1] != o.POST or len({line[o.C_ACT] for line in lines}) > 1:
        return
    window, *middle, post = lines
    money = next((line for line in middle if line[o.C_OP] == o.RATE_MONEY), None)
    if money is None or len(middle) > 2 or not post[o.C_I + 1] or code.pool[money[o.C_F]] % 1:
        return
    if not (_same(window, o.C_OUT, money, o.C_A) and _same(money, o.C_OUT, post, o.C_A)):
        return
    kind, limit = o.FREE, None
    if len(middle) == 2:
        before = middle[1] is money
        limit = middle[0] if before else middle[1]
        kinds = _BEFORE if before else _AFTER
        cut = limit[o.C_OP] in kinds and not (limit[o.C_OP] == o.CUT_AT and limit[o.C_I])
        if not cut or not _same(limit, o.C_OUT, window if before else money, o.C_OUT):
            return
        kind = kinds[limit[o.C_OP]]
    line = [
        o.EARN,
        window[o.C_ACT],
        *money[o.C_OUT : o.C_OUT + 2],
        *window[o.C_A : o.C_A + 6],
        *money[o.C_B : o.C_B + 3],
    ]
    line += limit[o.C_C : o.C_C + 3] if limit else (o.WORK, o.SPARE, 0)
    line += [post[o.C_I], kind, 0, 0, 0, 0, money[o.C_F], limit[o.C_N] if limit else 0]
    code.code[start:] = [line]


def _same(one: Sequence[int], at: int, other: Sequence[int], there: int) -> bool:
    """Whether two instructions name the same row of work; what is written has no space."""
    first = [o.WORK, *one[at : at + 2]] if at == o.C_OUT else list(one[at : at + 3])
    second = [o.WORK, *other[there : there + 2]] if there == o.C_OUT else list(other[there : there + 3])
    return first == second
