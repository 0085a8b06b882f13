"""Which months of a contract's term a measure counts."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from incentive_lab.scheme.base import Part
from incentive_lab.scheme.numbers import month_count

_SOURCE = "docs/scheme.md#units-of-calculation"


class TermMonths(Part):
    """Months of a contract, the month of its date being the first; both ends count.

    Attributes:
        from_: The first month that counts.
        to: The last month that counts; without it the contract's own last.

    Raises:
        ValueError: `to` lies before `from`.

    Example:
        >>> TermMonths.model_validate({"from": 13, "to": 36}).before
        12
    """

    from_: Annotated[
        int, month_count("First month of a contract", 1200, (1, 37), "The first month that counts.", _SOURCE)
    ] = Field(1, alias="from")
    to: (
        Annotated[int, month_count("Last month of a contract", 1200, (1, 60), "The last month that counts.", _SOURCE)]
        | None
    ) = None

    @model_validator(mode="after")
    def _in_order(self) -> TermMonths:
        if self.to is not None and self.to < self.from_:
            raise ValueError("`to` is the last month of the contract that counts, so it is not below `from`")
        return self

    @property
    def before(self) -> int:
        """How many months of a contract pass before the first that counts."""
        return self.from_ - 1
