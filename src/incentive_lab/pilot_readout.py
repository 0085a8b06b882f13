"""The read-out of a pilot for leadership: one page of HTML with its figures drawn in it, to be read or printed."""

from __future__ import annotations

import html
from pathlib import Path

import numpy as np

from incentive_lab.format import chance, compact, counted, money, percent
from incentive_lab.pilot.analysis import Analysis
from incentive_lab.pilot.answering import Answer
from incentive_lab.pilot.reading import fingerprint
from incentive_lab.pilot.words import change, reconciled, shares_between
from incentive_lab.report.blocks import Block, Document, Heading, Paragraph, Points, Table
from incentive_lab.report.pdf import pdf_bytes

ADVICE = {
    "scale": "Scale it", "amend": "Amend it, then scale", "extend": "Go on: it is not settled", "stop": "Stop it",
    "": "No advice: the data cannot say",
}  # fmt: skip
_STYLE = """
@page { size: A4; margin: 12mm }
body { font: 14px/1.45 "Source Sans 3", "Helvetica Neue", Arial, sans-serif; color: #0b1020; max-width: 60rem;
 margin: 1.2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem; margin: 0 } h2 { font-size: 1.05rem; margin: 1.1rem 0 .3rem } p { margin: .3rem 0 }
.label { color: #46536b } .cards { display: flex; gap: .7rem; flex-wrap: wrap; margin: .8rem 0 }
.card { border: 1px solid #d3dae6; border-radius: 8px; padding: .5rem .8rem; flex: 1 1 9rem }
.card b { font-size: 1.35rem; display: block }
.note { background: #fff1e0; color: #8a3d00; border-radius: 8px; padding: .4rem .8rem; margin: .4rem 0 }
table { border-collapse: collapse; width: 100% }
td, th { text-align: left; border-bottom: 1px solid #e3e8f0; padding: .25rem .5rem }
ul { margin: .2rem 0; padding-left: 1.2rem } small { color: #46536b }
"""


def readout(read: Analysis) -> str:
    """The page as HTML; nothing in it is fetched from elsewhere."""
    pilot, told = read.pilot, html.escape
    notes = "".join(f'<p class="note">{told(one)}</p>' for one in read.why)
    reasons = "".join(f"<li>{told(one)}</li>" for one in read.reasons)
    checks = "".join(
        f"<tr><td>{'✓' if one.state == 'fine' else '!' if one.state == 'look' else '✗'}</td><td>{told(one.name)}</td>"
        f"<td>{told(one.words)}</td></tr>" for one in read.checks
    )  # fmt: skip
    sizes = ", ".join(f"{name} {size}" for name, size in read.trial.sizes().items())
    hanging = read.whales.get(read.primary.arm)
    words = "".join(
        f"<li>{told(one)}</li>" for one in reconciled(read.primary, read.trial.currency, hanging, read.trial.each)
    )
    method = "" if read.primary.found is None else told(read.primary.found.sentence)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{told(pilot.title or pilot.id)}</title><style>{_STYLE}</style></head><body>
<p class="label">Pilot {told(pilot.id)} · {told(fingerprint(pilot))} · {told(" and ".join(read.label))}</p>
<h1>{told(ADVICE[read.advice])}: {told(pilot.title or pilot.id)}</h1>
<p>{told(pilot.hypothesis)}</p>
{notes}<div class="cards">{"".join(_cards(read))}</div>
<ul>{reasons}</ul>
<h2>Effects on each metric</h2>{forest_svg(read)}
<h2>What the primary effect means</h2><ul>{words}</ul><p><small>{method}</small></p>
<h2>What was checked</h2><table>{checks}</table>
<p><small>Source {told(read.trial.source)}; {told(sizes)} partners.
 Intervals at {percent(1 - float(pilot.alpha), 1)}.</small></p>
