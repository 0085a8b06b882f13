"""Schemes, steps and histories side by side."""

from __future__ import annotations

from decimal import Decimal

import pytest
from streamlit.testing.v1 import AppTest

from incentive_lab.engine.replay import replay
from incentive_lab.panel import Panel
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.load import load
from incentive_lab.ui.drafts import Draft
from incentive_lab.ui.stacking import steps
from tests.ui.conftest import ROOT
from tests.ui.test_pages import shown
from tests.ui.test_tune import SILVER

BUDGET, LEADS = "budget.amount", "rules.leads.rate"


@pytest.fixture
def compare(app: AppTest) -> AppTest:
    return app.switch_page("pages/compare.py").run()


def test_steps_lead_from_start_to_end_and_their_costs_add_up(tiered: Scheme, flat: Scheme, panel: Panel) -> None:
    draft = Draft.of(tiered, flat).moved(LEADS, Decimal(150)).moved("rules.volume.rate", Decimal("0.03"))
    for changes in (draft.changes, draft.changes[::-1]):
        found = steps(draft.start, draft.scheme, flat, changes)
        assert len(found) == 2
        assert found[-1].scheme == draft.scheme
        costs = [replay(one, panel, baseline=flat).cost for one in (draft.start, *(step.scheme for step in found))]
        assert costs[-1] == replay(draft.scheme, panel, baseline=flat).cost
        assert costs[1] > costs[0]


def test_what_cannot_stand_alone_and_what_is_left_out_is_the_last_step() -> None:
    from incentive_lab.scheme.retier import Tier, retiered

    scheme = load(ROOT / "data/schemes/growth-80-20.yaml")
    flat = load(ROOT / "data/schemes/current-flat.yaml")
    assert scheme.tiers is not None
    levels = [Tier("vip" if one.name == "gold" else one.name, one.name, one.needs) for one in scheme.tiers.levels]
    draft = Draft.of(scheme, flat).moved(SILVER, Decimal(5)).rewritten(retiered(scheme, levels))
    found = steps(draft.start, draft.scheme, flat, draft.changes)
    assert found[-1].scheme == draft.scheme
    assert steps(draft.start, draft.scheme, flat, [])[0].label == "All other changes"
    assert steps(scheme, scheme, flat, []) == []


def test_schemes_stand_side_by_side(compare: AppTest) -> None:
    assert not compare.exception
    picked = compare.multiselect(key="compare-schemes")
    assert picked.value == ["Flat commission", "The draft"]
    picked.select("Growth rebate" if "Growth rebate" in picked.options else picked.options[3]).run()
    assert not compare.exception
    text = shown(compare)
    assert "Key figures" in text
    assert "Gini coefficient" in text
    picked.set_value([]).run()
    assert any("Choose a scheme" in info.value for info in compare.info)


def test_every_shipped_scheme_is_compared_or_says_why_not(compare: AppTest) -> None:
    options = compare.multiselect(key="compare-schemes").options
    for name in options[1:]:
        compare.multiselect(key="compare-schemes").set_value([options[0], name]).run()
        assert not compare.exception


def test_the_steps_of_a_draft_have_their_marginal_cost(compare: AppTest) -> None:
    compare.segmented_control(key="compare-view").set_value("Steps of the draft").run()
    assert any("no change yet" in info.value for info in compare.info)
    draft = compare.session_state["draft"]
    compare.session_state["draft"] = draft.moved(SILVER, Decimal(5)).moved("rules.training.rate", Decimal(60))
    compare.run()
    assert not compare.exception
    assert "Step by step" in shown(compare)
    assert "Marginal" in shown(compare)


def test_one_scheme_on_the_histories_at_hand(compare: AppTest) -> None:
    compare.segmented_control(key="compare-view").set_value("One scheme, several histories").run()
    assert not compare.exception
    assert "Key figures" in shown(compare)


def test_steps_are_called_as_on_tune(compare: AppTest) -> None:
    compare.session_state["draft"] = compare.session_state["draft"].moved(
        "rules.qualified-pipeline.rate", Decimal("0.003")
    )
    compare.segmented_control(key="compare-view").set_value("Steps of the draft").run()
    assert not compare.exception
    assert "Qualified pipeline: rate from 0.25 % to 0.3 %" in shown(compare).replace("\\", "").replace(
        "\N{NO-BREAK SPACE}", " "
    )
