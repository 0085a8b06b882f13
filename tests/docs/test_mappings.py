"""docs/mapping.md says what the declarations say, and its example reads as it says."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest

from incentive_lab.errors import InputError
from incentive_lab.format import count
from incentive_lab.history import open_history
from incentive_lab.history.calendar_document import DeclaredCalendar
from incentive_lab.history.mapping_document import ColumnRule, Filter, Join, Mapping, Source, TableRule, read_mapping
from incentive_lab.history.tables import TABLES
from incentive_lab.panel import month_index
from tests.docs.mappings import PAGE, page


def blocks() -> dict[str, str]:
    return dict(re.findall(r"```\w+ (\w+)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S))


def written(folder: Path) -> Path:
    """The example's files in a folder, and its mapping."""
    found = blocks()
    for name in ("accounts", "opportunities", "leads"):
        (folder / f"{name}.csv").write_text(found[name])
    (folder / "mapping.yaml").write_text(found["mapping"])
    return folder / "mapping.yaml"


def test_the_page_is_what_the_declarations_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "write it anew with: make docs"


@pytest.mark.parametrize("model", [Mapping, TableRule, Source, Join, Filter, ColumnRule, DeclaredCalendar])
def test_every_key_is_described(model: type) -> None:
    for name, info in model.model_fields.items():
        assert (info.description or "").endswith("."), name


def test_the_example_reads_as_the_page_says(tmp_path: Path) -> None:
    with (history := open_history(tmp_path, mapping=written(tmp_path), currency="USD")).closing():
        for line in csv.DictReader(io.StringIO(blocks()["result"])):
            key = TABLES[line["table"]].key[0]
            (row,) = history.store.rows(
                f"SELECT {line['column']} FROM {{{line['table']}}} t WHERE {key} = '{line['row']}'"
            )
            value = count(row[0] / 100) if line["column"] == "amount" else row[0]
            assert str(value).replace(",", "") == line["value"], line
        assert history.rows == {**dict.fromkeys(TABLES, 0), "partners": 2, "deals": 2, "activities": 3}


def test_the_months_are_those_the_page_says(tmp_path: Path) -> None:
    (tmp_path / "mapping.yaml").write_text(blocks()["calendar"])
    months = read_mapping(tmp_path / "mapping.yaml").months
    assert months is not None
    for line in csv.DictReader(io.StringIO(blocks()["months"])):
        year, month = map(int, line["month"].split("-"))
        assert months.told(month_index(year, month)) == f"{line['first_day']} to {line['last_day']}"
    for text in blocks()["others"].splitlines():
        (tmp_path / "mapping.yaml").write_text(text.removeprefix("- "))
        assert read_mapping(tmp_path / "mapping.yaml").months is not None, text


def test_the_message_on_the_page_is_what_is_said(tmp_path: Path) -> None:
    mapping = written(tmp_path)
    deals = tmp_path / "opportunities.csv"
    deals.write_text(deals.read_text().replace("O1,A1", "O1,A9"))
    with pytest.raises(InputError) as refused:
        open_history(tmp_path, mapping=mapping)
    assert f"    {refused.value}\n" in PAGE.read_text(encoding="utf-8")
