"""The programme guide: a scheme in plain language, written from the document, so that it changes when the scheme does."""

from __future__ import annotations

from incentive_lab.engine.line_words import conventions
from incentive_lab.format import counted, money, percent, quantity
from incentive_lab.report.blocks import Block, Document, Example, Heading, Paragraph, Points, Table
from incentive_lab.report.bound_words import (
    alternatives_words,
    cap_words,
    draw_words,
    gate_words,
    guarantee_words,
    pool_words,
)
from incentive_lab.report.examples import worked_example
from incentive_lab.report.measure_words import measure_sentence
from incentive_lab.report.rule_words import (
    measure_label,
    rate_table,
    rule_sentences,
    scorecard_label,
    scorecard_sentence,
    who_words,
)
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.fingerprint import fingerprint
from incentive_lab.scheme.lookup import unit_of
from incentive_lab.scheme.measures import CATALOGUE
from incentive_lab.scheme.tiers import window_words

_GROUPS = (
    ("behavioural", "What you do", "These rewards are for activity: pipeline, skills, service."),
    ("transactional", "What you sell", "These rewards are for volume."),
)


def guide(scheme: Scheme, baseline: Scheme | None = None) -> Document:
    """The whole guide.

    Args:
        scheme: The scheme that is explained.
        baseline: What its guarantees compare with, when at hand; partners are told its title and not its id.

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> text = "{scheme: a, currency: USD, effective: {from: 2024-01-01}, rules: [{id: c, on: revenue, rate: 3%}]}"
        >>> [block.text for block in guide(loads(text)).blocks if isinstance(block, Heading)][:2]
        ['At a glance', 'What you sell']
    """
    title = scheme.title or scheme.id
    months = scheme.effective.months
    subtitle = (
        f"From {scheme.effective.from_} for {counted(months, 'month')}, paid by {scheme.settle} in {scheme.currency}"
    )
    blocks = [
        *_glance(scheme),
        *_tiers(scheme),
        *_rules(scheme),
        *_bounds(scheme, baseline),
        *_variants(scheme),
        *_fine_print(scheme),
    ]
    footer = f"Programme guide of {scheme.id}, {fingerprint(scheme)}. Written from the scheme itself."
    return Document(title, subtitle, tuple(blocks), footer)


def _glance(scheme: Scheme) -> list[Block]:
    items = [f"Open to {who_words(scheme.eligible)}."]
    if scheme.reason:
        items.append(scheme.reason if scheme.reason.endswith(".") else scheme.reason + ".")
    items.append(f"{counted(len(scheme.rules), 'reward')}, each explained below with an example worked out by the "
                 "same engine that pays.")  # fmt: skip
    if scheme.mix is not None:
        items.append(f"Of all that is paid, {percent(float(scheme.mix.behavioural), 1)} is meant for what partners do, "
                     f"{percent(1 - float(scheme.mix.behavioural), 1)} for what they sell.")  # fmt: skip
    if scheme.tiers is not None:
        items.append(
            f"{counted(len(scheme.tiers.levels), 'tier')}: {', '.join(one.name for one in scheme.tiers.levels)}."
        )
    return [Heading("At a glance"), Points(tuple(items))]


def _tiers(scheme: Scheme) -> list[Block]:
    tiers = scheme.tiers
    if tiers is None:
        return []
    names = list(dict.fromkeys(name for level in tiers.levels for name in level.needs))
    rows = tuple(
        (level.name, *(_need(scheme, name, level.needs.get(name)) for name in names)) for level in tiers.levels
    )
    looks = tiers.looks_at
    window = f"the last {looks.months} months" if looks.months else (looks.window or "").replace("_", " ")
    effect = "the next period" if tiers.takes_effect == "next_period" else "the whole reviewed period"
    items = [
        f"Tiers are reviewed every {tiers.review.replace('_', ' ')} over {window}; the result holds for {effect}.",
        "A tier needs every number in its row, not only one of them.",
    ]
    items += [f"{measure_label(scheme, name)} counts over {window_words(look, tiers.review)}."
              for name, look in tiers.windows.items()]  # fmt: skip
    if tiers.grace:
        items.append(f"A tier that is no longer met is kept for {counted(tiers.grace, 'review')}.")
    extra = [f"{level.name} also needs {level.points} points." for level in tiers.levels if level.points is not None]
    extra += [f"{level.name} also needs one of: " + "; or ".join(
        ", ".join(f"{_need(scheme, name, value)} of {measure_label(scheme, name)}" for name, value in one.items())
        for one in level.any_of) + "." for level in tiers.levels if level.any_of]  # fmt: skip
    heads = ("Tier", *(measure_label(scheme, name) for name in names))
    return [Heading("Tiers"), Table(heads, rows), Points((*items, *extra))]


