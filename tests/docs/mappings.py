"""docs/mapping.md: every key of a mapping. `python -m tests.docs.mappings` writes it anew."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from pydantic import BaseModel

from incentive_lab.history import tables
from incentive_lab.history.calendar_document import DeclaredCalendar
from incentive_lab.history.mapping_document import ColumnRule, Filter, Join, Mapping, Source, TableRule
from incentive_lab.scheme.shapes import shape_of

PAGE = Path(__file__).resolve().parents[2] / "docs" / "mapping.md"

HEAD = """# Mappings
A mapping makes the tables of an export into those of a history (README, *Your own data*). It is a small YAML file, given with
`--mapping FILE` on the command line, dropped along with the files on the page Data, or written by that page. `make docs` writes
this page anew from the declarations of its keys; `docs/how-to/own-data.md` goes through one step by step, and
`data/mappings/adventureworks.yaml` is a real one.

Two exports with other names, one of them in thousands and with the month first in its dates, and a list of leads:

```csv accounts
AccountId,Name,Kind,Country
A1,Ann's,VAR,DE
A2,Bob's,MSP,AT
```
```csv opportunities
OppId,Account,Stage,Opened,Closed,GrossK,DiscountK,Test
O1,A1,Closed Won,1/2/2025,2/3/2025,12.5,0.5,false
O2,A2,Closed Lost,1/5/2025,3/1/2025,3,0,false
O3,A2,Closed Won,1/5/2025,3/1/2025,99,0,true
```
```csv leads
Account,Day,Score
A1,2025-01-01,0.8
A2,2025-01-09,
```
```yaml mapping
tables:
  partners:
    from: accounts
    columns:
      partner_id: AccountId
      name: Name
      type: {column: Kind, values: {VAR: reseller, MSP: msp}}
    keep: [Country]
  deals:
    from: opportunities
    where: {Test: {not: true}}
    dates: month-day-year
    columns:
      deal_id: OppId
      partner_id: Account
      status: {column: Stage, values: {Closed Won: won, Closed Lost: lost}, otherwise: open}
      created_on: Opened
      closed_on: Closed
      list_amount: {column: GrossK, times: 1000}
      amount: {product: [GrossK, 1000]}
  activities:
    union:
      - from: leads
        columns: &lead
          activity_id: {numbered: L}
          partner_id: Account
          occurred_on: Day
          kind: {constant: lead}
          quality: {column: Score, default: 0}
      - from: leads
        where: {Score: {min: 0.5}}
        columns: {<<: *lead, activity_id: {numbered: Q}, kind: {constant: qualified_lead}}
```
```csv result
table,row,column,value
partners,A1,type,reseller
partners,A1,Country,DE
deals,O1,closed_on,2025-02-03
deals,O1,amount,12500
deals,O2,status,lost
activities,L1,kind,lead
activities,Q1,kind,qualified_lead
```

Every mistake is told at once: what is wrong in the mapping with its line and key, and what cannot be read in a file with the
file, the row (the header is row 1), the column of your export and ours:

    opportunities.csv row 2, column Account (deals.partner_id): found 'A9'; partners has no such partner_id. Add it to \
partners, or leave its rows out: --exclude orphans, or Leave out the rows of on Data.

In a database nothing is written: the mapping becomes part of its queries, and rows have no number, so the id is said instead.

"""

CALENDAR = """## Months that are not calendar months
`calendar` says when months begin: the weeks of a 4-4-5, 4-5-4 or 5-4-4 calendar, another day of the month, or a table. Then
each dated row (deals, returns, activities, scores, the day somebody joined) counts in the month of its day; quarters are
three of these months, years twelve, and a contract, a tenure or a window of months is counted in them. A mapping with
`calendar` alone is enough where tables and columns have the names of a history already; in a database it becomes part of
the queries.

```yaml calendar
calendar: {weeks: 4-5-4, year_ends: saturday nearest january 31}
```
```csv months
month,first_day,last_day
2014-01,2014-01-05,2014-02-01
2014-02,2014-02-02,2014-03-01
2014-03,2014-03-02,2014-04-05
2018-01,2017-12-31,2018-02-03
```

