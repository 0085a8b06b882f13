"""Checks with a history's names and a baseline, and sound schemes in which nothing is wrong."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from incentive_lab.errors import InputError
from incentive_lab.scheme.check import check, not_in_history
from incentive_lab.scheme.checks.context import Known
from incentive_lab.scheme.load import load, loads
from incentive_lab.scheme.paths import apply

SCHEME = load(Path(__file__).with_name("example.yaml"))
HEAD = "scheme: sound\ncurrency: USD\neffective: {from: 2014-01-01}\n"
SOUND = {
    "instalments": """
rules:
  - id: plan
    on: revenue
    per: quarter
    rate: {table: {over: year_to_date, steps: [{from: 0, lump: 0}, {from: 1_000_000, lump: 20_000}]}}
    instalments: {count: 4}
""",
    "bands written 1-10, 11-20": """
rules:
  - id: units
    on: units
    rate: {table: {slices: from_previous_end, steps: [{from: 1, to: 10, rate: 5}, {from: 11, rate: 7}]}}
""",
    "deal by deal": """
rules:
  - {id: spif, on: revenue, per: deal, rate: {table: {over: year_to_date, steps: [{rate: 1%}, {from: 9, rate: 2%}]}}}
  - {id: extra, on: revenue, per: deal, rate: 1%, net_of: [spif], limit: {amount: 500, per: deal}}
""",
    "a fund that takes an excess": """
rules:
  - {id: rebate, on: revenue, rate: 3%, limit: {amount: 5_000, per: quarter, excess: spilled, to: mdf}}
  - {id: mdf, on: campaign_spend, rate: 50%, fund: {accrues_on: revenue, rate: 1%}}
""",
    "points, a contest and a variant": """
tiers: {points: {certification: 10}, levels: [{name: a}, {name: b, points: 30}]}
rules:
  - {id: rebate, on: revenue, rate: {by_tier: {a: 1%, b: 2%}}}
  - {id: best, on: win_rate, per: year, award: {prizes: [5_000, 2_000]}}
variants: {msp: {who: {types: [msp]}, change: {rules.rebate.rate.by_tier.b: 3%}}}
""",
    "a growth gate and a trailing window": """
rules:
  - id: rebate
    on: revenue
    per: quarter
    rate: {table: {over: {trailing: 12}, pays: period_only, steps: [{rate: 1%}, {from: 100_000, rate: 2%}]}}
    requires: {revenue: {at_least: 5%, kind: growth}}
