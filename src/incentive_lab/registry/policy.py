"""What the organisation decided about deciding, each number declared once."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from incentive_lab.scheme.base import Part, Tunable
from incentive_lab.scheme.numbers import Whole, month_count, number

BothFrom = Annotated[
    Decimal,
    number(
        Tunable(
            "Both sign above",
            "share",
            (0, 1),
            (0.01, 0.2),
            0.01,
            "When the cost moves by more than this share, finance and approver both sign.",
            "docs/registry.md#who-signs",
        )
    ),
]


class Policy(Part):
    """The registry's settings.

    Attributes:
        both_above: Change of cost, as a share of the cost before, above which finance signs too.
        review_every: Months between reviews of what is active.
        refresh_every: Months after which a programme is due to be proposed anew.
        recent_sign_in: Minutes within which somebody must have signed in who decides.
        typed_names: Whether a name that nobody vouches for may act (a registry on one machine).
        roles_issuer: The provider whose claim gives roles to those whom the table of people does not know.
        roles_claim: That claim; with an empty name claims give no role.
    """

    both_above: BothFrom = Decimal("0.05")
    review_every: Annotated[
        int,
        month_count(
            "Review every", 24, (1, 6), "Months between reviews of an active programme.", "docs/registry.md#reviews"
        ),
    ] = 3
    refresh_every: Annotated[
        int,
        month_count(
            "Refresh after",
            60,
            (6, 24),
            "Months after which a programme is to be proposed anew.",
            "docs/registry.md#reviews",
        ),
    ] = 12
    recent_sign_in: Annotated[
        int,
        Whole(Tunable("Recent sign-in", "number", (1, 1440), (5, 60), 5,
                      "Minutes within which somebody must have signed in who decides.", "docs/registry.md#sign-in")),
    ] = 15  # fmt: skip
    typed_names: bool = True
    roles_issuer: Annotated[str, Field(max_length=500)] = ""
    roles_claim: Annotated[str, Field(max_length=100)] = ""

    def needs(self, before: int | None, after: int) -> tuple[str, ...]:
        """The roles that must sign, for costs in minor units; without a cost to compare with, both.

        Example:
            >>> Policy().needs(100_000, 104_000), Policy().needs(100_000, 94_000)
            (('approver',), ('finance', 'approver'))
        """
        if before is not None and abs(after - before) <= self.both_above * abs(before):
            return ("approver",)
        return ("finance", "approver")