</body></html>
"""


def _cards(read: Analysis) -> list[str]:
    found, value, currency = read.primary.found, read.value, read.trial.currency
    cards = []
    if found is not None:
        size = change(found.relative) if np.isfinite(found.relative) else compact(found.effect)
        cards.append(
            (read.primary.metric.name, size, f"{shares_between(found.relative_interval)}, p {found.p_value:.3g}")
        )
    if value is not None:
        span = f"{counted(value.partners, 'partner')}, {counted(value.months, 'month')}"
        cards.append((f"Net value ({span})", money(value.point, currency),
                      f"{compact(value.interval.low)} to {compact(value.interval.high)}"))  # fmt: skip
        cards.append(
            (
                "Chance that it pays",
                chance(value.chance),
                f"{chance(value.chance_sceptical)} with a sceptical prior",
            )
        )
        cards.append(("Incentive cost", money(value.cost, currency), f"margin {money(value.margin, currency)}"))
        cards.append(("Twice the data is worth", money(value.longer[1][1], currency), "before what it costs"))
    else:
        cards.append(("Net value", "not known", read.no_value))
    return [
        f'<div class="card"><span class="label">{html.escape(name)}</span><b>{html.escape(text)}</b>'
        f"<small>{html.escape(line)}</small></div>"
        for name, text, line in cards
    ]


def forest_svg(read: Analysis) -> str:
    """Relative effects with their intervals, one line for each metric that has one."""
    rows = [one for one in read.answers if one.found is not None and np.isfinite(one.found.relative)]
    if not rows:
        return "<p>No metric has a relative effect.</p>"
    ends = [_ends(one) for one in rows]
    low, high = min([0.0, *(one for one, _ in ends)]), max([0.0, *(one for _, one in ends)])
    room = 0.05 * (high - low or 1)
    low, high = low - room, high + room

    def place(value: float) -> float:
        return 230 + 470 * (min(max(value, low), high) - low) / (high - low)

    parts = []
    for line, (one, (left, right)) in enumerate(zip(rows, ends, strict=True)):
        assert one.found is not None
        y = 18 + 26 * line
        colour = {"better": "#0b7f66", "worse": "#b54708", "broken": "#b54708", "held": "#0b7f66"}.get(
            one.verdict, "#56627a"
        )
        name = html.escape(one.metric.name + ("" if len(read.trial.arms) == 2 else f", {one.arm}"))
        parts.append(
            f'<text x="0" y="{y + 4}">{name}</text><line x1="{place(left):.1f}" x2="{place(right):.1f}" y1="{y}" y2="{y}" '
            f'stroke="{colour}" stroke-width="3"/><circle cx="{place(one.found.relative):.1f}" cy="{y}" r="5" fill="{colour}"/>'
            f'<text x="712" y="{y + 4}">{change(one.found.relative)}, {html.escape(one.verdict)}</text>'
        )
    height = 18 + 26 * len(rows)
    zero = f'<line x1="{place(0):.1f}" x2="{place(0):.1f}" y1="4" y2="{height - 6}" stroke="#9aa5b8"/>'
    return (f'<svg viewBox="0 0 900 {height}" width="100%" role="img" aria-label="Relative effects with intervals" font-size="13" '
            f'fill="#0b1020">{zero}{"".join(parts)}</svg>')  # fmt: skip


def _ends(one: Answer) -> tuple[float, float]:
    assert one.found is not None
    own = one.found.relative_interval
    low = own.low if np.isfinite(own.low) else one.found.relative
    high = own.high if np.isfinite(own.high) else one.found.relative
    return low, min(high, 3.0)


def readout_document(read: Analysis) -> Document:
    """The same read-out as a document, for PDF: its figures as a table."""
    pilot, found, value, currency = read.pilot, read.primary.found, read.value, read.trial.currency
    facts = [(read.primary.metric.name, "not known" if found is None else change(found.relative), "" if found is None else
              f"{shares_between(found.relative_interval)}, p {found.p_value:.3g}")]  # fmt: skip
    if value is None:
        facts.append(("net value", "not known", read.no_value))
    else:
        span = f"{counted(value.partners, 'partner')}, {counted(value.months, 'month')}"
        facts += [
            (
                f"net value ({span})",
                money(value.point, currency),
                f"{compact(value.interval.low)} to {compact(value.interval.high)}",
            ),
            ("chance that it pays", chance(value.chance), f"{chance(value.chance_sceptical)} with a sceptical prior"),
            ("incentive cost", money(value.cost, currency), f"margin {money(value.margin, currency)}"),
            ("twice the data is worth", money(value.longer[1][1], currency), "before what it costs"),
        ]
    rows = tuple(
        (one.metric.name, one.arm, "" if one.found is None else change(one.found.relative),
         "" if one.found is None else shares_between(one.found.relative_interval), one.verdict) for one in read.answers
    )  # fmt: skip
    words = tuple(reconciled(read.primary, currency, read.whales.get(read.primary.arm), read.trial.each))
    sizes = ", ".join(f"{name} {size}" for name, size in read.trial.sizes().items())
    blocks: list[Block] = [Paragraph(pilot.hypothesis)] if pilot.hypothesis else []
    blocks += [
        *([Points(read.why)] if read.why else []), Table(("", "", ""), tuple(facts), (0, 2)), Points(read.reasons),
        Heading("Effects on each metric"), Table(("Metric", "Arm", "Change", "Interval", "Verdict"), rows, (0, 1, 4)),
        Heading("What the primary effect means"), Points(words), Paragraph("" if found is None else found.sentence),
        Heading("What was checked"), Points(tuple(f"{one.name} ({one.state}): {one.words}" for one in read.checks)),
    ]  # fmt: skip
    title = f"{ADVICE[read.advice]}: {pilot.title or pilot.id}"
    return Document(title, f"Pilot {pilot.id}, {' and '.join(read.label)}", tuple(blocks),
                    f"{fingerprint(pilot)} on {read.trial.source}; {sizes} partners")  # fmt: skip


def write_readout(read: Analysis, path: Path) -> None:
    """Write the read-out, whole or not at all: PDF where the name ends so, else HTML."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = pdf_bytes(readout_document(read)) if path.suffix.lower() == ".pdf" else readout(read).encode()
    part = path.with_name(path.name + ".partial")
    part.write_bytes(content)
    part.replace(path)
