"""How honest the pilots' default is, on panels like partners', beside what is commonly done.

    python -m experiments.validation.pilots [--draws 2000] [--seeds 4]

writes pilots.md and pilots.json beside this file. AdventureWorks is read through INCENTIVE_LAB_SAMPLES (default
../shared/data beside the project); without it its rows are left out, and the table says so. `make validate` runs it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from incentive_lab.format import percent
from incentive_lab.panel import Floats
from incentive_lab.pilot.auditing import audit
from incentive_lab.pilot.batched import Reference
from incentive_lab.pilot.covering import covered
from incentive_lab.pilot.drawing import Codes, Drawing, blocks_of
from incentive_lab.pilot.estimate import Sample
from incentive_lab.pilot.estimators import estimate
from incentive_lab.pilot.linear import basis
from incentive_lab.pilot.rivals import Stretch
from incentive_lab.pilot.scales import scaled
from incentive_lab.pilot.sequential import drawn_boundaries

ROOT = Path(__file__).resolve().parents[2]

PRE, POST, LOOKS = 12, 6, 12
BEHIND = 8_000  # draws behind each p-value: they are shared by all tests of a panel, so few would shift its rates
ALPHA, PLANTED = 0.05, 0.25


@dataclass(frozen=True, eq=False)
class Panel:
    """Outcomes by partner and month, and the cluster of each partner (or None)."""

    name: str
    size: int
    values: Floats
    clusters: Codes | None = None


def synthetic(partners: int, months: int, seed: int, persistent: bool) -> Floats:
    """Log-normal outcomes with log sd 1.5 in all: AR(1) 0.7 over months, with or without lasting partner effects."""
    rng = np.random.default_rng([seed, partners, months, int(persistent)])
    lasting = rng.normal(0, 1.2, partners) if persistent else np.zeros(partners)
    moving = 0.9 if persistent else 1.5
    noise = rng.normal(0, moving, (partners, months + 24))
    walk = noise.copy()
    for month in range(1, walk.shape[1]):
        walk[:, month] = 0.7 * walk[:, month - 1] + np.sqrt(1 - 0.49) * noise[:, month]
    return np.exp(9 + lasting[:, None] + walk[:, 24:])


def clustered(groups: int, even: bool, seed: int) -> tuple[Floats, Codes]:
    """Partners in clusters that share a part of their months; uneven ones hold from 1 to about 20 partners."""
    rng = np.random.default_rng([seed, groups, int(even), 7])
    sizes = np.full(groups, 6) if even else np.maximum(1, np.round(np.exp(rng.normal(1.5, 0.9, groups)))).astype(int)
    codes = np.repeat(np.arange(groups), sizes)
    values = synthetic(len(codes), PRE + POST, seed + 1000, True)
    shared = rng.normal(0, 0.5, (groups, PRE + POST))
    for month in range(1, PRE + POST):
        shared[:, month] = 0.8 * shared[:, month - 1] + 0.6 * shared[:, month]
    return values * np.exp(shared[codes]), codes


def adventureworks() -> Floats | None:
    """Revenue of AdventureWorks' resellers by month, float64 [partners, months]; None without the sample data."""
    folder = Path(os.environ.get("INCENTIVE_LAB_SAMPLES", ROOT.parent / "shared" / "data")) / "adventureworks_resellers"
    if not folder.is_dir():
        return None
    from incentive_lab.history import open_history
    from incentive_lab.scheme.measures import CATALOGUE

    with open_history(folder, mapping=ROOT / "data" / "mappings" / "adventureworks.yaml").closing() as history:
        return np.asarray(history.panel({"revenue": CATALOGUE["revenue"]}).columns["revenue"] / 100)


def partner_panels(seeds: int) -> Iterator[Panel]:
    for size in (20, 40, 60, 200):
        for persistent in (True, False):
            for seed in range(seeds):
                name = f"synthetic, {'with' if persistent else 'without'} lasting partner effects"
                yield Panel(name, size, synthetic(size, PRE + POST, seed, persistent))
    sold = adventureworks()
    if sold is None:
        return
    active = np.flatnonzero((sold[:, : PRE + POST] > 0).sum(axis=1) >= 4)
    for size in (20, 40, 60, 200):
        for seed in range(seeds):
            rows = np.random.default_rng([seed, size]).permutation(active)[:size]
            first = int(np.random.default_rng([seed, size, 1]).integers(0, sold.shape[1] - PRE - POST + 1))
            window = sold[rows, first : first + PRE + POST]
            yield Panel("AdventureWorks resellers", size, window)


