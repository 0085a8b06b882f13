"""Random schemes as plain data, wide over the grammar: whatever a document can say, some example says it."""

from decimal import Decimal

from hypothesis import strategies as st

from incentive_lab.scheme.document import Scheme

SUMS = ("revenue", "margin", "units", "won_deals", "certification", "qualified_lead", "campaign_spend")
LEVELS = ("csat", "brand_adherence")
RATIOS = ("win_rate", "margin_share")
TIERS = ("registered", "silver", "gold")
PARTNER_TYPES = ("reseller", "msp", "technology", "System v2.0", 'say "hi"')

sums = st.sampled_from(SUMS)
any_measure = st.sampled_from(SUMS + LEVELS + RATIOS)
CONTROL = "".join(chr(code) for code in (*range(9), 11, 12, *range(14, 32), 127))
"""Characters that no document holds."""

words = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",), exclude_characters=CONTROL), max_size=30)
shares = st.decimals(0, 1, places=4)
rates = st.one_of(shares, st.decimals(0, 500, places=2), st.integers(-3, 10**6).map(Decimal))
amounts = st.one_of(st.integers(0, 10**9).map(Decimal), st.decimals(0, 10**6, places=2))
windows = st.one_of(
    st.sampled_from(["period", "month", "quarter_to_date", "half_year_to_date", "year_to_date", "life"]),
    st.integers(1, 36).map(lambda months: {"trailing": months}),
)
periods = st.sampled_from(["month", "quarter", "half_year", "year"])
ids = st.from_regex(r"[a-z][a-z0-9_-]{0,12}", fullmatch=True)


def some(**parts):
    """A mapping with any of these keys."""
    return st.fixed_dictionaries({}, optional=parts)


def sure(required, **optional):
    """A mapping with these keys, and any of the optional ones."""
    return st.fixed_dictionaries(required, optional=optional)


references = st.one_of(
    st.sampled_from(["target", "last_year", "last_period"]),
    amounts,
    sure({"last_year": st.just(True)}, times=shares, new_partner=st.sampled_from(["zero", "prorate"])),
    sure({"average_of_last": st.integers(2, 12)}, times=shares, new_partner=st.sampled_from(["zero", "prorate"])),
    sure({"last_year": st.just(True), "pace_of": st.sampled_from(["type", "region"])}),
    sure({"target": st.just(True), "whole": st.booleans()}),
)
drivers = st.one_of(
    any_measure,
    sure({"attainment_of": sums}, against=references),
    sure({"growth_of": sums}, against=references),
    sure({"excess_of": sums}, against=references),
    st.sampled_from([{"scorecard": "balanced"}, {"scorecard": "v2.0"}]),
)


@st.composite
def steps(draw, values=("rate", "lump")):
    """Steps in rising order, some with names."""
    starts = sorted(draw(st.sets(st.integers(0, 10**6), min_size=1, max_size=4)))
    made = []
    for place, start in enumerate(starts):
        step = {"from": Decimal(start)} if start or draw(st.booleans()) else {}
        if draw(st.booleans()):
            step["name"] = draw(st.sampled_from([f"level {place}", f"s{place}", f"v{place}.0"]))
        step |= {key: draw(rates if key == "rate" else amounts) for key in values if draw(st.booleans())}
        made.append(step)
    return made


