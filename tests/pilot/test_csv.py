"""Experiments from a CSV file: every estimator and every kind of column can be named in the plan."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import statsmodels.api as sm

from incentive_lab.errors import InputError
from incentive_lab.pilot.analysis import Analysis
from incentive_lab.pilot.handing import handed_over
from incentive_lab.pilot.running import read_pilot


@pytest.fixture
def read(csv_pilot):  # type: ignore[no-untyped-def]
    def run(rows: str, more: str = "", **names: str) -> Analysis:
        pilot, folder = csv_pilot(rows, more, **names)
        return read_pilot(pilot, None, folder)[0]

    return run


def cross_section(rng: np.random.Generator) -> tuple[str, dict[str, np.ndarray]]:
    n = 60
    data = {
        "id": np.arange(n), "z": np.tile([0, 1], n // 2), "age": rng.integers(20, 60, n), "x": rng.gamma(2, 10, n).round(3),
        "block": np.arange(n) // 4, "town": np.array(["ham", "york", "bath"])[np.arange(n) % 3],
    }  # fmt: skip
    data["y"] = (5 + 2 * data["z"] + data["x"] + rng.gamma(2, 3, n)).round(3)
    lines = [",".join(data), *(",".join(str(data[name][i]) for name in data) for i in range(n))]
    return "\n".join(lines) + "\n", data


@pytest.mark.parametrize("estimator", ["difference", "ancova", "cuped", "lin", "log_ancova", "ppml", "winsorised"])
def test_every_estimator_is_reached_from_the_plan(read, rng, estimator: str) -> None:  # type: ignore[no-untyped-def]
    rows, _ = cross_section(rng)
    found = read(rows, f"analysis: {{estimator: {estimator}, inference: analytic}}",
                 metrics="[{name: y, of: y, pre: x, role: primary}]").primary.found  # fmt: skip
    assert found.estimator == estimator
    assert found.inference == "analytic"
    assert found.interval.low < found.effect < found.interval.high
    assert found.units == 60


def test_covariates_of_numbers_and_text_are_those_of_a_regression(read, rng) -> None:  # type: ignore[no-untyped-def]
    rows, data = cross_section(rng)
    found = read(
        rows, "analysis: {estimator: ancova, inference: analytic, errors: hc1, covariates: [age, town]}"
    ).primary.found
    design = np.column_stack(
        [np.ones(60), data["z"], data["age"], data["town"] == "ham", data["town"] == "york"]
    ).astype(float)
    referee = sm.OLS(data["y"], design).fit(cov_type="HC1")
    assert (found.effect, found.error) == pytest.approx((referee.params[1], referee.bse[1]), rel=1e-9)


def test_strata_of_the_file_are_held_fixed(read, rng) -> None:  # type: ignore[no-untyped-def]
    rows, data = cross_section(rng)
    found = read(
        rows, "analysis: {estimator: difference, inference: analytic}", columns="partner: id, arm: z, stratum: block"
    )
    design = np.column_stack([data["z"], np.eye(15)[data["block"]]]).astype(float)
    referee = sm.OLS(data["y"], design).fit(cov_type="HC2")
    own = found.primary.found
    assert (own.effect, own.error) == pytest.approx((referee.params[0], referee.bse[0]), rel=1e-9)


def test_values_of_arms_may_be_words_or_numbers(read, rng) -> None:  # type: ignore[no-untyped-def]
    rows, _ = cross_section(rng)
    words = rows.replace("\n", "\n", 1)
    lines = words.splitlines()
    told = "\n".join([lines[0], *(",".join([c[0], "Treated" if c[1] == "1" else "Control", *c[2:]]) for c in
                                  (line.split(",") for line in lines[1:]))]) + "\n"  # fmt: skip
    arms = "[{name: off, value: Control}, {name: on, value: Treated}]"
    assert read(told, arms=arms).primary.found.effect == pytest.approx(read(rows).primary.found.effect)


def test_a_file_without_ids_has_a_unit_in_each_row(read, rng) -> None:  # type: ignore[no-untyped-def]
    rows, _ = cross_section(rng)
    assert read(rows, columns="arm: z").trial.size == 60


def test_missing_outcomes_are_left_out_and_said(read, rng) -> None:  # type: ignore[no-untyped-def]
    rows, _ = cross_section(rng)
    lines = rows.splitlines()
    lines[5] = ",".join([*lines[5].split(",")[:-1], "NA"])
    told = read("\n".join(lines) + "\n")
    assert told.primary.found.units == 59
    check = next(one for one in told.checks if one.name == "Missing data")
    assert "1 partner" in check.words


def panel_rows(values: np.ndarray, starts: np.ndarray) -> str:
    lines = ["unit,month,treat,first,y"]
    for unit, row in enumerate(values):
        lines += [f"{unit},{t + 1},{int(starts[unit] >= 0)},{starts[unit] + 1 if starts[unit] >= 0 else 0},{value:.6f}"
                  for t, value in enumerate(row)]  # fmt: skip
    return "\n".join(lines) + "\n"


def test_a_panel_is_read_by_difference_in_differences(read, rng) -> None:  # type: ignore[no-untyped-def]
    values = 20 + rng.normal(size=(30, 10)).cumsum(axis=1)
    starts = np.where(np.arange(30) < 15, 6, -1)
    values[:15, 6:] += 5
    more = "analysis: {estimator: did}\ndata: {file: data.csv, start: 7, columns: {partner: unit, arm: treat, period: month}}"
    found = read(panel_rows(values, starts), more).primary.found
    change = values[:, 6:].mean(axis=1) - values[:, :6].mean(axis=1)
    assert found.effect == pytest.approx(change[:15].mean() - change[15:].mean(), abs=1e-5)
    ancova = read(panel_rows(values, starts), more.replace("did", "ancova")).primary.found
    assert ancova.estimator == "ancova"


@pytest.mark.parametrize(("dropped", "state"), [(0, "fine"), (9, "look")])
def test_rows_that_one_arm_lacks_are_a_check_of_their_own(read, rng, dropped: int, state: str) -> None:  # type: ignore[no-untyped-def]
    """The last two periods of some treated units are not in the file: their averages are of other periods."""
    values = 20 + rng.normal(size=(30, 10)).cumsum(axis=1)
    starts = np.where(np.arange(30) < 15, 6, -1)
    more = "data: {file: data.csv, start: 7, columns: {partner: unit, arm: treat, period: month}}"
    gone = {(unit, month) for unit in range(dropped) for month in (9, 10)}
    kept = [line for line in panel_rows(values, starts).splitlines()
            if line.startswith("unit") or tuple(map(int, line.split(",")[:2])) not in gone]  # fmt: skip
    rows = "\n".join(kept) + "\n"
    check = next(one for one in read(rows, more).checks if one.name == "Missing rows")
    assert check.state == state
    assert ("30 %" in check.words) == bool(dropped)  # 18 of 60: two of four periods for 9 of 15 units
    zero = read(rows, more.replace("start: 7", "no_row: zero, start: 7"))
    assert "Missing rows" not in {one.name for one in zero.checks}


def test_a_staggered_panel_needs_only_its_first_treated_period(read, rng) -> None:  # type: ignore[no-untyped-def]
    values = 20 + rng.normal(size=(40, 9)).cumsum(axis=1)
    starts = np.array([3] * 12 + [5] * 10 + [7] * 6 + [-1] * 12)
    for unit, start in enumerate(starts):
        if start >= 0:
            values[unit, start:] += 3
    more = "data: {file: data.csv, columns: {partner: unit, first_treated: first, period: month}}"
    found = read(panel_rows(values, starts), more).primary.found
    assert found.estimator == "staggered"
    assert found.interval.low < 3 < found.interval.high


def test_a_switchback_compares_months_within_partners(read, rng) -> None:  # type: ignore[no-untyped-def]
    inside = np.array([[(unit + t) % 2 for t in range(8)] for unit in range(20)])
    values = 50 * rng.random((20, 1)) + rng.normal(size=(20, 8)) + 4 * inside
    lines = ["unit,month,treat,y", *(f"{u},{t},{inside[u, t]},{values[u, t]:.5f}" for u in range(20) for t in range(8))]
    more = ("assignment: {mechanism: switchback}\n"
            "data: {file: data.csv, columns: {partner: unit, arm: treat, period: month}}")  # fmt: skip
    found = read("\n".join(lines) + "\n", more).primary.found
    assert found.estimator == "switchback"
    assert found.effect == pytest.approx(4, abs=0.8)


def test_clusters_are_read_with_cr2_or_the_wild_bootstrap(read, rng) -> None:  # type: ignore[no-untyped-def]
    groups = np.repeat(np.arange(12), 5)
    y = rng.normal(size=12)[groups] + rng.normal(size=60) + 3 * (groups % 2)
    rows = "g,z,y\n" + "".join(f"{g},{g % 2},{v:.6f}\n" for g, v in zip(groups, y, strict=True))
    names = {"columns": "arm: z, cluster: g"}
    drawn = read(rows, "analysis: {estimator: difference}", **names).primary.found
    assert drawn.groups == 12
    assert drawn.inference == "randomisation"
    cr2 = read(rows, "analysis: {estimator: difference, inference: analytic}", **names).primary.found
    assert cr2.df < 12
    wild = read(rows, "analysis: {estimator: difference, inference: wild_bootstrap}", **names).primary.found
    assert wild.interval.low < wild.effect < wild.interval.high
    usual = read(rows, "analysis: {estimator: difference, inference: analytic, errors: cr1}", **names).primary.found
    referee = sm.OLS(y.round(6), sm.add_constant((groups % 2).astype(float))).fit(
        cov_type="cluster", cov_kwds={"groups": groups}
    )
    assert usual.error == pytest.approx(referee.bse[1], rel=1e-9)


def test_nobody_drawn_is_observational_with_placebos_and_sensitivity(read, rng) -> None:  # type: ignore[no-untyped-def]
    values = 20 + rng.normal(size=(40, 12)).cumsum(axis=1)
    starts = np.where(np.arange(40) < 12, 8, -1)
    values[:12, 8:] += 6
    more = ("assignment: {mechanism: observed, accept_bias: true}\n"
            "data: {file: data.csv, start: 9, columns: {partner: unit, arm: treat, period: month}}")  # fmt: skip
    told = read(panel_rows(values, starts), more)
    assert "observational" in told.label
    assert told.primary.found.estimator == "did"
    assert told.placebos
    assert 0 < told.sensitivity.robustness < 1
    matched = read(panel_rows(values, starts), more + "\nanalysis: {estimator: matched}").primary.found
    assert matched.groups == 12


def test_several_arms_are_judged_together_but_apart_from_secondary_metrics(read, rng) -> None:  # type: ignore[no-untyped-def]
    rows = "id,z,y,w\n" + "".join(
        f"{i},{i % 3},{10 + 3 * (i % 3 == 2) + rng.normal():.4f},{rng.normal():.4f}\n" for i in range(90))  # fmt: skip
    told = read(rows, "analysis: {estimator: difference, inference: analytic}",
                arms="[{name: off, value: 0}, {name: a, value: 1}, {name: b, value: 2}]",
                metrics="[{name: y, of: y, role: primary}, {name: w, of: w}]")  # fmt: skip
    first = [one for one in told.answers if one.metric.name == "y"]
    p_values = sorted(one.found.p_value for one in first)
    assert sorted(one.q_value for one in first) == pytest.approx([2 * p_values[0], max(2 * p_values[0], p_values[1])])
    assert [one.verdict for one in first] == ["no clear effect", "better"]


def test_partners_that_carry_an_effect_are_rows_of_the_trial_where_others_are_in_no_comparison(read, rng) -> None:  # type: ignore[no-untyped-def]
    """With three arms a comparison leaves the third out, so a row of its sample is another partner of the trial."""
    sold = [900.0 if i == 59 else 10 + rng.normal() for i in range(60)]
    rows = "id,z,y\n" + "".join(f"P{i},{i % 3},{one:.4f}\n" for i, one in enumerate(sold))
    told = read(rows, "analysis: {estimator: difference, inference: analytic}",
                arms="[{name: off, value: 0}, {name: a, value: 1}, {name: b, value: 2}]")  # fmt: skip
    (first,) = told.whales["b"].leave_one_out[0].rows
    assert told.trial.partners[first] == "P59"


def test_arms_of_the_shipped_documents_are_named_in_their_schema() -> None:
    import jsonschema
    from ruamel.yaml import YAML

    from incentive_lab.pilot.reading import json_schema

    folder = Path(__file__).resolve().parents[2] / "experiments" / "pilots"
    found = list(folder.glob("*/pilot.yaml"))
    assert len(found) >= 2
    for path in found:
        document = YAML(typ="safe", pure=True).load(path)
        document["dates"] = {key: str(value) for key, value in document["dates"].items() if key == "start"}
        jsonschema.validate(document, json_schema())


def test_an_effect_from_a_file_is_handed_to_a_projection_once_the_plan_says_what_it_lifts(read, rng) -> None:  # type: ignore[no-untyped-def]
    rows, _ = cross_section(rng)
    metrics = "[{{name: y, of: y, pre: x, role: primary{}}}]"
    with pytest.raises(InputError, match="Write lifts: deals"):
        handed_over(read(rows, metrics=metrics.format("")))
    found = read(rows, metrics=metrics.format(", lifts: deals"))
    handed = handed_over(found)["lifts"][0]
    assert handed["of"] == "deals"
    assert handed["change"] == pytest.approx(found.primary.found.relative, abs=1e-6)


def test_a_method_is_named_by_what_it_could_hold_fixed(read, rng) -> None:  # type: ignore[no-untyped-def]
    rows, _ = cross_section(rng)
    plain, more = (read(rows, words).primary.found.sentence for words in ("", "analysis: {covariates: [age]}"))
    assert plain.startswith("Difference in means; ")
    assert more.startswith("Difference in means, adjusted for covariates; ")
    before = "[{name: y, of: y, pre: x, role: primary}]"
    told = read(rows, "analysis: {estimator: difference}", metrics=before)
    assert any("does not hold the outcome before the pilot fixed" in one.words for one in told.checks)
    told = read(rows, metrics=before)
    assert "ANCOVA" in told.primary.found.sentence
    assert any("analysis holds the outcome before" in one.words for one in told.checks)
