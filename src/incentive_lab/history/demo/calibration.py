"""Every number the generated history is held to, declared once with its source.

`CALIBRATION` are figures that the finished history must show; `report` measures them again. `SETTINGS` are the
knobs that were turned until it does. `EFFECTS` are the planted causal truths, which `truth.json` repeats.
`SOURCES` says what each source is and how strong: A computed on the data named, B a named survey or a vendor's
published terms, C a trade blog or vendor claim.
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


SOURCES: Mapping[str, str] = {
    "AW": "A: AdventureWorks resellers (Microsoft sample, MIT): 635 active of 701 partners, 3,796 orders, 2011-13",
    "B1": "B/C: registered share of qualifying deals from 0.30 (CompTIA 2013) to 0.60 (Vartopia)",
    "B1b": "C: registration earns 8-15 extra margin points (smbceo.com 2016)",
    "B2": "C: win rate registered 40 %, unregistered 25 % (a calculator's default example, not a measurement)",
    "B2b": "B: win rate 11.7 % higher with a partner involved (Crossbeam)",
    "B3": "A: win rate of the reseller route 27.6 % (IBM public sample, n = 34,758)",
    "B4": "A: cycle median 45 days, quartiles 8 and 85 (Maven CRM public sample, fictional firm)",
    "B6": "C: 15-20 % of partners with a qualified lead in 90 days is good (partnermatch.co 2025)",
    "B7": "B/C: up to 60 % of marketing funds unspent, 21 % of vendors allocate all (Forrester, CompTIA 2012)",
    "B8": "A: seller satisfaction mean 4.15 of 5 (Olist); the spread between partners is chosen",
    "B9": "A/B: the top 20 % of partners make 66.7 % of revenue in AW; 80/20 is the rule of thumb",
    "B10": "C: partner discounts of 10-25 % where the vendor markets, 40 % for self-sufficient resellers",
    "B11": "B: rebates of 4-4.75 % of billed revenue (Microsoft CSP 2025)",
    "B12": "C: incentives are 3-8 % of channel revenue (xamplify.com)",
    "B13": "B, biased: no credible causal lift of certification was found; 0-0.20 is the range to sweep",
    "B14": "C: 2-3 % invalid claims are assumed in the trade (360insights.com 2016)",
    "chosen": "a plausible figure of our own",
    "tuned": "no figure of its own: set so that the named figure of CALIBRATION holds",
}

CALIBRATION: Mapping[str, Rate] = {
    "top_tenth_share": Rate(0.432, 0.04, "AW", "Revenue of the top 10 % of partners with revenue."),
    "top_fifth_share": Rate(0.667, 0.05, "B9", "Revenue of the top 20 % of partners with revenue."),
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
    "ever_certified": Rate(0.52, 0.06, "chosen", "Partners with at least one certification."),
    "csat_mean": Rate(4.15, 0.1, "B8", "Mean customer satisfaction, of 5."),
    "csat_partner_sd": Rate(0.45, 0.08, "chosen (B8)", "Standard deviation of the partners' mean satisfaction."),
    "gross_margin": Rate(0.28, 0.03, "chosen (AW at 0.72 of its raw cost)", "Margin over revenue of won deals."),
    "negative_margin": Rate(0.02, 0.015, "chosen", "Won deals sold below cost."),
    "discount_share": Rate(0.28, 0.04, "B10 (10 to 40 %)", "List price less revenue, over list price, of won deals."),
    "multi_partner": Rate(0.06, 0.01, "chosen", "Deals that two or three partners share."),
    "returned": Rate(0.02, 0.006, "chosen", "Won deals that were returned, in part or whole."),
    "quarter_end": Rate(0.48, 0.05, "AW rhythm (2 of 3 months high)", "Won revenue in the last month of a quarter."),
    "payout_exceptions": Rate(0.02, 0.006, "B14 (2-3 %)", "Payout rows that differ from the commission."),
}

SETTINGS: Mapping[str, Setting] = {
    "deals_per_partner_month": Setting(1.0, "chosen: created deals, over all partners and months"),
    "founders": Setting(0.65, "AW: volume grows because the base grows"),
    "inactive": Setting(0.03, "tuned to never_sold"),
    "dormancy_per_month": Setting(0.004, "chosen: about 5 % of partners a year fall silent"),
    "joining_exponent": Setting(1.25, "chosen: above 1, joining slows towards the end"),
    "deal_surplus": Setting(1.07, "tuned to deals_per_partner_month: growth, planted effects and the run-in"),
    "largest_size": Setting(1.28, "tuned to top_tenth_share: sizes beyond this many deviations are drawn in"),
    "largest_spread": Setting(2.4, "tuned to deal_p95 and AW's largest order: the same for a deal's amount"),
    "engagement_size_correlation": Setting(0.5, "chosen"),
    "rate_by_size": Setting(0.53, "tuned to gini"),
    "rate_by_engagement": Setting(0.22, "tuned to the naive contrast of certified partners (2.0 x in the sketch)"),
    "amount_by_size": Setting(0.40, "tuned to top_tenth_share"),
    "amount_sigma": Setting(1.26, "tuned to deal_p95"),
    "amount_log_median": Setting(8.74, "tuned to deal_median"),
    "month_dispersion": Setting(2.5, "chosen: Gamma shape of a partner's month-to-month swings"),
    "growth_per_year": Setting(0.03, "chosen"),
    "quarter_end_pull": Setting(0.30, "tuned to quarter_end"),
    "qualifying_amount": Setting(5_000, "chosen"),
    "registration_base": Setting(-0.56, "tuned to registered_share"),
    "win_base": Setting(0.252, "tuned to win_rate_unregistered"),
    "qualified_leads": Setting(0.094, "tuned to lead_active_share"),
    "trainings": Setting(0.178, "tuned to ever_certified"),
    "certification_pass": Setting(0.72, "chosen"),
    "mdf_accrual": Setting(0.02, "B7: 2-6 % of the channel budget"),
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
