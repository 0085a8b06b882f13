"""What keeps a draft safe, and what changes more than one number: tiers, mix, redo, presets, links, reloads."""

from __future__ import annotations

from decimal import Decimal

import pytest
from streamlit.testing.v1 import AppTest

from incentive_lab.errors import InputError
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.dump import dumps
from incentive_lab.scheme.load import loads
from incentive_lab.scheme.paths import apply
from incentive_lab.scheme.publishable import published
from incentive_lab.ui import shelf, workspace
from incentive_lab.ui.drafts import Draft
from incentive_lab.ui.further import prepared
from incentive_lab.ui.preparing import working_on
from incentive_lab.ui.tiers_table import edited, frame_of, measures_of
from tests.ui.conftest import ROOT, settled
from tests.ui.test_pages import metrics, opened, opened_box, shown

SILVER = "tiers.levels.silver.needs.training"


def test_undo_and_redo_go_to_and_fro(tune: AppTest) -> None:
    first = metrics(tune)
    tune.slider(key=SILVER).set_value(6.0).run()
    moved = metrics(tune)
    tune.button(key="undo").click().run()
    assert metrics(tune) == first
    tune.button(key="redo").click().run()
    assert metrics(tune) == moved
    assert tune.slider(key=SILVER).value == 6
    tune.button(key="undo").click().run()
    tune.run()
    tune.slider(key=SILVER).set_value(7.0).run()
    assert not tune.session_state["draft"].future


def test_a_tier_and_a_rule_on_what_the_history_has_nothing_of_are_told(tune: AppTest) -> None:
    assert not [one for one in tune.warning if "This history has no" in one.value]
    draft = tune.session_state["draft"]
    level, rule = "tiers.levels.platinum.needs", draft.scheme.rules[0]
    needs = next(one.needs for one in draft.scheme.tiers.levels if one.name == "platinum")
    changed = apply(draft.scheme, {f"rules.{rule.id}.on": "referral_made", level: {**needs, "polled": 4},
                                   "measures.referral_made": {"of": "activities.quantity", "where": {"kind": "Referral made"}},
                                   "measures.polled": {"level": "scores.polled"}})  # fmt: skip
    tune.session_state["draft"] = Draft.of(changed, draft.baseline)
    tune.run()
    told = " ".join(one.value for one in tune.warning)
    assert f"the rule {rule.label} pays nothing" in told
    assert "platinum cannot be reached" in told


def test_the_draft_survives_a_reload_through_its_address(tune: AppTest) -> None:
    tune.slider(key=SILVER).set_value(6.0).run()
    shelf.settle()
    again = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    again.query_params["draft"] = tune.query_params["draft"]
    settled(again)
    assert [change.path for change in again.session_state["draft"].changes] == [SILVER]


@pytest.mark.parametrize("name", ["data", "review"])
def test_a_page_that_shows_no_draft_takes_it_from_the_address_too(tune: AppTest, name: str) -> None:
    tune.slider(key=SILVER).set_value(6.0).run()
    shelf.settle()
    again = settled(AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)).switch_page(f"pages/{name}.py")
    for kept in ("draft", "framed"):  # as in a session that begins on this page
        del again.session_state[kept]
    again.query_params["draft"] = tune.query_params["draft"]
    again.run()
    again.query_params.clear()  # a link to another page does not carry them
    again.switch_page("pages/tune.py").run()
    assert [change.path for change in again.session_state["draft"].changes] == [SILVER]


def test_a_link_opens_the_draft_as_it_was(tune: AppTest) -> None:
    tune.slider(key=SILVER).set_value(6.0).run()
    tune.run()
    opened_box(tune, "share box")
    tune.button(key="share-make").click().run()
    link = tune.code[0].value
    assert "/tune?scheme=s" in link
    tune.run()
    tune.slider(key=SILVER).set_value(9.0).run()
    other = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    other.query_params["scheme"] = link.split("scheme=")[1]
    settled(other)
    assert other.session_state["draft"].value(SILVER) == 6
    assert "scheme" not in other.query_params


