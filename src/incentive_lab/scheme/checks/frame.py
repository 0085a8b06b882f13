"""What stands around the rules: dates, currency, tiers, mix, caps, guarantees, targets."""

from __future__ import annotations

import datetime
from contextlib import suppress
from zoneinfo import ZoneInfo

from incentive_lab.money import smallest_amount
from incentive_lab.scheme.checks.context import PERIOD_MONTHS, Context, Findings, doubtful, wrong
from incentive_lab.scheme.checks.rules import since_joining, trued_up
from incentive_lab.scheme.document import Cap, Scheme
from incentive_lab.scheme.lookup import measure_named, unit_of
from incentive_lab.scheme.rules import During, Who
from incentive_lab.scheme.tiers import Level, Tiers
from incentive_lab.scheme.walk import Segments
from incentive_lab.scheme.words import written

# ISO 4217, the currencies in use.
_CODES = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF "
    "CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL "
    "HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD "
    "MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG "
    "QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD "
    "TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG"
)
CURRENCIES = frozenset(_CODES.split())


def _is_date(text: str) -> bool:
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def settings(context: Context) -> Findings:
    """Currency, time zone, dates and amounts of the whole scheme."""
    scheme = context.scheme
    if scheme.currency not in CURRENCIES:
        yield wrong(
            ("currency",), f"'{scheme.currency}' is not an ISO 4217 currency.", "Use a code such as USD or EUR."
        )
    try:
        ZoneInfo(scheme.time_zone)
    except (ValueError, OSError, KeyError):
        message = f"There is no time zone '{scheme.time_zone}'."
        yield wrong(("time_zone",), message, "Use a name such as Europe/Berlin or UTC.")
    if not _is_date(scheme.effective.from_):
        yield wrong(("effective", "from"), f"There is no date {scheme.effective.from_}.")
    smallest = smallest_amount(scheme.currency)
    if scheme.currency in CURRENCIES and scheme.rounding.to is not None and scheme.rounding.to % smallest:
        message = f"Amounts in {scheme.currency} are whole multiples of {smallest}; found {scheme.rounding.to}."
        yield wrong(("rounding", "to"), message, f"Use {smallest}, or a multiple of it.")
    if scheme.budget is not None and scheme.budget.amount <= 0:
        yield wrong(("budget", "amount"), "A budget is more than 0.", "Leave budget out if there is none.")
    yield from _pools(context)
    if scheme.splits.at_most < 1:
        yield wrong(("splits", "at_most"), "The shares of a deal add up to 100% at least.")


def partners(context: Context) -> Findings:
    """Dates of partners exist and leave somebody over."""
    for node in context.nodes:
        if not isinstance(node.part, Who):
            continue
        before, after = node.part.joined_before, node.part.joined_from
        for key, text in (("joined_before", before), ("joined_from", after)):
            if text is not None and not _is_date(text):
                yield wrong((*node.segments, key), f"There is no date {text}.")
        if before and after and after >= before:
            yield wrong(node.segments, f"Nobody joined both from {after} on and before {before}.")


def runs(context: Context) -> Findings:
    """A rule that runs only in some months runs inside the scheme."""
    scheme = context.scheme
    if not _is_date(scheme.effective.from_):
        return
    first = _month(scheme.effective.from_[:7]) or 0
    last = first + scheme.effective.months - 1
    for node in context.nodes:
        if isinstance(node.part, During):
            begin, end = _month(node.part.from_), _month(node.part.to)
            if begin is None or end is None:
                text = node.part.from_ if begin is None else node.part.to
                yield wrong(node.segments, f"There is no month {text}.")
            elif begin > end:
                yield wrong(node.segments, f"It ends in {node.part.to}, before it begins in {node.part.from_}.")
            elif begin < first or end > last:
                window = f"{scheme.effective.from_[:7]} to {_label(last)}"
                yield wrong(node.segments, f"It runs outside the scheme, which is in force from {window}.")


def _month(text: str) -> int | None:
    year, month = int(text[:4]), int(text[5:7])
    return year * 12 + month - 1 if 1 <= month <= 12 and year > 0 else None


def _label(index: int) -> str:
    return f"{index // 12:04d}-{index % 12 + 1:02d}"


