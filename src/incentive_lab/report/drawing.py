"""Charts of a document as SVG: drawn from numbers, without a browser, the same numbers giving the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from math import ceil, floor, log10

from incentive_lab.format import compact

BEFORE, AFTER, LOSS, BAND, INK, FAINT, GRID = (
    "#8a94a6", "#1552c4", "#b54708", "#c9d8f5", "#0b1020", "#43506a", "#e3e8f0",
)  # fmt: skip
WIDE, LEFT, RIGHT, TOP, BOTTOM = 720, 64, 16, 30, 26
FONT = 12


def _ticks(low: float, high: float) -> list[float]:
    """About five round numbers that span a range.

    Example:
        >>> _ticks(0, 93)
        [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]
    """
    span = max(high - low, 1e-9)
    step = 10.0 ** floor(log10(span / 4))
    step *= next(factor for factor in (1, 2, 5, 10) if span / (step * factor) <= 5)
    first, last = floor(low / step), -floor(-high / step)
    return [step * place for place in range(int(first), int(last) + 1)]


def _text(x: float, y: float, said: str, anchor: str = "start", colour: str = FAINT) -> str:
    shown = escape("".join(one for one in said if one.isprintable()))  # XML has no way to write the others.
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{shown}</text>'


def _framed(height: int, parts: Sequence[str], title: str) -> str:
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {height}" width="{WIDE}" height="{height}" '
            f'font-family="Libertinus Serif" font-size="{FONT}"><title>{escape(title)}</title>{"".join(parts)}</svg>')  # fmt: skip


def _axis(low: float, high: float, height: int) -> tuple[Callable[[float], float], list[str]]:
    """The place of a value, and the lines and numbers of the axis."""
    ticks = _ticks(min(0.0, low), max(0.0, high))
    bottom, span = height - BOTTOM, ticks[-1] - ticks[0]

    def place(value: float) -> float:
        return bottom - (value - ticks[0]) / span * (bottom - TOP)

    parts = []
    for tick in ticks:
        y, colour = place(tick), FAINT if tick == 0 else GRID
        parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDE - RIGHT}" stroke="{colour}" stroke-width="0.8"/>')
        parts.append(_text(LEFT - 6, y + 4, compact(tick), "end"))
    return place, parts


def _legend(items: Sequence[tuple[str, str]]) -> list[str]:
    parts, x = [], float(LEFT)
    for said, colour in items:
        parts.append(f'<rect x="{x:.1f}" y="4" width="11" height="11" fill="{colour}"/>')
        parts.append(_text(x + 16, 14, said, colour=INK))
        x += 34 + 6.6 * len(said)
    return parts


def paired_bars(rows: Sequence[tuple[str, float, float]], names: tuple[str, str], title: str, height: int = 230) -> str:
    """Two bars side by side for each row: before and after.

    Example:
        >>> paired_bars([("Q1", 2.0, 3.0)], ("Today", "Proposed"), "Cost").count("<rect")
        4
    """
    values = [value for _, *both in rows for value in both]
    place, parts = _axis(min(values, default=0), max(values, default=1) or 1, height)
    parts += _legend(((names[0], BEFORE), (names[1], AFTER)))
    wide = (WIDE - LEFT - RIGHT) / max(1, len(rows))
    longest = 0.55 * FONT * max((len(label) for label, *_ in rows), default=0)
    bar, every = min(26.0, wide * 0.38), max(1, round(len(rows) / 12), ceil(longest / wide))
    for number, (label, before, after) in enumerate(rows):
        middle = LEFT + wide * (number + 0.5)
        for x, value, colour in ((middle - bar, before, BEFORE), (middle, after, AFTER)):
            top, low = sorted((place(value), place(0)))
            parts.append(
                f'<rect x="{x:.1f}" y="{top:.1f}" width="{bar:.1f}" height="{max(0.4, low - top):.1f}" fill="{colour}"/>'
            )
        if number % every == 0:
            parts.append(_text(middle, height - 8, label, "middle"))
    return _framed(height, parts, title)


def level_bars(rows: Sequence[tuple[str, float, float]], names: tuple[str, str], title: str) -> str:
    """Two bars one under the other for each row, its name to the left: for lines of a scheme."""
    left, each = 190, 30
    height = TOP + each * len(rows) + 8
    values = [value for _, *both in rows for value in both]
    low, high = min(0.0, *values), max(1e-9, *values)
    right = WIDE - 110

    def place(value: float) -> float:
        return left + (value - low) / (high - low) * (right - left)

    parts = _legend(((names[0], BEFORE), (names[1], AFTER)))
    parts.append(f'<path d="M{place(0):.1f} {TOP}V{height - 6}" stroke="{FAINT}" stroke-width="0.8"/>')
    for number, (label, before, after) in enumerate(rows):
        y = TOP + each * number + 4
        parts.append(_text(left - 8 if low == 0 else 182, y + 14, label[:30], "end", INK))
        for offset, value, colour in ((0, before, BEFORE), (11, after, AFTER)):
            start, end = sorted((place(value), place(0)))
            parts.append(
                f'<rect x="{start:.1f}" y="{y + offset}" width="{max(0.4, end - start):.1f}" height="10" fill="{colour}"/>'
            )
        said = f"{compact(before)} to {compact(after)}" if before else compact(after)
        parts.append(_text(max(place(after), place(before), place(0)) + 6, y + 15, said, colour=INK))
    return _framed(height, parts, title)


def fan(
    labels: Sequence[str], low: Sequence[float], middle: Sequence[float], high: Sequence[float], budget: float | None,
    title: str, height: int = 230,
) -> str:  # fmt: skip
    """A band over time with its mean, and the budget as a line."""
    place, parts = _axis(min((*low, 0.0)), max((*high, budget or 0.0)), height)
    step = (WIDE - LEFT - RIGHT) / max(1, len(labels) - 1)
    xs = [LEFT + step * number for number in range(len(labels))]

    def path(values: Sequence[float]) -> str:
        return " ".join(f"{x:.1f},{place(value):.1f}" for x, value in zip(xs, values, strict=True))

    back = " ".join(reversed(path(low).split(" ")))
    parts.append(f'<polygon points="{path(high)} {back}" fill="{BAND}"/>')
    parts.append(f'<polyline points="{path(middle)}" fill="none" stroke="{AFTER}" stroke-width="2"/>')
    items = [("Mean", AFTER), ("Four futures of five", BAND)]
    if budget is not None:
        items.append(("Budget", LOSS))
        y = place(budget)
        parts.append(
            f'<path d="M{LEFT} {y:.1f}H{WIDE - RIGHT}" stroke="{LOSS}" stroke-width="1.5" stroke-dasharray="6 4"/>'
        )
    every = max(1, round(len(labels) / 8))
    for number, (x, label) in enumerate(zip(xs, labels, strict=True)):
        if number % every == 0:
            last = number + every > len(labels) - 1
            parts.append(_text(x, height - 8, label, "end" if last and number == len(labels) - 1 else "middle"))
    return _framed(height, [*parts, *_legend(items)], title)


def changes(values: Sequence[float], title: str, height: int = 180) -> str:
    """What each partner gains or loses, the largest gain first: one thin bar each."""
    ordered = sorted(values, reverse=True)
    place, parts = _axis(min(ordered, default=0.0), max(ordered, default=0.0) or 1.0, height)
    parts += _legend((("Gains", AFTER), ("Loses", LOSS)))
    wide = (WIDE - LEFT - RIGHT) / max(1, len(ordered))
    for number, value in enumerate(ordered):
        top, low = sorted((place(value), place(0)))
        colour = AFTER if value > 0 else LOSS
        if low - top > 0.05:
            parts.append(f'<rect x="{LEFT + wide * number:.2f}" y="{top:.1f}" width="{max(wide, 0.5):.2f}" '
                         f'height="{low - top:.1f}" fill="{colour}"/>')  # fmt: skip
    parts.append(_text(LEFT, height - 8, "gains most"))
    parts.append(_text(WIDE - RIGHT, height - 8, "loses most", "end"))
    return _framed(height, parts, title)
