"""Months of a history that are no calendar months: where each day counts, to the day, and what is refused."""

from __future__ import annotations

import datetime
import random
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from incentive_lab.engine.replay import replay
from incentive_lab.engine.statement import statement
from incentive_lab.errors import InputError
from incentive_lab.fiscal import FiscalMonths, calendar_month, first_day
from incentive_lab.history import History, open_history, write_csv_folder
from incentive_lab.history.calendar_document import DeclaredCalendar, months_declared
from incentive_lab.history.demo import generate_demo
from incentive_lab.history.for_schemes import panel_for
from incentive_lab.history.names import known_names
from incentive_lab.history.quality import quality
from incentive_lab.history.supposing import Supposed, suppose
from incentive_lab.panel import month_index
from incentive_lab.projection.past import past_of
from incentive_lab.scheme.check import check
from incentive_lab.scheme.load import loads
from incentive_lab.scheme.measures import CATALOGUE
from tests.history import folders
from tests.history.test_formats import LEAVES, SPLITS, WANTED, Plain, assert_same
from tests.history.test_remote import database, load

__all__ = ["database"]
RETAIL = "calendar: {weeks: 4-5-4, year_ends: saturday nearest january 31}\n"
NETWORKS = "calendar: {weeks: 4-4-5, year_ends: last saturday of july}\n"


def declared(**said: object) -> FiscalMonths:
    return months_declared(DeclaredCalendar.model_validate(said))


def said_of(**said: object) -> str:
    with pytest.raises(InputError) as refused:
        declared(**said)
    return str(refused.value)


def mapping(folder: Path, text: str) -> Path:
    file = folder / "mapping.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def deals_on(days: list[datetime.date]) -> str:
    rows = [f"D{n},P1,won,2013-01-01,{day},{n + 1}.00" for n, day in enumerate(days)]
    return "\n".join(["deal_id,partner_id,status,created_on,closed_on,amount", *rows]) + "\n"


def by_month(history: History) -> dict[str, float]:
    panel = history.panel({"revenue": CATALOGUE["revenue"]})
    row = panel.partner_ids.index("P1")
    return {
        name: cents / 100 for name, cents in zip(panel.labels(), panel.columns["revenue"][row], strict=True) if cents
    }


