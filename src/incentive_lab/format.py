"""The one formatter: money, shares, counts, changes and months, for pages, charts, messages and statements."""

from __future__ import annotations

import re
from decimal import Decimal

from incentive_lab.money import decimals

_SCALES = ((1e9, "bn"), (1e6, "m"), (1e3, "k"))
_UNITS = re.compile(r"(?<=\d) (?=%|(?:k|m|bn|[A-Z]{3})\b)|(?<=\d [km]) (?=[A-Z]{3}\b)|(?<=±) (?=\d)")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def money(amount: float, currency: str) -> str:
    """An amount in full, with its currency.

    Example:
        >>> money(1234.5, "USD"), money(-0.001, "USD")
        ('1,234.50 USD', '0.00 USD')
    """
    places = decimals(currency)
    rounded = round(amount, places) or 0.0
    return f"{rounded:,.{places}f} {currency}"


def each(amount: float, currency: str) -> str:
    """An amount for each unit, exact: as money, with up to six decimals where the currency's own do not hold it.

    A rate is paid in whole millionths, so six decimals are all that it has, and nothing is rounded here.

    Example:
        >>> each(40, "USD"), each(448.10255, "USD"), each(0.125, "USD")
        ('40.00 USD', '448.10255 USD', '0.125 USD')
    """
    places = decimals(currency)
    if abs(amount - round(amount, places)) < 0.0000005:
        return money(amount, currency)
    return f"{amount:,.6f}".rstrip("0") + f" {currency}"


def small(label: str) -> str:
    """A label inside a sentence: small first letter, unless it begins with a short form.

    Example:
        >>> small("Units counted"), small("CSAT"), small("Y")
        ('units counted', 'CSAT', 'y')
    """
    return label if len(label) > 1 and label[:2].isupper() else label[:1].lower() + label[1:]


def capital(text: str) -> str:
    """With a capital first letter, the rest as it is.

    Example:
        >>> capital("not in USD")
        'Not in USD'
    """
    return text[:1].upper() + text[1:]


_SHORT_FORMS = frozenset({"csat", "nps", "mdf", "msp", "spif"})


def in_words(name: str) -> str:
    """A name of a document or a table as people read it.

    Example:
        >>> in_words("partner-quarter"), in_words("csat before"), in_words("segment mid_market")
        ('Partner quarter', 'CSAT before', 'Segment mid market')
    """
    words = name.replace("-", " ").replace("_", " ").split()
    return capital(" ".join(word.upper() if word in _SHORT_FORMS else word for word in words))


def cut_short(text: str, most: int) -> str:
    """A text, cut where there is no room for more than so many characters.

    Example:
        >>> cut_short("Fox Branch", 12), cut_short("Aspen Summit Services", 14)
        ('Fox Branch', 'Aspen Summit…')
    """
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def unbroken(text: str) -> str:
    """A text in which no line ends between a number and its unit: the space there is one that does not break.

    What is laid out (pages, charts' headings, documents) is written with it; what a script reads is not.

    Example:
        >>> unbroken("3.07 m USD more, 81.2 % (± 1 %)").replace("\N{NO-BREAK SPACE}", "_")
        '3.07_m_USD more, 81.2_% (±_1_%)'
        >>> unbroken("12 months of 2025 to 5 markets") == "12 months of 2025 to 5 markets"
        True
    """
    return _UNITS.sub("\N{NO-BREAK SPACE}", text)


def compact(amount: float) -> str:
    """An amount in three significant digits, more where it is written out; the page says the currency once.

    Example:
        >>> compact(2_354_999), compact(59_040), compact(8_412.4), compact(81.25), compact(-0.004), compact(999_950)
        ('2.35 m', '59.0 k', '8,412', '81.2', '0', '1.00 m')
    """
    size = abs(amount)
    if size < 0.005:
        return "0"
    sign = "-" if amount < 0 else ""
    if size < 9_999.5:
        return sign + (f"{size:,.0f}" if size >= 99.95 else _three(size).rstrip("0").rstrip("."))
    for scale, name in _SCALES:
        if size >= 0.9995 * scale:
            return f"{sign}{_three(size / scale)} {name}"
    raise AssertionError("every size above 9,999 has a scale")


def _three(size: float) -> str:
    """Three significant digits of a number from 0.005 to 1,000 and beyond.

    Example:
        >>> [_three(size) for size in (1.2345, 12.345, 123.45, 9.996, 1234.5)]
        ['1.23', '12.3', '123', '10.0', '1,234']
    """
    places = 2 if size < 9.995 else 1 if size < 99.95 else 0
    return f"{size:,.{places}f}"


