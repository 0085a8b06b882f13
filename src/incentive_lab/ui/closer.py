"""The closer looks under the charts; only the one that is chosen is worked out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from incentive_lab.charts import (
    concentration_chart,
    margin_chart,
    mix_chart,
    movers_chart,
    rules_by_quarter_chart,
    rules_chart,
    tier_chart,
)
from incentive_lab.engine.impact import GroupImpact, by_attribute
from incentive_lab.engine.reach import Cliff, TierReach
from incentive_lab.errors import InputError
from incentive_lab.format import compact, count, counted, percent
from incentive_lab.report.change_words import SAYS_ONLY, changes_between
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.line_names import line_names
from incentive_lab.ui import further, workspace
from incentive_lab.ui.cards import card, draw, plain, tell_problems
from incentive_lab.ui.drafts import Draft
from incentive_lab.ui.drill import (
    BORDER,
    GROUPINGS,
    LOOK,
    TURNED,
    VIEW,
    borders_of,
    far,
    labels_of,
    near,
    partners_view,
    show_partner,
    show_partners,
)
from incentive_lab.ui.figures import ITSELF, with_itself
from incentive_lab.ui.scales import measure_words
from incentive_lab.ui.tables import group_table, table
from incentive_lab.ui.toolbar import as_dialled
from incentive_lab.ui.workspace import Comparison


def closer(draft: Draft, comparison: Comparison) -> None:
    """The choice of a closer look, and that look."""
    looks: Mapping[str, Callable[[Draft, Comparison], None]] = {
        "Winners and losers": _winners,
        "Rules and months": _rules,
        "Tiers and reach": _tiers,
        "Mix and concentration": _mix,
        "Margin and cliffs": _margin,
        "Next 12 months": _ahead,
        VIEW: lambda one, other: partners_view(),
        "Differences": _differences,
    }
    first = next(iter(looks))
    if st.session_state.get(LOOK) not in looks:
        st.session_state[LOOK] = first
    # A control that a click on a chart has turned is another one: the browser keeps what the old one shows.
    turned = f"{LOOK} {st.session_state.get(TURNED, 0)}"
    view = st.segmented_control("Look closer", list(looks), key=turned, default=st.session_state[LOOK], required=True)
    st.session_state[LOOK] = view or first
    looks[st.session_state[LOOK]](draft, comparison)


def _pair(first: Callable[[], None], second: Callable[[], None]) -> None:
    left, right = st.columns(2, gap="small")
    with left:
        first()
    with right:
        second()


def _winners(draft: Draft, comparison: Comparison) -> None:
    total = comparison.impact.total

    def picked() -> None:
        points = st.session_state["chart-movers"]["selection"]["points"]
        if points:
            show_partner(str(points[0]["y"]))

    def movers() -> None:
        if total.winners or total.losers:
            draw(movers_chart(comparison.impact, comparison.proposed), "movers", on_select=picked)
            return
        with card("movers", "Nobody gains, nobody loses", height="stretch"):
            st.markdown(ITSELF if with_itself(comparison) else "Every partner is paid the same under both schemes.")

    _pair(movers, lambda: _groups(comparison))


def _groups(comparison: Comparison) -> None:
    by = st.session_state.get("groups-by") or GROUPINGS[0]
    order = comparison.proposed.tier_names if by == "Tier" else ()
    found: tuple[GroupImpact, ...] = (
        comparison.impact.by_decile
        if by == "Tenth"
        else by_attribute(
            labels_of(comparison, by), comparison.baseline.by_partner, comparison.proposed.by_partner, order
        )
    )
    with st.container(border=True, key="card-groups", height="stretch", gap="xsmall"):
        st.segmented_control(
            "By", GROUPINGS, key="groups-by", default=GROUPINGS[0], required=True, label_visibility="collapsed"
        )
        group_table(found, comparison.proposed, by.lower(), ordered=by in ("Tier", "Tenth"))
        _opener(by, [group.name for group in found])


def _opener(by: str, values: Sequence[str]) -> None:
    """The way from the rows of a table to the partners behind one of them."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox("Open the partners of", values, key=f"open {by}", width=280,
                     format_func=lambda name: name.replace("_", " "))  # fmt: skip
        st.button("Open", key=f"open-group {by}", icon=":material/group:", on_click=_open_group, args=(by,))


def _open_group(by: str) -> None:
    show_partners(by=by, value=st.session_state[f"open {by}"])


def _behind(key: str, by: str, at: str, named: Mapping[str, str] | None = None) -> Callable[[], None]:
    """What a click on a mark of a chart does: the partners behind it.

    Args:
        key: Of the chart.
        by: What its marks are, a grouping or a slice of `drill`.
        at: Where a mark says which one it is: x, y or customdata.
        named: What is said there -> what it is called in `drill`; whatever is not in it opens nothing.
    """

    def picked() -> None:
        points = st.session_state[f"chart-{key}"]["selection"]["points"]
        said = points[0].get(at) if points else None
        value = str(said[0] if isinstance(said, list) else said) if said else ""
        value = value if named is None else named.get(value, "")
        if value:
            show_partners(by=by, value=value)

    return picked


def _rules(draft: Draft, comparison: Comparison) -> None:
    _pair(
        lambda: draw(rules_chart(comparison.proposed), "rules", on_select=_behind("rules", "Rule", "customdata")),
        lambda: draw(rules_by_quarter_chart(comparison.proposed), "rules-quarter",
                     on_select=_behind("rules-quarter", "Quarter", "x")),
    )  # fmt: skip