def test_a_file_that_was_changed_but_kept_its_name_tells_how_it_differs(tune: AppTest) -> None:
    first = tune.session_state["draft"].scheme
    text = dumps(first).replace(first.title, "Mine").replace("training: 3", "training: 4")
    opened_box(tune, "load box")
    tune.file_uploader(key="load-file").upload("mine.yaml", text.encode()).run()
    tune.run()
    said = shown(tune)
    assert tune.title[0].value == "Mine"
    assert "growth-80-20 as it was loaded differs from the one that is kept here:" in said
    assert "to Mine" in said
    assert "Silver from 3 to 4 of training" in said
    assert "Nothing is changed since growth-80-20 as it was loaded" in said
    tune.switch_page("pages/overview.py").run()
    assert tune.selectbox(key="pick-draft").value == "growth-80-20 as it was loaded"
    tune.selectbox(key="pick-draft").select("growth-80-20").run()
    assert tune.session_state["draft"].scheme == first
    assert "as it was loaded" not in shown(tune.switch_page("pages/tune.py").run())


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "s00", "A" * 80, "a" * 5000])
def test_a_link_that_leads_nowhere_is_nothing(name: str) -> None:
    assert shelf.shared(name) is None


@pytest.mark.usefixtures("_environment")
@pytest.mark.parametrize("parameter", ["scheme", "draft"])
def test_an_address_that_leads_to_no_draft_is_told_until_there_is_one(parameter: str) -> None:
    lost = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    lost.query_params[parameter] = "a" * 5000
    settled(lost)
    lost.switch_page("pages/tune.py")
    lost.query_params[parameter] = "a" * 5000
    lost.run()
    assert not lost.exception
    assert "No draft is kept here under this address" in shown(lost)
    lost.slider(key=SILVER).set_value(6.0).run()
    assert "No draft is kept here" not in shown(lost.run())


@pytest.mark.usefixtures("_environment")
def test_a_preset_does_not_take_the_place_of_one_of_another_title(growth: Scheme) -> None:
    shelf.save_preset("Große Ziele", growth, {})
    with pytest.raises(InputError, match="'Große Ziele' is kept under the same short name, 'groe-ziele'"):
        shelf.save_preset("Groe Ziele", growth, {})
    assert shelf.save_preset(" große  ziele!", growth, {}).id == "groe-ziele", "the same title again replaces it"
    shelf.remove_preset("groe-ziele")


def test_a_preset_that_somebody_else_has_forgotten_is_told(tune: AppTest, growth: Scheme) -> None:
    shelf.save_preset("Soon gone", growth, {})
    opened_box(tune, "load box")
    choice = tune.selectbox(key="load-known").select("soon-gone")
    shelf.remove_preset("soon-gone")
    choice.run()
    assert not tune.exception
    assert "this scheme is no longer here" in shown(tune)
    assert tune.session_state["draft"].scheme.id == "growth-80-20"


def test_names_in_lists_stand_as_they_are(tune: AppTest) -> None:
    opened(tune, "Variants")
    opened_box(tune, "tiers box")
    options = [*tune.multiselect(key="override-what").options, *tune.selectbox(key="tiers-measure").options]
    assert "Silver: training" in options
    assert not [one for one in options if "\\" in one]


def test_a_preset_is_kept_offered_and_forgotten(tune: AppTest) -> None:
    tune.slider(key=SILVER).set_value(6.0).run()
    opened_box(tune, "save box")
    tune.text_input(key="preset-name").set_value("Harder silver").run()
    tune.button(key="preset-keep").click().run()
    assert "harder-silver" in shelf.presets()
    tune.run()
    tune.text_input(key="preset-name").set_value("current flat").run()
    tune.button(key="preset-keep").click().run()
    assert any("is a shipped scheme" in error.value for error in tune.error)
    opened_box(tune, "load box")
    tune.selectbox(key="load-known").select("harder-silver").run()
    assert tune.session_state["draft"].scheme.id == "harder-silver"
    tune.button(key="forget harder-silver").click().run()
    assert "harder-silver" not in shelf.presets()