def test_the_years_of_retailers_are_the_published_ones() -> None:
    """First days of retail years as the National Retail Federation publishes them; 2012, 2017 and 2023 have 53 weeks."""
    published = ("2012-01-29", "2013-02-03", "2014-02-02", "2015-02-01", "2016-01-31", "2017-01-29", "2018-02-04", "2019-02-03",
                 "2020-02-02", "2021-01-31", "2022-01-30", "2023-01-29", "2024-02-04", "2025-02-02")  # fmt: skip
    months = declared(weeks="4-5-4", year_ends="saturday nearest january 31")
    assert months.year_starts == 2
    assert [str(months.bounds(month_index(year, 2))[0]) for year in range(2012, 2026)] == list(published)
    weeks = [months.days(month_index(2017, 2) + place) // 7 for place in range(12)]
    assert weeks == [4, 5, 4] * 3 + [4, 5, 5]
    assert [months.days(month_index(2016, 2) + place) // 7 for place in range(12)] == [4, 5, 4] * 4


@pytest.mark.parametrize("rule", ["last saturday of september", "last friday of may", "last sunday of december"])
@pytest.mark.parametrize("weeks", ["4-4-5", "4-5-4", "5-4-4"])
def test_a_last_weekday_ends_every_year(rule: str, weeks: str) -> None:
    months = declared(weeks=weeks, year_ends=rule)
    day, month = rule.split()[1], rule.split()[3]
    for year in range(1950, 2050):
        begin = months.bounds(month_index(year, months.year_starts))[0]
        last = begin - datetime.timedelta(days=1)
        assert last.strftime("%A %B").lower() == f"{day} {month}"
        assert (last + datetime.timedelta(weeks=1)).month != last.month
        assert (months.bounds(month_index(year + 1, months.year_starts))[0] - begin).days in (364, 371)


def test_years_by_name_are_those_of_the_rule() -> None:
    ruled = declared(weeks="4-5-4", year_ends="saturday nearest january 31")
    named = declared(weeks="4-5-4", year_starts="2013-02-03", long_years=[2017, 2023])
    assert all(named.bounds(month) == ruled.bounds(month) for month in range(named.first, named.end))
    assert named.end > month_index(2027, 1)


def test_the_longer_month_can_be_another_one() -> None:
    months = declared(weeks="4-4-5", year_starts="2016-12-25", long_years=[2017], long_month=3)
    assert [months.days(month_index(2017, place)) // 7 for place in range(1, 13)] == [4, 4, 6, *[4, 4, 5] * 3]


def test_every_day_lies_in_one_month_with_its_neighbours() -> None:
    for months in (
        declared(weeks="4-4-5", year_ends="last saturday of july"),
        declared(month_starts_on=26),
        declared(month_starts=["2013-01-28", "2013-02-25", "2013-04-01"]),
    ):
        day = datetime.date(2012, 12, 1)
        before = months.month_of(day)
        for _ in range(900):
            day += datetime.timedelta(days=1)
            month = months.month_of(day)
            begin, last = months.bounds(month)
            assert month - before == (begin == day)
            assert begin <= day <= last
            before = month
        assert calendar_month(day) - 1 <= before <= calendar_month(day) + 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (RETAIL, {"2014-01": 1, "2014-02": 2 + 3, "2014-03": 4}),
        ("calendar: {month_starts_on: 2}\n", {"2014-01": 1, "2014-02": 2 + 3, "2014-03": 4}),
        ("calendar: {month_starts: [2012-12-30, 2013-02-03, 2013-03-03, 2013-03-31, 2013-05-05, 2013-06-02, 2013-06-30, "
         "2013-08-04, 2013-09-01, 2013-09-29, 2013-11-03, 2013-12-01, 2014-01-05, 2014-02-02, 2014-03-02, 2014-04-06]}\n",
         {"2014-01": 1, "2014-02": 2 + 3, "2014-03": 4}),
    ],
)  # fmt: skip
def test_a_deal_counts_in_the_month_of_its_day(tmp_path: Path, text: str, expected: dict[str, float]) -> None:
    days = [datetime.date(2014, 2, 1), datetime.date(2014, 2, 2), datetime.date(2014, 3, 1), datetime.date(2014, 3, 2)]
    folder = folders.write(tmp_path / "h", deals=deals_on(days))
    with open_history(folder, mapping=mapping(tmp_path, text)).closing() as history:
        assert by_month(history) == expected


@pytest.mark.parametrize("text", [RETAIL, NETWORKS, "calendar: {month_starts_on: 16}\n"])
def test_any_day_counts_where_the_calendar_says(tmp_path: Path, text: str) -> None:
    chance = random.Random(7)
    days = [datetime.date(2012, 6, 1) + datetime.timedelta(days=chance.randrange(2_500)) for _ in range(400)]
    folder = folders.write(tmp_path / "h", deals=deals_on(days))
    with open_history(folder, mapping=mapping(tmp_path, text)).closing() as history:
        assert history.calendar is not None
        wanted: dict[int, float] = {}
        for n, day in enumerate(days):
            month = history.calendar.month_of(day)
            wanted[month] = wanted.get(month, 0) + n + 1
        assert by_month(history) == {f"{month // 12}-{month % 12 + 1:02d}": wanted[month] for month in sorted(wanted)}
        table = history.panel({"revenue": CATALOGUE["revenue"]}, deal_leaves={"deal": ["revenue"]}).deals["deal"]
        found = [
            history.calendar.month_of(datetime.date(1970, 1, 1) + datetime.timedelta(days=int(day)))
            for day in table.day
        ]
        assert (np.array(found) - history.span[0] == table.month).all()


@pytest.mark.parametrize("late_data", ["true_up", "freeze", "recalculate"])
def test_calendar_months_as_a_table_change_no_bit(tmp_path: Path, late_data: str) -> None:
    generate_demo(tmp_path / "h", partners=40, months=24, seed=3)
    starts = ", ".join(str(first_day(month)) for month in range(2010 * 12, 2031 * 12))
    file = mapping(tmp_path, f"calendar: {{month_starts: [{starts}]}}\n")
    with open_history(tmp_path / "h").closing() as plain, open_history(tmp_path / "h", mapping=file).closing() as own:
        assert plain.history_id != own.history_id
        assert [one.message for one in quality(plain)] == [one.message for one in quality(own)]
        one, other = (
            history.panel(
                {name: leaf for name, leaf in CATALOGUE.items() if leaf.leaf and not history.problems_of({name: leaf})},
                deal_leaves={"deal": ["revenue"], "line": ["margin"]}, want_returns=True, late_data=late_data,  # type: ignore[arg-type]
            )
            for history in (plain, own)
        )  # fmt: skip
        assert (one.first_month, one.months) == (other.first_month, other.months)
        assert (one.joined == other.joined).all()
        assert one.columns.keys() == other.columns.keys()
        for name, values in one.columns.items():
            assert values.tobytes() == other.columns[name].tobytes(), name
        for grain, table in one.deals.items():
            assert (table.month == other.deals[grain].month).all()
            assert all((table.values[name] == other.deals[grain].values[name]).all() for name in table.values)
        assert one.returns is not None
        assert other.returns is not None
        assert (one.returns.sold_month == other.returns.sold_month).all()
        assert (one.returns.month == other.returns.month).all()


def test_a_database_counts_in_the_same_months(database: str, tmp_path: Path) -> None:
    chance = random.Random(11)
    days = [datetime.date(2012, 6, 1) + datetime.timedelta(days=chance.randrange(1_500)) for _ in range(300)]
    folder = folders.write(tmp_path / "csv", deals=deals_on(days))
    load(database, folder)
    for text in (RETAIL, NETWORKS, "calendar: {month_starts_on: 26}\n"):
        file = mapping(tmp_path, text)
        with (
            open_history(folder, mapping=file).closing() as files,
            open_history(database, mapping=file).closing() as remote,
        ):
            assert files.history_id == remote.history_id
            assert by_month(files) == by_month(remote)


def test_a_database_has_every_measure_in_its_months(database: str, tmp_path: Path) -> None:
    folder = folders.write(tmp_path / "csv", deal_partners=SPLITS)
    load(database, folder)
    file = mapping(tmp_path, NETWORKS)
    with (
        open_history(folder, mapping=file).closing() as files,
        open_history(database, mapping=file).closing() as remote,
    ):
        assert_same(Plain(files, files.panel(LEAVES, **WANTED)), remote)
        assert len(files.deals_of("P1", *[month_index(2013, 2)] * 2)) == len(
            remote.deals_of("P1", *[month_index(2013, 2)] * 2)
        )


def test_the_content_id_is_that_of_rows_and_months(tmp_path: Path) -> None:
    folder = folders.write(tmp_path / "h")
    texts = (RETAIL, NETWORKS, "calendar: {month_starts_on: 26}\n", "calendar: {month_starts_on: 25}\n")
    ids = [open_history(folder).history_id]
    ids += [open_history(folder, mapping=mapping(tmp_path, text)).history_id for text in texts]
    assert len(set(ids)) == 5
    assert (
        open_history(folder, mapping=mapping(tmp_path, RETAIL.replace("january 31", "the end of January"))).history_id
        == ids[1]
    )


def test_a_written_folder_opens_to_the_same_history(tmp_path: Path) -> None:
    with open_history(folders.write(tmp_path / "h"), mapping=mapping(tmp_path, RETAIL)).closing() as history:
        files = write_csv_folder(history, tmp_path / "again")
        again = open_history(tmp_path / "again", mapping=files[-1])
        assert (again.history_id, again.calendar) == (history.history_id, history.calendar)


def test_tenure_and_joining_count_in_its_months(tmp_path: Path) -> None:
    partners = "partner_id,name,type,joined_on\nP1,One,reseller,2013-02-02\nP2,Two,msp,2013-02-03\n"
    folder = folders.write(tmp_path / "h", partners=partners)
    with open_history(folder, mapping=mapping(tmp_path, RETAIL)).closing() as history:
        panel = history.panel({})
        assert (panel.joined + panel.first_month).tolist() == [month_index(2013, 1), month_index(2013, 2)]


def test_partners_may_have_joined_before_the_first_month(tmp_path: Path) -> None:
    partners = "partner_id,name,type,joined_on\nP1,One,reseller,2001-07-09\nP2,Two,msp,\n"
    text = "calendar: {weeks: 4-5-4, year_starts: 2012-01-29, long_years: [2012]}\n"
    with open_history(
        folders.write(tmp_path / "h", partners=partners), mapping=mapping(tmp_path, text)
    ).closing() as history:
        panel = history.panel({})
        assert panel.joined[0] + panel.first_month == month_index(2001, 7)


SCHEME = """
scheme: by-quarter
currency: USD
effective: {{from: 2013-01-01, months: 24}}
calendar: {{year_starts: {0}}}
rules: [{{id: rebate, on: revenue, per: quarter, rate: 10%}}]
"""


def test_a_quarter_is_three_of_its_months_and_a_statement_says_so(tmp_path: Path) -> None:
    days = [datetime.date(2013, 2, 2), datetime.date(2013, 2, 3), datetime.date(2013, 5, 4), datetime.date(2013, 5, 5)]
    scheme = loads(SCHEME.format(2))
    with open_history(
        folders.write(tmp_path / "h", deals=deals_on(days)), mapping=mapping(tmp_path, RETAIL)
    ).closing() as held:
        result = replay(scheme, panel_for(held, scheme))
        row = result.panel.partner_ids.index("P1")
        paid = dict(zip(result.panel.labels(), (result.total[:, row] / 100).tolist(), strict=True))
        assert {month: amount for month, amount in paid.items() if amount} == {
            "2013-01": 0.1,
            "2013-04": 0.5,
            "2013-05": 0.4,
        }
        told = statement(result, "P1")
        assert told.conventions[-1] == (
            "Months are the history's own: Weeks 4-5-4; a year ends on the Saturday nearest the end of January. "
            "May 2013 is 2013-05-05 to 2013-06-01."
        )


@pytest.mark.parametrize("starts", [1, 3, 12])
def test_a_year_that_begins_within_a_quarter_of_weeks_is_refused(tmp_path: Path, starts: int) -> None:
    scheme = loads(SCHEME.format(starts))
    with open_history(folders.write(tmp_path / "h"), mapping=mapping(tmp_path, RETAIL)).closing() as held:
        said = f"The programme year starts in month {starts}, and the history's quarters of 13 weeks in months 2, 5, 8 and 11."
        for ask in (panel_for, past_of):
            with pytest.raises(InputError, match="quarters of 13 weeks") as refused:
                ask(held, scheme)
            assert refused.value.problems[0].path == "by-quarter: calendar.year_starts"
        assert [one.message for one in check(scheme, names=known_names(held)).problems] == [said]
        assert not check(loads(SCHEME.format(11)), names=known_names(held)).problems


def test_a_supposed_deal_lies_in_the_month_of_its_day(tmp_path: Path) -> None:
    scheme = loads(SCHEME.format(2))
    with open_history(folders.write(tmp_path / "h"), mapping=mapping(tmp_path, RETAIL)).closing() as held:
        panel = panel_for(held, scheme)
        more = suppose(held, panel, "P1", Supposed(datetime.date(2013, 3, 2), Decimal(50)), scheme)
        change = (more.columns["revenue"] - panel.columns["revenue"])[panel.partner_ids.index("P1")]
        assert [panel.labels()[place] for place in np.flatnonzero(change)] == ["2013-02"]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"weeks": "4-4-4", "year_ends": "last friday of may"}, "4+4+4 is 12 weeks, a quarter has 13"),
        ({"weeks": "13", "year_ends": "last friday of may"}, "found '13'. Allowed: 4-4-5"),
        ({"weeks": "4-4-5"}, "when years of weeks begin is missing"),
        ({"weeks": "4-4-5", "year_ends": "last friday of may", "year_starts": "2013-06-01"}, "found both"),
        ({"weeks": "4-4-5", "year_ends": "last friday of mai"}, "Did you mean may?"),
        ({"weeks": "4-4-5", "year_ends": "the end of May"}, "Write last saturday of january"),
        ({"weeks": "4-4-5", "year_ends": "friday nearest may 15"}, "May 15 is not the end of a month"),
        ({"weeks": "4-4-5", "year_ends": "last friday of may", "long_years": [2017]}, "says itself which years"),
        ({"weeks": "4-4-5", "year_starts": "2013-02-03", "long_years": [2044]}, "drift by more than 6 days before 2044"),
        ({"month_starts_on": 26, "weeks": "4-4-5"}, "found weeks and month_starts_on"),
        ({"month_starts_on": 26, "long_month": 3}, "this is said of years of weeks"),
        ({}, "says nothing of when months begin"),
        ({"month_starts": ["2013-01-01"]}, "found 1 day"),
        ({"month_starts": ["2013-01-01", "2013-02-01", "2013-01-20"]}, "months overlap: 2013-01-20 stands behind 2013-02-01"),
        ({"month_starts": ["2013-01-01", "2013-02-01", "2013-02-01"]}, "months overlap"),
        ({"month_starts": ["2013-01-01", "2013-03-01"]}, "would have 59 days"),
        ({"month_starts": ["1899-01-01", "1899-02-01"]}, "Allowed: dates from 1900 to 2100"),
        ({"month_starts": [str(datetime.date(2013, 1, 6) + datetime.timedelta(weeks=4 * n)) for n in range(27)]},
         "13 periods of a year cannot be declared"),
    ],
)  # fmt: skip
def test_a_calendar_that_cannot_be_is_refused_in_words(said: dict[str, object], words: str) -> None:
    assert words in said_of(**said)


