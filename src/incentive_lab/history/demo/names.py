"""Partner names: made up, plausible and unique."""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST = _words(
    "Alder Amber Anchor Apex Arbor Ardent Ashford Aspen Atlas Aurora Azure Beacon Birch Blue Bold Bright Bronze "
    "Canyon Cardinal Cascade Cedar Chestnut Clear Cobalt Compass Copper Coral Crescent Crown Crystal Dawn Delta "
    "Eagle East Ebony Echo Elm Ember Evergreen Falcon Fern First Fox Frontier Garnet Glacier Golden Granite Green "
    "Grove Harbor Hawthorn Hazel Heron High Horizon Indigo Iron Ivory Jade Juniper Keystone Lake Lark Laurel "
    "Liberty Lighthouse Linden Lotus Lunar Magnolia Maple Marble Meadow Meridian Midland Mission Moss North Oak "
    "Ocean Olive Onyx Opal Orchard Osprey Pearl Pine Pioneer Prairie Quartz Raven Red River Rowan Ruby Sable"
)
SECOND = _words(
    "Arc Axis Bank Bay Beam Bend Block Branch Bridge Brook Byte Cape Castle Circle Cliff Coast Core Cove Craft "
    "Creek Crest Cross Current Dale Data Edge Falls Field Fjord Flow Forge Forest Fork Fort Gate Glen Grid Gulf "
    "Harvest Haven Heath Helm Hill Hollow House Isle Key Knoll Lane Ledge Light Line Link Loop Mark Mesa Mill Mind "
    "Moor Mount Node Oaks Park Pass Path Peak Pier Point Pond Port Range Reach Reef Ridge Rise Road Rock Root Sail "
    "Shore Sky Source Span Spark Spring Square Star Stone Stream Summit Terrace Tide Tower Trail Vale View Village "
    "Vista"
)
TRADE = {
    "reseller": ("Solutions", "Software", "Technology", "IT Supply", "Business Systems"),
    "msp": ("Managed Services", "Cloud Services", "Managed IT", "Operations"),
    "system_integrator": ("Consulting", "Integration", "Systems", "Advisory"),
    "technology": ("Labs", "Apps", "Platforms", "Analytics"),
    "distributor": ("Distribution", "Trading", "Wholesale"),
}
QUALIFIER = (
    "", "International", "West", "Central", "South", "Nordic", "Iberia", "Alpine", "Baltic", "Pacific", "Atlantic",
    "Andina", "Gulf", "Capital", "Metro", "Coastal",
)  # fmt: skip
_STRIDE = 7_919  # a prime that does not divide the number of pairs: neighbours in number get unlike names


def partner_name(number: int, kind: str, seed: int) -> str:
    """The name of partner `number` (counted from 0); no two numbers share one under the same seed.

    Example:
        >>> partner_name(0, "msp", 7)
        'Fox Branch Cloud Services'
    """
    pairs = len(FIRST) * len(SECOND)
    lap, place = divmod(number, pairs)
    pair = (place * _STRIDE + seed * 1_299_709) % pairs
    again, qualifier = divmod(lap, len(QUALIFIER))
    trade = TRADE[kind][(pair + lap) % len(TRADE[kind])]
    first, second = FIRST[pair % len(FIRST)], SECOND[pair // len(FIRST)]
    words = (first, second, QUALIFIER[qualifier], trade, str(again + 1) if again else "")
    return " ".join(word for word in words if word)