def test_moving_the_mix_solves_the_rates_and_comes_back_to_the_same(tune: AppTest) -> None:
    opened(tune, "Mix")
    for value in (70.0, 60.0, 70.0):
        tune.slider(key="mix.behavioural").set_value(value).run()
    assert not tune.exception
    first = tune.session_state["draft"].scheme.mix
    assert first.factors.behavioural < 1 < first.factors.transactional
    assert tune.success
    assert len(tune.session_state["draft"].past) == 3
    tune.segmented_control(key="mix-hold").set_value("nothing").run()
    free = tune.session_state["draft"].scheme.mix
    assert free.hold == "nothing"
    assert free.factors != first.factors


def test_a_solved_mix_is_offered_with_rates_that_can_be_published_and_rounds_nothing_by_itself(tune: AppTest) -> None:
    opened(tune, "Mix")
    tune.slider(key="mix.behavioural").set_value(70.0).run()
    exact = tune.session_state["draft"].scheme
    assert exact.mix.factors is not None
    assert "The draft has the exact rates, such as" in shown(tune)
    assert "Qualified leads: rate for registered" in shown(tune).replace("\\", "")
    tune.button(key="publish-mix").click().run()
    assert not tune.exception
    rounded = tune.session_state["draft"].scheme
    assert rounded.mix.factors is None
    assert rounded.mix.behavioural == exact.mix.behavioural
    lead = rounded.rules[0].rate.choice()[1]["registered"].plain
    assert lead == published(300 * exact.mix.factors.behavioural, 10)
    tune.button(key="undo").click().run()
    assert tune.session_state["draft"].scheme == exact


@pytest.fixture
def growth() -> Scheme:
    from incentive_lab.scheme.load import load

    return load(ROOT / "data/schemes/growth-80-20.yaml")


def names(scheme: Scheme) -> list[str]:
    assert scheme.tiers is not None
    return [level.name for level in scheme.tiers.levels]


def test_the_table_shows_tiers_and_an_untouched_table_changes_nothing(growth: Scheme) -> None:
    measures = measures_of(growth)
    frame = frame_of(growth, measures)
    assert list(frame["Tier"]) == ["registered", "silver", "gold", "platinum"]
    assert frame["protected_revenue"].isna().tolist() == [True, False, False, False]
    assert edited(growth, measures, {}) == growth


def test_tiers_are_added_removed_renamed_reordered_with_their_rates(growth: Scheme) -> None:
    measures = measures_of(growth)
    added = edited(growth, measures, {"added_rows": [{"Tier": "Bronze", "Place": 2, "training": 1}]})
    assert names(added) == ["registered", "bronze", "silver", "gold", "platinum"]
    rates = added.rules[0].rate.by_tier
    assert rates is not None
    assert rates["bronze"].plain == rates["registered"].plain == 300
    assert names(edited(growth, measures, {"deleted_rows": [2]})) == ["registered", "silver", "platinum"]
    renamed = edited(growth, measures, {"edited_rows": {3: {"Tier": "Diamond"}}})
    assert renamed.rules[0].rate.by_tier is not None
    assert renamed.rules[0].rate.by_tier["diamond"].plain == 450
    assert names(edited(growth, measures, {"edited_rows": {3: {"Place": 2}}}))[1] == "platinum"
    assert names(edited(growth, measures, {"edited_rows": {1: {"Place": 3}}})) == [
        "registered", "gold", "silver", "platinum",
    ]  # fmt: skip
    cells = edited(growth, measures, {"edited_rows": {1: {"training": None, "protected_revenue": 25_000}}})
    assert cells.tiers is not None
    assert cells.tiers.levels[1].needs == {"protected_revenue": Decimal(25_000)}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"edited_rows": {1: {"Tier": "gold"}}}, "two tiers have this name"),
        ({"edited_rows": {1: {"training": 1e20}}}, "allowed is"),
        ({"edited_rows": {1: {"training": "many"}}}, "expected a number"),
        ({"edited_rows": {1: {"training": float("inf")}}}, "expected a finite number"),
        ({"edited_rows": {1: {"Place": "first"}}}, "place: found 'first', expected a number"),
        ({"edited_rows": {1: {"Place": [2]}}}, "expected a number"),
        ({"deleted_rows": [0, 1, 2, 3]}, "at least one"),
    ],
)
def test_tiers_that_cannot_be_say_why(growth: Scheme, changes: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said):
        edited(growth, measures_of(growth), changes)