def stretch_of(panel: Panel, treated: int | None = None) -> Stretch:
    """The panel as twelve months before and six after, drawn in blocks of four (clusters: fixed numbers)."""
    pre, post = panel.values[:, :PRE].mean(axis=1), panel.values[:, PRE:].mean(axis=1)
    if panel.clusters is None:
        strata = blocks_of(pre, np.zeros(len(pre), dtype=np.int64), 4)
        return Stretch(post, pre, Drawing(strata, (0.5, 0.5), np.arange(len(pre))), strata, None)
    groups = int(panel.clusters.max()) + 1
    on = treated or groups // 2
    counts = np.array([[groups - on, on]])
    drawing = Drawing(np.zeros(groups, dtype=np.int64), (1 - on / groups, on / groups), panel.clusters, counts=counts)
    return Stretch(post, pre, drawing, None, panel.clusters)


def default_of(stretch: Stretch) -> str:
    """The scale that the rule of docs/method.md takes (logarithms where all are above zero and skewed)."""
    assert stretch.pre is not None
    return "log_ancova" if (stretch.post > 0).all() and stretch.pre.std() > stretch.pre.mean() else "ancova"


def rows_for(stretch: Stretch, name: str, size: str, draws: int) -> list[dict[str, object]]:
    """One row for each method. The default's coverage is measured apart: its interval is worked out for every draw."""
    chosen, rows = default_of(stretch), []
    held = covered(chosen, stretch.post, stretch.pre, stretch.drawing, stretch.strata, stretch.clusters, lift=PLANTED,
                   alpha=ALPHA, draws=draws, behind=2000, seed=11)  # fmt: skip
    for one in audit([stretch], ALPHA, draws, behind=BEHIND):
        own = one.estimator == chosen and one.inference == "randomisation"
        rows.append({
            "panel": name, "size": size, "estimator": one.estimator, "inference": one.inference, "default": own,
            "rival": one.rival, "false_positives": one.false_positives[0],
            "coverage": held.share if own else one.coverage[0], "amount": held.amount if own else float("nan"),
            "without": held.without if own else float("nan"), "finds": one.finds[0.25], "gained": one.gained,
        })  # fmt: skip
    return rows


def peeking(draws: int, lift: float = 0.9) -> dict[str, float]:
    """Twelve monthly looks over a year at 40 partners: any-look false positives, and power against one look at the end.

    The bar lies half a point above the level, so a panel's rate is told to a standard error of 0.2 points.
    """
    naive, honest, one_look, power, power_end = [], [], [], [], []
    for seed in range(4):
        values = synthetic(40, PRE + LOOKS, seed + 50, True)
        pre = values[:, :PRE].mean(axis=1)
        strata = blocks_of(pre, np.zeros(40, dtype=np.int64), 4)
        drawing = Drawing(strata, (0.5, 0.5), np.arange(40))
        rng = np.random.default_rng(seed)
        reference, trial = (drawing.draw(rng, count).astype(float) for count in (5 * BEHIND, 10 * draws))
        looks = [values[:, PRE : PRE + look + 1].mean(axis=1) for look in range(LOOKS)]
        columns = basis(np.log(pre)[:, None], strata)
        of_reference, of_trial = (Reference.of(one, columns) for one in (reference, trial))
        null = np.column_stack([of_reference.statistics(np.log(post)[None, :])[:, 0] for post in looks])
        seen = np.column_stack([of_trial.own(np.broadcast_to(np.log(post), trial.shape)) for post in looks])
        fractions = np.arange(1, LOOKS + 1) / LOOKS
        edges = drawn_boundaries(null, fractions, ALPHA)
        honest.append(float((np.abs(seen) > edges).any(axis=1).mean()))
        ends = np.quantile(np.abs(null), 1 - ALPHA, axis=0)
        naive.append(float((np.abs(seen) > ends).any(axis=1).mean()))
        one_look.append(float((np.abs(seen[:, -1]) > ends[-1]).mean()))
        few = trial[: min(200, draws)]
        lifted = [np.log(post)[None, :] + np.log1p(lift) * few for post in looks]
        real = np.column_stack([Reference.of(few, columns).own(one) for one in lifted])
        half = Reference.of(drawing.draw(rng, 2000).astype(float), columns)
        under = np.stack([half.statistics(one) for one in lifted], axis=2)  # draws, tested, looks
        hits, at_end = 0, 0
        for place in range(len(few)):
            own = drawn_boundaries(under[:, place, :], fractions, ALPHA)
            hits += bool((np.abs(real[place]) > own).any())
            at_end += bool(abs(real[place, -1]) > np.quantile(np.abs(under[:, place, -1]), 1 - ALPHA))
        power.append(hits / len(few))
        power_end.append(at_end / len(few))
    return {
        "any_look": float(np.mean(honest)), "any_look_worst": max(honest), "naive": float(np.mean(naive)),
        "one_look": float(np.mean(one_look)), "power": float(np.mean(power)), "power_one_look": float(np.mean(power_end)),
        "lift": lift,
    }  # fmt: skip


