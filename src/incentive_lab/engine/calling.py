"""Compiled functions that are called by their address, so that what calls them is compiled without them.

numba compiles a function anew into each that calls it. The payout machine is most of all compiled code, and three levels
call it: by address it is compiled once (`make bench BENCH="--only start"`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import types
from numba.core import cgutils
from numba.core.errors import TypingError
from numba.extending import intrinsic


def by_address(kinds: tuple[Any, ...]) -> Callable[..., None]:
    """What compiled code calls as `call(address, *arguments)`, with arguments of exactly these numba types, none returned."""

    @intrinsic
    def call(typingctx, address, *arguments):  # type: ignore[no-untyped-def]
        given = tuple(arguments[0] if len(arguments) == 1 and isinstance(arguments[0], tuple) else arguments)
        if given != kinds:
            at = next(
                (place for place, pair in enumerate(zip(given, kinds, strict=False)) if pair[0] != pair[1]), "length"
            )
            raise TypingError(f"called by address with other types than it was declared with, first at argument {at}")

        def codegen(context, builder, signature, values):  # type: ignore[no-untyped-def]
            convention = context.call_conv
            function = convention.get_function_type(types.none, kinds)
            begin = builder.inttoptr(values[0], function.as_pointer())
            status, _ = convention.call_function(
                builder, begin, types.none, kinds, cgutils.unpack_tuple(builder, values[1])
            )
            with cgutils.if_unlikely(builder, status.is_error):
                convention.return_status_propagate(builder, status)
            return context.get_dummy_value()

        return types.none(types.int64, types.StarArgTuple(given)), codegen

    called: Callable[..., None] = call
    return called


def address_of(function: Any, kinds: tuple[Any, ...]) -> int:
    """Where a jitted function for arguments of these types begins; compiled or read from its cache if it is not there yet."""
    function.compile(kinds)
    made = function.overloads[kinds]
    return int(made.library.get_pointer_to_function(made.fndesc.llvm_func_name))