tables = sure(
    {"steps": steps()},
    by=drivers,
    over=windows,
    applies=st.sampled_from(["marginal", "whole", "each_to_its_end", "each_in_full"]),
    border=st.sampled_from(["at_or_above", "above"]),
    lumps=st.sampled_from(["highest", "each"]),
    pays=st.sampled_from(["true_up", "period_only"]),
    of_target=st.booleans(),
)
simple_rates = st.one_of(rates, tables.map(lambda table: {"table": table}))
choices = st.one_of(
    st.fixed_dictionaries({"by_tier": st.fixed_dictionaries(dict.fromkeys(TIERS, simple_rates))}),
    sure(
        {"by_type": st.dictionaries(st.sampled_from(PARTNER_TYPES), simple_rates, min_size=1)}, otherwise=simple_rates
    ),
)
grids = st.just(
    {
        "grid": {
            "rows": {"by": "csat", "steps": [{"name": "low"}, {"name": "high", "from": Decimal(4)}]},
            "columns": {"by": "revenue", "over": "year_to_date", "steps": [{"name": "all"}]},
            "rates": {"low": {"all": Decimal("0.01")}, "high": {"all": Decimal("0.02")}},
        }
    }
)
any_rate = st.one_of(simple_rates, choices, grids)
tests = st.one_of(
    sure({"below": amounts}, over=windows),
    sure({"at_least": amounts, "kind": st.sampled_from(["attainment", "growth"])}, against=references),
    sure({"above": amounts}),
    sure({"above": shares, "kind": st.just("scorecard")}),
)
limits = st.one_of(
    sure({"amount": amounts}, per=periods, excess=st.sampled_from(["lost", "carried"]), prorate=st.booleans()),
    sure({"quantity": amounts}, per=periods),
    sure({"share": shares, "of": sums}, per=periods),
)
who = some(
    types=st.one_of(st.just("all"), st.lists(st.sampled_from(PARTNER_TYPES), max_size=2)),
    tiers=st.lists(st.sampled_from(TIERS), max_size=2),
    joined_before=st.dates().map(str),
    months_since_joining=sure({"below": st.integers(7, 60)}, at_least=st.integers(0, 6)),
    where=st.dictionaries(words, st.one_of(words, st.lists(words, max_size=2)), max_size=2),
)
returns = st.one_of(
    st.sampled_from(["original_rate", "unserved_time", "ignore"]),
    sure({"method": st.just("share_of_paid")}, share=shares, keep=amounts),
    st.just(
        {"method": "schedule", "schedule": [{"within_months": 3, "share": 1}, {"within_months": 6, "share": "50%"}]}
    ),
)
bases = st.one_of(sums, sure({"excess_of": sums, "above": references}))
multipliers = st.one_of(
    sure({"scorecard": st.just("balanced")}, at_most=shares, over=windows),
    sure({"attainment_of": sums}, at_least=shares, over=windows),
    st.fixed_dictionaries({"table": sure({"by": drivers, "steps": steps(("rate",)), "applies": st.just("whole")})}),
)
rule_parts = {
    "label": words,
    "group": st.sampled_from(["behavioural", "transactional"]),
    "per": st.sampled_from(["deal", "line", "month", "quarter", "half_year", "year"]),
    "rate": any_rate,
    "multiply": st.one_of(multipliers, st.lists(multipliers, max_size=2)),
    "requires": st.dictionaries(any_measure, tests, max_size=2),
    "limit": st.one_of(limits, st.lists(limits, max_size=3)),
    "multiples": sure({"of": amounts}, counts=st.just("started")),
    "who": who,
    "during": st.just({"from": "2014-03", "to": "2014-05"}),
    "returns": returns,
    "repay": st.just({"unless": {"revenue": 1000}, "months": 6}),
    "fund": st.just({"accrues_on": "revenue", "rate": "2%"}),
    "award": st.just({"prizes": [500, 300, 200], "within": "type"}),
    "provision": st.one_of(
        st.just({"rate": "1%"}),
        st.just({"step": "s0"}),
        st.just({"expected": "last_year"}),
        st.just({"expected": {"average_of_last": 4}}),
    ),
    "instalments": st.just({"count": 4}),
    "non_cash": st.booleans(),
}
conditions = st.one_of(
    words,
    st.booleans(),
    amounts,
    st.lists(words, max_size=3),
    sure({"min": st.one_of(shares, st.dates().map(str))}, max=shares),
    sure({"not": st.one_of(words, st.lists(words, min_size=1, max_size=2))}, known=st.booleans()),
)
expressions = st.recursive(
    st.sampled_from(["deals.amount", "deals.cost", "deals.seats"]),
    lambda inner: st.one_of(
        st.fixed_dictionaries({"sum": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"product": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"largest": st.tuples(inner, st.integers(-5, 5).map(Decimal)).map(list)}),
    ),
    max_leaves=4,
)
measures = st.one_of(
    sure({"of": expressions}, where=st.dictionaries(words, conditions, max_size=3), unit=st.just("money"), help=words),
    sure(
        {"of": expressions, "spread": st.just("term")}, months_of_term=st.fixed_dictionaries({"to": st.integers(1, 60)})
    ),
    sure({"ratio": st.tuples(sums, sums).map(list)}, unit=st.just("share")),
    sure({"plus": st.lists(sums, min_size=1, max_size=3)}, minus=st.lists(sums, max_size=2)),
    sure({"count": st.just("deals")}, at=st.sampled_from(["created_on", "closed_on"])),
    sure({"level": st.just("scores.csat")}, hold_months=st.integers(1, 24)),
)
needs = st.dictionaries(any_measure, amounts, max_size=3)
tiers = sure(
    {
        "levels": st.tuples(*(sure({"name": st.just(tier)}, needs=needs, points=amounts) for tier in TIERS)).map(list),
    },
    review=periods,
    looks_at=st.one_of(st.sampled_from(["life", "period"]), st.just({"months": 6})),
    grace=st.integers(0, 3),
    points=st.dictionaries(sums, amounts, max_size=2),
)
gates = sure({"when": st.dictionaries(any_measure, tests, min_size=1, max_size=2)}, id=ids, multiply=shares)
caps = sure({}, id=ids, amount=amounts, per=periods, excess=st.sampled_from(["lost", "carried"]))
guarantees = st.one_of(
    sure({"against": st.just("baseline")}, keep=shares, for_months=st.integers(1, 12)),
    sure({"amount": amounts}, id=ids, per=periods, who=who, since=st.just("joined"), for_months=st.integers(1, 120)),
)
targets = sure(
    {"measure": sums, "amount": amounts}, per=periods, index=shares, who=who, ramp=st.lists(shares, max_size=3)
)
scorecards = sure(
    {
        "parts": st.dictionaries(
            sums,
            sure({"weight": shares}, against=references, counts_from=shares, at_least=shares, at_most=shares),
            min_size=1,
            max_size=3,
        )
    },
    label=words,
    missing=st.sampled_from(["fails", "zero", "left_out"]),
)


