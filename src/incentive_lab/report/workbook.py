"""The decision as a workbook: numbers as numbers, native charts, and no text that a spreadsheet would run."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from math import ceil
from typing import Any

from incentive_lab.money import decimals
from incentive_lab.report.case import Case, unvouched

LINE, ON_A_LINE = 15, 96
"""Points of a line of text, and characters that the wide column has room for."""
Rows = Sequence[tuple[str, float, float]]


def workbook_bytes(case: Case) -> bytes:
    """The workbook as an XLSX file; the same case gives the same bytes."""
    import xlsxwriter

    stream = io.BytesIO()
    book = xlsxwriter.Workbook(
        stream,
        {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
    )
    book.set_properties({"title": case.title, "created": datetime(2000, 1, 1)})
    head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    places = decimals(case.currency)
    amount = book.add_format({"num_format": "#,##0" + ("." + "0" * places if places else "")})
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    _decision(book, case, head, wrap)
    _amounts(book, "Months", "Month", case.months, case.currency, head, amount, "column")
    _amounts(book, "Rules", "Line", case.rules, case.currency, head, amount, "bar")
    named = [(case.called(name), was, now) for name, was, now in case.partners]
    _amounts(book, "Partners", "Partner", named, case.currency, head, amount, None)
    _forecast(book, case, head, amount)
    for sheet in book.worksheets():
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        if sheet.get_name() != "Decision":
            sheet.repeat_rows(0)
        sheet.set_footer(f"&L{case.revision['id']} {case.revision['fingerprint']}&R&P / &N")
    book.close()
    return stream.getvalue()


def _decision(book: Any, case: Case, head: Any, wrap: Any) -> None:
    sheet, row = book.add_worksheet("Decision"), case.revision
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, 1, 100)
    facts = [
        ("Scheme", case.title), ("Revision", row["id"]), ("State", row["state"]), ("Population", row["population"]),
        ("In effect", f"{row['starts']} to {row['ends']}"), ("Proposed by", row["author"] + unvouched(row)),
        ("Reason", case.reason), ("Cost", case.cost_words()), *(("Forecast", one) for one in case.forecast_said),
        ("Partners", case.people_words()), *(("Pilot", one) for one in case.pilot_words()),
        *(("Change", one) for one in case.changes), *(("Warning", one) for one in case.warnings()),
        *(("Signature", one) for one in case.signers()), ("Fingerprint", row["fingerprint"]),
        ("History", row["history_id"]), *(("Left out", one) for one in case.left_out), ("Version", row["code_version"]),
    ]  # fmt: skip
    for line, (name, said) in enumerate(facts):
        sheet.set_row(
            line, LINE * ceil(max(1, len(said)) / ON_A_LINE)
        )  # programs other than Excel fit no row to its text
        sheet.write_string(line, 0, name, head)
        sheet.write_string(line, 1, said, wrap)


def _amounts(
    book: Any, name: str, what: str, rows: Rows, currency: str, head: Any, amount: Any, chart: str | None
) -> None:
    sheet = book.add_worksheet(name)
    sheet.set_column(0, 0, min(60, max([28, *(len(one[0]) for one in rows)])))
    sheet.set_column(1, 3, 18)
    sheet.freeze_panes(1, 1)
    sheet.set_row(0, 2 * LINE)
    for place, title in enumerate((what, f"Today, {currency}", f"Proposed, {currency}", f"Change, {currency}")):
        sheet.write_string(0, place, title, head)
    for line, (label, before, after) in enumerate(rows, 1):
        sheet.write_string(line, 0, label)
        sheet.write_number(line, 1, before, amount)
        sheet.write_number(line, 2, after, amount)
        sheet.write_formula(line, 3, f"=C{line + 1}-B{line + 1}", amount, after - before)
    last = len(rows)
    if last:
        sheet.write_string(last + 1, 0, "Total", head)
        for place, letter in enumerate("BCD", 1):
            value = sum((one[1], one[2], one[2] - one[1])[place - 1] for one in rows)
            sheet.write_formula(last + 1, place, f"=SUM({letter}2:{letter}{last + 1})", amount, value)
    if chart and last:
        drawn = book.add_chart({"type": chart})
        for place, colour in ((1, "#8a94a6"), (2, "#1552c4")):
            drawn.add_series({"name": [name, 0, place], "categories": [name, 1, 0, last, 0],
                              "values": [name, 1, place, last, place], "fill": {"color": colour}})  # fmt: skip
        drawn.set_title({"name": f"Paid by {what.lower()}, {currency}", "overlay": False})
        amounts, names = (
            (drawn.set_y_axis, drawn.set_x_axis) if chart == "column" else (drawn.set_x_axis, drawn.set_y_axis)
        )
        amounts({"num_format": "#,##0", "major_gridlines": {"visible": True, "line": {"color": "#d3dae6"}}})
        names({"reverse": chart == "bar", "label_position": "low"})
        drawn.set_legend({"position": "bottom"})
        drawn.set_size({"width": 760, "height": 380})
        sheet.insert_chart(1, 5, drawn, {"description": f"Paid by {what.lower()}, today and proposed"})


def _forecast(book: Any, case: Case, head: Any, amount: Any) -> None:
    """The frozen forecast by month with its band, and the cost to date."""
    by_month, path = (case.projection or {}).get("by_month"), case.to_date
    if not isinstance(by_month, dict) or not path:
        return
    sheet = book.add_worksheet("Forecast")
    sheet.set_column(0, 0, 14)
    sheet.set_column(1, 7, 18)
    sheet.freeze_panes(1, 1)
    sheet.set_row(0, 3 * LINE)
    what = "Owed before the cut to date" if case.cut else "To date"
    titles = ("Month", "P5", "P50", "P95", "Mean", *(f"{what}, {name}" for name in ("P10", "mean", "P90")))
    for place, title in enumerate(titles):
        sheet.write_string(0, place, title if place == 0 else f"{title}, {case.currency}", head)
    for line, (month, told) in enumerate(by_month.items(), 1):
        sheet.write_string(line, 0, str(month))
        values = (*(told[name] for name in ("p05", "p50", "p95", "mean")),
                  *(path[month][name] for name in ("p10", "mean", "p90")))  # fmt: skip
        for place, value in enumerate(values, 1):
            if value is not None:
                sheet.write_number(line, place, float(value), amount)
    last, drawn = len(by_month), book.add_chart({"type": "line"})
    for place, colour in ((5, "#8a94a6"), (6, "#1552c4"), (7, "#8a94a6")):
        drawn.add_series({"name": ["Forecast", 0, place], "categories": ["Forecast", 1, 0, last, 0],
                          "values": ["Forecast", 1, place, last, place], "line": {"color": colour, "width": 2}})  # fmt: skip
    drawn.set_y_axis({"num_format": "#,##0", "major_gridlines": {"visible": True, "line": {"color": "#d3dae6"}}})
    title = "Owed to date before the budget's cut" if case.cut else "Cost to date in the forecast"
    drawn.set_title({"name": f"{title}, {case.currency}", "overlay": False})
    drawn.set_legend({"position": "bottom"})
    drawn.set_size({"width": 760, "height": 380})
    sheet.insert_chart(last + 2, 1, drawn, {"description": f"{title}: mean, and the middle 80 %"})
