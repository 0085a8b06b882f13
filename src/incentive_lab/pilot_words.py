"""Pilot results in words, for a terminal."""

from __future__ import annotations

from typing import Any

import numpy as np

from incentive_lab.format import chance, count, counted, money, percent
from incentive_lab.pilot.words import change, lifts_between

_MARK = {"fine": "ok", "look": "look", "stop": "STOP"}


def say_analysis(answer: dict[str, Any]) -> None:
    """A reading in words."""
    print(f"{answer['pilot']} ({answer['fingerprint']}), {' and '.join(answer['label'])}")
    print(f"Arms: {', '.join(f'{name} {count(size)}' for name, size in answer['arms'].items())}")
    for one in answer["why"]:
        print(f"- note: {one}")
    for metric in answer["metrics"]:
        print(f"{metric['role']} {metric['name']}, {metric['arm']}: {metric['verdict']}")
        for line in metric["words"]:
            print(f"    {line}")
        if metric["method"]:
            print(f"    {metric['method']}")
    for one in answer["checks"]:
        print(f"[{_MARK[one['state']]}] {one['name']}: {one['words']}")
    for one in answer["placebos"]:
        ends = " to ".join("no limit" if end is None else f"{end:+,.4g}" for end in one["interval"])
        print(f"Placebo start {one['months_before']} earlier: {one['effect']:+,.4g} ({ends}), p {one['p_value']:.2g}")
    if answer["sensitivity"] is not None:
        print(f"A hidden cause that explains {percent(answer['sensitivity']['robustness'], 1)} of what is left of arm and outcome "
              "would bring the effect to zero.")  # fmt: skip
    _say_looks(answer)
    _say_decision(answer)
    for one in (*answer["flags"], *answer["notes"]):
        print(f"- note: {one}")


def _say_decision(answer: dict[str, Any]) -> None:
    told = answer["decision"]
    print(f"Decision: {told['advice'] or 'none'}. {' '.join(told['reasons'])}")
    value, currency = told["net_value"], answer["currency"] or ""
    if value is None:
        print(f"Net value: not known: {told['net_value_reason']}")
        return
    low, high = value["interval"]
    print(f"Net value for {counted(value['partners'], 'partner')} over {counted(value['months'], 'month')}: "
          f"{money(value['expected'], currency)} ({money(low, currency)} to {money(high, currency)}), "
          f"margin {money(value['margin'], currency)} less cost {money(value['cost'], currency)}; it pays with a chance of "
          f"{chance(value['chance_it_pays'])}.")  # fmt: skip


def say_design(answer: dict[str, Any]) -> None:
    """A draw in words."""
    print(f"{answer['pilot']} ({answer['fingerprint']}) on {answer['history_id']}")
    for name, arm in answer["arms"].items():
        cost = (
            "" if arm.get("cost") is None else f", {money(arm['cost'], answer['currency'])} above the control's scheme"
        )
        print(f"  {name:<24} {counted(arm['partners'], 'partner'):>16}{cost}")
    print("Before the pilot, in standard deviations:")
    for one in answer["balance"]:
        print(f"  {one['name']:<40} {one['arm']:<16} {one['difference']:+.2f}")
    for one in answer["spillover"]:
        print(f"- {one['what']} shared between arms: {count(one['shared'])}")
    for one in (*answer["warnings"], *answer["notes"]):
        print(f"- note: {one}")


def say_monitor(answer: dict[str, Any]) -> None:
    """A running pilot in words."""
    print(f"{answer['pilot']} ({answer['fingerprint']}): {answer['state']}")
    for one in answer["flags"]:
        print(f"[{_MARK[one['state']]}] {one['name']}: {one['words']}")
    _say_looks(answer)
    if not answer["looks"]:
        print(f"Looks: none; {answer['looks_reason']}")


def _say_looks(answer: dict[str, Any]) -> None:
    for one in answer["looks"]:
        edge = "none can cross" if one["boundary"] is None else f"{one['boundary']:.2f}"
        print(f"After {counted(one['months'], 'month')}: statistic {one['statistic']:.2f}, boundary {edge}"
              + (", crossed" if one["crossed"] else ""))  # fmt: skip


def say_power(answer: dict[str, Any]) -> None:
    """Power in words."""

    def lift(value: float | None) -> str:
        return "out of reach" if value is None else change(value)

    def within(bounds: list[float | None]) -> str:
        told = lifts_between(*(np.nan if one is None else one for one in bounds))
        return f" ({told})" if told else ""

    def own(row: dict[str, Any]) -> str:
        found = ", ".join(
            f"{name} {lift(value)}{within(row['within'][name])}" for name, value in row["by_estimator"].items()
        )
        return f"{found}; closed form {lift(row['closed_form'])}"

    print(f"{answer['pilot']} ({answer['fingerprint']}) on {answer['history_id']}")
    if answer["warning"]:
        print(f"TOO SMALL: {answer['warning']}")
    print(f"Smallest effect found with {percent(answer['power'], 0)} power at a level of {percent(answer['alpha'], 1)}, by "
          f"{counted(answer['draws'], 'simulated pilot')} for each size (in brackets its 95 % interval):")  # fmt: skip
    for row in answer["mde"]:
        print(f"  {counted(row['units'], row['unit']):>16}: {own(row)}")
    for row in answer["by_months"]:
        print(f"  {counted(row['months'], 'month'):>16}: {own(row)}")
    for row in answer["by_metric"]:
        print(f"  {row['metric']:>16}: {row['reason'] if 'reason' in row else own(row)}")
    if "audit_reason" in answer:
        print(f"No audit: {answer['audit_reason']}")
    for one in answer["audit"]:
        print(f"- {one['words']}")
    if answer["locked"]:
        print(f"Lock this method: {answer['locked']['words']}")
    for one in answer["notes"]:
        print(f"- note: {one}")
