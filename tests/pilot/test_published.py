"""Published experiments from a CSV file give the published figures."""

from __future__ import annotations

import pytest

from incentive_lab.pilot.running import read_pilot

# Student (1908), extra hours of sleep of ten patients under two drugs; the tests are those of R's help page of t.test.
SLEEP = ((0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0), (1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4))
# Darwin (1876), heights of 15 pairs of self- and cross-fertilised maize; Fisher (1935), The Design of Experiments, 21.
SELF = (17.375, 20.375, 20, 20, 18.375, 18.625, 18.625, 15.25, 16.5, 18, 16.25, 18, 12.75, 15.5, 18)
CROSS = (23.5, 12, 21, 22, 19.125, 21.5, 22.125, 20.375, 18.25, 21.625, 23.25, 21, 22.125, 23, 12)


def rows(first: tuple[float, ...], second: tuple[float, ...]) -> str:
    lines = ["pair,z,y"]
    for pair, (one, other) in enumerate(zip(first, second, strict=True)):
        lines += [f"{pair},0,{one}", f"{pair},1,{other}"]
    return "\n".join(lines) + "\n"


ANALYTIC = "analysis: {estimator: difference, inference: analytic}"


def test_students_sleep_is_welchs_test(csv_pilot) -> None:  # type: ignore[no-untyped-def]
    pilot, folder = csv_pilot(rows(*SLEEP), ANALYTIC, columns="arm: z")
    found = read_pilot(pilot, None, folder)[0].primary.found
    assert found is not None
    assert found.effect / found.error == pytest.approx(1.8608, abs=5e-5)
    assert found.df == pytest.approx(17.776, abs=5e-4)
    assert found.p_value == pytest.approx(0.07939, abs=5e-6)
    assert (found.interval.low, found.interval.high) == pytest.approx((-0.2054832, 3.3654832), abs=5e-7)


def test_students_sleep_is_the_paired_test(csv_pilot) -> None:  # type: ignore[no-untyped-def]
    pilot, folder = csv_pilot(rows(*SLEEP), ANALYTIC, columns="arm: z, stratum: pair")
    found = read_pilot(pilot, None, folder)[0].primary.found
    assert found is not None
    assert found.effect / found.error == pytest.approx(4.0621, abs=5e-5)
    assert found.p_value == pytest.approx(0.002833, abs=5e-7)
    assert (found.interval.low, found.interval.high) == pytest.approx((0.7001142, 2.4598858), abs=5e-7)


def test_darwins_maize_has_fishers_exact_share_of_assignments(csv_pilot) -> None:  # type: ignore[no-untyped-def]
    pilot, folder = csv_pilot(rows(SELF, CROSS), "analysis: {estimator: difference}", columns="arm: z, stratum: pair")
    found = read_pilot(pilot, None, folder)[0].primary.found
    assert found is not None
    assert found.inference == "randomisation"
    # 863 of the 32,768 assignments are as large as the observed one, and as many as small.
    assert found.p_value == pytest.approx(2 * 863 / 32768, abs=1e-12)
