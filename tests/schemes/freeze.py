"""What each shipped scheme pays on a small generated history, as text that is kept beside the scheme.

`python -m tests.schemes.freeze` writes the files again; the change of figures belongs in the commit's message.
"""

from __future__ import annotations

import csv
import io
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from incentive_lab.engine.replay import Replay, replay
from incentive_lab.history import History, open_history
from incentive_lab.history.demo import generate_demo
from incentive_lab.history.for_schemes import panel_for
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.load import load

FOLDER = Path(__file__).resolve().parents[2] / "data" / "schemes"
PARTNERS, MONTHS, SEED = 60, 24, 11
_QUARTER = 3
_BEGIN, _END = "<!-- frozen -->\n", "<!-- end -->\n"


def shipped() -> list[Path]:
    """The scheme files, by name."""
    return sorted(FOLDER.glob("*.yaml"))


@contextmanager
def small_history() -> Iterator[History]:
    """The history on which the payouts were frozen."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "demo"
        generate_demo(path, partners=PARTNERS, months=MONTHS, seed=SEED)
        with open_history(path).closing() as history:
            yield history


def paid(path: Path, history: History) -> tuple[Scheme, Replay]:
    """A shipped scheme replayed beside its baseline."""
    scheme = load(path)
    baseline = load(FOLDER / f"{scheme.baseline}.yaml") if scheme.baseline else None
    panel = panel_for(history, *((scheme, baseline) if baseline else (scheme,)))
    return scheme, replay(scheme, panel, baseline=baseline)


def frozen(result: Replay) -> str:
    """Partner and line by quarter, to the cent; what is nothing in every quarter is left out."""
    labels = result.panel.labels()[::_QUARTER]
    quarters = [f"{label[:4]}-Q{int(label[5:]) // _QUARTER + 1}" for label in labels]
    cents = result.detail.reshape(len(result.line_ids), -1, _QUARTER, result.panel.partners).sum(axis=2)
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(["partner_id", "line", *quarters])
    for place, partner in enumerate(result.panel.partner_ids):
        for line, amounts in zip(result.line_ids, cents[:, :, place], strict=True):
            if np.any(amounts != 0):
                rows.writerow([partner, line, *(_amount(value) for value in amounts)])
    return out.getvalue()


def _amount(cents: float) -> str:
    whole = round(cents)
    if abs(cents - whole) > 1e-6:
        raise ValueError(f"{cents} is not a whole number of cents")
    return f"{'-' * (whole < 0)}{abs(whole) // 100}.{abs(whole) % 100:02d}" if whole else ""


def table(history: History, results: list[tuple[Scheme, Replay]]) -> str:
    """The table of the schemes in the folder's README."""
    lines = ["| scheme | what it is | paid | of revenue |", "| --- | --- | ---: | ---: |"]
    for scheme, result in results:
        share = result.cost / float(result.panel.columns["revenue"].sum())
        lines.append(f"| `{scheme.id}` | {scheme.title} | {result.cost / 100:,.2f} | {share:.2%} |")
    first = f"History `{history.history_id}`: {PARTNERS} generated partners, {MONTHS} months, seed {SEED}.\n\n"
    return first + "\n".join(lines) + "\n"


def written_table(readme: str) -> str:
    """The part of the README that is written here."""
    return readme.split(_BEGIN)[1].split(_END)[0]


def main() -> int:
    """Write every frozen file and the README's table."""
    with small_history() as history:
        results = [paid(path, history) for path in shipped()]
        for path, (_, result) in zip(shipped(), results, strict=True):
            path.with_suffix(".payouts.csv").write_text(frozen(result), encoding="utf-8")
        readme = FOLDER / "README.md"
        text = readme.read_text(encoding="utf-8")
        before, after = text.split(_BEGIN)[0], text.split(_END)[1]
        readme.write_text(before + _BEGIN + table(history, results) + _END + after, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