def recovered(draws: int) -> list[dict[str, object]]:
    """Planted lifts and what each estimator gives back on average, by many draws on one panel of 60 partners."""
    values = synthetic(60, PRE + POST, 5, True)
    pre, post = values[:, :PRE].mean(axis=1), values[:, PRE:].mean(axis=1)
    strata = blocks_of(pre, np.zeros(60, dtype=np.int64), 4)
    drawn = Drawing(strata, (0.5, 0.5), np.arange(60)).draw(np.random.default_rng(3), draws).astype(float)
    found = []
    for name, scale in (("difference", "amount"), ("difference", "share"), ("ancova", "amount"), ("ancova", "share"),
                        ("log_ancova", "logarithm"), ("ppml", "logarithm")):  # fmt: skip
        for lift in (0.0, 0.25, 0.5):
            read = [
                estimate(
                    Sample(post * (1 + lift * treated), treated, pre=pre, strata=strata), name, inference="analytic"
                )
                for treated in drawn
            ]
            # Each on the scale on which it estimates: amounts over the mean, shares and ppml's and log_ancova's as logarithms.
            got = [one.effect / post.mean() if scale == "amount" else np.log1p(one.relative) for one in read]
            truth = lift if scale == "amount" else float(np.log1p(lift))
            error = float(np.std(got) / np.sqrt(len(got)))
            found.append({"estimator": name, "scale": scale, "planted": lift, "truth": truth, "mean": float(np.mean(got)),
                          "error": error})  # fmt: skip
    return found


def impossible(seeds: int) -> list[dict[str, object]]:
    """Six clusters: what the drawing can say at 5 %, and what its readings do at 10 %, by every assignment."""
    found: list[dict[str, object]] = []
    for even in (True, False):
        for seed in range(seeds):
            values, codes = clustered(6, even, seed)
            stretch = stretch_of(Panel("", 6, values, codes))
            every = stretch.drawing.enumerated()
            assert every is not None
            outcome, before = scaled("log_ancova", stretch.post[None, :], stretch.pre, 0.99)
            own = Reference.of(every.astype(float), basis(before, None), codes).statistics(outcome)[:, 0]
            p_values = (np.abs(own)[None, :] >= np.abs(own)[:, None] * (1 - 1e-9)).mean(axis=1)
            found.append({"even": even, "assignments": len(every), "smallest_p": float(p_values.min()),
                          "at_5": float((p_values <= 0.05).mean()), "at_10": float((p_values <= 0.1).mean())})  # fmt: skip
    return found


def check_scale() -> None:
    """The audit's scales are the estimators' own."""
    assert scaled("log_ancova", np.array([[1.0, np.e]]), None, 1.0)[0].tolist() == [[0.0, 1.0]]


