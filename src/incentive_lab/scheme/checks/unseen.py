"""Measures of which a history holds nothing, and what therefore pays nothing or cannot be reached."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from incentive_lab.errors import nearest
from incentive_lab.scheme.checks.context import Context, Findings, doubtful
from incentive_lab.scheme.checks.measuring import used
from incentive_lab.scheme.measures import TENURE, Measure
from incentive_lab.scheme.walk import Segments

SHOWN = 12
"""Names of a history that are listed before the rest is left out."""
_ITEMS = {"rules": "the rule", "gates": "the gate", "caps": "the cap", "targets": "the target", "tiers": "the tier"}
_NOT_SAID = ("returned_on", "returned_amount")
NOBODY_JOINED = "partner with a joined_on"
"""What a history lacks that tells of nobody when it joined."""


@dataclass(frozen=True)
class Lack:
    """What of a leaf measure a history does not have.

    Attributes:
        words: It as the end of 'This history has no ...'.
        asked: Names that were asked for and are not there.
        known: Names that are there.
        whole: Whether nothing of the measure is there, rather than one of several kinds.
        place: Where a scheme's own measure says so, below the measure.
    """

    words: str
    asked: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    whole: bool = True
    place: Segments = ()


def unseen(context: Context) -> Findings:
    """One note for each measure of which the history has nothing: what hangs on it, and what the history has instead."""
    places: dict[str, list[tuple[Segments, str]]] = {}
    for segments, name, _ in used(context):
        if segments[0] != "measures":
            for leaf in _dead(context, name, ()):
                places.setdefault(leaf, []).append((segments, name))
    for name in dict.fromkeys((*context.scheme.measures, *places)):
        lack = _lack(context, context.measures[name])
        if lack is not None:
            own = name in context.scheme.measures
            here = ("measures", name, *lack.place) if own else places[name][0][0]
            told = _consequences(context, [segments for segments, _ in places.get(name, ())])
            message = f"This history has no {lack.words}" + (f": {told}." if told else ".")
            yield doubtful(here, message, _instead(name, lack, own))


def _dead(context: Context, name: str, way: tuple[str, ...]) -> tuple[str, ...]:
    """The leaves whose lack leaves nothing of a measure; none where something is left, or the name leads nowhere."""
    measure = context.measures.get(name)
    if measure is None or name in way:
        return ()
    if measure.leaf:
        lack = _lack(context, measure)
        return (name,) if lack is not None and lack.whole else ()
    parts = [_dead(context, part, (*way, name)) for part in measure.ratio or measure.plus]
    return tuple(leaf for part in parts for leaf in part) if measure.ratio or all(parts) else ()


def _lack(context: Context, measure: Measure) -> Lack | None:
    """What a history does not have of a measure; None where it has it, or was not asked."""
    names = context.names
    if measure.level is not None:
        score = measure.level.partition(".")[2]
        if names.scores is None or score in names.scores:
            return None
        return Lack(f"scores named '{score}'", (score,), tuple(names.scores))
    if measure.table == "activities":
        return _kinds(names.kinds, measure)
    if measure.event in ("joined", "anniversary", TENURE):
        return Lack(NOBODY_JOINED) if context.undated else None
    return _deals(names.filled, measure) if measure.table == "deals" else None


def _kinds(kinds: Collection[str] | None, measure: Measure) -> Lack | None:
    if kinds is None:
        return None
    test = measure.where.get("kind")
    asked = [] if test is None else [one for one in (test.is_, *(test.in_ or ())) if isinstance(one, str)]
    avoided = [] if test is None else [one for one in test.not_ or () if isinstance(one, str)]
    missing = tuple(dict.fromkeys(one for one in (*asked, *avoided) if one not in kinds))
    if not kinds and not asked:
        return Lack("activities")
    if not missing:
        return None
    quoted = " or ".join(f"'{one}'" for one in missing)
    whole = not kinds or (bool(asked) and not any(one in kinds for one in asked))
    return Lack(f"activities of kind {quoted}", missing, tuple(kinds), whole, ("where", "kind"))


def _deals(filled: Mapping[str, Collection[str]] | None, measure: Measure) -> Lack | None:
    """A date or an amount that no deal has; that nothing came back is told by nobody, and cost has a note of its own."""
    has = (filled or {}).get("deals")
    if has is None:
        return None
    named = [name.partition(".")[2] for name in (measure.of.columns() if measure.of else ())]
    wanted = (measure.date, *(one for one in named if one == "recurring_amount"))
    missing = next((one for one in wanted if one and one not in has and one not in _NOT_SAID), None)
    return None if missing is None else Lack(f"deal with a {missing}")


def _consequences(context: Context, places: list[Segments]) -> str:
    """What pays nothing, what cannot be reached, and what is decided without it."""
    nothing, barred, without = [], [], []
    for place in places:
        item = f"{_ITEMS.get(place[0], place[0].rstrip('s'))} {place[1] if len(place) > 1 else ''}".strip()
        if place[0] == "rules" and place[2] == "on" and context.rules[place[1]].award is None:
            nothing.append(item)
        elif place[:2] == ("tiers", "levels") and place[3] == "needs" and _above_nothing(context, place):
            barred.append(place[2])
        else:
            without.append(f"the tier {place[2]}" if place[:2] == ("tiers", "levels") else item)
    said = (
        _sentence(barred, "cannot be reached", "cannot be reached"),
        _sentence(nothing, "pays nothing", "pay nothing"),
        _sentence(without, "has nothing to go by", "have nothing to go by"),
    )
    return "; ".join(filter(None, said))


def _above_nothing(context: Context, place: Segments) -> bool:
    """Whether a tier asks for more than what a partner without any of it has."""
    levels = context.scheme.tiers.levels if context.scheme.tiers else ()
    need = next(level.needs[place[4]] for level in levels if level.name == place[2])
    return need > 0 or not context.adds_up(place[4])


def _sentence(items: list[str], one: str, several: str) -> str:
    named = list(dict.fromkeys(items))
    if len(named) < 2:
        return f"{named[0]} {one}" if named else ""
    return f"{', '.join(named[:-1])} and {named[-1]} {several}"


def _instead(name: str, lack: Lack, own: bool) -> str:
    """The names that the history has, the nearest of them, and what to do."""
    if not lack.asked or not lack.known:
        return ""
    known = sorted(lack.known)
    listed = f"It has {', '.join(known[:SHOWN])}{' ...' if len(known) > SHOWN else ''}."
    close = next((found for one in lack.asked if (found := _closest(one, known))), None)
    if close is None:
        return listed
    way = (
        "" if own else f" Map it to {lack.asked[0]} (docs/mapping.md, values), or define {name} with it under measures."
    )
    return f"{listed} Did you mean {close}?{way}"


def _closest(name: str, known: list[str]) -> str | None:
    """The known name nearest to one, whatever the case and what stands between words; else one that shares a word."""
    plain = {_words(one): one for one in known}
    close = nearest(_words(name), plain)
    if close is not None:
        return plain[close]
    words = set(_words(name).split())
    shared = max(plain, key=lambda one: len(words & set(one.split())), default="")
    return plain[shared] if words & set(shared.split()) else None


def _words(name: str) -> str:
    return " ".join(name.casefold().replace("_", " ").replace("-", " ").split())
