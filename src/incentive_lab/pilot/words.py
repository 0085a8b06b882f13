"""An effect in amounts, as a percentage and for the typical partner, reconciled in sentences."""

from __future__ import annotations

import numpy as np

from incentive_lab.format import compact, percent, signed
from incentive_lab.pilot.answering import Answer
from incentive_lab.pilot.estimate import Estimate, Interval
from incentive_lab.pilot.whales import Whales


def amount(value: float, unit: str, currency: str) -> str:
    """A value in the metric's unit.

    Example:
        >>> amount(1234.5, "money", "USD"), amount(0.031, "share", ""), amount(2.5, "count", "")
        ('1,234 USD', '3.1 points', '2.5')
    """
    if not np.isfinite(value):
        return "without limit"
    if unit == "share":
        return f"{value * 100:.2f}".rstrip("0").rstrip(".") + " points"
    text = compact(value) if abs(value) >= 0.1 or value == 0 else f"{value:.3g}"
    return f"{text} {currency}" if unit == "money" and currency else text


def between(interval: Interval, unit: str, currency: str) -> str:
    """An interval in the metric's unit."""
    if np.isnan(interval.low) or np.isnan(interval.high):
        return "no interval"
    return f"{moved(interval.low, unit, currency)} to {moved(interval.high, unit, currency)}"


def moved(value: float, unit: str, currency: str) -> str:
    """A change in the metric's unit, with its sign.

    Example:
        >>> moved(1234.5, "money", "USD"), moved(-0.031, "share", ""), moved(0.0, "count", "")
        ('+1,234 USD', '-3.1 points', '0')
    """
    if np.isinf(value):
        return "no limit"
    text = amount(abs(value), unit, currency)
    return text if value == 0 else ("-" if value < 0 else "+") + text


def change(share: float) -> str:
    """A relative change.

    Example:
        >>> change(0.1234), change(float("nan"))
        ('+12.3 %', 'unknown')
    """
    return "unknown" if np.isnan(share) else "no limit" if np.isinf(share) else signed(percent(share, 1))


def shares_between(interval: Interval) -> str:
    """An interval of relative changes."""
    if np.isnan(interval.low) or np.isnan(interval.high):
        return "no interval"
    return f"{change(interval.low)} to {change(interval.high)}"


def lifts_between(low: float, high: float) -> str:
    """From which to which lift the smallest effect may lie; empty without one.

    Example:
        >>> lifts_between(0.41, 0.47), lifts_between(1.2, float("nan")), lifts_between(float("nan"), float("nan"))
        ('+41 % to +47 %', '+120 % or more', '')
    """
    if np.isnan(low):
        return ""
    return f"{change(low)} or more" if np.isnan(high) else f"{change(low)} to {change(high)}"


def reconciled(answer: Answer, currency: str, hanging: Whales | None, each: str = "per partner and month") -> list[str]:
    """What amount, percentage and typical partner say, and why they may differ."""
    found = answer.found
    if found is None:
        return [answer.reason]
    lines = [f"The arm has {moved(found.effect, answer.unit, currency)} {each} "
             f"({between(found.interval, answer.unit, currency)}) against {amount(found.control, answer.unit, currency)} in the "
             "control."]  # fmt: skip
    if np.isfinite(found.relative) and answer.unit != "share":
        lines.append(f"As a share of what its partners would have had: {change(found.relative)} "
                     f"({shares_between(found.relative_interval)}).")  # fmt: skip
    lines += _typical(found, answer.unit)
    if hanging is not None and hanging.tops:
        _, share, without = hanging.tops[0]
        said = change(without) if hanging.logs else moved(without, answer.unit, currency)
        lines.append(f"Without the one partner that carries it most the effect is {said} ({percent(share, 0)} of it gone); the "
                     f"largest partner has {percent(hanging.largest_share, 0)} of the arm's outcome.")  # fmt: skip
    return lines


def _typical(found: Estimate, unit: str) -> list[str]:
    if not np.isfinite(found.typical) or unit == "share":
        return []
    if found.estimator == "log_ancova":
        crude = found.treated / found.control - 1 if found.control else float("nan")
        return [f"That percentage is of the typical partner (each counts the same). The crude means differ by {change(crude)}, "
                "which large partners decide; the amount above is the percentage applied to the arm's own outcome."]  # fmt: skip
    if np.isfinite(found.relative) and abs(found.typical - found.relative) > 0.05:
        return [f"The typical partner (geometric mean, unadjusted) differs by {change(found.typical)}: large partners and typical "
                "ones do not tell the same."]  # fmt: skip
    return []