""",
}


@pytest.mark.parametrize("body", SOUND.values(), ids=SOUND)
def test_a_sound_scheme_has_neither_problems_nor_warnings(body):
    result = check(loads(HEAD + body))
    assert [str(one) for one in (*result.problems, *result.warnings)] == []


def test_a_target_that_the_history_has_is_not_asked_for():
    known = check(SCHEME, names=Known(targets={"protected_revenue"}))
    assert [problem.path for problem in known.warnings] == ["mix"]


def test_a_target_that_neither_has_is_a_problem():
    assert [one.path for one in check(SCHEME, names=Known(targets=())).problems] == ["rules.quarter-accelerator.on"]


def test_names_that_the_history_does_not_know_are_warned_of():
    names = SimpleNamespace(types=["reseller", "distributor"], targets=["protected_revenue"])
    warnings = [str(one) for one in check(SCHEME, names=names).warnings]
    assert any("eligible.types: The history has no partners of type 'msp'" in one for one in warnings)


def test_a_column_that_the_history_has_is_known():
    text = HEAD + "measures: {seats: {of: deals.seats, unit: count}}\nrules: [{id: r, on: seats, rate: 3}]\n"
    assert check(loads(text)).warnings
    assert not check(loads(text), names=Known(columns={"deals": ["seats"]})).warnings
    assert not check(loads(text), names=Known(columns={"deals": ["quantity"]})).ok


def test_a_baseline_in_another_currency_cannot_be_compared():
    other = apply(SCHEME, {"scheme": "current-2013", "currency": "EUR"})
    assert [one.path for one in check(SCHEME, baseline=other).problems] == ["currency"]


def test_problems_can_be_raised_together():
    wrong = apply(SCHEME, {"rules.certification.on": "certifications", "gates.gate-1.rules": ["none"]})
    with pytest.raises(InputError) as caught:
        check(wrong).require()
    assert len(caught.value.problems) == 2


def test_what_is_worked_out_from_cost_is_told_where_the_history_has_none():
    text = (
        "{scheme: a, currency: USD, effective: {from: 2024-01-01}, rules: [{id: c, on: margin, rate: 3%}, "
        "{id: d, on: kept, rate: 1%}], measures: {kept: {of: deals.amount, where: {status: won, margin_share: {min: 5%}}, "
        "at: closed_on}}}"
    )
    without = check(loads(text), names=Known(filled={"deals": ("amount",)})).warnings
    assert [one.path for one in without if "no cost" in one.message] == [
        "rules.c.on",
        "measures.kept.where.margin_share",
    ]
    with_cost = check(loads(text), names=Known(filled={"deals": ("amount", "cost")})).warnings
    assert not [one for one in with_cost if "no cost" in one.message]


@pytest.mark.parametrize(
    ("rate", "said"),
    [("", "so it pays nothing"), (", rate: 0", "so it pays nothing"), (", rate: -3%", "takes money from partners"),
     (", rate: {by_type: {msp: -1%}, otherwise: 2%}", "takes money from partners")],
)  # fmt: skip
def test_a_rate_that_rewards_nobody_is_doubted_and_not_refused(rate, said):
    text = f"{{scheme: a, currency: USD, effective: {{from: 2024-01-01}}, rules: [{{id: c, on: revenue{rate}}}]}}"
    found = check(loads(text))
    assert found.ok
    assert said in str(found.warnings[0])


@pytest.mark.parametrize(("need", "doubted"), [("revenue: -5", True), ("certification: -0.5", True), ("revenue: 5", False),
                                               ("nps: -20", False), ("net_revenue: -5", False)])  # fmt: skip
def test_a_threshold_below_nothing_is_doubted_for_what_adds_up(need, doubted):
    text = (
        "{scheme: a, currency: USD, effective: {from: 2024-01-01}, rules: [{id: c, on: revenue, rate: 3%}],"
        "tiers: {levels: [{name: low}, {name: high, needs: {NEED}}]}}"
    )
    found = check(loads(text.replace("NEED", need)))
    assert found.ok
    assert any("a partner with none of it reaches too" in str(one) for one in found.warnings) == doubted


@pytest.mark.parametrize(
    ("levels", "said"),
    [
        ("{name: b, needs: {revenue: 180_000}}, {name: c, needs: {units: 5}}, {name: d, needs: {revenue: 150_000}}",
         ["tiers.levels.d.needs.revenue: It needs 150,000 of revenue, less than 'b' with 180,000."]),
        ("{name: b, points: 50}, {name: c, points: 30}",
         ["tiers.levels.c.points: It asks for 30 points, less than 'b' with 50."]),
        ("{name: b, needs: {revenue: 9}, points: 5}, {name: c, needs: {units: 5}}, {name: d, needs: {revenue: 9}, points: 5}",
         []),
    ],
)  # fmt: skip
def test_a_tier_is_compared_with_the_nearest_below_it_that_asks_for_the_same(levels, said):
    text = (
        "{scheme: a, currency: USD, effective: {from: 2024-01-01}, rules: [{id: c, on: revenue, rate: 3%}],"
        f"tiers: {{points: {{certification: 10}}, levels: [{{name: a}}, {levels}]}}}}"
    )
    found = check(loads(text))
    assert found.ok
    assert [str(one) for one in found.warnings if "less than" in one.message] == said


CRM = Known(
    kinds=("Lead Submitted", "Training Completed", "Deal Registration", "Joint Campaign"),
    scores=("nps",),
    filled={"deals": ("amount", "cost", "created_on", "closed_on", "recurring_amount")},
)
ASKING = (
    HEAD
    + """
measures:
  approved: {of: activities.quantity, where: {kind: deal_registration, quality: {min: 1}}}
  both: {count: activities, where: {kind: [Lead Submitted, referal]}}
  activity: {plus: [training, both]}
  per_training: {ratio: [revenue, training]}
tiers:
  levels:
    - {name: low}
    - {name: gold, needs: {revenue: 10, csat: 3.8}}
    - {name: platinum, needs: {revenue: 20, csat: 4, training: 2}}
rules:
  - {id: leads, on: qualified_lead, rate: 3}
  - {id: registered, on: approved, rate: 3}
  - {id: schooled, on: training, rate: 3}
  - {id: active, on: activity, rate: 3}
  - {id: shared, on: both, rate: 3}
  - {id: piped, on: qualified_pipeline, rate: 1%}
  - id: rebate
    on: revenue
    rate: {table: {by: per_training, steps: [{rate: 1%}, {from: 100, rate: 2%}]}}