def test_the_table_on_the_page_changes_the_draft_or_tells(tune: AppTest) -> None:
    opened_box(tune, "tiers box")
    assert not tune.exception
    measures = measures_of(tune.session_state["draft"].scheme)
    # AppTest cannot type into a table: a button of a small script calls what the table's callback calls.
    script = AppTest.from_function(_apply_pending, default_timeout=60)
    script.session_state["draft"] = tune.session_state["draft"]
    script.session_state["pending"] = ({"edited_rows": {1: {"Tier": "Silver Plus"}}}, measures)
    script.run()
    script.button(key="go").click().run()
    assert not script.exception
    assert names(script.session_state["draft"].scheme)[1] == "silver-plus"
    script.session_state["pending"] = ({"edited_rows": {1: {"Tier": "gold"}}}, measures)
    script.button(key="go").click().run()
    assert names(script.session_state["draft"].scheme)[1] == "silver-plus"
    assert script.session_state["tiers problems"]


def _apply_pending() -> None:
    import streamlit as st

    from incentive_lab.ui.tiers_table import apply_changes

    st.button("go", key="go", on_click=lambda: apply_changes(*st.session_state["pending"]))


def test_a_draft_remembers_what_was_undone(growth: Scheme) -> None:
    draft = Draft.of(growth, growth).moved(SILVER, Decimal(5)).moved(SILVER, Decimal(6))
    assert draft.undone().undone().redone().redone().value(SILVER) == 6
    assert draft.undone().moved(SILVER, Decimal(8)).redone().value(SILVER) == 8


def test_some_partners_get_numbers_of_their_own_and_lose_them_again(tune: AppTest) -> None:
    opened(tune, "Variants")
    before, rate = metrics(tune), "rules.deal-registration.rate"
    tune.button(key="override-add").click().run()
    assert "say whom it concerns" in shown(tune)
    tune.multiselect(key="override-whom").set_value(["msp"])
    tune.multiselect(key="override-what").set_value([rate]).run()
    tune.button(key="override-add").click().run()
    assert not tune.exception
    assert metrics(tune) == before, "the numbers are the same until they are moved"
    own = f'variants.msp.change."{rate}"'
    dial = next(one for one in tune.slider if one.key.startswith("variants.msp.change"))
    dial.set_value(dial.value + 100).run()
    assert metrics(tune) != before, own
    assert "Changed since" in shown(tune)
    tune.run()
    tune.button(key="override-remove msp").click().run()
    assert metrics(tune) == before
    assert not tune.session_state["draft"].scheme.variants


def test_partners_with_numbers_of_their_own_get_further_ones_besides(tune: AppTest) -> None:
    opened(tune, "Variants")
    for path in ("rules.deal-registration.rate", SILVER):
        tune.run()
        tune.multiselect(key="override-whom").set_value(["msp"])
        tune.multiselect(key="override-what").set_value([path]).run()
        tune.button(key="override-add").click().run()
        assert not tune.exception
    (variant,) = tune.session_state["draft"].scheme.variants.values()
    assert set(variant.change) == {"rules.deal-registration.rate", SILVER}


def test_a_guarantee_compares_with_the_baseline_it_names_whatever_the_draft_is_compared_with(tune: AppTest) -> None:
    draft = tune.session_state["draft"]
    assert any(item.against == "baseline" for item in draft.scheme.guarantees)
    with working_on(prepared(tune.session_state["history source"])):
        usual = workspace.compare(draft.scheme, draft.baseline)
        itself = workspace.compare(draft.scheme, draft.scheme)
    assert (usual.proposed.total == itself.proposed.total).all()
    assert (itself.proposed.total == itself.baseline.total).all(), "no change is no difference"


def test_a_scheme_of_another_currency_or_other_quarters_that_names_no_baseline_can_be_loaded(tune: AppTest) -> None:
    usual = tune.session_state["draft"].baseline
    assert (usual.currency, usual.year_starts) == ("USD", 1)
    for currency, starts, alone in (("EUR", 1, True), ("USD", 2, True), ("USD", 4, False)):
        text = (
            f"scheme: own\ncurrency: {currency}\neffective: {{from: 2025-02-01}}\ncalendar: {{year_starts: {starts}}}\n"
        )
        own = loads(text + "rules:\n  - {id: commission, on: revenue, rate: 3%}\n", name="own.yaml")
        with working_on(prepared(tune.session_state["history source"])):
            assert workspace.baseline_of(own) == (own if alone else usual)
            Draft.of(own, workspace.baseline_of(own))


