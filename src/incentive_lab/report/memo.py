"""The decision memo: what a board reads before it signs, on a few pages."""

from __future__ import annotations

from incentive_lab.format import compact, count, counted, money, percent, quarter_name, signed
from incentive_lab.panel import month_index
from incentive_lab.report.blocks import Block, Document, Figures, Heading, Paragraph, Picture, Points, Table
from incentive_lab.report.case import Case, unvouched
from incentive_lab.report.drawing import changes, fan, level_bars, paired_bars
from incentive_lab.report.history_span import year_words

MOVERS = 5
"""Partners shown at each end."""
NAMES = ("Today", "Proposed")


def memo(case: Case) -> Document:
    """The memo of a revision."""
    row = case.revision
    blocks: list[Block] = [
        Paragraph(f"{row['author']}{unvouched(row)} proposes {row['id']} for {row['population']}, "
                  f"in effect from {row['starts']} to {row['ends']}. It is {row['state']}."),
        Paragraph(f"Reason given: {case.reason}"),
        key_figures(case),
        Heading("Signatures"),
        Points(case.signers() or ("Nobody has signed.",)),
        Heading("What changes"),
        Points(case.changes or ("Nothing that decides what is paid.",)),
        Heading("Cost on the history"),
        Paragraph(f"{case.cost_words()} {year_words(*case.dearest_year, case.currency)}"),
        _by_quarter(case),
        _by_line(case),
        Table(("Line", "Today", "Proposed", "Change"), tuple(_line(case, *one) for one in (
            *_moving(case), ("Total", case.before or 0.0, case.after)))),
        Heading("Cost of the coming months"),
        Points(case.forecast_said),
        *_fan(case),
        Heading("Who gains and who loses"),
        Paragraph(case.people_words()),
    ]  # fmt: skip
    if case.before is not None:
        ends = (*case.partners[:MOVERS], *case.partners[-MOVERS:]) if len(case.partners) > 2 * MOVERS else case.partners
        lost = [now - was for _, was, now in case.partners]
        blocks.append(Picture(changes(lost, "Change by partner"), "Change of payout by partner, the largest gain first",
                              "One bar for each partner, from the largest gain to the largest loss."))  # fmt: skip
        blocks.append(
            Table(
                ("Partner", "Today", "Proposed", "Change"),
                tuple(_line(case, case.called(name), was, now) for name, was, now in ends),
            )
        )
    blocks += [
        Heading("Evidence"),
        Points((*case.pilot_words(), f"Replayed on history {row['history_id']}.", *case.left_out)),
        Heading("Open warnings"),
        Points(case.warnings() or ("None.",)),
    ]
    footer = f"{row['id']} {row['fingerprint']}, history {row['history_id'][:12]}, version {row['code_version']}"
    return Document(f"Decision memo: {case.title}", f"{row['population']}, from {row['starts']}", tuple(blocks), footer)


def key_figures(case: Case) -> Figures:
    """Cost, change, partners and forecast at a glance."""
    change = None if case.before is None else case.after - case.before
    told, forecast, over = case.replay.get("change"), case.likely, case.over_budget
    share = signed(percent(change / case.before, 1)) if change is not None and case.before else ""
    return Figures((
        ("Cost on the history", compact(case.after), f"{case.currency}, {count(case.replay['months'])} months"),
        ("Against today", signed(compact(change)) if change is not None else "-", share or "no baseline"),
        ("Gain / lose", f"{count(told['winners'])} / {count(told['losers'])}" if told else "-",
         f"of {counted(case.replay['partners'], 'partner')}"),
        (case.what_spreads, compact(forecast["p50"]) if forecast else "-",
         f"90 %: {compact(forecast['p05'])} to {compact(forecast['p95'])}" if forecast else "none submitted"),
        ("Over budget", percent(over, 0) if over is not None else "-", "chance" if over is not None else "not known"),
    ))  # fmt: skip


def _moving(case: Case) -> tuple[tuple[str, float, float], ...]:
    """The lines that pay something."""
    return tuple(one for one in case.rules if abs(one[1]) >= case.least or abs(one[2]) >= case.least)


def _by_quarter(case: Case) -> Picture:
    sums: dict[str, list[float]] = {}
    for month, before, after in case.months:
        label = quarter_name(month, case.scheme.year_starts) if len(case.months) > 12 else month
        both = sums.setdefault(label, [0.0, 0.0])
        both[0] += before
        both[1] += after
    rows = [(label, before, after) for label, (before, after) in sums.items()]
    caption = f"Paid by {'quarter' if len(case.months) > 12 else 'month'}, {case.currency}"
    return Picture(paired_bars(rows, NAMES, caption), caption, "Two bars for each period: paid today and as proposed.")


def _by_line(case: Case) -> Picture:
    caption = f"Paid by line, {case.currency}"
    return Picture(level_bars(_moving(case) or (("nothing", 0.0, 0.0),), NAMES, caption), caption,
                   "Two bars for each line: paid today and as proposed.")  # fmt: skip


def _fan(case: Case) -> list[Block]:
    """The forecast to date with its band and the budget, where one was submitted."""
    path = case.to_date
    if len(path) < 2:
        return []
    labels = sorted(path, key=lambda month: month_index(int(month[:4]), int(month[5:7])))
    low, middle, high = ([float(path[month][name]) for month in labels] for name in ("p10", "mean", "p90"))
    budget = float(case.scheme.budget.amount) if case.scheme.budget is not None else None
    caption = f"{'Owed to date before the cut' if case.cut else 'Cost to date in the forecast'}, {case.currency}"
    return [Picture(fan(labels, low, middle, high, budget, caption), caption,
                    "A band that widens over the months, its mean, and the budget.")]  # fmt: skip


def _line(case: Case, name: str, before: float, after: float) -> tuple[str, ...]:
    def said(amount: float) -> str:
        return money(amount, case.currency)

    return name, said(before) if case.before is not None else "-", said(after), (
        signed(said(after - before)) if case.before is not None else "-")  # fmt: skip
