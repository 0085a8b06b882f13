"""Every mistake a file can have is refused in words that say where, what was found and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from incentive_lab.errors import InputError
from incentive_lab.history import open_history
from incentive_lab.scheme.measures import CATALOGUE

BROKEN = Path(__file__).parents[1] / "broken" / "history"
SAMPLES = sorted(folder for folder in BROKEN.iterdir() if folder.is_dir())


@pytest.mark.parametrize("folder", SAMPLES, ids=lambda folder: folder.name)
def test_a_broken_history_is_refused_with_the_place_and_the_reason(folder: Path) -> None:
    expected = (folder / "expected.txt").read_text(encoding="utf-8").splitlines()
    with pytest.raises(InputError) as refusal:
        open_history(folder)
    said = str(refusal.value)
    for sentence in expected:
        assert sentence in said, f"expected {sentence!r} in:\n{said}"


@pytest.mark.parametrize("folder", SAMPLES, ids=lambda folder: folder.name)
def test_only_the_planted_mistakes_are_reported(folder: Path) -> None:
    # A sample has one mistake, so nothing but its expected lines (and rows that are like them) may be said.
    if folder.name == "many_problems_in_many_files":
        return
    with pytest.raises(InputError) as refusal:
        open_history(folder)
    expected = (folder / "expected.txt").read_text(encoding="utf-8").splitlines()
    assert len(refusal.value.problems) <= max(1, len(expected))


def test_without_a_table_of_partners_they_are_those_who_stand_in_the_others(tmp_path: Path) -> None:
    """An export of invoices has no list of partners; it is used, and says so."""
    (tmp_path / "deals.csv").write_text(
        "deal_id,partner_id,status,created_on,closed_on,amount\n1,B,won,2024-01-02,2024-01-31,5\n2,A,open,2024-02-01,,7\n"
        "3,B,won,2024-02-02,2024-02-28,9\n", encoding="utf-8")  # fmt: skip
    (tmp_path / "activities.csv").write_text(
        "activity_id,partner_id,occurred_on,kind\n1,C,2024-01-05,training\n", encoding="utf-8"
    )
    with open_history(tmp_path).closing() as history:
        assert history.partners["partner_id"].tolist() == ["A", "B", "C"]
        assert history.panel({"revenue": CATALOGUE["revenue"]}).columns["revenue"].tolist() == [
            [0, 0],
            [500, 900],
            [0, 0],
        ]
        (said,) = [one for one in history.warnings if "table of partners" in one]
    assert "the 3 partners that deals or activities name" in said
    (tmp_path / "deals.csv").write_text("deal_id,partner,status\n1,B,won\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"deals\.csv: the column partner_id is missing"):
        open_history(tmp_path)


def test_a_folder_with_other_names_is_told_once_a_file_and_shown_the_way(tmp_path: Path) -> None:
    (tmp_path / "partners.csv").write_text("account,kind\nA,x\n", encoding="utf-8")
    (tmp_path / "orders.csv").write_text("ref,account,total\n1,A,5\n", encoding="utf-8")
    (tmp_path / "deals.csv").write_text("ref,account,total\n1,A,5\n", encoding="utf-8")
    with pytest.raises(InputError) as refusal:
        open_history(tmp_path)
    said = [str(one) for one in refusal.value.problems]
    (orders,) = [one for one in said if one.startswith("orders.csv")]
    assert "Did you mean" not in orders
    assert "Tables: partners, deals" in orders
    assert [one for one in said if "Found: ref, account, total." in one] == [
        one for one in said if one.startswith("deals.csv: the columns deal_id, ")
    ]
    assert len([one for one in said if "Found: ref" in one]) == 1
    for one in said:
        if "Found:" in one or one.startswith("orders.csv"):
            assert one.endswith(
                "through a mapping (--mapping, or By this mapping on Data), or by dropping the files there."
            )
