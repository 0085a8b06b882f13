"""Results as figures. Every chart's title states its answer; every chart has words for those who cannot see it."""

from incentive_lab.charts.cost import cost_chart
from incentive_lab.charts.curves import curve_chart
from incentive_lab.charts.months import margin_chart, rules_by_quarter_chart
from incentive_lab.charts.parts import mix_chart, rules_chart, tier_chart
from incentive_lab.charts.people import concentration_chart, decile_chart, movers_chart
from incentive_lab.charts.style import Chart

__all__ = [
    "Chart",
    "concentration_chart",
    "cost_chart",
    "curve_chart",
    "decile_chart",
    "margin_chart",
    "mix_chart",
    "movers_chart",
    "rules_by_quarter_chart",
    "rules_chart",
    "tier_chart",
]
