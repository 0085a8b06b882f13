"""Targets of partners that join in a future: they owe nothing before they join, and a ramp begins with that month."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from incentive_lab.engine import program as p
from incentive_lab.engine.compile import Compiled
from incentive_lab.engine.periods import year_shift
from incentive_lab.engine.targets import target_sums
from incentive_lab.panel import Floats
from incentive_lab.projection.streams import Rows

if TYPE_CHECKING:
    from incentive_lab.projection.paying import Payer

NEVER = 1_000_000
"""A month that does not come."""


class Targets:
    """Running totals of the targets of newcomers, for each month of the horizon in which one may join.

    Attributes:
        rows: [r] rows of what is known of a partner that the program reads of them.
        table: [horizon + 1, r, newcomers]; the last is for who does not come.
        first: Place of the first newcomer among the partners that the scheme or variant pays.
    """

    def __init__(self, payer: Payer, compiled: Compiled, partners: Rows, read: Rows) -> None:
        """Work them out.

        Args:
            payer: Whose panel and horizon it is.
            compiled: The scheme or variant.
            partners: Rows of the panel that it pays, ascending; newcomers come last.
            read: Rows of what is known of a partner that its program reads.
        """
        known, panel, names = payer.model.known, payer.panel, compiled.columns.targets
        self.first = int(np.searchsorted(partners, known))
        mine = partners[self.first :]
        begin, end = int(compiled.settings[p.H_ROWS]), int(compiled.settings[p.H_ROWS])
        if len(mine) and names:
            alike = replace(
                panel, partner_ids=tuple(panel.partner_ids[row] for row in mine), columns={}, deals={}, returns=None,
                attributes={name: values[mine] for name, values in panel.attributes.items()},
                targets=tuple(row for row in panel.targets if row.by != "partner"),
            )  # fmt: skip
            shift = year_shift(compiled.scheme, panel.first_month)
            months = [payer.past + month for month in range(payer.horizon)] + [NEVER]
            totals = [
                target_sums(
                    compiled.scheme,
                    replace(alike, joined=np.full(len(mine), month, dtype=np.int32)),
                    names,
                    shift,
                ).reshape(-1, len(mine))
                for month in months
            ]
            end += len(totals[0])
        self.rows = read[(read >= begin) & (read < end)]
        self.table: Floats = np.zeros((0, 0, 0))
        if len(self.rows):
            self.table = np.ascontiguousarray(np.stack([total[self.rows - begin] for total in totals]))