gates: [{id: service, when: {csat: {below: 3.5}}, multiply: 0.5, rules: [rebate]}]
"""
)


@pytest.mark.parametrize(
    ("step", "provision", "doubted"),
    [
        ("{from: 0, lump: 50}", "{run_rate: true}", True),
        ("{from: 0, rate: 0, lump: 50}", "{expected: 2_000}", True),
        ("{from: 0, rate: 1%, lump: 50}", "{run_rate: true}", False),
        ("{from: 0, lump: 50}", "{rate: 1%}", False),
    ],
)
def test_a_provision_on_lumps_alone_is_doubted(step, provision, doubted):
    rate = f"{{table: {{applies: whole, steps: [{step}]}}}}"
    body = f"rules:\n  - {{id: plan, on: revenue, per: year, provision: {provision}, rate: {rate}}}\n"
    assert [one.path for one in check(loads(HEAD + body)).warnings] == (["rules.plan.provision"] if doubted else [])


@pytest.mark.parametrize(
    ("per", "table", "doubted"),
    [
        ("deal", "over: life, applies: whole", True),
        ("month", "over: life, applies: whole, pays: period_only", True),
        ("deal", "over: life, applies: whole, border: above", False),
        ("month", "over: life, applies: whole", False),
        ("deal", "applies: whole", False),
    ],
)
def test_a_lump_that_no_movement_can_reach_is_doubted(per, table, doubted):
    steps = "steps: [{name: first, from: 0, lump: 50}, {from: 10, lump: 80}]"
    body = f"rules:\n  - {{id: plan, on: revenue, per: {per}, rate: {{table: {{{table}, {steps}}}}}}}\n"
    said = [one.path for one in check(loads(HEAD + body)).warnings]
    assert said == (["rules.plan.rate.table.steps.first.lump"] if doubted else [])


def test_every_measure_of_which_the_history_has_nothing_is_noted_once_with_what_hangs_on_it():
    assert [str(one) for one in not_in_history(loads(ASKING), CRM)] == [
        "measures.approved.where.kind: This history has no activities of kind 'deal_registration': the rule registered "
        "pays nothing. It has Deal Registration, Joint Campaign, Lead Submitted, Training Completed. Did you mean Deal "
        "Registration?",
        "measures.both.where.kind: This history has no activities of kind 'referal'. It has Deal Registration, Joint "
        "Campaign, Lead Submitted, Training Completed.",
        "tiers.levels.gold.needs.csat: This history has no scores named 'csat': gold and platinum cannot be reached; the "
        "gate service has nothing to go by. It has nps.",
        "tiers.levels.platinum.needs.training: This history has no activities of kind 'training': platinum cannot be "
        "reached; the rule schooled pays nothing; the rule rebate has nothing to go by. It has Deal Registration, Joint "
        "Campaign, Lead Submitted, Training Completed. Did you mean Training Completed? Map it to training "
        "(docs/mapping.md, values), or define training with it under measures.",
        "rules.leads.on: This history has no activities of kind 'qualified_lead': the rule leads pays nothing. It has Deal "
        "Registration, Joint Campaign, Lead Submitted, Training Completed. Did you mean Lead Submitted? Map it to "
        "qualified_lead (docs/mapping.md, values), or define qualified_lead with it under measures.",
        "rules.piped.on: This history has no deal with a qualified_on: the rule piped pays nothing.",
    ]


def test_what_the_history_has_or_was_not_asked_for_is_not_noted():
    full = Known(kinds=("qualified_lead", "deal_registration", "training", "referal", "Lead Submitted"), scores=("csat",),
                 filled={"deals": ("qualified_on", "closed_on")})  # fmt: skip
    assert not_in_history(loads(ASKING), full) == ()
    assert not_in_history(loads(ASKING), None) == ()


def test_what_counts_from_joining_is_told_where_nobody_has_a_date():
    text = HEAD + (
        "targets: [{measure: revenue, amount: 10, ramp: [50%]}]\n"
        "rules: [{id: r, on: joined, rate: 3, who: {months_since_joining: {below: 3}}}]\n"
        "guarantees: [{amount: 5, since: joined}]\n"
        "caps: [{amount: 9, per: year, since: joined}]\n"
    )
    assert not check(loads(text), names=Known(filled={"partners": ["partner_id", "joined_on"]})).warnings
    told = {str(one) for one in check(loads(text), names=Known(filled={"partners": ["partner_id"]})).warnings}
    assert told == {
        "rules.r.on: This history has no partner with a joined_on: the rule r pays nothing.",
        "rules.r.who.months_since_joining: This history has no partner with a joined_on, so nobody is named.",
        "targets.revenue.ramp: This history has no partner with a joined_on, so everybody owes the whole target.",
        "guarantees.guarantee-1.since: This history has no partner with a joined_on, so it is given to nobody.",
        "caps.cap-1.since: This history has no partner with a joined_on, so its periods are those of the programme year.",
    }
