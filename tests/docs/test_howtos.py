"""The documents in docs/how-to can be used as they stand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from incentive_lab.engine.replay import replay
from incentive_lab.history import open_history
from incentive_lab.history.for_schemes import panel_for
from incentive_lab.scheme.check import check
from incentive_lab.scheme.load import load, loads
from tests.history.folders import TABLES
from tests.house.floors import ROOT

HOWTOS = sorted((ROOT / "docs" / "how-to").glob("*.md"))


def documents(name: str) -> list[str]:
    return re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "how-to" / name).read_text(encoding="utf-8"), re.S)


def test_no_document_of_a_how_to_is_left_untried() -> None:
    assert {path.name: len(documents(path.name)) for path in HOWTOS if documents(path.name)} == {
        "own-data.md": 1, "own-scheme.md": 1,
    }  # fmt: skip


def test_the_scheme_is_sound_and_pays(tmp_path: Path) -> None:
    (text,) = documents("own-scheme.md")
    scheme, flat = loads(text), load(ROOT / "data" / "schemes" / "current-flat.yaml")
    found = check(scheme, baseline=flat)
    assert (found.problems, found.warnings) == ((), ())
    leads = "activity_id,partner_id,occurred_on,kind,quantity,quality\nA1,P1,2013-02-03,qualified_lead,3,1\n"
    for name, rows in {**TABLES, "activities": leads}.items():
        (tmp_path / f"{name}.csv").write_text(rows)
    with (history := open_history(tmp_path)).closing():
        paid = replay(scheme, panel_for(history, scheme, flat), baseline=flat)
    # 2 % of 200.00 that P1 sold and of 0.10 that P2 did, by quarter, and three leads of 150 each.
    lines = dict(zip(paid.line_ids, paid.by_rule.sum(axis=1) / 100, strict=True))
    assert (lines["commission"], lines["leads"]) == (4.0, 450.0)


def test_the_mapping_reads_the_export_that_it_describes(tmp_path: Path) -> None:
    (text,) = documents("own-data.md")
    (tmp_path / "accounts.csv").write_text("AccountId,Name,Kind\nA1,Ann's,VAR\nA2,Bob's,msp\n")
    (tmp_path / "opportunities.csv").write_text(
        "OppId,AccountId,Stage,Opened,Closed,AmountK,Test\n"
        "O1,A1,Closed Won,2025-01-02,2025-02-03,12.5,false\n"
        "O2,A2,Closed Lost,2025-01-05,2025-03-01,3,false\n"
        "O3,A2,Closed Won,2025-01-05,2025-03-01,99,true\n"
    )
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(text)
    with (history := open_history(tmp_path, mapping=mapping)).closing():
        told = history.describe()
        panel = panel_for(history, load(ROOT / "data" / "schemes" / "current-flat.yaml"))
    assert told["rows"]["deals"] == 2, "the test deal is left out"
    assert panel.columns["revenue"].sum() == 1_250_000
    assert panel.attributes["type"].tolist() == ["reseller", "msp"]


@pytest.mark.parametrize("path", HOWTOS, ids=lambda path: path.name)
def test_every_command_it_names_is_one_with_these_options(path: Path) -> None:
    from typer.main import get_command

    from incentive_lab.cli import app

    text = path.read_text(encoding="utf-8")
    named = re.findall(r"(?:^ +|`|exec lab )incentive-lab ([a-z][^`\n]*)", text, re.M)
    assert named
    for line in named:
        command = get_command(app)
        for word in line.split():
            if not hasattr(command, "commands"):
                break
            assert word in command.commands, f"there is no command {word!r} in: incentive-lab {line}"
            command = command.commands[word]
        options = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        assert set(re.findall(r"--[a-z-]+", line)) <= options, f"incentive-lab {line}"