Other ways to say it; `long_years` and `month_starts` end somewhere, and a date beyond is refused:

```yaml others
- calendar: {weeks: 4-4-5, year_ends: last saturday of july}
- calendar: {weeks: 4-4-5, year_starts: 2013-02-03, long_years: [2017, 2023]}
- calendar: {weeks: 4-4-5, year_starts: 2015-12-27, long_years: [2016], long_month: 3}
- calendar: {month_starts_on: 26}
- calendar: {month_starts: [2013-01-28, 2013-02-25, 2013-04-01]}
```

- **Names**: a month is named after the calendar month that begins nearest to its first day (until the 15th its own, from
  the 16th the next), and those after it go on from there. `2014-02`, in words Feb 2014, is February of that calendar
  everywhere: in a scheme (`effective`, `during`, `year_starts`), in `period` of targets and payments, on pages, statements
  and in files. The page Data and `history check --json` list each with its first and last day, and a statement says which
  calendar it is by. `2014-Q2` is April to June by these names. Pages and reports group by the quarters of the scheme's
  programme year: by number where that begins in January (Q2 2014), else by their months (Feb–Apr 2014).
- **Quarters**: a scheme settles in quarters of 13 weeks, so `calendar.year_starts` of the scheme must be the month of the
  year's first day (2 above, 8 where a year ends in July) or three, six or nine months later; else it is refused.
- **Weeks**: of a year of 53, the last month is a week longer unless `long_month` says another (3: the first quarter).
- **What stays**: rates of currencies are those of calendar months; a partner who joined before the first declared month
  joined in a calendar month; the day on which an open deal may close can lie beyond. A column that has nothing but first
  days of calendar months is refused: those are months already.
- The content id is that of the rows and the declared months: another calendar is another history. A projection takes months
  as they come, a fifth week and a 53rd are in its season and its noise.

"""

PARTS: tuple[tuple[type[BaseModel], str, str], ...] = (
    (Mapping, "The document", "The keys at the top."),
    (TableRule, "A table", "Under `tables`, for each table of a history."),
    (Source, "A source", "Under a table, or each item of its `union`."),
    (Join, "A join", "Each item of `join`. Rows without a match stay, with nothing in the columns that were looked up."),
    (Filter, "A test", "Under `where`, for each source column; all that are given must hold."),
    (DeclaredCalendar, "A calendar", "Under `calendar`: exactly one of `weeks`, `month_starts_on` and `month_starts`."),
    (ColumnRule, "A column", "Under `columns`, for each of ours: the name of a source column, or exactly one of `column`, "
     "`constant`, `text`, `numbered`, `sum`, `difference` and `product`, and what is done to it, in the order `times`, "
     "`values`, `default`."),
)  # fmt: skip
"""Model -> its heading and where it stands."""


def row(key: str, words: str, told: str, required: bool) -> str:
    """One line of a table."""
    return f"| `{key}`{' *' if required else ''} | {words} | {told} |\n"


def words(model: type[BaseModel], key: str) -> str:
    """What may stand under a key."""
    shape = shape_of(model).at(key)
    if model is Mapping and key == "calendar":
        return "the keys of *A calendar*"
    return "a value" if {str, bool, Decimal} <= set(shape.forms) else shape.words()


def part(model: type[BaseModel], heading: str, where: str) -> str:
    """The section of one model."""
    lines = [
        row(info.alias or name, words(model, info.alias or name), info.description or "", info.is_required())
        for name, info in model.model_fields.items()
    ]
    return (
        f"## {heading}\n{where}\n\n| key | what stands there | what it does |\n| --- | --- | --- |\n{''.join(lines)}\n"
    )


def page() -> str:
    """The whole page."""
    known = ", ".join(f"`{name}`" for name in tables.TABLES)
    stars = "A star marks what must be there; without a table `partners`, those whom deals or activities name are the partners."
    return HEAD + CALENDAR + stars + " Tables of a history:\n" + known + ".\n\n" + (
        "".join(part(*one) for one in PARTS).rstrip("\n") + "\n"
    )  # fmt: skip


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
