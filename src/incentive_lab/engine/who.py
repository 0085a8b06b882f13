"""Which partners a part of a scheme names."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from incentive_lab.panel import Panel, month_index
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.rules import Who


def who_mask(who: Who, panel: Panel) -> NDArray[np.bool_]:
    """Whether each partner is named; what changes by month (tiers, months since joining) is left to the kernel.

    Returns:
        bool [partners].
    """
    mask = np.ones(panel.partners, dtype=bool)
    for attribute, wanted in (("type", who.types), ("region", who.regions), ("segment", who.segments)):
        if wanted != "all":
            mask &= np.isin(panel.attributes[attribute].astype(str), list(wanted))
    if who.partners != "all":
        mask &= np.isin(np.array(panel.partner_ids, dtype=str), list(who.partners))
    if who.except_partners:
        mask &= ~np.isin(np.array(panel.partner_ids, dtype=str), list(who.except_partners))
    for attribute, values in who.where.items():
        accepted = [values] if isinstance(values, str) else list(values)
        held = panel.attributes.get(attribute)
        mask &= np.zeros(panel.partners, bool) if held is None else np.isin(held.astype(str), accepted)
    if who.joined_before is not None:
        mask &= _joined_before(panel, who.joined_before)
    if who.joined_from is not None:
        mask &= ~_joined_before(panel, who.joined_from)
    return mask


def tenure_mask(who: Who, panel: Panel, month: int) -> NDArray[np.bool_]:
    """Whether each partner has the months since joining that are asked for, in a month of the panel.

    Returns:
        bool [partners]; false where the joining date is unknown or lies ahead, unless nothing is asked.
    """
    asked = who.months_since_joining
    if asked is None:
        return np.ones(panel.partners, dtype=bool)
    since = panel.months_since_joining()[:, month]
    with np.errstate(invalid="ignore"):
        mask = since >= (asked.at_least or 0)
        return np.asarray(mask if asked.below is None else mask & (since < asked.below), dtype=bool)


def chosen_mask(who: Who, scheme: Scheme, panel: Panel) -> NDArray[np.bool_]:
    """Whether each partner is named once and for all, as targets and variants ask: by the tier in which it starts.

    Returns:
        bool [partners].
    """
    mask = who_mask(who, panel)
    if who.tiers != "all" and scheme.tiers is not None:
        named = np.array([level.name in who.tiers for level in scheme.tiers.levels], dtype=bool)
        mask &= named[start_tiers(scheme, panel)]
    return mask


def start_tiers(scheme: Scheme, panel: Panel) -> NDArray[np.int64]:
    """The tier before the first review that counts, int64 [partners]."""
    start = np.zeros(panel.partners, dtype=np.int64)
    if scheme.tiers and scheme.tiers.start == "recorded" and "tier" in panel.attributes:
        places = {level.name: place for place, level in enumerate(scheme.tiers.levels)}
        start[:] = [
            places.get(str(tier).strip().lower(), places.get(str(tier), 0)) for tier in panel.attributes["tier"]
        ]
    return start


def _joined_before(panel: Panel, date: str) -> NDArray[np.bool_]:
    """Whether each partner joined before a date; an unknown date counts as before."""
    held = panel.attributes.get("joined_on")
    if held is not None:
        text = held.astype(str)
        return np.asarray((text == "") | (text < date), dtype=bool)
    month = month_index(int(date[:4]), int(date[5:7])) - panel.first_month
    return np.asarray(panel.joined < month, dtype=bool)
