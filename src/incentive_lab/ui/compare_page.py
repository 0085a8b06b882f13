"""The page Compare: several schemes on one history, the steps of a draft, one scheme on several histories."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import count as count_from

import streamlit as st

from incentive_lab.charts.versus import schemes_chart, steps_chart
from incentive_lab.engine.impact import programme_years
from incentive_lab.errors import InputError
from incentive_lab.format import compact, count, cut_short, percent, points, signed
from incentive_lab.scheme.document import Scheme
from incentive_lab.ui import further, histories, workspace
from incentive_lab.ui.attention import heavy_losers
from incentive_lab.ui.cards import card, draw, plain, tell_problems
from incentive_lab.ui.fitting import fits_history
from incentive_lab.ui.stacking import steps
from incentive_lab.ui.tables import table
from incentive_lab.ui.toolbar import as_dialled
from incentive_lab.ui.workspace import Comparison

MOST = 4
DRAFT = "The draft"
_SCHEMES, _STEPS, _HISTORIES = "Schemes side by side", "Steps of the draft", "One scheme, several histories"


def compare_page() -> None:
    """The whole page."""
    st.title("Compare", anchor=False)
    views: Mapping[str, Callable[[], None]] = {_SCHEMES: _schemes, _STEPS: _steps, _HISTORIES: _histories}
    view = st.segmented_control(
        "Compare", list(views), key="compare-view", default=_SCHEMES, required=True, label_visibility="collapsed",
        persist_state="session",
    )  # fmt: skip
    try:
        if view != _HISTORIES and not fits_history(workspace.draft()):
            return
        views[view or _SCHEMES]()
    except InputError as error:
        tell_problems(error.problems, "This cannot be compared on this history")


def offered() -> dict[str, Scheme]:
    """The draft, then every shipped scheme and preset, by what people call them; a name that is taken gets the id."""
    found = {DRAFT: workspace.draft().scheme}
    for name, scheme in workspace.known_schemes().items():
        title = scheme.title or name
        found[title if title not in found else f"{title} ({name})"] = scheme
    return found


def _schemes() -> None:
    known = offered()
    draft = workspace.draft()
    begins = [name for name, scheme in known.items() if scheme.id == draft.baseline.id and name != DRAFT][:1]
    picked = st.multiselect(
        "Up to four schemes; the others are measured against the first", list(known), default=[*begins, DRAFT],
        max_selections=MOST, key="compare-schemes", persist_state="session",
    )  # fmt: skip
    if not picked:
        st.info("Choose a scheme, and another to set beside it.", icon=":material/compare_arrows:")
        return
    reference = known[picked[0]]
    found, failed = _compared({name: known[name] for name in picked}, reference)
    if found:
        short = short_names(found)
        draw(schemes_chart({short[name]: one.proposed for name, one in found.items()}), "versus", height="content")
        figures_table("schemes", found, "the first")
    for name, error in failed.items():
        tell_problems(error.problems, f"{plain(name)} cannot be paid on this history")


def plain_name(name: str) -> str:
    """A scheme's name short enough for a legend.

    Example:
        >>> plain_name("Partner growth programme, 80 % behaviour and 20 % volume")
        'Partner growth programme, 80 % be…'
    """
    return cut_short(name, 34)


def short_names(names: Iterable[str]) -> dict[str, str]:
    """Each name short enough for a legend; what would be the same short is numbered.

    Example:
        >>> list(short_names(["Cheaper gold with less training, spring", "Cheaper gold with less training, autumn"]).values())
        ['Cheaper gold with less training,…', 'Cheaper gold with less training,… (2)']
    """
    found: dict[str, str] = {}
    for name in names:
        tries = (f"{plain_name(name)} ({number})" for number in count_from(2))
        short = plain_name(name)
        while short in found.values():
            short = next(tries)
        found[name] = short
    return found


def _compared(schemes: Mapping[str, Scheme], reference: Scheme) -> tuple[dict[str, Comparison], dict[str, InputError]]:
    """Each scheme against the reference, and what cannot be."""
    found: dict[str, Comparison] = {}
    failed: dict[str, InputError] = {}
    for name, scheme in schemes.items():
        try:
            found[name] = workspace.compare(scheme, reference)
        except InputError as error:
            failed[name] = error
    return found, failed


def figures_table(key: str, found: Mapping[str, Comparison], against: str) -> None:
    """Key figures as rows, what is compared as columns."""
    ones = list(found.values())
    rows: list[tuple[str, ...]] = [
        ("Cost", *(compact(one.proposed.cost / one.proposed.minor) for one in ones)),
        (f"Against {against}", *(_change(one) for one in ones)),
        ("Cost over revenue", *(_share(one) for one in ones)),
        ("Dearest programme year", *(_dearest(one) for one in ones)),
        ("Better off", *(count(one.impact.total.winners) for one in ones)),
        ("Worse off", *(count(one.impact.total.losers) for one in ones)),
        ("Lose more than 10 %", *(count(heavy_losers(one)[0]) for one in ones)),
        ("Behaviour earns", *(_maybe(one.mix.paid) for one in ones)),
        ("Paid to the top tenth", *(_maybe(one.impact.after.top_tenth) for one in ones)),
        ("Paid to the middle 60 %", *(_maybe(one.impact.after.middle) for one in ones)),
        ("Gini coefficient", *(_number(one.impact.after.gini) for one in ones)),
        ("Partners paid anything", *(count(one.impact.after.paid) for one in ones)),
        ("Fingerprint", *(f"`{one.proposed.fingerprint[:9]}`" for one in ones)),
    ]
    currency = ones[0].proposed.panel.currency
    with card(f"figures-{key}", "Key figures", f"Over all months in {currency}."):
        table(("", *map(plain, short_names(found).values())), rows)


def _change(one: Comparison) -> str:
    return signed(compact((one.proposed.cost - one.baseline.cost) / one.proposed.minor))


def _share(one: Comparison) -> str:
    return "-" if one.revenue is None else percent(one.proposed.cost / float(one.revenue.sum()))


def _dearest(one: Comparison) -> str:
    """The dearest year, and how much of the budget it takes."""
    years = programme_years(one.proposed)
    if not years:
        return "-"
    year = max(years, key=lambda each: each.cost)
    budget = one.proposed.scheme.budget
    said = f"{compact(year.cost / one.proposed.minor)} in {year.label}"
    if budget is None or not budget.amount:
        return said
    return f"{said}, {percent(year.cost / one.proposed.minor / float(budget.amount), 0)} of budget"


def _maybe(share: float | None) -> str:
    return "-" if share is None else percent(share, 1)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _steps() -> None:
    """What each change of the draft costs, on top of those before it."""
    draft = workspace.draft()
    told = as_dialled(draft)
    changes = {told[change.path]: change for change in draft.changes}
    words = {change.sentence: told[change.path] for change in draft.changes}
    if not changes:
        st.info("The draft has no change yet. Move some dials; each change becomes a step here.",
                icon=":material/stairs:")  # fmt: skip
        st.page_link("pages/tune.py", label="Tune the draft", icon=":material/tune:")
        return
    picked = st.multiselect(
        "Steps in this order; what is left out comes last, as one step", list(changes), default=list(changes),
        key=f"compare-steps {workspace.fingerprint(draft.scheme)}",
    )  # fmt: skip
    found = steps(draft.start, draft.scheme, draft.baseline, [changes[name] for name in picked])
    compared = [workspace.compare(draft.start, draft.baseline)]
    compared += [workspace.compare(step.scheme, draft.baseline) for step in found]
    labels = [plain_name(draft.start.title or draft.start.id), *(words.get(step.label, step.label) for step in found)]
    costs = [one.proposed.cost / one.proposed.minor for one in compared]
    currency = compared[0].proposed.panel.currency
    draw(steps_chart(labels, costs, currency), "steps", height="content")
    rows = []
    for place, (label, one) in enumerate(zip(labels, compared, strict=True)):
        before = compared[max(0, place - 1)]
        rows.append((
            plain(label), compact(costs[place]), "-" if place == 0 else signed(compact(costs[place] - costs[place - 1])),
            count(one.impact.total.losers), _points(one.mix.paid, before.mix.paid),
        ))  # fmt: skip
    with card("steps-table", "Step by step", f"Worse off is against {draft.baseline.title or draft.baseline.id}."):
        table(("Step", f"Cost, {currency}", "Marginal", "Worse off", "Mix moves"), rows)


def _points(after: float | None, before: float | None) -> str:
    return "-" if after is None or before is None else points(after - before)


def _histories() -> None:
    known, schemes = histories.known(), offered()
    left, right = st.columns([2, 3], gap="small")
    with left:
        name = st.selectbox("Scheme", list(schemes), key="compare-scheme", persist_state="session")
    using = workspace.preparation().source
    begins = [label for label, source in known.items() if source == using] or list(known)[:1]
    with right:
        picked = st.multiselect("On up to four histories", list(known), default=begins, max_selections=MOST,
                                key="compare-histories", persist_state="session")  # fmt: skip
    if len(known) == 1:
        st.info("There is only one history here. Bring another on the page Data.", icon=":material/database:")
        st.page_link("pages/data.py", label="Bring a history", icon=":material/database:")
    scheme = schemes[name]
    _on_histories(scheme, workspace.baseline_of(scheme), tuple(picked))


@st.fragment
def _on_histories(scheme: Scheme, baseline: Scheme, picked: tuple[str, ...]) -> None:
    known = histories.known()
    found: dict[str, Comparison] = {}
    waiting = []
    for label in picked:
        state = further.prepared(known[label])
        if state.problems:
            tell_problems(state.problems, f"{plain(label)} cannot be read")
        elif not state.ready or state.history is None:
            waiting.append(label)
        else:
            try:
                found[label] = further.compare_on(state, scheme, baseline)
            except InputError as error:
                tell_problems(error.problems, f"The scheme cannot be paid on {plain(label)}")
    if found:
        figures_table("histories", found, "the baseline")
    if waiting:
        st.skeleton(height=160)
        st.button(f"Reading {', '.join(map(plain, waiting))}; look again", key="histories-again",
                  icon=":material/refresh:", type="tertiary")  # fmt: skip
