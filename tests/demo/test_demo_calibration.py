"""The default demo shows the published figures, and every figure names its source."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from incentive_lab.errors import InputError
from incentive_lab.history.demo import CALIBRATION, report
from incentive_lab.history.demo.calibration import EFFECTS, SETTINGS, SOURCES


@pytest.fixture(scope="module")
def achieved(demo: Path) -> dict[str, float]:
    return {finding.name: finding.achieved for finding in report(demo)}


@pytest.mark.parametrize("name", CALIBRATION)
def test_the_default_demo_is_within_the_band(achieved: dict[str, float], name: str) -> None:
    assert achieved[name] == pytest.approx(CALIBRATION[name].value, abs=CALIBRATION[name].within)


def test_the_report_repeats_targets_and_sources(demo: Path) -> None:
    assert [(f.name, f.target, f.source) for f in report(demo)] == [
        (name, rate.value, rate.source) for name, rate in CALIBRATION.items()
    ]


@pytest.mark.parametrize("table", [CALIBRATION, SETTINGS, EFFECTS])
def test_every_figure_starts_with_a_known_source(table: dict) -> None:
    for name, figure in table.items():
        first = re.match(r"B\d+b?|AW|chosen|tuned", figure.source)
        assert first is not None, name
        assert first[0] in SOURCES, name


def test_every_tuned_knob_names_a_figure_that_is_measured() -> None:
    for name, knob in SETTINGS.items():
        found = re.match(r"tuned to (\w+)", knob.source)
        assert found is None or found[1] in {*CALIBRATION, *SETTINGS, "the"}, name


def test_a_folder_without_a_demo_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no partners\.parquet"):
        report(tmp_path)
