"""The documents that are shown and shipped are sound, and their identity is their content."""

from __future__ import annotations

import json
import re

import pytest

from incentive_lab.pilot.checking import check
from incentive_lab.pilot.reading import canonical, differences, fingerprint, json_schema, load, loads
from incentive_lab.pilot.recorded import registered
from tests.pilot.conftest import PLAN, ROOT

SHOWN = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "pilots.md").read_text(encoding="utf-8"), re.S)


@pytest.mark.parametrize("text", SHOWN)
def test_every_plan_of_the_how_to_is_sound(text: str) -> None:
    assert check(loads(text)).problems == ()


@pytest.mark.parametrize("name", ["qualified-pipeline", "placebo"])
def test_the_shipped_pilots_are_as_they_were_registered(name: str) -> None:
    folder = ROOT / "experiments" / "pilots" / name
    pilot = load(folder)
    assert check(pilot).ok
    assert registered(pilot, folder, {}).confirmatory
    schemes = json.loads((folder / "registered.json").read_text())["schemes"]
    assert set(schemes) == {arm.name for arm in pilot.arms}


def test_a_title_does_not_change_the_fingerprint() -> None:
    pilot = loads(PLAN)
    assert fingerprint(loads("title: Another\n" + PLAN)) == fingerprint(pilot)
    changed = loads(PLAN.replace("months: 6", "months: 7"))
    assert fingerprint(changed) != fingerprint(pilot)
    assert differences(json.loads(canonical(pilot)), json.loads(canonical(changed))) == ["dates.months"]


def test_every_movable_number_is_declared_in_the_schema() -> None:
    text = json.dumps(json_schema())
    assert text.count("x-tunable") >= 15