def tiers(context: Context) -> Findings:
    """Tiers that can be reached, in rising order."""
    ladder = context.scheme.tiers
    if ladder is None:
        return
    here = ("tiers", "levels")
    if _asks(ladder.levels[0]):
        message = "The lowest tier is where everybody starts, so its conditions change nothing."
        yield doubtful((*here, ladder.levels[0].name), message, "Add a tier without conditions below it.")
    for level in ladder.levels:
        if level.points is not None and not ladder.points:
            message = "It asks for points, but nothing earns points."
            yield wrong(
                (*here, level.name, "points"), message, "Add tiers.points, such as points: {certification: 10}."
            )
    for level in ladder.levels:
        yield from _below_nothing(context, level)
    for place, upper in enumerate(ladder.levels[1:], start=1):
        yield from _rises((*here, upper.name), ladder.levels[:place], upper)
    if ladder.points and all(level.points is None for level in ladder.levels):
        yield doubtful(("tiers", "points"), "Points are earned, but no tier asks for them.")
    yield from _windows(context, ladder)
    if ladder.review == "year" and ladder.looks_at.months and ladder.looks_at.months < PERIOD_MONTHS[ladder.review]:
        message = f"A review each year looks at {ladder.looks_at.months} months only."
        yield doubtful(("tiers", "looks_at"), message)


def _windows(context: Context, ladder: Tiers) -> Findings:
    """A window of its own is for a measure that some tier needs and that is counted over months."""
    needed = {name for level in ladder.levels for needs in (level.needs, *level.any_of) for name in needs}
    for name in ladder.windows:
        here = ("tiers", "windows", name)
        if name in context.measures and context.measures[name].is_level:
            message = f"'{name}' is looked at as it stands at the review, over no window."
            yield wrong(here, message, "Leave it out.")
        elif name not in needed:
            message = f"No tier needs '{name}', so its window changes nothing."
            fix = "Points are counted over looks_at." if name in ladder.points else ""
            yield doubtful(here, message, fix)


def _asks(level: Level) -> bool:
    return bool(level.needs or level.any_of or level.points is not None)


def _below_nothing(context: Context, level: Level) -> Findings:
    """A threshold below 0 on something that adds up: who has none of it is above. Scores and growth may be negative."""
    for name, amount in level.needs.items():
        with suppress(KeyError):
            measure = measure_named(name, context.scheme.measures)
            if amount < 0 and measure.leaf and not measure.is_level:
                message = f"It needs {written(amount)} of {name}, which a partner with none of it reaches too."
                yield doubtful(("tiers", "levels", level.name, "needs", name), message, "Use a number above 0.")


def _rises(here: Segments, below: tuple[Level, ...], upper: Level) -> Findings:
    """A level that asks for less than the nearest one below it that asks for the same thing."""
    lower = below[-1]
    if not _asks(upper):
        yield doubtful(here, f"It asks for nothing, so nobody stays in '{lower.name}'.", "Give it conditions.")
    elif (upper.needs, upper.any_of, upper.points) == (lower.needs, lower.any_of, lower.points):
        yield doubtful(here, f"It asks for the same as '{lower.name}', which nobody stays in.")
    for name, amount in upper.needs.items():
        asked, by = next(((one.needs[name], one.name) for one in reversed(below) if name in one.needs), (amount, ""))
        if amount < asked:
            message = f"It needs {written(amount)} of {name}, less than '{by}' with {written(asked)}."
            yield doubtful((*here, "needs", name), message)
    if upper.points is not None:
        points, by = next(((one.points, one.name) for one in reversed(below) if one.points is not None), (None, ""))
        if points is not None and upper.points < points:
            message = f"It asks for {written(upper.points)} points, less than '{by}' with {written(points)}."
            yield doubtful((*here, "points"), message)


def money(context: Context) -> Findings:
    """Caps, guarantees, the mix and targets say what they need to."""
    yield from _caps(context.scheme)
    yield from _guarantees(context.scheme)
    yield from _mix(context.scheme)
    for place, target in enumerate(context.scheme.targets):
        months = PERIOD_MONTHS[target.per]
        if target.weights and (len(target.weights) != months or not sum(target.weights)):
            names = [one.measure for one in context.scheme.targets[: place + 1]]
            name = (
                target.measure
                if names.count(target.measure) == 1
                else f"{target.measure}#{names.count(target.measure)}"
            )
            found = "all are 0" if len(target.weights) == months else f"there are {len(target.weights)}"
            message = f"A target per {target.per} has {months} weights, one for each month, not all 0; {found}."
            fix = (
                "Write a quarter's weight three times, once for each of its months." if len(target.weights) == 4 else ""
            )
            yield wrong(("targets", name, "weights"), message, fix)