def test_a_platinum_that_needs_less_than_gold_is_doubted(tune: AppTest) -> None:
    tune.number_input(key="typed tiers.levels.platinum.needs.protected_revenue").set_value(50_000.0).run()
    assert not tune.exception
    assert [one.value for one in tune.warning if "less than 'gold' with 60,000" in one.value]
    tune.button(key="undo").click().run()
    assert not tune.warning


def test_a_change_is_told_by_the_name_of_its_dial(tune: AppTest) -> None:
    tune.slider(key=SILVER).set_value(6.0).run()
    assert not tune.exception
    assert "Silver: training from 3 to 6" in shown(tune).replace("\\", "")


def test_a_mix_that_holds_what_rules_pay_says_what_comes_on_top(tune: AppTest) -> None:
    """A guarantee tops the same rules up by another amount, so that the cost card moves though the cost is held."""
    opened(tune, "Mix")
    before = metrics(tune)[0]
    tune.slider(key="mix.behavioural").set_value(40.0).run()
    assert not tune.exception
    assert metrics(tune)[0] != before
    said = next(one.value for one in tune.success if "what the rules pay stays the same" in one.value)
    assert "all the same, since guarantees and the budget come on top" in said


def test_what_is_refused_is_told_by_the_name_of_its_dial_and_amounts_with_their_currency(tune: AppTest) -> None:
    tune.session_state["draft"] = tune.session_state["draft"].moved(
        "rules.qualified-lead.rate.by_tier.gold", Decimal(-(10**12))
    )
    tune.run()
    assert "Not allowed: Qualified leads: rate for gold." in shown(tune).replace("\\", "")
    opened(tune, "Rates")
    assert tune.slider(key="rules.training.rate").format.endswith(" USD")
    assert tune.slider(key="rules.qualified-pipeline.rate").format.endswith(" %%")


def test_differences_are_told_as_on_review_and_not_by_keys_of_the_document(tune: AppTest) -> None:
    tune.session_state["draft"] = tune.session_state["draft"].moved("rules.qualified-pipeline.rate", Decimal("0.003"))
    tune.segmented_control(key="closer 0").set_value("Differences").run()
    assert not tune.exception
    said = shown(tune).replace("\\", "").replace("\N{NO-BREAK SPACE}", " ")
    assert "- Qualified pipeline: rate from 0.25 % to 0.3 %" in said
    assert "- New: Qualified leads. Counts qualified lead" in said
    assert "when_exceeded" not in said


def test_the_dials_lead_to_the_search_of_the_same_draft(tune: AppTest) -> None:
    links = [one.proto for one in tune.sidebar.get("page_link")]
    assert [(one.label, one.page) for one in links] == [("Search values for a goal", "search")]
    moved = tune.session_state["draft"].scheme
    tune.switch_page("pages/search.py").run(timeout=180)
    assert tune.session_state["draft"].scheme == moved


def test_a_threshold_says_its_tier_and_a_draft_beside_itself_says_so(tune: AppTest) -> None:
    paths = [one.key for one in tune.slider if str(one.key).startswith("tiers.levels.")]
    assert paths
    for path in paths:
        tier = str(path).split(".")[2].capitalize()
        assert tune.slider(key=path).label.startswith(f"{tier}: "), path
    assert "compared with itself" not in " ".join(one.value for one in tune.info)
    tune.switch_page("pages/overview.py").run()
    tune.selectbox(key="pick-baseline").select("growth-80-20").run()
    assert "compared with itself" in " ".join(one.value for one in tune.info)
    tune.switch_page("pages/tune.py").run()
    assert not tune.exception
    assert "compared with itself" in " ".join(one.value for one in tune.info)
    assert "The draft is compared with itself, so nobody gains" in shown(tune)
    assert not [one for one in tune.get("plotly_chart") if "movers" in str(one)]
