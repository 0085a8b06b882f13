"""A projection and a backtest as plain JSON objects and as words for a terminal."""

from __future__ import annotations

from typing import Any

from incentive_lab.format import count, money, percent
from incentive_lab.money import decimals
from incentive_lab.panel import month_label
from incentive_lab.projection import answers
from incentive_lab.projection.backtest import BANDS, Backtest
from incentive_lab.projection.model import diagnostics
from incentive_lab.projection.past import Past
from incentive_lab.projection.running import Projection
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.fingerprint import fingerprint

_AMOUNTS = ("mean", "sd", "se", "p05", "p10", "p50", "p90", "p95", "cvar95")


def project_result(told: Projection) -> dict[str, Any]:
    """What `project --json` prints; amounts in whole currency units."""
    minor, outcome, panel = told.minor, told.outcome, told.model.panel
    budget, value = answers.over_budget(outcome, minor), answers.present_value(told)
    labels = [month_label(told.first_month + m) for m in range(told.horizon)]
    path = answers.accrual(told)
    result: dict[str, Any] = {
        "ok": True, "scheme": outcome.scheme.id, "fingerprint": fingerprint(outcome.scheme),
        "history_id": panel.history_id, "currency": panel.currency, "assumptions": told.assumptions.assumptions,
        "seed": told.seed, "scenarios": told.scenarios, "months": told.horizon, "first_month": labels[0],
        "total": _whole(answers.distribution(outcome.total), minor),
        "no_response": _whole(answers.distribution(told.no_response.total), minor),
        "by_month": {label: _whole(answers.distribution(outcome.monthly[:, m]), minor) for m, label in enumerate(labels)},
        "by_rule": _means(outcome.line_ids, outcome.by_rule, minor), "by_tier": _means(outcome.tier_names, outcome.by_tier, minor),
        "by_segment": _means(told.model.segments, outcome.by_segment, minor),
        "accrual": {label: {key: float(values[m]) / minor for key, values in path.items()} for m, label in enumerate(labels)},
        "owed": _whole(answers.distribution(outcome.asked), minor), "capped": _mean_of(outcome.capped, minor),
        "p_capped": answers.chance(outcome.capped > 0).value if outcome.scheme.caps else None,
        "p_over_budget": None if budget is None else budget.value,
        "npv": None if value is None else value.value / minor,
    }  # fmt: skip
    if result["p_capped"] is None:
        result["p_capped_reason"] = "the scheme has no cap for a partner"
    if budget is None:
        result["p_over_budget_reason"] = "the scheme has no budget"
    else:
        result["p_over_budget_se"] = budget.error
    if value is None:
        result["npv_reason"] = "the history does not say what deals cost"
    else:
        result["npv_se"] = None if value.error is None else value.error / minor
    for key, found in (
        ("break_even_lift", answers.break_even_lift(told)),
        ("anyway_share", answers.anyway_share(told)),
    ):
        result[key] = None if found is None else found.value
        if found is None:
            result[f"{key}_reason"] = "there is no margin to pay it from, or costs are unknown"
        else:
            result[f"{key}_se"] = found.error
    gap = answers.difference(told)
    if gap is not None:
        result["against"] = {"scheme": told.outcomes[1].scheme.id, "fingerprint": fingerprint(told.outcomes[1].scheme),
                             "total": _whole(answers.distribution(told.outcomes[1].total), minor)}  # fmt: skip
        result["difference"] = {
            **_whole(gap, minor),
            "p_dearer": gap["p_dearer"],
            "variance_saved": gap["variance_saved"],
        }
    moving = answers.drivers(told, answers.own_inputs(told))[:8]
    result["drivers"] = [{"name": one.name, "low": one.low / minor, "high": one.high / minor, "share": one.share,
                          "share_se": one.error} for one in moving]  # fmt: skip
    result["fit"] = diagnostics(told.model)
    result["notes"] = [*told.notes, *panel.warnings]
    result["seconds"] = round(told.seconds, 3)
    result["partner_months"] = told.scenarios * told.model.known * told.horizon
    return result


def _mean_of(values: Any, minor: int) -> dict[str, float | None]:
    found = answers.mean(values)
    return {"mean": found.value / minor, "se": None if found.error is None else found.error / minor}


