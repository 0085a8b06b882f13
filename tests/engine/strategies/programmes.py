"""Random schemes about deals, balances and the programme as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from incentive_lab.scheme.document import Scheme
from tests.engine.strategies.choosing import one_from
from tests.engine.strategies.histories import LEVELS, REGIONS, SEGMENTS, TYPES
from tests.engine.strategies.rules import (
    RECORDED_TIERS,
    accumulated_rules,
    common,
    fund_rules,
    gate_lists,
    limited_rules,
    multipliers,
    ordered,
    provision_rules,
    scheme,
    sometimes,
    table_rules,
    target_lists,
    tests_of,
    tier_models,
    whos,
)
from tests.engine.strategies.tables import (
    BORDERS,
    COUNT_MEASURES,
    MONEY_MEASURES,
    Document,
    kind_of,
    optional_drivers,
    rates,
    rates_for,
    table_rates,
)

MONTH_WINDOWS = ("month", "year_to_date", {"trailing": 12})
GENERAL_MODES = ("marginal", "whole", "each_to_its_end", "each_in_full", "interpolated_rate")


# --- deals


@st.composite
def return_policies(draw: st.DrawFn) -> Any:
    """Every way of taking back what was paid on a deal."""
    method = draw(one_from(["original_rate", "share_of_paid", "unserved_time", "schedule", "ignore"]))
    document: Document = {"method": method}
    if method == "share_of_paid":
        document["share"] = draw(one_from(["0.5", "0.333333"]))
    if method == "schedule":
        document["schedule"] = [{"within_months": 1, "share": "1"}, {"within_months": 6, "share": "0.5"}]
    if sometimes(draw):
        document["keep"] = draw(one_from(["0.01", "5"]))
    return document


@st.composite
def deal_rules(draw: st.DrawFn, number: int, earlier: Sequence[str], grain: str = "deal") -> Document:
    """A rule that is worked out deal by deal or line by line."""
    base = draw(one_from(["revenue", "margin", "units"]))
    on: Any = base
    if sometimes(draw, 5):
        on = {"excess_of": base, "above": {"amount": draw(one_from(BORDERS[kind_of(base)][1:]))}}
    over = draw(one_from(["period", "period", "month", "quarter_to_date", "year_to_date", "life"]))
    if over == "period" or on != base:
        driver = draw(optional_drivers())
        leaf = st.one_of(rates_for(base), table_rates(base, driver=driver, with_target=False))
    else:
        driver = draw(optional_drivers(("revenue", "units", "margin")))
        counts = draw(one_from(["after", "before"]))
        leaf = table_rates(base, overs=(over,), driver=driver, counts=counts)
    has_grid = sometimes(draw, 4)
    rule: Document = {"id": f"r{number}", "on": on, "per": grain, "rate": draw(rates(base, leaf, has_grid=has_grid))}
    if sometimes(draw):
        rule["requires"] = draw(tests_of(draw(one_from([("period",), MONTH_WINDOWS]))))
    if sometimes(draw, 4):
        rule["multiply"] = draw(multipliers(MONTH_WINDOWS))
    if sometimes(draw, 5):
        rule["multiples"] = {
            "of": "10" if base not in COUNT_MEASURES else "3",
            "counts": draw(one_from(["complete", "started"])),
        }
    if sometimes(draw):
        rule["limit"] = [draw(deal_limits()) for _ in range(draw(st.integers(1, 2)))]
    if earlier and on == base and base in MONEY_MEASURES and sometimes(draw):
        rule["net_of"] = [draw(one_from(earlier))]
    if sometimes(draw):
        rule["returns"] = draw(return_policies())
    if sometimes(draw, 4):
        rule["who"] = draw(whos())
    return rule


@st.composite
def deal_limits(draw: st.DrawFn) -> Document:
    """A limit per deal or per longer period."""
    limit: Document = {"per": draw(one_from(["deal", "deal", "month", "quarter", "year"]))}
    limit |= draw(one_from([{"amount": "1"}, {"amount": "5.55"}, {"quantity": "5"}, {"quantity": "100.01"}]))
    if limit["per"] != "deal":
        limit["excess"] = draw(one_from(["lost", "carried"]))
    if limit["per"] in ("quarter", "year") and sometimes(draw):
        limit |= {"excess": "lost", "since": "joined"}
    return limit


def line_rules(number: int, earlier: Sequence[str]) -> st.SearchStrategy[Document]:
    """A rule per deal line."""
    return deal_rules(number, earlier, "line")


@st.composite
def returning_rules(draw: st.DrawFn, number: int, earlier: Sequence[str]) -> Document:
    """A month-level rule whose deals may come back."""
    rule = draw(st.one_of(table_rules(number, []), accumulated_rules(number, [])))
    rule["returns"] = draw(return_policies())
    return rule


@st.composite
def deal_schemes(draw: st.DrawFn, kind: Any = deal_rules) -> Scheme:
    """Rules per deal, some of one grain only, and rules by month beside them; returns take back from both."""
    rules = draw(ordered([kind]))
    if sometimes(draw):
        rules.append(draw(returning_rules(len(rules), [])))
    return scheme(
        rules,
        targets=draw(target_lists()),
        tiers=RECORDED_TIERS,
        gates=draw(gate_lists(draw(one_from([("period",), MONTH_WINDOWS])))),
        returns=draw(return_policies()) if draw(st.booleans()) else None,
        **draw(common()),
    )


# --- balances


@st.composite
def simple_rules(draw: st.DrawFn, number: int, earlier: Sequence[str]) -> Document:
    """A plain rule, sometimes with a bonus that is taken back."""
    base = draw(one_from([*MONEY_MEASURES, "units"]))
    rule: Document = {
        "id": f"r{number}",
        "on": base,
        "per": draw(one_from(["month", "month", "quarter"])),
        "rate": draw(rates_for(base)),
        "group": draw(one_from(["behavioural", "transactional"])),
    }
    if sometimes(draw, 4):
        unless = draw(one_from([{"revenue": "100"}, {"units": "10", "margin": "250"}]))
        rule["repay"] = {
            "unless": unless,
            "months": draw(one_from([1, 2, 6])),
            "share": draw(one_from(["1", "0.333333"])),
        }
    if sometimes(draw, 6):
        rule["non_cash"] = True
    return rule


@st.composite
def cap_lists(draw: st.DrawFn, rules: Sequence[Document]) -> list[Document]:
    """Up to two caps; the first may look at fewer rules than the second."""
    caps = []
    for place in range(draw(st.integers(0, 2))):
        cap: Document = {
            "per": draw(one_from(["month", "quarter", "half_year", "year", "life"])),
            "excess": draw(
                one_from(["lost", "carried", "spilled" if any("fund" in rule for rule in rules) else "carried"])
            ),
        }
        if cap["per"] not in ("year", "life") and sometimes(draw):
            cap["excess"] = "trued_up"
        if sometimes(draw):
            cap |= {"share": "0.02", "of": "revenue"}
        else:
            cap |= {
                "amount": draw(one_from(["0", "1", "5.55", "100"])),
                "prorate": cap["per"] != "life" and draw(st.booleans()),
            }
        if cap["excess"] == "spilled":
            cap["to"] = "fund"
        if cap["excess"] == "carried":
            cap["carry_over_year"] = draw(st.booleans())
        if place == 0 and sometimes(draw):
            cap["rules"] = [draw(one_from([rule["id"] for rule in rules]))]
        if "amount" in cap and cap["per"] in ("quarter", "half_year", "year") and sometimes(draw):
            cap |= {"excess": "lost", "since": "joined", "prorate": False, "carry_over_year": False}
            cap.pop("to", None)
        caps.append(cap)
    return caps


@st.composite
def guarantee_lists(draw: st.DrawFn, has_baseline: bool) -> list[Document]:
    """Up to two floors."""
    result = []
    for _ in range(draw(st.integers(0, 2))):
        item: Document = {
            "carry": draw(st.booleans()), "for_months": draw(one_from([12, 12, 3, 5])),
        }  # fmt: skip
        if has_baseline and draw(st.booleans()):
            item |= {"against": "baseline", "keep": draw(one_from(["0.9", "1", "0.333333"]))}
        else:
            item |= {
                "amount": draw(one_from(["1", "5.55", "100"])),
                "per": draw(one_from(["month", "quarter", "half_year", "year"])),
                "prorate": draw(st.booleans()),
            }
            if draw(st.booleans()):
                item |= {"since": "joined", "for_months": draw(one_from([1, 2, 3, 5, 14]))}
        if sometimes(draw, 4):
            item["who"] = draw(whos())
        result.append(item)
    return result


@st.composite
def draw_lists(draw: st.DrawFn) -> list[Document]:
    """At most one advance."""
    if draw(st.booleans()):
        return []
    item: Document = {
        "amount": draw(one_from(["1", "5.55", "100"])),
        "per": draw(one_from(["month", "quarter"])),
        "for_months": draw(one_from([12, 3])),
        "recover_from": draw(one_from([1, 4])),
        "recover_share": draw(one_from(["1", "0.5", "0.333333"])),
    }
    if draw(st.booleans()):
        item |= {
            "since": "joined",
            "for_months": draw(one_from([1, 3, 14])),
            "recover_from": draw(one_from([1, 3, 13])),
        }
    else:
        item["forgive"] = draw(st.booleans())
    if draw(st.booleans()):
        item["recover_out_of"] = "all_earnings"
    if sometimes(draw):
        item["forgive_after"] = (
            draw(one_from([3, 4, 12])) if item.get("since") is None else draw(one_from([1, 4, 13, 14]))
        )
        item["forgive_after"] = max(item["forgive_after"], item["for_months"])
    if sometimes(draw):
        item["recover_at_most"] = "1"
    if sometimes(draw):
        item["balance_at_most"] = draw(one_from(["5", "100"]))
    return [item]


@st.composite
def balance_schemes(draw: st.DrawFn) -> Scheme:
    """Caps, floors, draws, minimum payouts, bonuses that are repaid, rounding of totals."""
    rules = draw(ordered([simple_rules]))
    if sometimes(draw):
        rules = [draw(fund_rules()), *rules]
    minimum = {"amount": draw(one_from(["1", "5.55"])), "below": draw(one_from(["forfeit", "carry"]))}
    return scheme(
        rules,
        tiers=RECORDED_TIERS,
        caps=draw(cap_lists(rules)),
        guarantees=draw(guarantee_lists(has_baseline=True)),
        draws=draw(draw_lists()),
        minimum_payout=minimum if draw(st.booleans()) else None,
        eligible=draw(whos()) if sometimes(draw) else None,
        baseline="baseline",
        **draw(common()),
    )


@st.composite
def baselines(draw: st.DrawFn) -> Scheme:
    """A smaller scheme to compare with."""
    rules = draw(ordered([simple_rules], most=2))
    return scheme(rules, caps=draw(cap_lists(rules)), tiers=RECORDED_TIERS, **draw(common()))


# --- alternatives


@st.composite
def compared_rules(draw: st.DrawFn, number: int, earlier: Sequence[str]) -> Document:
    """A rule that can be compared with others."""
    rule: Document = draw(
        st.one_of(simple_rules(number, earlier), accumulated_rules(number, []), limited_rules(number, []))
    )
    for key in ("repay", "non_cash"):
        rule.pop(key, None)
    rule["per"] = (
        draw(one_from([rule["per"], "month", "quarter", "year"])) if isinstance(rule["rate"], str) else rule["per"]
    )
    rule["limit"] = [one for one in rule.get("limit", []) if one["excess"] != "spilled"]
    if sometimes(draw, 5):
        rule["who"] = draw(whos())
    if sometimes(draw, 5):
        rule["during"] = {"from": "2014-02", "to": "2014-04"}
    return rule


@st.composite
def alternative_schemes(draw: st.DrawFn) -> Scheme:
    """The greater or the lesser of rules, a rule on what they paid, caps, floors and a budget after them."""
    rules = [draw(compared_rules(number, [])) for number in range(draw(st.integers(2, 4)))]
    named = draw(st.permutations([rule["id"] for rule in rules]))
    alternatives = [{"id": "one", "rules": named[: draw(st.integers(2, len(named)))]}]
    if len(named) == 4 and sometimes(draw):
        alternatives = [{"id": "one", "rules": named[:2]}, {"id": "two", "rules": named[2:]}]
    for one in alternatives:
        one["pays"] = draw(one_from(["greater", "lesser"]))
        if draw(st.booleans()):
            one["per"] = draw(one_from(["quarter", "half_year", "year"]))
    if sometimes(draw, 2):
        rules.append(
            {"id": "more", "on": {"payout_of": named[:2]}, "per": draw(one_from(["month", "quarter"])), "rate": "0.5"}
        )
    return scheme(
        rules,
        alternatives=alternatives,
        targets=draw(target_lists()),
        tiers=RECORDED_TIERS,
        gates=draw(gate_lists()),
        caps=draw(cap_lists(rules)) if sometimes(draw) else None,
        guarantees=draw(guarantee_lists(has_baseline=False)) if sometimes(draw) else None,
        budget={"amount": "100", "when_exceeded": "prorate"} if sometimes(draw) else None,
        **draw(common()),
    )


# --- the programme


@st.composite
def awards(draw: st.DrawFn, number: int) -> Document:
    """A contest."""
    return {
        "id": f"r{number}",
        "on": draw(one_from(["revenue", "units"])),
        "per": draw(one_from(["month", "quarter", "year"])),
        "award": {
            "prizes": draw(one_from([["100"], ["100.01", "50"], ["3", "2", "1"]])),
            "within": draw(one_from(["all", "type", "region"])),
            "at_least": draw(one_from(["0", "1", "10"])),
        },
    }


@st.composite
def programme_rules(draw: st.DrawFn, number: int, earlier: Sequence[str]) -> Document:
    """A simple rule, a contest, or a rule that runs in some months only."""
    if sometimes(draw, 4):
        rule: Document = draw(awards(number))
        if sometimes(draw):
            rule["who"] = draw(whos())
    else:
        rule = draw(simple_rules(number, earlier))
        rule.pop("repay", None)
    if sometimes(draw):
        rule["during"] = draw(one_from([{"from": "2014-02", "to": "2014-04"}, {"from": "2014-03", "to": "2014-03"}]))
    return rule


@st.composite
def programme_schemes(draw: st.DrawFn) -> Scheme:
    """Contests, pools, budgets, mix factors, variants, groups, seasons, rules that are not money."""
    rules = draw(ordered([programme_rules], most=4))
    settings = draw(common())
    settle = settings["settle"]
    pools = []
    paying = [rule["id"] for rule in rules if not rule.get("non_cash")]
    if paying and sometimes(draw, 2):
        named = draw(st.lists(one_from(paying), min_size=1, unique=True))
        size = draw(
            one_from([{"amount": "1"}, {"amount": "5.55"}, {"amount": "100"}, {"share": "0.0333", "of": "revenue"}])
        )
        pays = draw(one_from([{"pays": "up_to"}, {"pays": "whole"}, {"pays": "whole", "divides": "equally"}]))
        pools = [{"id": "pool", **size, "per": settle, "rules": named, **pays}]
    budget = {
        "amount": draw(one_from(["1", "10.01", "100", "1000"])),
        "when_exceeded": draw(one_from(["prorate", "prorate", "first_come", "report"])),
    }
    factor = one_from(["0.5", "1.25", "0.333333"])
    factors = {"behavioural": draw(factor), "transactional": draw(factor)}
    group = draw(groups()) if sometimes(draw) else None
    own = ["group"] if group and group["pays"] == "member" else []
    if pools and sometimes(draw):
        pools[0]["within"] = draw(one_from(["type", "segment", "region", *own]))
    return scheme(
        rules,
        tiers=RECORDED_TIERS,
        pools=pools,
        budget=budget if draw(st.booleans()) else None,
        mix={"behavioural": "0.8", "factors": factors} if sometimes(draw) else None,
        variants=draw(variants(rules)) if sometimes(draw) else None,
        group=group,
        guarantees=draw(guarantee_lists(has_baseline=False)) if sometimes(draw) else None,
        eligible=draw(whos(with_tiers=False)) if sometimes(draw, 5) else None,
        **settings,
    )


@st.composite
def variants(draw: st.DrawFn, rules: Sequence[Document]) -> Document:
    """Other numbers for some partners."""
    plain = [rule["id"] for rule in rules if isinstance(rule.get("rate"), str)]
    if not plain:
        return {}
    changes = {f"rules.{draw(one_from(plain))}.rate": draw(one_from(["0.07", "3"]))}
    result: Document = {"first": {"who": {"types": [draw(one_from(TYPES))]}, "change": changes}}
    if sometimes(draw):
        named = draw(
            one_from([{"regions": [REGIONS[0]]}, {"segments": [SEGMENTS[0]]}, {"tiers": [draw(one_from(LEVELS))]}])
        )
        result["second"] = {"who": named, "change": {f"rules.{plain[0]}.rate": "0.5"}}
    return result


def groups() -> st.SearchStrategy[Document]:
    """Members beside each other, or a parent that is paid for all."""
    return one_from(
        [
            {"by": "parent_id", "pays": "member"},
            {"by": "region", "pays": "member"},
            {"by": "parent_id", "pays": "parent"},
        ]
    )


@st.composite
def grouped_schemes(draw: st.DrawFn) -> Scheme:
    """Members paid on their own while tables and tiers look at the group, or a parent paid for all."""
    kinds = [grouped_rules]
    group = draw(groups())
    tiers = {
        "levels": [
            {"name": "bronze"}, {"name": "silver", "needs": {"revenue": "100"}}, {"name": "gold", "needs": {"units": "10"}},
        ],
        "review": "month", "looks_at": {"months": 1},
    }  # fmt: skip
    return scheme(draw(ordered(kinds, most=2)), group=group, tiers=tiers, **draw(common()))


@st.composite
def grouped_rules(draw: st.DrawFn, number: int, earlier: Sequence[str]) -> Document:
    """A table over a measure of the group."""
    base = draw(one_from([*MONEY_MEASURES, "units"]))
    over = draw(one_from(["period", "year_to_date"]))
    leaf = table_rates(base, overs=(over,), modes=GENERAL_MODES, with_target=False)
    rule: Document = {"id": f"r{number}", "on": base, "per": "month", "rate": draw(leaf)}
    if sometimes(draw):
        rule["who"] = {"tiers": [draw(one_from(LEVELS))]}
    return rule


@st.composite
def everything_schemes(draw: st.DrawFn) -> Scheme:
    """A bit of all of it at once."""
    kinds = [table_rules, accumulated_rules, limited_rules, provision_rules, simple_rules, deal_rules]
    rules = [draw(fund_rules()), *draw(ordered(kinds))]
    for rule in rules:
        if rule.get("per") == "deal":
            rule.pop("net_of", None)
    return scheme(
        rules,
        targets=draw(target_lists()),
        tiers=draw(tier_models()),
        gates=draw(gate_lists()),
        caps=draw(cap_lists(rules)),
        guarantees=draw(guarantee_lists(has_baseline=True)),
        draws=draw(draw_lists()),
        returns=draw(return_policies()) if draw(st.booleans()) else None,
        budget={"amount": "100", "when_exceeded": "prorate"} if sometimes(draw) else None,
        baseline="baseline",
        **draw(common()),
    )
