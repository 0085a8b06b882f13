"""Backtest of projections on demo histories of other seeds: how often each band held.

PYTHONPATH=src python -m experiments.validation.projection 6
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from incentive_lab.history import open_history
from incentive_lab.history.demo import generate_demo
from incentive_lab.projection.backtest import BANDS, backtest
from incentive_lab.projection.past import past_of
from incentive_lab.scheme.load import load

SCHEME = Path(__file__).resolve().parents[2] / "data" / "schemes" / "current-flat.yaml"


def main(histories: int) -> None:
    scheme, held, cuts = load(SCHEME), dict.fromkeys(BANDS, 0), 0
    for seed in range(1000, 1000 + histories):
        with tempfile.TemporaryDirectory() as folder:
            generate_demo(Path(folder) / "h", partners=100, months=36, seed=seed)
            with open_history(str(Path(folder) / "h")).closing() as history:
                tested = backtest(past_of(history, scheme), scheme, horizon=6, scenarios=200, seed=seed, cuts=3)
        cuts += len(tested.cuts)
        for band in BANDS:
            held[band] += sum(cut.inside(band) for cut in tested.cuts)
        print(f"{seed}: bias {tested.bias:+.3f}, CRPS {tested.crps:.0f} against {tested.crps_naive:.0f}", flush=True)
    for band in BANDS:
        print(f"{band} % band held {held[band]} of {cuts}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 6)
