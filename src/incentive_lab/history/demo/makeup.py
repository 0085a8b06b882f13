"""What the channel is made of: types of partners, regions, products, kinds of activities and the year's seasons.

Figures here are chosen, save where a comment names a source of `calibration.SOURCES`.
"""

from __future__ import annotations

from dataclasses import dataclass

from incentive_lab.history.demo.calibration import setting

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
CYCLE_QUANTILES = ((0.0, 0.25, 0.50, 0.75, 0.95, 1.0), (1.0, 7.0, 50.0, 89.0, 140.0, 220.0))  # tuned to B4


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
    Kind("qualified_lead", setting("qualified_leads"), 1.25, 1, 0.70),
    Kind("training", setting("trainings"), 0.7, 8, 0.80),
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
