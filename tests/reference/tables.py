"""Step 5: what a table pays, on bands whose borders, rates and lumps are already numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from incentive_lab.scheme.rates import Table
from tests.reference.numbers import ENDLESS, ZERO
from tests.reference.world import Undefined

Keep = Callable[[Fraction], Fraction]


@dataclass(frozen=True)
class Band:
    """One step: where it begins and ends, and what it pays."""

    start: Fraction
    end: Fraction | None
    rate: Fraction
    rate_to: Fraction | None
    lump: Fraction
    retroactive: bool


@dataclass(frozen=True)
class Bands:
    """A table ready to be read."""

    table: Table
    bands: tuple[Band, ...]

    def is_reached(self, band: Band, driver: Fraction) -> bool:
        """At or above its border, or strictly above it."""
        return driver > band.start if self.table.border == "above" else driver >= band.start

    def highest(self, driver: Fraction) -> int | None:
        """Place of the highest reached step."""
        places = [place for place, band in enumerate(self.bands) if self.is_reached(band, driver)]
        return places[-1] if places else None

    def is_beyond(self, driver: Fraction) -> bool:
        """Above the last step's end in a table that then pays nothing."""
        end = self.bands[-1].end
        return self.table.beyond == "nothing" and end is not None and driver > end

    def lower(self, place: int) -> Fraction:
        """Where a slice begins: at the step's border, or at the end of the step before."""
        if self.table.slices == "from_start":
            return self.bands[place].start
        if place == 0:
            return ZERO
        end = self.bands[place - 1].end
        return self.bands[place].start if end is None else end

    def upper(self, place: int) -> Fraction | None:
        """Where a slice ends; None when it never does."""
        end = self.bands[place].end
        if place == len(self.bands) - 1:
            return end if self.table.beyond == "capped" else None
        return self.lower(place + 1) if end is None else end

    def counted(self, driver: Fraction) -> Fraction:
        """The driver up to the end of a capped table."""
        end = self.bands[-1].end
        return min(driver, end) if self.table.beyond == "capped" and end is not None else driver

    def lumps(self, driver: Fraction) -> Fraction:
        """Lump of the highest reached step, or of every reached step."""
        if self.is_beyond(driver):
            return ZERO
        reached = [band.lump for band in self.bands if self.is_reached(band, driver)]
        if not reached:
            return ZERO
        return reached[-1] if self.table.lumps == "highest" else sum(reached, ZERO)


def no_grid(value: Fraction) -> Fraction:
    """Keeps a value as it is."""
    return value


def accumulated(bands: Bands, driver: Fraction) -> Fraction:
    """A(d): what the table pays on the driver itself, exactly.

    `each_in_full` with `capped` counts no more than the end of the table, like `whole` (chosen here).
    """
    if bands.is_beyond(driver):
        return ZERO
    mode = bands.table.applies
    if mode == "marginal":
        return marginal(bands, driver)
    reached = [place for place, band in enumerate(bands.bands) if bands.is_reached(band, driver)]
    if not reached:
        return ZERO
    if mode == "whole":
        return bands.bands[reached[-1]].rate * bands.counted(driver)
    if mode == "each_in_full":
        return sum((bands.bands[place].rate * bands.counted(driver) for place in reached), ZERO)
    if mode == "each_to_its_end":
        return sum((bands.bands[place].rate * up_to(driver, bands.upper(place)) for place in reached), ZERO)
    raise Undefined(f"A(d) of {mode}")


def marginal(bands: Bands, driver: Fraction) -> Fraction:
    """Each slice at its own rate; the highest reached retroactive step pays everything below it as well."""
    total = ZERO
    reached = [place for place, band in enumerate(bands.bands) if bands.is_reached(band, driver)]
    retroactive = max((place for place in reached if bands.bands[place].retroactive), default=None)
    for place in reached:
        if retroactive is not None and place < retroactive:
            continue
        length = up_to(driver, bands.upper(place))
        if place != retroactive:
            length = max(length - bands.lower(place), ZERO)
        total += bands.bands[place].rate * length
    return total


def up_to(driver: Fraction, end: Fraction | None) -> Fraction:
    """The driver, but no more than the end of the step."""
    return driver if end is None else min(driver, end)


def rate_reached(bands: Bands, driver: Fraction) -> Fraction:
    """The rate that a driver meets in modes that pay one rate on everything."""
    if bands.is_beyond(driver):
        return ZERO
    highest = bands.highest(driver)
    if bands.table.applies == "interpolated_rate":
        return interpolated_rate(bands, driver)
    if highest is None:
        return ZERO
    if bands.table.applies == "each_in_full":
        return sum((band.rate for band in bands.bands if bands.is_reached(band, driver)), ZERO)
    return bands.bands[highest].rate


def interpolated_rate(bands: Bands, driver: Fraction) -> Fraction:
    """The rate on the line between two points, exactly.

    The highest reached step (by the table's border) decides the segment, so at a border with two rates the declared
    side holds, and with `above` a driver exactly at the first border is below the first step (chosen here).
    """
    segments = [segment(bands, place) for place in range(len(bands.bands))]
    return on_line(bands, driver, segments, [band.rate for band in bands.bands])


