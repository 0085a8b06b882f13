"""Staged roll-outs of few heavy-tailed partners with known truth: size of tests, coverage of intervals.

    python -m experiments.validation.waves [--pilots 300] [--seed 1]

writes waves.json beside this file. Effects, redraws and ends of intervals are the reading's own
(`pilot.panels.staggered`, `pilot.randomisation.interval_end`); the effect of a redraw is taken from the weights that
power uses, since they are the same number.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from incentive_lab.panel import Floats
from incentive_lab.pilot.drawing import Codes
from incentive_lab.pilot.panels import Monthly, staggered
from incentive_lab.pilot.power_waves import wave_weights
from incentive_lab.pilot.randomisation import interval_end, share_as_extreme

BEFORE, MONTHS, PERIOD, REDRAWS = 12, 12, 3, 500
PANELS = {"log-normal 1.3": 1.2, "log-normal 1.9": 1.8, "one partner with 30 %": 1.2, "Pareto 1.3": 0.0}
WAVES = {"5, 5, 5": (5, 5, 5), "15, 15, 15": (15,) * 3, "10, 10, 10, 10": (10,) * 4, "4, 8, 20": (4, 8, 20),
         "8, 8, 8 and 8 never": (8,) * 4}  # fmt: skip
EFFECTS = {"none": (0.0, 0.0), "+50 %": (0.5, 0.0), "+6 % with every month": (0.06, 0.06)}


def panel(rng: np.random.Generator, partners: int, name: str) -> Floats:
    """Outcomes by month without any effect, AR(1) 0.7 around each partner's own level, float64 [partners, months]."""
    level = (
        np.log((rng.pareto(1.3, partners) + 1) * 5000) if "Pareto" in name else rng.normal(9, PANELS[name], partners)
    )
    noise = rng.normal(0, 0.6, (partners, BEFORE + MONTHS + 24))
    for month in range(1, noise.shape[1]):
        noise[:, month] = 0.7 * noise[:, month - 1] + np.sqrt(1 - 0.49) * noise[:, month]
    values = np.exp(level[:, None] + noise[:, 24:])
    if "30 %" in name:
        whale = int(rng.integers(partners))
        values[whale] *= 0.3 / 0.7 * (values.sum() - values[whale].sum()) / values[whale].sum()
    return np.asarray(values)


def read(
    rng: np.random.Generator, name: str, sizes: tuple[int, ...], never: bool, effect: tuple[float, float]
) -> list[float]:
    """One pilot: rejected at 5 and 20 %, and whether the 95 and 80 % intervals hold the average effect on its partners."""
    starts = BEFORE + np.arange(len(sizes)) * PERIOD
    if never:
        starts[-1] = -1
    wave = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    values, months = panel(rng, len(wave), name), np.arange(BEFORE + MONTHS)
    own = starts[wave][:, None]
    treated = (own >= 0) & (months[None, :] >= own)
    lifted = values * (1 + treated * (effect[0] + effect[1] * (months[None, :] - own)))
    compared = treated if never else treated & (months[None, :] < starts.max())
    truth = float((lifted - values)[compared].mean())
    real = staggered(Monthly(lifted, starts[wave])).effect
    table = weights(wave, starts, len(months))
    of_y, of_d = lifted @ table.T, treated.astype(np.float64) @ table.T
    rows = np.arange(len(wave))
    drawn = np.array([rng.permutation(wave) for _ in range(REDRAWS)])
    y, d = of_y[rows[None, :], drawn].sum(axis=1), of_d[rows[None, :], drawn].sum(axis=1)
    assert np.isclose(of_y[rows, wave].sum(), real, atol=1e-6 * lifted.max())

    def p_at(size: float) -> float:
        return share_as_extreme(y - size * d, real - size, False)

    found = [float(p_at(0.0) <= 0.05), float(p_at(0.0) <= 0.2)]
    for alpha in (0.05, 0.2):
        low, high = (interval_end(p_at, real, sign * float(y.std()), alpha) for sign in (-1.0, 1.0))
        found.append(float(low <= truth <= high))
    return found


def weights(wave: Codes, starts: Codes, months: int) -> Floats:
    """What the months of one partner of each wave count in the effect, float64 [waves, months]."""
    every = wave_weights(wave, starts, months, "not_yet")
    return every[[int(np.flatnonzero(wave == place)[0]) for place in range(len(starts))]]


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--pilots", type=int, default=300)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    rng, rows = np.random.default_rng(given.seed), []
    for name in PANELS:
        for waves, sizes in WAVES.items():
            for effect, size in EFFECTS.items():
                names = "below_5", "below_20", "holds_95", "holds_80"
                told = np.mean([read(rng, name, sizes, "never" in waves, size) for _ in range(given.pilots)], axis=0)
                rows.append({"panel": name, "waves": waves, "effect": effect,
                             **dict(zip(names, told.round(4).tolist(), strict=True))})  # fmt: skip
                print(rows[-1], flush=True)
    none = [row for row in rows if row["effect"] == "none"]
    summary = {key: [min(values), float(np.mean(values)), max(values)]
               for key, of in (("below_5", none), ("below_20", none), ("holds_95", rows), ("holds_80", rows))
               for values in [[float(row[key]) for row in of]]}  # fmt: skip
    body = {"pilots": given.pilots, "seed": given.seed, "least_mean_most": summary, "rows": rows}
    Path(__file__).with_suffix(".json").write_text(json.dumps(body, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
