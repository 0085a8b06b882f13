"""The page on which a pilot is read: the decision first, then what it stands on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import streamlit as st

from incentive_lab.charts.pilot import forest_chart, looks_chart, months_chart, segments_chart
from incentive_lab.errors import InputError
from incentive_lab.format import capital, chance, compact, count, counted, in_words, percent, small
from incentive_lab.pilot.analysis import Analysis
from incentive_lab.pilot.document import Pilot
from incentive_lab.pilot.handing import handed_over
from incentive_lab.pilot.reading import fingerprint
from incentive_lab.pilot.told import analysis_told
from incentive_lab.pilot.words import between, change, moved, reconciled, shares_between
from incentive_lab.pilot_readout import ADVICE, readout, readout_document
from incentive_lab.report.pdf import pdf_bytes
from incentive_lab.scheme.yaml_text import yaml_text
from incentive_lab.ui import pilot_file, pilot_plans
from incentive_lab.ui.cards import card, draw, figure_card, plain, tell_problems
from incentive_lab.ui.fitting import plan_fits
from incentive_lab.ui.pilot_whales import whales_view
from incentive_lab.ui.tables import table

_ICONS = {"fine": ":material/check_circle:", "look": ":material/visibility:", "stop": ":material/error:"}
PICK, _OWN = "pilot-result-pick", "file of outcomes"


def pilot_results() -> None:
    """The whole page."""
    known = pilot_plans.offered()
    plan = pilot_plans.first_plan()
    names = list(known) if plan.id in known else [plan.id, *known]
    own = pilot_file.shown()
    left, middle, right = st.columns([3, 2, 1.2], vertical_alignment="bottom", gap="small")
    with left:
        st.title("Pilot results", anchor=False)
    with middle:
        st.session_state[PICK] = plan.id if own is None else _OWN
        st.selectbox("Pilot", names if own is None else [_OWN, *names], key=PICK, on_change=_pick,
                     format_func=lambda name: _named(name, known, plan, own))  # fmt: skip
    with right:
        pilot_file.file_box()
    if own is None and not plan_fits(plan):
        return
    try:
        with st.skeleton(height=420):
            read = pilot_plans.analysed(plan) if own is None else pilot_file.analysed_file(own)
    except InputError as error:
        tell_problems(error.problems, "This pilot cannot be read on this history")
        return
    _head(read)
    key_figures(read)
    columns = st.columns([3, 2], gap="small")
    with columns[0]:
        draw(forest_chart(read), "pilot-forest", height="content")
        _metrics(read)
    with columns[1]:
        meaning(read)
    if len(read.by_arm) > 1:
        _arms(read)
    _closer(read)


def _arms(read: Analysis) -> None:
    """What is advised about each arm."""
    with card("pilot-arms", "Each arm", "Judged together: each arm has its part of the significance level."):
        rows = []
        for one in read.by_arm:
            answer = read.primary_of(one.arm)
            found = None if answer is None else answer.found
            effect = (
                "not known"
                if found is None
                else f"{change(found.relative)} ({shares_between(found.relative_interval)})"
            )
            value = "not known" if one.value is None else compact(one.value.point)
            rows.append(
                (plain(one.arm), ADVICE[one.advice], effect, value, plain(one.reasons[0] if one.reasons else ""))
            )
        table(("Arm", "Advice", _effect_on(read), "Net value", "Why"), rows, words=(1, 4))


def _effect_on(read: Analysis) -> str:
    """What the primary effect is called."""
    return f"Effect on {small(in_words(read.primary.metric.name))}"


def _named(
    name: str, known: Mapping[str, tuple[Pilot, Path]], plan: Pilot, own: pilot_file.FilePilot | None
) -> str:  # fmt: skip
    """What a pilot is called in the list."""
    if name == _OWN:
        return (
            ""
            if own is None or own.pilot.data is None
            else f"{own.pilot.title or own.pilot.id} ({own.pilot.data.file})"
        )
    return (known[name][0] if name in known else plan).title or name


def _pick() -> None:
    known = pilot_plans.offered()
    name = st.session_state[PICK]
    if name == _OWN:
        return
    st.session_state.pop(pilot_file.READ, None)
    if name in known:
        pilot_plans.keep(known[name][0])


def _head(read: Analysis) -> None:
    """What the result may call itself, why, and the ways to take it along."""
    pilot = read.pilot
    badges = " ".join(f":{'green' if one == 'confirmatory' else 'orange'}-badge[{one}]" for one in read.label)
    left, right = st.columns([3, 2], vertical_alignment="center", gap="small")
    with left:
        st.markdown(
            f"{badges} **{plain(pilot.title or pilot.id)}** :gray[{fingerprint(pilot)[:11]}]  \n{plain(pilot.hypothesis)}"
        )
    with right, st.container(horizontal=True, horizontal_alignment="right", gap="xsmall"):
        st.download_button("Read-out", lambda: readout(read), f"{pilot.id}.html", "text/html", on_click="ignore",
                           icon=":material/download:", key="pilot-readout", help="One page; print it as PDF")  # fmt: skip
        st.download_button("PDF", lambda: pdf_bytes(readout_document(read)), f"{pilot.id}.pdf", "application/pdf",
                           on_click="ignore", icon=":material/picture_as_pdf:", key="pilot-pdf")  # fmt: skip
        st.download_button("Figures", lambda: json.dumps(analysis_told(read), indent=1, ensure_ascii=False),
                           f"{pilot.id}.json", "application/json", on_click="ignore", icon=":material/download:",
                           key="pilot-json", help="Everything on this page as JSON")  # fmt: skip
        if pilot.data is not None:
            st.download_button("Plan", lambda: pilot_plans.text_of(pilot), f"{pilot.id}.yaml", "application/yaml",
                               on_click="ignore", icon=":material/download:", key="pilot-file-plan",
                               help="What the columns mean, for `incentive-lab pilot analyse` and for next time")  # fmt: skip
        try:
            handed = yaml_text(handed_over(read))
        except InputError:
            handed = ""
        st.download_button("Assumption", handed, f"{pilot.id}-found.yaml", "application/yaml", on_click="ignore",
                           key="pilot-handed", icon=":material/trending_up:", disabled=not handed,
                           help="The effect with its standard error, to be loaded on the page Projection")  # fmt: skip
    notes = [*read.why, *read.trial.flags]
    if notes:
        st.info("  \n".join(plain(one) for one in notes), icon=":material/info:")


def key_figures(read: Analysis) -> None:
    """Four cards: what to do, the effect, its worth, the guardrails."""
    cards = st.columns(4, gap="small")
    found, value, currency = read.primary.found, read.value, read.trial.currency
    with cards[0]:
        figure_card("pilot-advice", "Advice", {"": "None yet"}.get(read.advice, read.advice.capitalize()), "", "", good="neither",
                    line=_line(read), help=" ".join(read.reasons))  # fmt: skip
    with cards[1]:
        shown, line = "not known", read.primary.reason
        if found is not None:
            relative = np.isfinite(found.relative)
            shown = change(found.relative) if relative else moved(found.effect, read.primary.unit, currency)
            span = (
                shares_between(found.relative_interval)
                if relative
                else between(found.interval, read.primary.unit, currency)
            )
            line = f"{span}, p {found.p_value:.3g}"
        figure_card("pilot-effect", _effect_on(read), shown, "", "", good="neither", line=line,
                    help=found.sentence if found else "")  # fmt: skip
    with cards[2]:
        if value is None:
            figure_card("pilot-value", "Net value", "not known", "", "", good="neither", line=capital(read.no_value[:90]),
                        help="Incremental margin less incentive cost, from the payout engine.")  # fmt: skip
        else:
            line = (
                f"{compact(value.interval.low)} to {compact(value.interval.high)}; chance to pay {chance(value.chance)}"
            )
            label = f"Net value, {counted(value.partners, 'partner')}, {counted(value.months, 'month')}, {currency}"
            figure_card("pilot-value", label, compact(value.point), "", "", good="neither", line=line,
                        help=f"Margin {compact(value.margin)} less incentive cost {compact(value.cost)}.")  # fmt: skip
    with cards[3]:
        rails = [one for one in read.answers if one.metric.role == "guardrail"]
        held = sum(one.verdict == "held" for one in rails)
        line = ", ".join(f"{in_words(one.metric.name)} {one.verdict}" for one in rails) or "The plan has no guardrail."
        shown = f"{count(held)} of {count(len(rails))}" if rails else "none"
        figure_card("pilot-rails", "Guardrails held", shown, "", "", good="neither", line=line,
                    help="A guardrail holds when a loss beyond its margin is excluded.")  # fmt: skip


def _line(read: Analysis) -> str:
    """The first reason, or the advice in words."""
    return read.reasons[0] if read.reasons else ADVICE[read.advice]


def meaning(read: Analysis) -> None:
    """What the primary effect says in amounts, as a share and for the typical partner; and why this advice."""
    with card("pilot-meaning", "What it means", height="stretch"):
        hanging = read.whales.get(read.primary.arm)
        st.markdown(
            "\n".join(
                f"- {plain(one)}"
                for one in (
                    *read.reasons,
                    *reconciled(read.primary, read.trial.currency, hanging, read.trial.each),
                )
            )
        )
        found = read.primary.found
        if found is not None:
            assumed = " ".join(found.assumes)
            st.markdown(f":small[:gray[{plain(found.sentence)} It assumes: {plain(assumed)}]]")
        if read.value is not None:
            twice = dict(read.value.longer).get(2.0, 0.0)
            edge = change(read.value.break_even) if np.isfinite(read.value.break_even) else "no effect in reach"
            st.markdown(f":small[:gray[It breaks even at {plain(edge)}. Twice the data would be worth {compact(twice)} "
                        f"{read.trial.currency} before deciding.]]")  # fmt: skip


def _closer(read: Analysis) -> None:
    views = ["Months and looks", "Whales", "Segments", "Checks"]
    if read.placebos or read.sensitivity:
        views.append("Without a draw")
    open_ones = sum(one.state != "fine" for one in read.checks)
    names = {"Checks": f"Checks, {count(open_ones)} to look at" if open_ones else "Checks"}
    view = st.segmented_control("Look closer", views, default=views[0], key="pilot-closer", label_visibility="collapsed",
                                format_func=lambda name: names.get(name, name))  # fmt: skip
    if view == "Whales":
        whales_view(read)
    elif view == "Segments":
        _segments(read)
    elif view == "Checks":
        _checks(read)
    elif view == "Without a draw":
        _observational(read)
    else:
        _months(read)


def _months(read: Analysis) -> None:
    months, looks = months_chart(read), looks_chart(read)
    left, right = st.columns([3, 2], gap="small")
    with left:
        if months is not None:
            draw(months, "pilot-months")
    with right:
        if looks is not None:
            draw(looks, "pilot-looks")
        else:
            with card("pilot-no-looks", "No looks before the end", height="stretch"):
                st.markdown(plain(capital(read.no_looks)))


def _segments(read: Analysis) -> None:
    if not read.segments:
        st.markdown("The plan names no segments, or they hold too few partners.")
        return
    logs = read.primary.found is not None and read.primary.found.estimator in ("log_ancova", "ppml")
    columns = st.columns(min(3, len(read.segments)), gap="small")
    for place, (name, one) in enumerate(read.segments.items()):
        with columns[place % len(columns)]:
            draw(segments_chart(name, one, logs), f"pilot-segment-{name}")


def _metrics(read: Analysis) -> None:
    """Every metric in its own unit; with several arms, each arm's."""
    several, rows = len(read.trial.arms) > 2, []
    for one in read.answers:
        found, name = one.found, in_words(one.metric.name) + (f", {one.arm}" if several else "")
        if found is None:
            rows.append((plain(name), "", "", "", plain(one.reason)))
            continue
        p_value = f"{found.p_value:.3g}" + (f" (adjusted {one.q_value:.3g})" if np.isfinite(one.q_value) else "")
        rows.append((plain(name), moved(found.effect, one.unit, read.trial.currency),
                     plain(between(found.interval, one.unit, read.trial.currency)), p_value,
                     plain(f"{one.verdict}{', a guardrail' if one.metric.role == 'guardrail' else ''}")))  # fmt: skip
    note = "Change per partner and month with its interval; false discoveries controlled."
    with card("pilot-metrics", "Every metric", note, height="stretch"):
        table(("Metric", "Effect", "Interval", "p-value", "Verdict"), rows, words=(4,))


def _checks(read: Analysis) -> None:
    with card("pilot-checks", "What was checked"):
        st.markdown("\n".join(f"- {_ICONS[one.state]} **{plain(one.name)}** {plain(one.words)}" for one in read.checks))
        if read.trial.notes:
            st.markdown("  \n".join(f":gray[{plain(one)}]" for one in read.trial.notes))


def _observational(read: Analysis) -> None:
    with card("pilot-observed", "Nobody was drawn", "The same comparison where no effect can be."):
        rows = [
            (f"{counted(one.months_before, 'month')} earlier", compact(one.effect), f"{one.p_value:.3g}")
            for one in read.placebos
        ]
        table(("Pretended start", "Effect", "p-value"), rows)
        if read.sensitivity is not None:
            share = percent(read.sensitivity.robustness, 1)
            st.markdown(
                f"A hidden cause that explains {share} of what is left of both the choice and the outcome would bring the "
                "effect to zero."
            )