def refused_by(folder: Path, text: str, **tables: str) -> str:
    with pytest.raises(InputError) as refused:
        open_history(folders.write(folder / "h", **tables), mapping=mapping(folder, text))
    return str(refused.value)


def test_a_wrong_calendar_says_its_line(tmp_path: Path) -> None:
    said = refused_by(tmp_path, "title: T\ncalendar:\n  weeks: 4-4-4\n  year_ends: last friday of may\n")
    assert said.startswith("mapping.yaml calendar.weeks: Line 3: 4+4+4 is 12 weeks")


def test_dates_outside_the_declared_months_are_refused(tmp_path: Path) -> None:
    said = refused_by(tmp_path, "calendar: {month_starts: [2013-01-01, 2013-02-01, 2013-03-01]}\n")
    assert (
        "deals.csv row 5, column created_on: 2 dates lie in none of the months that the calendar declares, which run from"
        in said
    )
    assert "2013-01-01 to 2013-02-28; found 2013-03-05. Add the months' first days to month_starts." in said


def test_the_day_an_open_deal_is_expected_to_close_may_lie_outside(tmp_path: Path) -> None:
    days = deals_on([datetime.date(2013, 2, 3)]) + "D9,P1,open,2013-02-03,2019-01-01,5.00\n"
    text = "calendar: {weeks: 4-5-4, year_starts: 2012-01-29, long_years: [2012]}\n"
    with open_history(folders.write(tmp_path / "h", deals=days), mapping=mapping(tmp_path, text)).closing() as history:
        assert by_month(history) == {"2013-02": 1.0}


@pytest.mark.parametrize("last", [False, True])
def test_dates_that_are_months_already_are_refused(tmp_path: Path, last: bool) -> None:
    days = [first_day(month) - datetime.timedelta(days=last) for month in range(2013 * 12 + 1, 2013 * 12 + 8)]
    said = refused_by(tmp_path, RETAIL, deals=deals_on(days))
    assert (
        f"every date is the {'last' if last else 'first'} day of a calendar month, so these are months already" in said
    )
    assert "column closed_on" in said