def _caps(scheme: Scheme) -> Findings:
    for cap in scheme.caps:
        here = ("caps", cap.id)
        if (cap.amount is None) == (cap.share is None):
            yield wrong(here, "A cap is exactly one of: amount, or share with of.", "Write one of them.")
        if (cap.share is None) != (cap.of is None):
            yield wrong(here, "A share goes with `of`, the measure that it is a share of.", "Write both or neither.")
        if (cap.excess == "spilled") != (cap.to is not None):
            yield wrong(here, "`excess: spilled` goes with `to`, the rule whose fund receives it.")
        yield from _idle(here, cap)
        yield from since_joining(here, cap)
        if cap.excess == "trued_up":
            yield from trued_up(here, cap.per)


def _idle(here: Segments, cap: Cap) -> Findings:
    if cap.carry_over_year and cap.excess != "carried":
        yield doubtful((*here, "carry_over_year"), f"Nothing is carried when excess is {cap.excess}.")


def _pools(context: Context) -> Findings:
    for pool in context.scheme.pools:
        here = ("pools", pool.id)
        if (pool.amount is None) == (pool.share is None):
            yield wrong(here, "A pool is exactly one of: amount, or share with of.", "Write one of them.")
        if (pool.share is None) != (pool.of is None):
            yield wrong(here, "A share goes with `of`, the measure that it is a share of.", "Write both or neither.")
        for key, size in (("amount", pool.amount), ("share", pool.share)):
            if size is not None and size <= 0:
                yield wrong((*here, key), "A pool of 0 pays nothing to anybody.")
        if pool.of is not None and pool.of in context.measures and unit_of(pool.of, context.scheme.measures) != "money":
            yield wrong((*here, "of"), f"A pool is money, and '{pool.of}' is not.", "Name an amount, such as revenue.")
        if pool.divides == "equally" and pool.pays != "whole":
            message = "A pool that is divided equally is paid out whole, whatever the claims are."
            yield wrong((*here, "pays"), message, "Write pays: whole.")
        if pool.within == "group" and (context.scheme.group is None or context.scheme.group.pays == "parent"):
            message = "There are no members of a group that each are paid."
            yield wrong(
                (*here, "within"), message, "Add group: {by: parent_id, pays: member}, or write another category."
            )


def _guarantees(scheme: Scheme) -> Findings:
    for one in scheme.guarantees:
        here = ("guarantees", one.id)
        if (one.against is None) == (one.amount is None):
            yield wrong(here, "A guarantee is exactly one of: against: baseline, or an amount.", "Write one of them.")
        if one.against == "baseline" and scheme.baseline is None:
            fix = "Add baseline: and the id of the scheme that is replaced."
            yield wrong(here, "It is measured against a baseline, and the scheme names none.", fix)


def _mix(scheme: Scheme) -> Findings:
    if scheme.mix is None:
        return
    groups = {rule.group for rule in scheme.rules}
    for group, share in (("behavioural", scheme.mix.behavioural), ("transactional", 1 - scheme.mix.behavioural)):
        if group not in groups and share > 0:
            message = f"{written(share, 'share')} of the payout should be {group}, and no rule is."
            yield doubtful(("mix", "behavioural"), message, f"Write group: {group} in the rules that are.")
    if scheme.mix.factors is None:
        yield doubtful(
            ("mix",), "The mix is planned only: its factors are not solved yet, so rates are paid as written."
        )


def baseline_fits(scheme: Scheme, baseline: Scheme | None) -> Findings:
    """The baseline is the one the scheme names, in the same currency."""
    if baseline is None:
        return
    if scheme.baseline is not None and baseline.id != scheme.baseline:
        message = f"The scheme is to be compared with '{scheme.baseline}', and '{baseline.id}' was given."
        yield doubtful(("baseline",), message)
    if baseline.currency != scheme.currency:
        message = f"The baseline pays {baseline.currency} and the scheme {scheme.currency}; they cannot be compared."
        yield wrong(("currency",), message)
