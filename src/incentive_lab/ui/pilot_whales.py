"""The view of Pilot results that tells how much of an effect hangs on a few large partners."""

from __future__ import annotations

import streamlit as st

from incentive_lab.charts.pilot import whales_chart
from incentive_lab.format import in_words
from incentive_lab.pilot.analysis import Analysis
from incentive_lab.ui.cards import draw
from incentive_lab.ui.knowing import partner_names


def whales_view(read: Analysis) -> None:
    """The effect on the primary metric without each large partner, in each arm."""
    if not read.whales:
        st.markdown("This estimator has no whale report.")
        return
    primary, names = read.primary, partner_names()
    money = f", {read.trial.currency}" if primary.unit == "money" else ""
    for arm, one in read.whales.items():
        unit = ", relative," if one.logs else f" {read.trial.each}{money}"
        draw(
            whales_chart(one, read.trial.partners, names, f"{in_words(primary.metric.name)}{unit}"),
            f"pilot-whales-{arm}",
        )
