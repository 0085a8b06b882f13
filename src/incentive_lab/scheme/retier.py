"""Tiers as a whole: added, removed, renamed, put in another order, with everything that names them following."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from incentive_lab.errors import InputError, Problem
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.naming import join, split
from incentive_lab.scheme.reading import Source
from incentive_lab.scheme.sentences import validated
from incentive_lab.scheme.tree import tree


@dataclass(frozen=True)
class Tier:
    """A tier as somebody wants it.

    Attributes:
        name: Its name from now on.
        was: The tier it has been so far; None for a new one.
        needs: Measure -> what it must reach.
    """

    name: str
    was: str | None = None
    needs: Mapping[str, Decimal] = field(default_factory=dict)


def retiered(scheme: Scheme, tiers: Sequence[Tier]) -> Scheme:
    """The scheme with these tiers, lowest first; rates by tier and lists of tiers follow.

    A new tier is paid at the rates of the tier below it (of the one above, where it is the lowest) until it is given
    its own. Whatever names a tier that goes is taken out with it.

    Args:
        scheme: The scheme; it may have no tiers yet.
        tiers: All tiers it should have.

    Raises:
        InputError: A name is missing or there twice, or the scheme would not be allowed; every problem at once.

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> text = '''{scheme: a, currency: USD, effective: {from: 2024-01-01}, tiers: {levels: [{name: low}, {name: top}]},
        ...     rules: [{id: c, on: lead, rate: {by_tier: {low: 10, top: 20}}}]}'''
        >>> changed = retiered(loads(text), [Tier("base", "low"), Tier("mid"), Tier("top", "top")])
        >>> {name: str(rate.plain) for name, rate in changed.rules[0].rate.by_tier.items()}
        {'base': '10', 'mid': '10', 'top': '20'}
    """
    problems = _name_problems(tiers)
    if problems:
        raise InputError(problems)
    data = tree(scheme)
    data.setdefault("tiers", {})
    old = {level["name"]: level for level in data["tiers"].get("levels", [])}
    data["tiers"]["levels"] = [_level(one, old) for one in tiers]
    names = _Names({one.was: one.name for one in tiers if one.was}, tuple(one.name for one in tiers), problems)
    names.follow(data, ())
    if problems:
        raise InputError(problems)
    return validated(Source(data), Scheme, scheme.id)


def _name_problems(tiers: Sequence[Tier]) -> list[Problem]:
    names = [one.name for one in tiers]
    problems = []
    if not names:
        problems.append(
            Problem("tiers.levels", "a scheme with tiers has at least one.", "Keep one, or remove `tiers`.")
        )
    if not all(names):
        problems.append(Problem("tiers.levels", "a tier has no name.", "Give it one, such as gold."))
    twice = sorted({name for name in names if name and names.count(name) > 1})
    problems += [Problem(join(("tiers", "levels", name)), "two tiers have this name.", "Name one otherwise.")
                 for name in twice]  # fmt: skip
    return problems


def _level(one: Tier, old: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    kept = dict(old.get(one.was or "", {}))
    return {**kept, "name": one.name, "needs": dict(one.needs)}


@dataclass
class _Names:
    """What names a tier, anywhere in a plain document, brought up to the new names."""

    now: Mapping[str, str]
    order: tuple[str, ...]
    problems: list[Problem]

    def follow(self, node: Any, here: tuple[str, ...]) -> None:
        """Change a plain document in place."""
        if isinstance(node, list):
            for item in node:
                self.follow(item, (*here, str(item.get("id", ""))) if isinstance(item, dict) else here)
        if not isinstance(node, dict):
            return
        for key, value in node.items():
            if key == "by_tier" and isinstance(value, dict):
                node[key] = self._rates(value, "otherwise" in node)
            elif key == "tiers" and isinstance(value, list):
                node[key] = self._listed(value, (*here, key))
            elif key == "change" and isinstance(value, dict):
                node[key] = dict(kept for kept in map(self._changed, value.items()) if kept is not None)
        for key, value in node.items():
            self.follow(value, (*here, key))

    def _rates(self, rates: Mapping[str, Any], otherwise: bool) -> dict[str, Any]:
        """Rates by tier in the new order, a new tier at the rate of its neighbour."""
        known = {self.now[name]: rate for name, rate in rates.items() if name in self.now}
        if otherwise or not known:
            return known
        given = [name for name in self.order if name in known]
        found, below = {}, known[given[0]]
        for name in self.order:
            below = known.get(name, below)
            found[name] = below
        return found

    def _listed(self, names: list[str], here: tuple[str, ...]) -> list[str]:
        kept = [self.now[name] for name in names if name in self.now]
        if names and not kept:
            self.problems.append(
                Problem(
                    join(tuple(part for part in here if part)),
                    "it names only tiers that would be removed.",
                    "Change it first, or keep one of these tiers.",
                )
            )
        return kept

    def _changed(self, item: tuple[str, Any]) -> tuple[str, Any] | None:
        """A variant's change under the tier's new name; None where the tier is gone."""
        path, value = item
        parts = list(split(path))
        for place, part in enumerate(parts):
            if place and parts[place - 1] in ("levels", "by_tier"):
                if part not in self.now:
                    return None
                parts[place] = self.now[part]
        return join(parts), value