def _whole(told: dict[str, Any], minor: int) -> dict[str, Any]:
    shown: dict[str, Any] = {name: None if told[name] is None else told[name] / minor for name in _AMOUNTS}
    shown["errors"] = {name: None if one is None else one / minor for name, one in told["errors"].items()}
    return shown


def _means(names: tuple[str, ...], values: Any, minor: int) -> dict[str, Any]:
    """Mean, standard error and the 10th and 90th percentiles of each column."""
    told = {}
    for place, name in enumerate(names):
        column = values[:, place]
        if not column.any():
            continue
        found = answers.mean(column)
        told[name] = {"mean": found.value / minor, "se": None if found.error is None else found.error / minor,
                      "p10": answers.quantile(column, 0.1).value / minor,
                      "p90": answers.quantile(column, 0.9).value / minor}  # fmt: skip
    return told


def say_project(told: dict[str, Any]) -> None:
    """A projection in words."""
    currency, total = told["currency"], told["total"]
    print(f"{told['scheme']} ({told['fingerprint']}) over {told['months']} months from {told['first_month']}, "
          f"{count(told['scenarios'])} futures, assumptions {told['assumptions']}")  # fmt: skip
    for name, words in (
        ("p05", "P5"),
        ("p10", "P10"),
        ("p50", "P50"),
        ("p90", "P90"),
        ("p95", "P95"),
        ("cvar95", "CVaR95"),
    ):
        error = total["errors"][name]
        print(
            f"  {words:<8}{money(total[name], currency):>24}"
            + ("" if error is None else f"  +- {money(error, currency)}")
        )
    print(f"  {'mean':<8}{money(total['mean'], currency):>24}" + (
        "" if total["se"] is None else f"  +- {money(total['se'], currency)}"))  # fmt: skip
    if told["no_response"] != total:
        print(f"Without any response: {money(told['no_response']['mean'], currency)} in the mean")
    owed = told["owed"]
    if owed["mean"] > total["mean"]:
        print(f"Owed before the budget's cut: {money(owed['mean'], currency)} in the mean, from "
              f"{money(owed['p10'], currency)} to {money(owed['p90'], currency)} in four of five futures")  # fmt: skip
    if told["p_over_budget"] is not None:
        print(f"Chance of breaking the budget: {percent(told['p_over_budget'], 1)}")
    if told["npv"] is not None:
        print(f"Net present value of margin less incentives: {money(told['npv'], currency)}")
    if "difference" in told:
        gap = told["difference"]
        print(f"Against {told['against']['scheme']}: {money(gap['mean'], currency)} in the mean, from "
              f"{money(gap['p10'], currency)} to {money(gap['p90'], currency)} in four of five futures")  # fmt: skip
    for one in told["drivers"][:5]:
        print(f"  {one['name']:<40}{money(one['low'], currency):>22} to {money(one['high'], currency)}")
    for note in told["notes"]:
        print(f"- note: {note}")


def backtest_result(tested: Backtest, scheme: Scheme, past: Past) -> dict[str, Any]:
    """What `project --backtest --json` prints."""
    panel = past.panel
    minor = 10 ** decimals(panel.currency)
    return {
        "ok": True, "scheme": scheme.id, "fingerprint": fingerprint(scheme), "history_id": panel.history_id,
        "currency": panel.currency, "months": tested.horizon, "cuts": len(tested.cuts),
        "coverage": {str(band): tested.coverage(band) for band in BANDS}, "bias": tested.bias,
        "crps": tested.crps / minor, "crps_naive": tested.crps_naive / minor,
        "held": [{"from": cut.month, "actual": cut.actual / minor, "mean": float(cut.scenarios.mean()) / minor,
                  **{str(band): cut.inside(band) for band in BANDS}} for cut in tested.cuts],
    }  # fmt: skip


def say_backtest(told: dict[str, Any]) -> None:
    """A backtest in words."""
    currency, cuts = told["currency"], told["cuts"]
    for band in BANDS:
        held = sum(one[str(band)] for one in told["held"])
        print(f"On your own past, the {band} % band held {held} of {cuts} times")
    print(f"Projected cost lies {percent(told['bias'], 1)} off what came; error score {money(told['crps'], currency)} "
          f"against {money(told['crps_naive'], currency)} of last year's months repeated")  # fmt: skip
    for one in told["held"]:
        print(f"  from {one['from']}: {money(one['mean'], currency)} projected, {money(one['actual'], currency)} came")
