"""Random rules and schemes: each focused strategy leans on one part of the arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from incentive_lab.scheme.document import Scheme
from tests.engine.strategies.choosing import one_from
from tests.engine.strategies.histories import LEVELS, REGIONS, TYPES
from tests.engine.strategies.tables import (
    BORDERS,
    CARDS,
    COUNT_MEASURES,
    MONEY_MEASURES,
    Document,
    drivers,
    kind_of,
    optional_drivers,
    rates,
    rates_for,
    references,
    scorecards,
    steps,
    table_rates,
    tables,
)

PERIODS = ("month", "month", "quarter", "half_year", "year")
WINDOWS_LONGER_THAN = {
    "month": ("quarter_to_date", "half_year_to_date", "year_to_date", "life"),
    "quarter": ("half_year_to_date", "year_to_date", "life"),
    "half_year": ("year_to_date", "life"),
    "year": ("life",),
}
TEST_WINDOWS = ("period", "year_to_date", {"trailing": 12})
LENGTH = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
RECORDED_TIERS = {"levels": [{"name": "bronze"}, *({"name": name, "needs": {"revenue": "500"}} for name in LEVELS[1:])]}
"""Tiers that follow trailing revenue, for rules that look at tiers without being about them."""


def sometimes(draw: st.DrawFn, one_in: int = 3) -> bool:
    """True once in a while."""
    return draw(st.integers(0, one_in - 1)) == one_in - 1


@st.composite
def target_lists(draw: st.DrawFn, measures: Sequence[str] = ("revenue", "margin", "units")) -> list[Document]:
    """At most one target for each measure."""
    result = []
    for measure in measures:
        if sometimes(draw, 4):
            continue
        per = draw(one_from(["month", "quarter", "half_year", "year"]))
        length = LENGTH[per]
        target: Document = {
            "measure": measure,
            "amount": draw(one_from(["10", "100", "100.01", "0", "7"])),
            "per": per,
            "prorate": draw(st.booleans()),
        }
        if sometimes(draw):
            target["index"] = draw(one_from(["1.05", "0.333"]))
        if sometimes(draw):
            weights = draw(st.lists(st.integers(0, 3), min_size=length, max_size=length))
            target["weights"] = [*weights[:-1], weights[-1] + 1]
        if sometimes(draw):
            target["who"] = draw(one_from([{"types": [draw(one_from(TYPES))]}, {"tiers": [draw(one_from(LEVELS))]}]))
        if sometimes(draw):
            target["ramp"] = draw(one_from([["0.25", "0.5", "0.75"], ["0.333333"], ["0", "1.5"]]))
        result.append(target)
    return result


@st.composite
def tests_of(draw: st.DrawFn, overs: Sequence[Any]) -> Document:
    """Measure -> comparison."""
    measure = draw(one_from(["revenue", "units", "csat", "margin_share", "months_since_joining"]))
    if sometimes(draw, 5):
        name, bound = draw(one_from(CARDS)), draw(one_from(["below", "above", "at_least", "at_most"]))
        return {name: {bound: draw(one_from(BORDERS["share"])), "kind": "scorecard", "over": draw(one_from(overs))}}
    kind = draw(one_from(["value", "value", "attainment", "growth"])) if measure in ("revenue", "units") else "value"
    borders = BORDERS[kind_of(measure) if kind == "value" else "share"]
    bound = draw(one_from(["below", "above", "at_least", "at_most"]))
    test: Document = {bound: draw(one_from(borders)), "kind": kind, "over": draw(one_from(overs))}
    if kind != "value" and sometimes(draw, 2):
        test["against"] = draw(references(kind_of(measure)))
    return {measure: test}


@st.composite
def gate_lists(draw: st.DrawFn, overs: Sequence[Any] = TEST_WINDOWS) -> list[Document]:
    """Up to two gates."""
    result = []
    for _ in range(draw(st.integers(0, 2))):
        when = draw(tests_of(overs))
        if sometimes(draw):
            when = {**when, **draw(tests_of(overs))}
        result.append(
            {
                "when": when,
                "match": draw(one_from(["all", "any"])),
                "multiply": draw(one_from(["0", "0.5", "0.333333", "1.2"])),
                "missing": draw(one_from(["passes", "fails"])),
            }
        )
    return result


@st.composite
def multipliers(draw: st.DrawFn, overs: Sequence[Any] = TEST_WINDOWS) -> Document:
    """By attainment, or by a table of factors."""
    if draw(st.booleans()):
        document: Document = {
            **draw(one_from([{"attainment_of": "revenue"}, {"attainment_of": "units"}, {"scorecard": CARDS[0]}])),
            "over": draw(one_from(overs)),
        }
        if "attainment_of" in document and sometimes(draw, 2):
            document["against"] = draw(references(kind_of(document["attainment_of"])))
        if draw(st.booleans()):
            document |= {"at_least": "0.5", "at_most": draw(one_from(["1", "1.5"]))}
        return document
    by, kind = draw(drivers(("revenue", "units", "csat", "months_since_joining")))
    applies = draw(one_from(["whole", "interpolated_rate"]))
    factor = one_from(["0", "0.5", "1", "1.25"])
    listed = draw(steps(kind, factor, applies, "from_start", "continues", False))
    table = {"by": by, "over": draw(one_from(overs)), "applies": applies, "pays": "period_only", "steps": listed}
    return {"table": table}


@st.composite
def bases(draw: st.DrawFn, earlier: Sequence[str], with_excess: bool = True) -> tuple[Any, str | None]:
    """What a rule pays on, and the measure if there is one."""
    measure = draw(one_from([*MONEY_MEASURES, "units"]))
    if earlier and sometimes(draw, 5):
        ago = {"months_ago": draw(one_from([1, 2, 5]))} if draw(st.booleans()) else {}
        return {"payout_of": [draw(one_from(earlier))], **ago}, None
    if with_excess and sometimes(draw, 4):
        return {"excess_of": measure, "above": draw(references(kind_of(measure)))}, measure
    return measure, measure


@st.composite
def table_rules(draw: st.DrawFn, number: int, earlier: Sequence[str]) -> Document:
    """A month-level rule whose table is complete in itself."""
    on, base = draw(bases(earlier))
    driver = draw(optional_drivers())
    leaf = st.one_of(rates_for(base), table_rates(base, driver=driver), table_rates(base, driver=driver))
    rule: Document = {
        "id": f"r{number}",
        "on": on,
        "per": draw(one_from(PERIODS)),
        "rate": draw(rates(base, leaf, has_grid=True)),
    }
    if sometimes(draw, 5):
        unit = "10" if base not in COUNT_MEASURES else "3"
        rule["multiples"] = {"of": unit, "counts": draw(one_from(["complete", "started"]))}
    if earlier and base in MONEY_MEASURES and sometimes(draw, 4):
        rule["net_of"] = [draw(one_from(earlier))]
    if sometimes(draw, 4):
        rule["who"] = draw(whos())
    return rule


def tenures() -> st.SearchStrategy[Document]:
    """Months since joining, at borders that histories with joiners meet."""
    return one_from([{"below": 1}, {"below": 3}, {"at_least": 1}, {"at_least": 2, "below": 6}, {"at_least": 0}])


@st.composite
def whos(draw: st.DrawFn, with_tiers: bool = True) -> Document:
    """Some of the partners; with tiers, who is named may change from month to month."""
    forms: list[Document] = [
        {"types": [draw(one_from(TYPES))]}, {"regions": [draw(one_from(REGIONS))]},
        {"partners": ["p0"]}, {"except_partners": ["p0"]}, {"where": {"segment": "small"}},
        {"joined_before": "2014-02-01"}, {"joined_from": "2014-02-01"},
    ]  # fmt: skip
    if with_tiers:
        forms.append({"tiers": [draw(one_from(LEVELS))]})
        forms.append({"months_since_joining": draw(tenures())})
    return draw(one_from(forms))


@st.composite
def accumulated_rules(draw: st.DrawFn, number: int, earlier: Sequence[str]) -> Document:
    """A month-level rule whose table accumulates, with what belongs to that."""
    per = draw(one_from(["month", "month", "quarter", "half_year"]))
    windows = WINDOWS_LONGER_THAN[per]
    base = draw(one_from([*MONEY_MEASURES, "units"]))
    form = draw(one_from(["true_up", "true_up", "period_only", "trailing"]))
    driver = draw(optional_drivers())
    on: Any = base
    if form == "true_up":
        if sometimes(draw, 5):
            on = {
                "excess_of": base,
                "above": draw(one_from(["target", "last_year", "last_period", {"average_of_last": 2}])),
            }
        leaf = table_rates(base, overs=(draw(one_from(windows)),), driver=driver)
    elif form == "period_only":
        leaf = table_rates(base, overs=(draw(one_from(windows)),), pays=("period_only",), driver=driver)
    else:
        modes = ("marginal", "whole", "each_to_its_end", "each_in_full", "interpolated_rate")
        least = LENGTH[per]
        over = {"trailing": draw(one_from([months for months in (1, 3, 5, 6, 12) if months >= least]))}
        leaf = table_rates(base, overs=(over,), modes=modes, pays=("period_only",), with_lumps=False, driver=driver)
    rule: Document = {"id": f"r{number}", "on": on, "per": per, "rate": draw(rates(base, leaf))}
    if sometimes(draw):
        rule["multiply"] = draw(multipliers())
    if sometimes(draw):
        rule["requires"] = draw(tests_of(TEST_WINDOWS))
    if form == "true_up" and on == base and sometimes(draw, 5):
        rule["instalments"] = {
            "count": {"month": 12, "quarter": 4, "half_year": 2}[per],
            "catch_up": draw(st.booleans()),
        }
    if earlier and on == base and base in MONEY_MEASURES and sometimes(draw, 6):
        rule["net_of"] = [draw(one_from(earlier))]
    return rule


@st.composite
def instalment_rules(draw: st.DrawFn, number: int, earlier: Sequence[str]) -> Document:
    """A yearly lump in equal parts, each when the year to date has reached it."""
    per = draw(one_from(["month", "quarter", "half_year"]))
    base = draw(one_from([*MONEY_MEASURES, "units"]))
    modes = ("marginal", "whole")
    table = draw(tables(base, overs=("year_to_date",), modes=modes))
    for step in table["steps"]:
        step["lump"] = draw(one_from(["100", "99.99", "1000"]))
    rule: Document = {"id": f"r{number}", "on": base, "per": per, "rate": {"table": table}}
    rule["instalments"] = {"count": 12 // LENGTH[per], "catch_up": draw(st.booleans())}
    if sometimes(draw):
        rule["requires"] = draw(tests_of(TEST_WINDOWS))
    return rule


@st.composite
def provision_rules(draw: st.DrawFn, number: int, earlier: Sequence[str]) -> Document:
    """A rule that pays on account before its period settles."""
    base = draw(one_from([*MONEY_MEASURES, "units"]))
    form = draw(one_from(["rate", "step", "expected", "run_rate"]))
    modes = ("marginal", "whole", "each_to_its_end", "each_in_full", "interpolated_rate")
    table = draw(tables(base, modes=modes))
    table.pop("of_target", None) and table.update(
        steps=draw(steps(kind_of(base), rates_for(base), "whole", "from_start", "continues", False)),
        applies="whole",
        beyond="continues",
    )
    provision: Document = {"rate": draw(rates_for(base))}
    if form == "step":
        provision = {"step": draw(one_from(["step_1", "step_2"])) if len(table["steps"]) > 1 else "step_1"}
    elif form == "run_rate":
        provision = {"run_rate": True}
    elif form == "expected":
        provision = {
            "expected": draw(
                st.one_of(
                    st.just({"amount": "100"}),
                    st.just({"last_year": True}),
                    st.just({"last_year": True, "new_partner": "prorate"}),
                    st.just({"last_period": True, "new_partner": "zero"}),
                    st.just({"average_of_last": 2, "new_partner": "prorate"}),
                )
            )
        }
    rule = {
        "id": f"r{number}",
        "on": base,
        "per": draw(one_from(["quarter", "half_year", "year"])),
        "rate": {"table": table},
        "provision": provision,
    }
    return rule


@st.composite
def limited_rules(draw: st.DrawFn, number: int, earlier: Sequence[str]) -> Document:
    """A rule with limits on quantity, amount or share."""
    base = draw(one_from([*MONEY_MEASURES, "units"]))
    driver = draw(optional_drivers())
    leaf = st.one_of(rates_for(base), table_rates(base, driver=driver))
    rule: Document = {
        "id": f"r{number}",
        "on": base,
        "per": draw(one_from(["month", "month", "quarter"])),
        "rate": draw(rates(base, leaf)),
    }
    limits = []
    for _ in range(draw(st.integers(1, 2))):
        limit: Document = {
            "per": draw(one_from(["month", "quarter", "half_year", "year", "life"])),
            "excess": draw(one_from(["lost", "carried", "spilled"])),
        }
        if limit["per"] not in ("year", "life") and sometimes(draw):
            limit["excess"] = "trued_up"
        form = draw(one_from(["quantity", "amount", "amount", "share"]))
        if form == "quantity":
            limit["quantity"] = draw(one_from(["0", "5", "10", "100.01"]))
            limit["excess"] = draw(one_from(["lost", "carried"]))
        elif form == "amount":
            limit["amount"] = draw(one_from(["0", "1", "5.55", "100"]))
        else:
            limit |= {"share": draw(one_from(["0.05", "0.333333"])), "of": "revenue"}
        if limit["excess"] == "spilled":
            limit["to"] = "fund"
        if form != "share" and limit["per"] != "life" and sometimes(draw):
            limit["prorate"] = True
        if form != "share" and limit["per"] in ("quarter", "half_year", "year") and sometimes(draw):
            limit = {key: value for key, value in limit.items() if key not in ("prorate", "to")}
            limit |= {"excess": "lost", "since": "joined"}
        limits.append(limit)
    rule["limit"] = limits
    return rule


@st.composite
def fund_rules(draw: st.DrawFn) -> Document:
    """A rule that pays claims out of a balance."""
    per = draw(one_from(["month", "quarter", "half_year", "year"]))
    fund: Document = {"per": per, "expires": draw(one_from(["year_end", "never"]))}
    if draw(st.booleans()):
        fund["expires"] = {"after": draw(st.integers(1, 4)), "per": draw(one_from(["month", "quarter", "half_year"]))}
    if draw(st.booleans()):
        fund |= {
            "accrues_on": "revenue",
            "rate": draw(st.one_of(st.just("0.02"), st.just({"by_tier": {"gold": "0.05"}, "otherwise": "0.01"}))),
        }
    else:
        fund |= {"every": draw(st.one_of(st.just("50"), st.just({"by_type": {"msp": "20.005"}})))}
    return {
        "id": "fund", "on": "campaign_spend", "rate": draw(one_from(["0.5", "1", "0.333333"])),
        "per": draw(one_from(["month", "quarter"])), "fund": fund,
    }  # fmt: skip


@st.composite
def roundings(draw: st.DrawFn) -> Document:
    """How amounts become money."""
    document: Document = {
        "to": draw(one_from(["0.01", "0.01", "0.05", "1"])),
        "mode": draw(one_from(["half_up", "half_even", "up", "down"])),
        "at": draw(one_from(["line", "line", "total"])),
    }
    if sometimes(draw, 4):
        document["rate_to"] = draw(one_from(["0.0001", "0.01"]))
    return document


@st.composite
def tier_models(draw: st.DrawFn) -> Document:
    """Levels with needs, alternatives and points, and every way of moving between them."""
    needed = ("revenue", "units", "margin_share", "csat", "months_since_joining")

    def needs() -> Document:
        names = draw(st.lists(one_from(needed), max_size=2, unique=True))
        return {name: draw(one_from(BORDERS[kind_of(name)])) for name in names}

    levels = []
    for place, name in enumerate(LEVELS):
        level: Document = {"name": name}
        if place or sometimes(draw, 4):
            level["needs"] = needs()
            if sometimes(draw):
                level["any_of"] = [needs() for _ in range(draw(st.integers(1, 2)))]
            if sometimes(draw):
                level["points"] = draw(one_from(["1", "10", "100"]))
        levels.append(level)
    looks: list[Any] = [
        {"months": 1}, {"months": 3}, {"months": 12}, "period", "quarter_to_date", "half_year_to_date", "year_to_date",
        "previous_year", "life",
    ]  # fmt: skip
    apart = draw(st.lists(one_from(["revenue", "units", "margin_share"]), max_size=2, unique=True))
    return {
        "windows": {name: draw(one_from(looks)) for name in apart},
        "review": draw(one_from(["month", "quarter", "half_year", "year"])),
        "looks_at": draw(one_from(looks)),
        "takes_effect": draw(one_from(["next_period", "same_period"])),
        "grace": draw(one_from([0, 0, 1, 2])),
        "falls": draw(one_from(["to_earned", "one_level"])),
        "border": draw(one_from(["at_or_above", "above"])),
        "start": draw(one_from(["recorded", "lowest"])),
        "points": {"revenue": "0.01", "units": draw(one_from(["1", "2.5"]))},
        "levels": levels,
    }


def scheme(rules: Sequence[Document], **parts: Any) -> Scheme:
    """A scheme around some rules."""
    document: Document = {
        "scheme": "random", "currency": "USD", "effective": {"from": "2014-01-01"}, "settle": "quarter",
        **parts, "rules": list(rules),
    }  # fmt: skip
    return Scheme.model_validate({key: value for key, value in document.items() if value is not None})


@st.composite
def ordered(draw: st.DrawFn, kinds: Sequence[Any], most: int = 3) -> list[Document]:
    """Rules in document order; later ones may name earlier ones."""
    rules: list[Document] = []
    for number in range(draw(st.integers(1, most))):
        kind = draw(one_from(kinds))
        rules.append(draw(kind(number, [rule["id"] for rule in rules])))
    return rules


@st.composite
def common(draw: st.DrawFn) -> Document:
    """Settings that any scheme may have."""
    return {
        "settle": draw(one_from(["month", "quarter", "year"])),
        "rounding": draw(roundings()) if draw(st.booleans()) else None,
        "scorecards": draw(scorecards()),
        "calendar": {"year_starts": draw(one_from([1, 4, 11]))} if sometimes(draw) else None,
    }


@st.composite
def table_schemes(draw: st.DrawFn) -> Scheme:
    """Tables, grids, choices, references, multiples and net_of."""
    rules = draw(ordered([table_rules]))
    return scheme(rules, targets=draw(target_lists()), tiers=RECORDED_TIERS, **draw(common()))


@st.composite
def accumulation_schemes(draw: st.DrawFn) -> Scheme:
    """Accumulated tables, multipliers, requirements, instalments, provisions."""
    rules = draw(ordered([accumulated_rules, accumulated_rules, provision_rules, instalment_rules], most=2))
    return scheme(rules, targets=draw(target_lists()), tiers=RECORDED_TIERS, **draw(common()))


@st.composite
def tier_schemes(draw: st.DrawFn) -> Scheme:
    """Tiers in every form, and a rate by tier that shows them."""
    rule = {"id": "r0", "on": "revenue", "rate": {"by_tier": {"bronze": "0.01", "silver": "0.02", "gold": "0.03"}}}
    second = {"id": "r1", "on": "units", "rate": "1", "who": {"tiers": ["gold"]}}
    return scheme([rule, second], tiers=draw(tier_models()), **draw(common()))


@st.composite
def limit_schemes(draw: st.DrawFn) -> Scheme:
    """Limits, funds, spilling and gates."""
    rules = draw(ordered([limited_rules], most=2))
    fund = draw(fund_rules())
    rules = [fund, *rules] if draw(st.booleans()) else [*rules, fund]
    targets = draw(target_lists())
    return scheme(rules, gates=draw(gate_lists()), targets=targets, tiers=RECORDED_TIERS, **draw(common()))