def percent(share: float, places: int = 2) -> str:
    """A share as per cent, without trailing zeros.

    Example:
        >>> percent(0.035), percent(1.0), percent(0.12345), percent(0.8, 0), percent(-0.001, 0)
        ('3.5 %', '100 %', '12.35 %', '80 %', '0 %')
    """
    text = f"{share * 100:,.{places}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return f"{'0' if text == '-0' else text} %"


def chance(share: float) -> str:
    """A probability in whole per cent that never claims certainty.

    Example:
        >>> chance(0.9996), chance(0.001), chance(0.25)
        ('above 99 %', 'below 1 %', '25 %')
    """
    return "above 99 %" if share > 0.99 else "below 1 %" if share < 0.01 else percent(share, 0)


def p_value_text(value: float, places: int = 3) -> str:
    """A p-value that is never written as zero.

    Example:
        >>> p_value_text(0.0286), p_value_text(0.00002), p_value_text(0.0), p_value_text(0.31, 2), p_value_text(0.001, 2)
        ('0.029', 'below 0.001', 'below 0.001', '0.31', 'below 0.01')
    """
    least = 10.0**-places
    return f"below {least:.{places}f}" if value < least else f"{value:.{places}f}"


def points(change: float) -> str:
    """A change of a share, in percentage points; no change is 0.

    Example:
        >>> points(0.0022), points(-0.1), points(0.000001)
        ('+0.22 points', '-10 points', '0')
    """
    text = f"{change * 100:+.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("+0", "-0") else f"{text} points"


def signed(text: str) -> str:
    """A formatted amount as a change: with its sign, and a plain 0 where nothing changes.

    Example:
        >>> signed(compact(59_040)), signed(compact(-59_040)), signed(compact(0)), signed(percent(0))
        ('+59.0 k', '-59.0 k', '0', '0')
    """
    number = text.split()[0].replace(",", "")
    if float(number) == 0:
        return "0"
    return text if number.startswith("-") else f"+{text}"


def count(number: float) -> str:
    """A count with grouped thousands; decimals only where there are any.

    Example:
        >>> count(1500), count(2.5)
        ('1,500', '2.5')
    """
    return f"{number:,.6f}".rstrip("0").rstrip(".") if number % 1 else f"{number:,.0f}"


def counted(number: float, one: str, many: str = "") -> str:
    """A count with its noun.

    Example:
        >>> counted(1, "partner"), counted(1500, "partner"), counted(2, "deal loses", "deals lose")
        ('1 partner', '1,500 partners', '2 deals lose')
    """
    return f"{count(number)} {one if number == 1 else many or one + 's'}"


def quantity(value: Decimal | float, unit: str, currency: str = "") -> str:
    """A declared number of a scheme, written in its unit.

    Example:
        >>> quantity(Decimal("0.025"), "share"), quantity(Decimal(25_000), "currency", "USD"), quantity(3, "count")
        ('2.5 %', '25,000 USD', '3')
    """
    if unit == "share":
        return percent(float(value), 4)
    text = count(float(value))
    return f"{text} {currency}" if unit == "currency" and currency else text


def month_name(iso: str) -> str:
    """A month in words.

    Example:
        >>> month_name("2024-03")
        'Mar 2024'
    """
    year, month = iso.split("-")[:2]
    return f"{_MONTHS[int(month) - 1]} {year}"


def quarter_name(iso: str, starts: int) -> str:
    """The programme quarter that a month lies in: by its number where programme years begin in January, else by its months.

    Args:
        iso: The month; of a history with months of its own, the one that it is named after.
        starts: The month in which a programme year starts, 1 to 12.

    Example:
        >>> quarter_name("2024-05", 1), quarter_name("2024-05", 2), quarter_name("2024-01", 2)
        ('Q2 2024', 'May–Jul 2024', 'Nov 2023–Jan 2024')
    """
    year, month = (int(part) for part in iso.split("-")[:2])
    if starts == 1:
        return f"Q{(month - 1) // 3 + 1} {year}"
    first = 12 * year + month - 1 - (month - starts) % 3
    begins, ends = (f"{_MONTHS[one % 12]} {one // 12}" for one in (first, first + 2))
    return f"{begins[:3] if begins[4:] == ends[4:] else begins}–{ends}"


def called(name: str, partner: str) -> str:
    """A partner by its name and id; by its id alone where the history knows no name.

    Example:
        >>> called("Fox Branch", "P7"), called("", "P7"), called("P7", "P7")
        ('Fox Branch (P7)', 'P7', 'P7')
    """
    return f"{name} ({partner})" if name and name != partner else partner


def programme_year_name(year: int, starts: int) -> str:
    """A programme year by the calendar year in which it begins; both years where it begins in another month than January.

    Example:
        >>> programme_year_name(2024, 1), programme_year_name(2024, 7)
        ('2024', '2024/25')
    """
    return f"{year}" if starts == 1 else f"{year}/{(year + 1) % 100:02d}"