def _need(scheme: Scheme, name: str, value: object) -> str:
    if value is None:
        return "-"
    unit = {"money": "currency"}.get(unit_of(name, scheme.measures), unit_of(name, scheme.measures))
    return quantity(float(str(value)), unit, scheme.currency)


def _rules(scheme: Scheme) -> list[Block]:
    blocks: list[Block] = []
    for group, heading, words in _GROUPS:
        rules = [rule for rule in scheme.rules if rule.group == group]
        if not rules:
            continue
        blocks += [Heading(heading), Paragraph(words)]
        for rule in rules:
            blocks.append(Heading(rule.label or rule.id.replace("-", " ").capitalize(), 2))
            blocks.append(Points(tuple(rule_sentences(scheme, rule))))
            table = rate_table(scheme, rule)
            if table is not None:
                blocks.append(table)
            worked = worked_example(scheme, rule, scheme.currency)
            if worked is not None:
                blocks.append(Example(worked.words))
            else:
                blocks.append(Paragraph("There is no short example: what it pays depends on more than its own base."))
    return blocks


def _bounds(scheme: Scheme, baseline: Scheme | None) -> list[Block]:
    """Everything that changes or bounds what rules pay."""
    currency = scheme.currency
    items: list[str] = []
    items += [alternatives_words(scheme, one) for one in scheme.alternatives]
    items += [gate_words(scheme, gate) for gate in scheme.gates]
    items += [cap_words(scheme, cap) for cap in scheme.caps]
    items += [guarantee_words(scheme, one, baseline) for one in scheme.guarantees]
    items += [draw_words(scheme, one) for one in scheme.draws]
    if scheme.minimum_payout is not None:
        below = "forfeited" if scheme.minimum_payout.below == "forfeit" else "carried to the next settlement"
        items.append(f"A settlement below {money(float(scheme.minimum_payout.amount), currency)} is {below}.")
    items += [pool_words(scheme, pool) for pool in scheme.pools]
    if scheme.budget is not None:
        then = {"prorate": "each settlement is scaled to what remains", "first_come": "who closes first is paid first",
                "report": "it is reported, and payments go on"}[scheme.budget.when_exceeded]  # fmt: skip
        items.append(
            f"The programme may pay {money(float(scheme.budget.amount), currency)} a year; beyond that {then}."
        )
    return [Heading("Limits and safeguards"), Points(tuple(items))] if items else []


def _variants(scheme: Scheme) -> list[Block]:
    items = tuple(
        f"For {who_words(variant.who)} these numbers differ: "
        + "; ".join(f"{path.replace('.', ' ').replace('_', ' ')} is {value}" for path, value in variant.change.items())
        + "."
        for variant in scheme.variants.values()
    )
    if items and scheme.mix is not None and scheme.mix.factors is not None:
        items += (f"Rates among these are paid times {scheme.mix.factors.behavioural:.3f} for what you do, "
                  f"{scheme.mix.factors.transactional:.3f} for what you sell; all other rates here are told as paid.",)  # fmt: skip
    return [Heading("Different numbers for some partners"), Points(items)] if items else []


def _fine_print(scheme: Scheme) -> list[Block]:
    blocks: list[Block] = [Heading("How amounts are worked out"), Points(conventions(scheme))]
    used = _measures(scheme)
    rows = tuple((measure_label(scheme, name), _meaning(scheme, name)) for name in used)
    rows += tuple((scorecard_label(scheme, name), scorecard_sentence(scheme, name)) for name in scheme.scorecards)
    if rows:
        blocks += [Heading("Words used"), Table(("Word", "Meaning"), rows, (0, 1))]
    return blocks


def _measures(scheme: Scheme) -> list[str]:
    """Measures the guide speaks of, in order."""
    levels = scheme.tiers.levels if scheme.tiers else ()
    found = [name for level in levels for name in level.needs]
    for rule in scheme.rules:
        found += [name for name in (rule.on.measure, rule.on.excess_of) if name]
    found += [name for gate in scheme.gates for name, test in gate.when.items() if test.kind != "scorecard"]
    return list(dict.fromkeys([*found, *(name for card in scheme.scorecards.values() for name in card.parts)]))


def _meaning(scheme: Scheme, name: str) -> str:
    """What people say it is; for a measure of this scheme's own, or one without help, also how it is worked out."""
    own = scheme.measures.get(name)
    said = (own or CATALOGUE[name]).help
    return said if said and own is None else f"{said} {measure_sentence(scheme, name)}".strip()
