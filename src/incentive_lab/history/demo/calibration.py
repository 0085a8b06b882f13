"""Every number the generated history is held to, declared once with its source.

`CALIBRATION` are figures that the finished history must show; `report` measures them again. `SETTINGS` are the
knobs that were turned until it does. `EFFECTS` are the planted causal truths, which `truth.json` repeats.
Sources named B1 to B14 are the published channel figures of docs/demo-history.md; "AW" is the AdventureWorks
reseller panel (Microsoft, MIT), whose statistics were computed on the data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Rate:
    """A figure that the finished history must show.

    Attributes:
        value: The published or chosen figure; shares are fractions.
        within: How far the default history may lie from it.
        source: Where the figure comes from.
        help: What is measured, as a sentence.
    """

    value: float
    within: float
    source: str
    help: str


@dataclass(frozen=True)
class Setting:
    """A knob of the generator and why it has its value."""

    value: float
    source: str


CALIBRATION: Mapping[str, Rate] = {
    "top_tenth_share": Rate(0.432, 0.04, "B9 (AW)", "Revenue of the top 10 % of partners with revenue."),
    "top_fifth_share": Rate(0.667, 0.05, "B9 (AW)", "Revenue of the top 20 % of partners with revenue."),
    "gini": Rate(0.656, 0.05, "AW", "Gini coefficient of revenue over partners with revenue."),
    "never_sold": Rate(0.094, 0.025, "AW (66 of 701)", "Partners without one won deal."),
    "deal_median": Rate(8_400, 800, "AW", "Median amount of won deals."),
    "deal_p95": Rate(74_000, 10_000, "AW", "95th percentile of the amount of won deals."),
    "cycle_q1": Rate(8, 4, "B4", "Lower quartile of days from creation to close."),
    "cycle_median": Rate(45, 5, "B4", "Median days from creation to close."),
    "cycle_q3": Rate(85, 8, "B4", "Upper quartile of days from creation to close."),
    "win_rate_registered": Rate(0.40, 0.02, "B2", "Won among closed deals that were registered."),
    "win_rate_unregistered": Rate(0.27, 0.02, "B2, B3", "Won among closed deals that were not registered."),
    "registered_share": Rate(0.45, 0.03, "B1", "Registered among deals of a qualifying amount."),
    "mdf_utilisation": Rate(0.48, 0.08, "B7", "Campaign spend over the marketing funds accrued on revenue."),
    "lead_active_share": Rate(0.18, 0.03, "B6", "Partners of the base with a qualified lead, per quarter."),
    "ever_certified": Rate(0.52, 0.06, "AW events sketch", "Partners with at least one certification."),
    "csat_mean": Rate(4.15, 0.1, "B8", "Mean customer satisfaction, of 5."),
    "csat_partner_sd": Rate(0.45, 0.08, "B8 (chosen)", "Standard deviation of the partners' mean satisfaction."),
    "gross_margin": Rate(0.28, 0.03, "AW README, quirk 1", "Margin over revenue of won deals."),
    "negative_margin": Rate(0.02, 0.015, "chosen", "Won deals sold below cost."),
    "discount_share": Rate(0.28, 0.04, "B10 (10 to 40 %)", "List price less revenue, over list price, of won deals."),
    "multi_partner": Rate(0.06, 0.01, "chosen", "Deals that two or three partners share."),
    "returned": Rate(0.02, 0.006, "chosen", "Won deals that were returned, in part or whole."),
    "quarter_end": Rate(0.48, 0.05, "AW rhythm (2 of 3 months high)", "Won revenue in the last month of a quarter."),
    "payout_exceptions": Rate(0.02, 0.006, "B14 (2-3 %)", "Payout rows that differ from the commission."),
}

SETTINGS: Mapping[str, Setting] = {
    "deals_per_partner_month": Setting(1.0, "chosen: created deals, over all partners and months"),
    "founders": Setting(0.65, "AW quirk 4: volume grows because the base grows"),
    "inactive": Setting(0.03, "tuned to never_sold"),
    "dormancy_per_month": Setting(0.004, "chosen: about 5 % of partners a year fall silent"),
    "joining_exponent": Setting(1.25, "chosen: above 1, joining slows towards the end"),
    "deal_surplus": Setting(1.07, "tuned to deals_per_partner_month: growth, planted effects and the run-in"),
    "largest_size": Setting(1.35, "tuned to top_tenth_share: sizes beyond this many deviations are drawn in"),
    "largest_spread": Setting(2.4, "tuned to deal_p95 and AW's largest order: the same for a deal's amount"),
    "engagement_size_correlation": Setting(0.5, "AW events sketch"),
    "rate_by_size": Setting(0.53, "tuned to gini"),
    "rate_by_engagement": Setting(0.22, "tuned to the naive contrast of certified partners (2.0 x in the sketch)"),
    "amount_by_size": Setting(0.40, "tuned to top_tenth_share"),
    "amount_sigma": Setting(1.26, "tuned to deal_p95"),
    "amount_log_median": Setting(8.74, "tuned to deal_median"),
    "month_dispersion": Setting(2.5, "chosen: Gamma shape of a partner's month-to-month swings"),
    "growth_per_year": Setting(0.03, "chosen"),
    "quarter_end_pull": Setting(0.30, "tuned to quarter_end"),
    "qualifying_amount": Setting(5_000, "AW events sketch"),
    "registration_base": Setting(-0.56, "tuned to registered_share"),
    "win_base": Setting(0.252, "tuned to win_rate_unregistered"),
    "qualified_leads": Setting(0.094, "tuned to lead_active_share"),
    "trainings": Setting(0.178, "tuned to ever_certified"),
    "certification_pass": Setting(0.72, "AW events sketch"),
    "mdf_accrual": Setting(0.02, "B7: 2-6 % of the channel budget; AW events sketch"),
    "mdf_full_users": Setting(0.21, "B7"),
    "mdf_plan": Setting(1.06, "tuned to mdf_utilisation: planned over actual revenue"),
    "margin_cost_of_list": Setting(0.529, "tuned to gross_margin"),
    "discount_base": Setting(0.175, "tuned to discount_share"),
    "registration_discount": Setting(0.08, "B1b: 8-15 points"),
    "returned_draw": Setting(0.0215, "tuned to returned: some fall after the end"),
    "multi_partner_draw": Setting(0.0615, "tuned to multi_partner"),
    "late_records": Setting(0.02, "chosen"),
    "commission": Setting(0.03, "B11, B12: rebates of 2.5-4.75 %, incentives of 3-8 % of revenue"),
    "payout_exception_draw": Setting(0.02, "B14"),
    "bunching_partners": Setting(0.03, "chosen"),
}

EFFECTS: Mapping[str, Setting] = {
    "certification_on_deal_rate": Setting(0.08, "B13: no credible lift is known; 0-0.20 is the range to sweep"),
    "campaign_on_deal_rate": Setting(0.05, "chosen: each campaign, in the two following months"),
    "training_on_deal_rate": Setting(0.0, "chosen: none"),
    "event_on_deal_rate": Setting(0.0, "chosen: none"),
    "registration_on_win_probability": Setting(0.10, "B2, B2b: 12-15 points seen, part of them selection"),
    "price_elasticity_of_winning": Setting(-0.8, "chosen: win probability over price, discretionary discount only"),
}


def setting(name: str) -> float:
    """The value of one knob."""
    return SETTINGS[name].value


def effect(name: str) -> float:
    """The size of one planted effect."""
    return EFFECTS[name].value


STATUS_WON = 1
"""Position of `won` among the states of a deal (open, won, lost)."""


@dataclass(frozen=True)
class PartnerType:
    """How one type of partner differs from the others."""

    name: str
    share: float
    rate: float  # deals, relative
    amount: float  # log shift of the deal amount
    discount: float  # points on top of the base discount (B10)
    recurring: float  # share of deals under a term contract
    delivers: float  # share of deals it helps to deliver


TYPES = (
    PartnerType("reseller", 0.48, 1.0, 0.0, 0.03, 0.20, 0.06),
    PartnerType("msp", 0.20, 0.9, -0.25, 0.00, 0.85, 0.25),
    PartnerType("system_integrator", 0.14, 0.8, 0.20, -0.02, 0.15, 0.45),
    PartnerType("technology", 0.10, 0.8, -0.15, -0.05, 0.30, 0.10),
    PartnerType("distributor", 0.08, 1.3, 0.15, 0.10, 0.10, 0.02),
)
REGIONS = ("North America", "EMEA", "Asia Pacific", "Latin America")
REGION_SHARES = (0.44, 0.31, 0.16, 0.09)
SEGMENTS = ("small", "mid_market", "enterprise")
SEGMENT_AMOUNT = (-0.25, 0.10, 0.40)  # log shift of the deal amount
TIERS = ("registered", "silver", "gold")
SEASON = (0.90, 0.93, 1.06, 0.96, 0.98, 1.05, 0.90, 0.88, 1.04, 1.05, 1.08, 1.17)  # chosen; mean 1
CYCLE_QUANTILES = ((0.0, 0.25, 0.50, 0.75, 0.95, 1.0), (1.0, 8.0, 45.0, 85.0, 140.0, 220.0))  # B4


@dataclass(frozen=True)
class Product:
    """A product line: how often it sells, its list price per unit and its cost relative to others."""

    name: str
    share: float
    unit_price: float
    cost: float  # points of list price on top of the average cost


PRODUCTS = (
    Product("Platform Core", 0.26, 240.0, -0.02),
    Product("Analytics", 0.17, 180.0, -0.03),
    Product("Security Suite", 0.17, 95.0, 0.00),
    Product("Backup Cloud", 0.13, 60.0, 0.03),
    Product("Integration Hub", 0.10, 420.0, -0.01),
    Product("Collaboration", 0.09, 36.0, 0.01),
    Product("Expert Services", 0.08, 1_100.0, 0.08),
)


@dataclass(frozen=True)
class Kind:
    """How often one kind of activity happens and what its row holds.

    Attributes:
        name: The kind, as in the catalogue of measures.
        per_month: Mean rows per partner and month of the base.
        selection: Log slope of that rate on engagement: the engaged do more.
        quantity: Largest quantity of one row (drawn evenly from 1).
        quality: Mean quality (0 to 1), or None where none is recorded.
        types: Partner types that do it; empty means all.
    """

    name: str
    per_month: float
    selection: float
    quantity: int = 1
    quality: float | None = None
    types: tuple[str, ...] = ()


KINDS = (
    Kind("lead", 0.20, 1.0, 3, 0.45),
    Kind("qualified_lead", SETTINGS["qualified_leads"].value, 1.25, 1, 0.70),
    Kind("training", SETTINGS["trainings"].value, 0.7, 8, 0.80),
    Kind("campaign", 0.10, 0.5, 1, 0.60),
    Kind("event", 0.07, 0.8, 1, None),
    Kind("referral", 0.03, 0.8, 1, 0.65, ("technology", "system_integrator", "msp")),
    Kind("integration", 0.012, 0.6, 1, 0.75, ("technology", "system_integrator")),
    Kind("business_review", 0.08, 0.7, 1, 0.75),
    Kind("customer_success_plan", 0.04, 0.7, 2, 0.70, ("msp", "system_integrator", "reseller")),
    Kind("advocacy", 0.015, 0.9, 1, 0.80),
)
DERIVED_KINDS = ("certification", "onboarding_step", "deal_registration")
"""Kinds that follow from something else: trainings, joining, deals."""