def unique_by_id(items, most=3):
    """A list whose given ids differ."""
    return st.lists(items, max_size=most, unique_by=lambda item: item.get("id", id(item)))


@st.composite
def scheme_data(draw):
    """A scheme as plain data that the model accepts."""
    names = draw(st.lists(ids, min_size=1, max_size=4, unique=True))
    rules = [{"id": name, "on": draw(bases), **draw(some(**rule_parts))} for name in names]
    if len(names) > 1 and draw(st.booleans()):
        rules[-1]["net_of"] = names[:-1]
    frame = draw(
        sure(
            {
                "scheme": ids,
                "currency": st.sampled_from(["USD", "EUR", "JPY"]),
                "effective": sure({"from": st.just("2014-01-01")}, months=st.integers(1, 24)),
            },
            title=words,
            reason=words,
            baseline=words,
            settle=st.sampled_from(["month", "quarter", "year"]),
            rounding=some(to=st.sampled_from([Decimal("0.01"), Decimal(1)]), mode=st.just("down"), at=st.just("total")),
            budget=sure({"amount": amounts}, when_exceeded=st.just("prorate")),
            mix=sure({"behavioural": shares}, factors=some(behavioural=shares, solved_on=words)),
            eligible=who,
            returns=returns,
            measures=st.dictionaries(ids, measures, max_size=3),
            targets=st.lists(targets, max_size=3),
            scorecards=st.dictionaries(st.sampled_from(["balanced", "v2.0"]), scorecards, max_size=2),
            tiers=tiers,
            gates=unique_by_id(gates),
            caps=unique_by_id(caps),
            guarantees=unique_by_id(guarantees),
            minimum_payout=sure({"amount": amounts}, below=st.just("carry")),
            variants=st.dictionaries(
                words,
                st.fixed_dictionaries(
                    {"who": who, "change": st.just({f"rules.{names[0]}.rate": Decimal("0.07"), "settle": "year"})}
                ),
                max_size=2,
            ),
        )
    )
    return {**frame, "rules": rules}


schemes = scheme_data().map(Scheme.model_validate)