def _tiers(draft: Draft, comparison: Comparison) -> None:
    def picked() -> None:
        points = st.session_state["chart-tiers"]["selection"]["points"]
        if points:
            show_partners(by="Tier move", value=f"{points[0]['y']} to {points[0]['x']}".replace("&lt;", "<"))

    _pair(
        lambda: draw(tier_chart(comparison.proposed, comparison.baseline), "tiers", on_select=picked),
        lambda: _reach(draft.scheme, further.reached(comparison)),
    )


def _reach(scheme: Scheme, found: tuple[TierReach, ...]) -> None:
    title = "The scheme has no tiers"
    if found:
        within, below = sum(one.within for one in found), sum(one.below for one in found)
        share = percent(within / below, 1) if below else "0 %"
        title = f"{counted(within, 'partner has', 'partners have')} a realistic way up, {share} of those below a tier"
    with card("reach", title, "Realistic: at least 75 % of every threshold of the next tier, in the last month.",
              height="stretch"):  # fmt: skip
        if found:
            rows = [
                (plain(one.tier), count(one.below), count(one.within), count(one.middle),
                 plain(measure_words(scheme, one.blocker)) if one.blocker else "-")
                for one in found
            ]  # fmt: skip
            table(("To tier", "Below it", "Realistic", "of the middle 60 %", "The others lack most"), rows, words={4})
            _opener("Way up", [named(one.tier) for one in found for named in (near, far)])


def _mix(draft: Draft, comparison: Comparison) -> None:
    types = {name.replace("_", " "): name for name in comparison.mix.by_segment}
    sizes = {"Top 10 % of partners": "top 10 %", "Middle 60 %": "middle 60 %"}
    _pair(
        lambda: draw(mix_chart(comparison.mix), "mix", on_select=_behind("mix", "Type", "y", types)),
        lambda: draw(concentration_chart(comparison.impact.before, comparison.impact.after), "concentration",
                     on_select=_behind("concentration", "Payout size", "y", sizes)),
    )  # fmt: skip


def _margin(draft: Draft, comparison: Comparison) -> None:
    margin = workspace.monthly("margin")

    def first() -> None:
        if margin is None:
            with card("margin", "There is no margin to show", "The history's deals have no cost.", height="stretch"):
                st.markdown("Give deals a cost and this shows what is left after incentives.")
        else:
            draw(
                margin_chart(comparison.proposed, comparison.baseline, margin), "margin",
                on_select=_behind("margin", "Quarter", "x"),
            )  # fmt: skip

    _pair(first, lambda: _cliffs(comparison))


def _cliffs(comparison: Comparison) -> None:
    found: tuple[Cliff, ...] = further.cliffs_of(comparison)
    rules = line_names(comparison.proposed.scheme)
    paying = [one for one in found if one.jump is not None and one.jump >= 0.005]
    title = "No rule has a border inside its table"
    if found:
        title = f"{counted(len(found), 'border')}, no cliff at any"
    if paying:
        worst = max(paying, key=lambda one: one.jump or 0.0)
        title = (f"{counted(len(paying), 'border pays', 'borders pay')} at once: "
                 f"{compact(worst.jump or 0.0)} at {compact(worst.border)} of {rules[worst.rule]}")  # fmt: skip
    with card("cliffs", title, "What crossing a border pays at once, and partner-periods within 5 % of it.",
              height="stretch"):  # fmt: skip
        rows = [
            (plain(f"{rules[one.rule]}, {one.step}"), compact(one.border),
             "-" if one.jump is None else compact(one.jump), count(one.below), count(one.above), _bunching(one))
            for one in found
        ]  # fmt: skip
        if rows:
            table(("Step", "Begins at", "Pays at once", "Just below", "Just above", "Bunching"), rows, words={5})
            _opener(BORDER, list(borders_of(comparison)))


def _bunching(one: Cliff) -> str:
    """What the counts on both sides of a border say."""
    if one.excess is None:
        return "cannot tell"
    return f"yes, {one.excess:.1f} sd" if one.excess > 2 else "no"


def _ahead(draft: Draft, comparison: Comparison) -> None:
    """The band of what the next year costs, in the same futures at every move of a dial."""
    from incentive_lab.ui.projecting import Asked, at_once
    from incentive_lab.ui.projection_cards import difference_card, fan_of, risk_card

    try:
        told = at_once(Asked(workspace.pair(draft.scheme, draft.baseline), 12))
    except InputError as error:
        tell_problems(error.problems, "This cannot be projected")
        return
    if told is None:
        return

    def words() -> None:
        risk_card(told)
        difference_card(told)

    _pair(lambda: draw(fan_of(told), "ahead"), words)


def _differences(draft: Draft, comparison: Comparison) -> None:
    """What was changed since the draft began, and what differs from the baseline, in words."""
    _pair(
        lambda: _sentences("since", f"since {draft.start.title or draft.start.id}", _since(draft)),
        lambda: _sentences(
            "against", f"from {draft.baseline.title or draft.baseline.id}", changes_between(draft.baseline, draft.scheme)
        ),
    )  # fmt: skip


def _since(draft: Draft) -> list[str]:
    """What was changed, by the names of dials, without what only names a scheme."""
    return [words for path, words in as_dialled(draft).items() if path not in SAYS_ONLY]


def _sentences(key: str, what: str, sentences: Sequence[str]) -> None:
    title = f"{counted(len(sentences), 'difference')} {what}" if sentences else f"No difference {what}"
    with card(f"diff-{key}", title, height="stretch"):
        st.markdown("\n".join(f"- {plain(one)}" for one in sentences) or "Nothing was changed.")