def interpolated_amount(bands: Bands, driver: Fraction) -> Fraction:
    """The amount on the line between two lumps."""
    if bands.is_beyond(driver):
        return ZERO
    points = [(band.start, band.lump) for band in bands.bands]
    segments = [
        (*points[place], *points[place + 1]) if place + 1 < len(points) else None for place in range(len(points))
    ]
    return on_line(bands, driver, segments, [band.lump for band in bands.bands])


Segment = tuple[Fraction, Fraction, Fraction, Fraction]


def segment(bands: Bands, place: int) -> Segment | None:
    """The line of a step: to its own end where it has `rate_to`, else to the next step; None for a last point."""
    band = bands.bands[place]
    after = bands.bands[place + 1] if place + 1 < len(bands.bands) else None
    if band.rate_to is not None:
        end = band.end if band.end is not None else after.start if after else None
        if end is None or (after is not None and end != after.start):
            raise Undefined("rate_to without an end, or with a gap behind it")
        return band.start, band.rate, end, band.rate_to
    return (band.start, band.rate, after.start, after.rate) if after else None


def on_line(bands: Bands, driver: Fraction, segments: list[Segment | None], values: list[Fraction]) -> Fraction:
    """The value at the driver: 0 below the first step, the last value beyond the last point, or the lines go on."""
    highest = bands.highest(driver)
    lines = [line for line in segments if line is not None]
    if highest is None:
        return along(lines[0], driver) if bands.table.extrapolate and lines else ZERO
    line = segments[highest]
    if driver == ENDLESS:
        return (lines[-1][3] if bands.table.extrapolate and lines else values[highest]) if line is None else line[3]
    if line is not None and (driver <= line[2] or bands.table.extrapolate):
        return along(line, driver)
    if line is not None:
        return line[3]
    return along(lines[-1], driver) if bands.table.extrapolate and lines else values[highest]


def along(line: Segment, driver: Fraction) -> Fraction:
    """A point on the line through two points."""
    x0, y0, x1, y1 = line
    if x0 == x1:
        raise Undefined("a line whose ends meet")
    return y0 + (y1 - y0) * (driver - x0) / (x1 - x0)


@dataclass(frozen=True)
class Earned:
    """What a rate gives: the amount that came from rates, and fixed amounts."""

    by_rate: Fraction
    lumps: Fraction = ZERO


def at_once(bands: Bands, driver: Fraction, base: Fraction, is_same: bool, keep: Keep) -> Earned:
    """Step 5 for a driver that is complete in itself; `is_same` says the base is the driver.

    A(d) is brought to the grid of amounts as one amount, not slice by slice (chosen here).
    """
    mode = bands.table.applies
    if bands.is_beyond(driver):
        return Earned(ZERO)
    if mode == "interpolated_amount":
        return Earned(ZERO, keep(interpolated_amount(bands, driver)))
    lumps = bands.lumps(driver)
    if mode == "interpolated_rate":
        return Earned(keep(rate_reached(bands, driver) * base), lumps)
    if is_same:
        return Earned(keep(accumulated(bands, driver)), lumps)
    if mode in ("whole", "each_in_full") and bands.table.beyond != "capped":
        return Earned(keep(rate_reached(bands, driver) * base), lumps)
    return Earned(keep(blended(bands, driver) * base), lumps)


def blended(bands: Bands, driver: Fraction) -> Fraction:
    """The average rate on the driver, exactly; 0 for nothing, and for growth without end."""
    if driver == ENDLESS:
        return ZERO
    return accumulated(bands, driver) / driver if driver > 0 else ZERO


def of_movement(
    bands: Bands, before: Fraction, driver: Fraction, rate_at: Fraction, base: Fraction, is_same: bool, keep: Keep
) -> Earned:
    """Step 6 `period_only`, and an accumulated rule per deal: what the movement from `before` to `driver` earns.

    Args:
        bands: The table.
        before: The driver without the movement.
        driver: The driver with it.
        rate_at: The driver at which modes with one rate look it up.
        base: What is paid on.
        is_same: Whether the base is the movement of the driver.
        keep: The grid of amounts.
    """
    if bands.is_beyond(driver):
        return Earned(ZERO)
    if bands.table.applies == "interpolated_amount":
        return Earned(ZERO, keep(interpolated_amount(bands, driver)) - keep(interpolated_amount(bands, before)))
    lumps = bands.lumps(driver) - bands.lumps(before)
    if bands.table.applies not in ("marginal", "each_to_its_end"):
        return Earned(keep(rate_reached(bands, rate_at) * base), lumps)
    if is_same:
        return Earned(keep(accumulated(bands, driver) - accumulated(bands, before)), lumps)
    if ENDLESS in (driver, before):
        raise Undefined("a movement without end")
    if driver == before:
        highest = bands.highest(driver)
        rate = ZERO if highest is None else bands.bands[highest].rate
    else:
        rate = (accumulated(bands, driver) - accumulated(bands, before)) / (driver - before)
    return Earned(keep(rate * base), lumps)