def summary(rows: list[dict[str, object]], peeks: dict[str, float]) -> list[dict[str, object]]:
    own = [row for row in rows if row["default"]]
    wolf = np.array([float(str(row["false_positives"])) for row in own])
    held = np.array([float(str(row["coverage"])) for row in own])
    bars = [
        ("A/A false positives of the default, mean", wolf.mean(), 0.04, 0.06),
        ("A/A false positives, least", wolf.min(), 0.025, 0.075), ("A/A false positives, most", wolf.max(), 0.025, 0.075),
        ("Coverage of +25 %, mean", held.mean(), 0.93, 0.975), ("Coverage of +25 %, least", held.min(), 0.93, 0.975), ("Coverage of +25 %, most", held.max(), 0.93, 0.975),
        ("Any-look false positives, 12 looks", peeks["any_look"], 0.0, 0.055),
        ("Power lost to 12 looks", peeks["power_one_look"] - peeks["power"], -1.0, 0.02),
    ]  # fmt: skip
    return [{"bar": name, "value": float(value), "low": low, "high": high, "holds": bool(low <= value <= high)}
            for name, value, low, high in bars]  # fmt: skip


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--draws", type=int, default=2000)
    options.add_argument("--seeds", type=int, default=4)
    given = options.parse_args()
    check_scale()
    begun = time.monotonic()
    rows: list[dict[str, object]] = []
    for panel in partner_panels(given.seeds):
        rows += rows_for(stretch_of(panel), panel.name, f"{panel.size} partners", given.draws)
        print(f"{panel.name}, {panel.size}: {time.monotonic() - begun:.0f} s", file=sys.stderr)
    for groups in (10, 20):
        for even in (True, False):
            for seed in range(given.seeds):
                values, codes = clustered(groups, even, seed)
                panel = Panel(f"clusters, {'even' if even else 'uneven'}", groups, values, codes)
                rows += rows_for(stretch_of(panel), panel.name, f"{groups // 2} of {groups} clusters", given.draws)
                print(f"{panel.name}, {groups}: {time.monotonic() - begun:.0f} s", file=sys.stderr)
                if groups == 10:
                    rows += rows_for(stretch_of(panel, 2), panel.name, "2 of 10 clusters", given.draws)
    peeks = peeking(given.draws)
    found = {
        "draws": given.draws, "seeds": given.seeds, "alpha": ALPHA, "rows": rows, "peeking": peeks,
        "recovered": recovered(min(600, given.draws)), "six_clusters": impossible(given.seeds), "summary": summary(rows, peeks),
        "adventureworks": adventureworks() is not None, "seconds": time.monotonic() - begun,
    }  # fmt: skip
    here = Path(__file__).with_suffix("")
    here.with_suffix(".json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    here.with_suffix(".md").write_text(told(found), encoding="utf-8")


def told(found: dict[str, object]) -> str:
    """The tables as Markdown."""
    rows: list[dict[str, object]] = found["rows"]  # type: ignore[assignment]
    peeks: dict[str, float] = found["peeking"]  # type: ignore[assignment]
    lines = [
        "# How honest the pilots' default is", "",
        f"`python -m experiments.validation.pilots --draws {found['draws']} --seeds {found['seeds']}` wrote this: "
        f"{found['draws']} re-randomisations of the drawing that is analysed (blocks of four by outcome before; clusters with fixed "
        f"numbers) on each of {found['seeds']} panels a line, {BEHIND} draws behind each p-value, {PRE} months before and {POST} after, level 5 %.",
        "", *([] if found["adventureworks"] else ["The sample data of AdventureWorks was not there; its rows are missing.", ""]),
        "| bar | value | allowed | holds |", "| --- | --- | --- | --- |",
    ]  # fmt: skip
    for one in found["summary"]:  # type: ignore[attr-defined]
        low = "" if one["low"] <= 0 else f"{percent(one['low'], 1)} to "
        holds = "yes" if one["holds"] else "no"
        lines.append(
            f"| {one['bar']} | {percent(one['value'], 1)} | {low or 'at most '}{percent(one['high'], 1)} | {holds} |"
        )
    lines += ["", "Mean over panels (least to most). The default is in bold. Coverage is of a planted +25 %: the default's interval is worked "
              "out for every draw by inverting the drawing (2,000 redraws behind each hundred) and looked at; for tests by randomisation "
              "that are not the default it was not measured. *Finds* is power at +25 %, "
              "*gained* the variance that the outcome before takes away.", "",
              "| panel | size | method | A/A false positives | coverage | finds | gained |", "| --- | --- | --- | --- | --- | --- | --- |"]  # fmt: skip
    groups: dict[tuple[str, str, str, str], list[dict[str, object]]] = {}
    for row in rows:
        key = (str(row["panel"]), str(row["size"]), str(row["estimator"]), str(row["inference"]))
        groups.setdefault(key, []).append(row)
    for (panel, size, estimator, inference), members in groups.items():
        wolf, held, finds, gained = (np.array([float(str(row[name])) for row in members])
                                     for name in ("false_positives", "coverage", "finds", "gained"))  # fmt: skip
        method = inference.replace("rival: ", "") if members[0]["rival"] else f"{estimator}, {inference}"
        mostly = sum(bool(row["default"]) for row in members) * 2 > len(members)
        bold = "**" if mostly else ""
        lines.append(f"| {panel} | {size} | {bold}{method}{bold} | {_span(wolf)} | {_span(held) if np.isfinite(held).all() else ''} | {percent(float(finds.mean()), 0)} | "
                     f"{percent(float(gained.mean()), 0) if np.isfinite(gained.mean()) else ''} |")  # fmt: skip
    own = [row for row in rows if row["default"]]
    amounts = np.array([float(str(row["amount"])) for row in own if str(row["estimator"]) != "log_ancova"])
    if len(amounts):
        lines += ["", "The default's interval in amounts tests a constant amount, which a percentage is not: in ANCOVA it holds the "
                  f"average effect over all partners in {_span(amounts)} of draws. Decisions use the percentage."]  # fmt: skip
    lines += ["", "## Looking every month for a year, 40 partners", "",
              f"- any-look false positives with the spending on this very panel: {percent(peeks['any_look'], 1)} "
              f"(at most {percent(peeks['any_look_worst'], 1)} on a panel)",
              f"- testing at 5 % every month: {percent(peeks['naive'], 1)}; one look at the end: {percent(peeks['one_look'], 1)}",
              f"- power at +{percent(peeks['lift'], 0)}: {percent(peeks['power'], 1)} with twelve looks, "
              f"{percent(peeks['power_one_look'], 1)} with one at the end",
              "", "## Planted effects come back", "",
              "Amounts over the mean outcome; shares and percentages as logarithms; 60 partners, one panel.", "",
              "| estimator | scale | planted | truth | mean estimate | Monte Carlo error |", "| --- | --- | --- | --- | --- | --- |"]  # fmt: skip
    for one in found["recovered"]:  # type: ignore[attr-defined]
        lines.append(
            f"| {one['estimator']} | {one['scale']} | {percent(one['planted'], 0)} | {one['truth']:.3f} | {one['mean']:.3f} | {one['error']:.3f} |"
        )
    beyond = [row for row in own if not 0.93 <= float(str(row["coverage"])) <= 0.975]
    for row in beyond:
        lines += [
            "",
            f"Outside the bar for coverage: {row['panel']}, {row['size']}: {percent(float(str(row['coverage'])), 1)}.",
        ]
    never: list[dict[str, float]] = found["six_clusters"]  # type: ignore[assignment]
    lines += ["", "## Where no verdict is possible", "",
              f"Three of six clusters have {never[0]['assignments']} assignments, so no p-value is below "
              f"{never[0]['smallest_p']:.2f}; the design page and `pilot assign` say so, and the reading gives none. With "
              "log_ancova and every assignment, on each panel:", "",
              "| clusters | rejected at 5 % | rejected at 10 % |", "| --- | --- | --- |",
              *(f"| {'even' if one['even'] else 'uneven'} | {percent(one['at_5'], 1)} | {percent(one['at_10'], 1)} |" for one in never), ""]  # fmt: skip
    return "\n".join(lines)


def _span(values: Floats) -> str:
    mean = percent(float(values.mean()), 1)
    return (
        mean if len(values) == 1 else f"{mean} ({percent(float(values.min()), 1)} to {percent(float(values.max()), 1)})"
    )


if __name__ == "__main__":
    main()
