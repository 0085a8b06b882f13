"""The fit as a person reads it."""

from __future__ import annotations

from typing import Any

import numpy as np

from incentive_lab.projection.model import Model


def diagnostics(model: Model) -> list[dict[str, Any]]:
    """One row for each stream that a person can read: how many, how uneven, which trend, how much the market moves.

    Under `segments_sd` stand the segments that were seen to move apart from the others, and how far in the long run; under
    `left_out` months whose rows are missing in history, which are left out of the fit.
    """
    return [
        {
            "stream": stream.name, "items": stream.count, "months": stream.months,
            "a_month": float((stream.shape / stream.rate)[: model.known].sum()) if stream.count else 0.0,
            "growth_a_year": float(np.expm1(12 * stream.level.growth)), "growth_error": 12 * stream.level.growth_error,
            "market_sd": stream.level.sigma / float(np.sqrt(1 - stream.level.phi**2)), "persistence": stream.level.phi,
            "with_market": stream.rho, "season_highest": float(stream.season.max()),
            "season_lowest": float(stream.season.min()), "drift": stream.drift, "dispersion": stream.dispersion,
            "segments_sd": {model.segments[group]: float(stream.apart.swing[group])
                            for group in np.flatnonzero(stream.apart.sigma)},
            "left_out": [gap.told(model.panel.first_month, stream.name) for gap in model.gaps.get(stream.name, ())],
        }
        for stream in model.streams.values()
    ]  # fmt: skip
