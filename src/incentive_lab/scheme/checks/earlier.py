"""What is compared with the periods before it has such periods."""

from __future__ import annotations

from incentive_lab.scheme.checks.context import Context, Findings, wrong
from incentive_lab.scheme.compared import compared, window_name


def periods_before(context: Context) -> Findings:
    """No deal by itself, no window without an end behind it, no year to date of a shorter period."""
    for one in compared(context.scheme):
        pers = [rule.per for rule in one.rules]
        here, word = one.node.segments, one.word
        if one.over == "life":
            message = f"`{word}` looks at what lies just before a window, and nothing lies before `over: life`."
            yield wrong(here, message, "Use a window with a length, such as over: period.")
        elif one.over == "period" and any(per in ("deal", "line") for per in pers):
            message = f"`{word}` compares periods, and a deal by itself is none."
            yield wrong(here, message, "Work it out by period, such as per: month, or look over: quarter_to_date.")
        elif window_name(one.over, "") == "year" and any(per != "year" for per in pers):
            short = next(per for per in pers if per != "year").replace("_", " ")
            message = f"The year to date is no period of a rule per {short}: `{word}` would look at whole years."
            yield wrong(here, message, "Write last_year, or over: period; years are compared per: year.")
