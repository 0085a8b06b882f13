"""A projection and a backtest as plain JSON objects and as words for a terminal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from incentive_lab.format import count, counted, money, percent
from incentive_lab.money import decimals
from incentive_lab.panel import month_label
from incentive_lab.projection import answers, standard_errors
from incentive_lab.projection.accruing import Accrual, accrual
from incentive_lab.projection.backtest import BANDS, Backtest
from incentive_lab.projection.breakdown import Band, bands, partner_bands
from incentive_lab.projection.diagnostics import diagnostics
from incentive_lab.projection.past import Past
from incentive_lab.projection.running import Projection
from incentive_lab.projection.standard_errors import Figure
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.fingerprint import fingerprint
from incentive_lab.scheme.line_names import marked_names

_AMOUNTS = ("mean", "sd", "se", "p05", "p10", "p50", "p90", "p95", "cvar95")


NOTHING_CAME = "nothing was paid in the months projected"
NO_COST = "not known: this history has no cost"


def futures(share: float, scenarios: int, error: float | None) -> str:
    """In how many futures something happens, with the standard error of that share from drawing so many.

    Example:
        >>> futures(1.0, 128, 0.011), futures(0.0, 128, 0.011), futures(0.25, 128, 0.038)
        ('in all of 128 futures (± 1.1 %)', 'in none of 128 futures (± 1.1 %)', 'in 25 % of 128 futures (± 3.8 %)')
    """
    part = percent(share, 1) if 0.0 < share < 1.0 else "all" if share else "none"
    return f"in {part} of {counted(scenarios, 'future')}" + ("" if error is None else f" (± {percent(error, 1)})")


def owed_words(told: Projection, said: Callable[[float], str]) -> str | None:
    """What partners are owed and what the budget cuts of it; None where it cuts in no future.

    Args:
        told: A projection.
        said: How an amount in whole units is written.
    """
    outcome, minor = told.outcome, told.minor
    budget, cut = outcome.scheme.budget, outcome.cut
    if budget is None or not cut.any():
        return None
    owed, cuts = answers.distribution(outcome.asked / minor, told), standard_errors.chance(cut > 0)
    return (f"Partners are owed {said(owed['p10'] or 0)} to {said(owed['p90'] or 0)} (four futures in five); the budget of "
            f"{said(float(budget.amount))} cuts them {futures(cuts.value, len(cut), cuts.error)}, by "
            f"{said(float(np.median(cut[cut > 0])) / minor)} in the middle.")  # fmt: skip


NEVER_PAYS = "On average it costs more than the margin of what is sold: no rise in revenue pays for it"


def project_result(told: Projection, margin_floor: float | None = None) -> dict[str, Any]:
    """What `project --json` prints; amounts in whole currency units, shares as fractions."""
    minor, outcome, panel = told.minor, told.outcome, told.model.panel
    budget, value = answers.over_budget(outcome, minor), answers.present_value(told)
    cut, capped = standard_errors.chance(outcome.cut > 0), standard_errors.chance(outcome.capped > 0)
    labels = [month_label(told.first_month + m) for m in range(told.horizon)]
    result: dict[str, Any] = {
        "ok": True, "scheme": outcome.scheme.id, "fingerprint": fingerprint(outcome.scheme),
        "history_id": panel.history_id, "currency": panel.currency, "assumptions": told.assumptions.assumptions,
        "seed": told.seed, "scenarios": told.scenarios, "months": told.horizon, "first_month": labels[0],
        "total": _whole(answers.distribution(outcome.total, told), minor),
        "no_response": _whole(answers.distribution(told.no_response.total, told if told.no_response is outcome else None), minor),
        "by_month": {label: _whole(answers.distribution(outcome.monthly[:, m]), minor) for m, label in enumerate(labels)},
        "rule_names": {line: marked_names(outcome.scheme)[line] for line in outcome.line_ids},
        "by_rule": _bands(bands(outcome.line_ids, outcome.by_rule), minor),
        "by_tier": _bands(bands(outcome.tier_names, outcome.by_tier), minor),
        "by_segment": _bands(bands(told.model.segments, outcome.by_segment), minor),
        "by_partner": _bands(partner_bands(told), minor),
        "accrual": {label: _accrued(one, minor) for label, one in zip(labels, accrual(told), strict=True)},
        "owed": _whole(answers.distribution(outcome.asked, told), minor), "capped": _mean_of(outcome.capped, minor),
        "p_cut": cut.value, "p_cut_se": cut.error, "owed_words": owed_words(told, lambda one: money(one, panel.currency)),
        "p_capped": capped.value if outcome.scheme.caps else None,
        "p_over_budget": None if budget is None else budget.value,
        "npv": None if value is None else value.value / minor,
    }  # fmt: skip
    if result["p_capped"] is None:
        result["p_capped_reason"] = "the scheme has no cap for a partner"
    else:
        result["p_capped_se"] = capped.error
    if budget is None:
        result["p_over_budget_reason"] = "the scheme has no budget"
    else:
        result["p_over_budget_se"] = budget.error
        result["p_over_budget_note"] = answers.part_years(told)
    if value is None:
        result["npv_reason"] = NO_COST
    else:
        result["npv_se"] = None if value.error is None else value.error / minor
    if margin_floor is not None:
        low = answers.below_margin(told, margin_floor)
        result |= {"margin_floor": margin_floor, "p_below_margin": None if low is None else low.value}
        result |= {"p_below_margin_reason": NO_COST} if low is None else {"p_below_margin_se": low.error}
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
            "p_dearer_se": gap["p_dearer_se"],
            "variance_saved": gap["variance_saved"],
        }
    # A budget that cuts makes futures cost the same: what moves is what partners are owed before it.
    result["drivers_of"] = "owed" if outcome.cut.any() else "cost"
    moving = answers.drivers(told, answers.own_inputs(told), outcome.asked if outcome.cut.any() else None)[:8]
    result["drivers"] = [{"name": one.name, "words": one.words, "low": one.low / minor, "high": one.high / minor,
                          "share": one.share, "share_se": one.error, "low_se": _minor(one.low_error, minor),
                          "high_se": _minor(one.high_error, minor)} for one in moving]  # fmt: skip
    result["fit"] = diagnostics(told.model)
    result["notes"] = [*told.notes, *panel.warnings]
    result["seconds"] = round(told.seconds, 3)
    result["partner_months"] = told.scenarios * told.model.known * told.horizon
    return result


def _mean_of(values: Any, minor: int) -> dict[str, float | None]:
    found = standard_errors.mean(values)
    return {"mean": found.value / minor, "se": None if found.error is None else found.error / minor}


def _whole(told: dict[str, Any], minor: int) -> dict[str, Any]:
    shown: dict[str, Any] = {name: None if told[name] is None else told[name] / minor for name in _AMOUNTS}
    shown["errors"] = {name: None if one is None else one / minor for name, one in told["errors"].items()}
    return shown


def _minor(amount: float | None, minor: int) -> float | None:
    return None if amount is None else amount / minor


def _bands(parts: list[Band], minor: int) -> dict[str, Any]:
    """Mean and tenths of each part, with their standard errors."""
    return {one.name: {"mean": one.mean.value / minor, "se": _minor(one.mean.error, minor),
                       **_figures({"p10": one.p10, "p50": one.p50, "p90": one.p90}, minor)} for one in parts}  # fmt: skip


def _accrued(one: Accrual, minor: int) -> dict[str, Any]:
    """Cost to date as settled (its mean and band), at the tiers reached, at those expected, and what these add."""
    return _figures({"mean": one.settled, "p10": one.p10, "p90": one.p90, "reached": one.reached, "expected": one.expected,
                     "catch_up": one.catch_up}, minor)  # fmt: skip


def _figures(named: dict[str, Figure], minor: int) -> dict[str, Any]:
    return {name: one.value / minor for name, one in named.items()} | {
        f"{name}_se": _minor(one.error, minor) for name, one in named.items()
    }


def say_project(told: dict[str, Any]) -> None:
    """A projection in words."""
    currency, total = told["currency"], told["total"]
    print(f"{told['scheme']} ({told['fingerprint']}) over {told['months']} months from {told['first_month']}, "
          f"{count(told['scenarios'])} futures, assumptions {told['assumptions']}")  # fmt: skip
    if told["owed_words"]:
        print(told["owed_words"])
    half = "after the cut" if told["owed_words"] else "(the middle: half of the futures cost more, half less)"
    print(f"Expect {money(total['p50'], currency)}{_give_or_take(total['errors']['p50'], currency)} {half}")
    shown = told["owed"] if told["owed_words"] else total
    print("Owed before the cut" if told["owed_words"] else "Cost")
    for name in ("p05", "p10", "p50", "p90", "p95", "cvar95"):
        words = "CVaR95" if name == "cvar95" else f"P{int(name[1:])}"
        print(f"  {words:<8}{_column(shown[name], shown['errors'][name], currency)}")
    print(f"  {'mean':<8}{_column(shown['mean'], shown['se'], currency)}")
    print("P90: nine futures in ten lie below it. CVaR95: the mean of the dearest twentieth. ±: the standard error from "
          "drawing so many futures.")  # fmt: skip
    if told["no_response"] != total:
        print(
            f"Without any response: expect {money(told['no_response']['p50'], currency)}"
            f"{_give_or_take(told['no_response']['errors']['p50'], currency)}"
        )
    if told["p_over_budget"] is not None:
        print(f"The budget breaks {futures(told['p_over_budget'], told['scenarios'], told['p_over_budget_se'])}")
        if told["p_over_budget_note"]:
            print(told["p_over_budget_note"])
    if told.get("margin_floor") is not None:
        chance = told["p_below_margin"]
        said = NO_COST if chance is None else futures(chance, told["scenarios"], told["p_below_margin_se"])
        print(f"Margin less incentives below {percent(told['margin_floor'], 1)} of revenue: {said}")
    worth = NO_COST if told["npv"] is None else money(told["npv"], currency) + _give_or_take(told["npv_se"], currency)
    print(f"Net present value of margin less incentives, mean: {worth}")
    if told["break_even_lift"] is not None:
        print(
            f"It pays for itself if it raises revenue by {percent(told['break_even_lift'], 1)}{_within(told['break_even_lift_se'])}"
        )
    elif told["npv"] is not None:
        print(f"{NEVER_PAYS}.")
    if (told["anyway_share"] or 0) > 0:
        print(f"It earns nothing once {percent(told['anyway_share'], 1)} of revenue would have come anyway"
              f"{_within(told['anyway_share_se'])}")  # fmt: skip
    if told["p_capped"] is not None:
        off = told["capped"]
        print(f"Partner caps bind {futures(told['p_capped'], told['scenarios'], told['p_capped_se'])}, and take "
              f"{money(off['mean'], currency)}{_give_or_take(off['se'], currency)} off on average")  # fmt: skip
    if "difference" in told:
        gap = told["difference"]
        print(f"Against {told['against']['scheme']}: expect {money(gap['p50'], currency)}, from "
              f"{money(gap['p10'], currency)} to {money(gap['p90'], currency)} in four of five futures; mean "
              f"{money(gap['mean'], currency)}{_give_or_take(gap['se'], currency)}; dearer "
              f"{futures(gap['p_dearer'], told['scenarios'], gap['p_dearer_se'])}")  # fmt: skip
    for title, key in (("By rule", "by_rule"), ("By segment", "by_segment"), ("By tier", "by_tier")):
        print(f"{title}: mean, and from P10 to P90")
        names = told["rule_names"] if key == "by_rule" else {name: name.replace("_", " ") for name in told[key]}
        for name, one in told[key].items():
            print(f"  {names[name]:<40}{_column(one['mean'], one['se'], currency)}   {money(one['p10'], currency)} to "
                  f"{money(one['p90'], currency)}")  # fmt: skip
    print("To date. Settled: by statements. Reached: open periods too, at the tiers reached. To accrue: at the tiers expected. "
          "Catch-up: what these add")  # fmt: skip
    print(f"  {'Month':<8}{'Settled':>22}{'Reached':>22}{'To accrue':>22}{'Catch-up':>24}")
    for label, one in told["accrual"].items():
        print(f"  {label:<8}{money(one['mean'], currency):>22}{money(one['reached'], currency):>22}"
              f"{money(one['expected'], currency):>22}"
              f"{_column(one['catch_up'], one['catch_up_se'], currency)}")  # fmt: skip
    if told["drivers"]:
        moved = "amount owed" if told["drivers_of"] == "owed" else "cost"
        print(f"What moves the {moved}: its mean in the fifth of futures where each is lowest, and where it is highest")
    for one in told["drivers"][:5]:
        print(f"  {one['words']:<40}{money(one['low'], currency):>22} to {money(one['high'], currency)}")
    for note in told["notes"]:
        print(f"- note: {note}")


def _give_or_take(error: float | None, currency: str) -> str:
    return "" if error is None else f" ± {money(error, currency)}"


def _within(error: float | None) -> str:
    return "" if error is None else f" ± {percent(error, 2)}"


def _column(value: float, error: float | None, currency: str) -> str:
    return f"{money(value, currency):>24}" + ("" if error is None else f"  ± {money(error, currency)}")


def backtest_result(tested: Backtest, scheme: Scheme, past: Past) -> dict[str, Any]:
    """What `project --backtest --json` prints."""
    panel = past.panel
    minor = 10 ** decimals(panel.currency)
    return {
        "ok": True, "scheme": scheme.id, "fingerprint": fingerprint(scheme), "history_id": panel.history_id,
        "currency": panel.currency, "months": tested.horizon, "cuts": len(tested.cuts),
        "coverage": {str(band): tested.coverage(band) for band in BANDS}, "bias": tested.bias,
        **({"bias_reason": NOTHING_CAME} if tested.bias is None else {}),
        "crps": tested.crps / minor, "crps_naive": tested.crps_naive / minor,
        "held": [{"from": cut.month, "actual": cut.actual / minor, "mean": float(cut.scenarios.mean()) / minor,
                  **{str(band): cut.inside(band) for band in BANDS}} for cut in tested.cuts],
        "left_out": tested.left_out_words,
    }  # fmt: skip


def say_backtest(told: dict[str, Any]) -> None:
    """A backtest in words."""
    currency, cuts = told["currency"], told["cuts"]
    for band in BANDS:
        held = sum(one[str(band)] for one in told["held"])
        print(f"On your own past, the {band} % band held {held} of {cuts} times")
    lies = NOTHING_CAME if told["bias"] is None else f"projected cost lies {percent(told['bias'], 1)} off what came"
    print(f"{lies[0].upper()}{lies[1:]}; error score {money(told['crps'], currency)} "
          f"against {money(told['crps_naive'], currency)} of last year's months repeated")  # fmt: skip
    if told["left_out"]:
        print(told["left_out"])
    for one in told["held"]:
        print(f"  from {one['from']}: {money(one['mean'], currency)} projected, {money(one['actual'], currency)} came")
