"""Whether bands hold: programmes with known futures, generated from seeds that were fixed before anything was looked at.

    PYTHONPATH=src python -m experiments.validation.projection 800
    PYTHONPATH=src python -m experiments.validation.projection adventureworks

Each programme is a demo history of 40 partners over 36 months. The model is fitted to the first 24, and the cost of
data/schemes/current-flat.yaml over the last 12 is set against its band. The seeds are 20100 and on; seeds 20000 to 20099 and
30000 to 30039 were used to set the constants of projection/estimates.py, so they are not among them. What came out is written to
projection.json beside this file. With `adventureworks` the backtest is run on the sample data that INCENTIVE_LAB_SAMPLES names.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import numpy as np

from incentive_lab.history import open_history
from incentive_lab.history.demo import generate_demo
from incentive_lab.projection.backtest import BANDS, Cut, backtest
from incentive_lab.projection.past import Past, past_of
from incentive_lab.scheme.load import load

SCHEME = Path(__file__).resolve().parents[2] / "data" / "schemes" / "current-flat.yaml"
FIRST_SEED, PARTNERS, MONTHS, HORIZON, SCENARIOS = 20_100, 40, 36, 12, 400


def programme(seed: int) -> Past:
    """One generated programme."""
    with tempfile.TemporaryDirectory() as folder:
        generate_demo(Path(folder) / "h", partners=PARTNERS, months=MONTHS, seed=seed)
        with open_history(str(Path(folder) / "h")).closing() as history:
            return past_of(history, load(SCHEME))


def tell(cuts: list[Cut]) -> None:
    """How often each band held, with two standard errors, and how the truth lies among the futures; printed and written."""
    n = len(cuts)
    place = [float((cut.scenarios < cut.actual).mean()) for cut in cuts]
    told = {
        "programmes": n, "first_seed": FIRST_SEED, "partners": PARTNERS, "months_fitted": MONTHS - HORIZON,
        "months_projected": HORIZON, "futures": SCENARIOS,
        "held": {str(band): sum(cut.inside(band) for cut in cuts) / n for band in BANDS},
        "truth_by_tenths": np.histogram(place, 10, (0, 1))[0].tolist(),
        "median_of_mean_over_truth_less_one": round(float(np.median([c.scenarios.mean() / c.actual - 1 for c in cuts])), 4),
    }  # fmt: skip
    for band, share in told["held"].items():
        print(
            f"{band} % band held in {100 * share:.1f} % of {n} programmes (+- {200 * np.sqrt(share * (1 - share) / n):.1f})"
        )
    print(f"truth among the futures, by tenths: {told['truth_by_tenths']}")
    print(
        f"median of projected mean over truth, less one: {told['median_of_mean_over_truth_less_one']:+.3f}", flush=True
    )
    Path(__file__).with_suffix(".json").write_text(json.dumps(told, indent=2) + "\n")


def main(programmes: int) -> None:
    """Run so many programmes; prints after each fifty, so that a run that is stopped has said something."""
    scheme, cuts = load(SCHEME), []
    for number in range(programmes):
        tested = backtest(
            programme(FIRST_SEED + number), scheme, horizon=HORIZON, scenarios=SCENARIOS, seed=number, cuts=1
        )
        cuts += list(tested.cuts)
        if len(cuts) % 50 == 0 or number == programmes - 1:
            tell(cuts)


def adventureworks() -> None:
    """The backtest on AdventureWorks' resellers, three months ahead at eight cuts."""
    from experiments.validation.adventureworks import ROOT, for_everybody, samples

    scheme = for_everybody(load(SCHEME))
    source, mapping = samples() / "adventureworks_resellers", ROOT / "data" / "mappings" / "adventureworks.yaml"
    with open_history(source, mapping=mapping, currency="USD").closing() as history:
        past = past_of(history, scheme)
    tried = backtest(past, scheme, horizon=3, scenarios=300, cuts=8, seed=7)
    for cut in tried.cuts:
        print(f"from {cut.month}: {cut.scenarios.mean() / 100:,.0f} projected, {cut.actual / 100:,.0f} came")
    for band in BANDS:
        print(f"{band} % band held {sum(cut.inside(band) for cut in tried.cuts)} of {len(tried.cuts)}")
    print(f"bias {tried.bias:+.3f}, CRPS over that of last year repeated {tried.crps / tried.crps_naive:.2f}")


if __name__ == "__main__":
    if sys.argv[1:] == ["adventureworks"]:
        adventureworks()
        sys.exit()
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 800)
