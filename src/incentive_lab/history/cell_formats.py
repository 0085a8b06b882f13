"""Currencies that number formats of a workbook show, such as `_-[$£-809]* #,##0.00`."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from incentive_lab.history.beside import SYMBOLS
from incentive_lab.money import CODES

_WRITTEN: Mapping[str, str] = {
    "US$": "USD", "C$": "CAD", "CA$": "CAD", "A$": "AUD", "AU$": "AUD", "NZ$": "NZD", "HK$": "HKD", "S$": "SGD", "NT$": "TWD",
    "MX$": "MXN", "R$": "BRL", "SFr.": "CHF", "Fr.": "CHF", "₹": "INR", "zł": "PLN", "Kč": "CZK", "Ft": "HUF", "₺": "TRY",
    "₩": "KRW", "₪": "ILS", "₽": "RUB", "฿": "THB", "₫": "VND", "₴": "UAH",
}  # fmt: skip
"""What formats write for a currency, beside its code and the symbols that stand for several."""
_LOCALES: Mapping[str, str] = {
    "409": "USD", "1009": "CAD", "c0c": "CAD", "c09": "AUD", "1409": "NZD", "1004": "SGD", "4809": "SGD", "c04": "HKD",
    "3c09": "HKD", "404": "TWD", "80a": "MXN", "340a": "CLP", "2c0a": "ARS", "240a": "COP", "380a": "UYU", "809": "GBP",
    "c01": "EGP", "411": "JPY", "804": "CNY", "41d": "SEK", "414": "NOK", "406": "DKK", "40f": "ISK", "1c09": "ZAR",
    "en-us": "USD", "en-ca": "CAD", "fr-ca": "CAD", "en-au": "AUD", "en-nz": "NZD", "en-sg": "SGD", "zh-sg": "SGD",
    "zh-hk": "HKD", "en-hk": "HKD", "zh-tw": "TWD", "es-mx": "MXN", "es-cl": "CLP", "es-ar": "ARS", "es-co": "COP",
    "es-uy": "UYU", "en-gb": "GBP", "ja-jp": "JPY", "zh-cn": "CNY", "sv-se": "SEK", "nb-no": "NOK", "da-dk": "DKK",
    "is-is": "ISK", "en-za": "ZAR",
}  # fmt: skip
"""Language and country behind a symbol in a format -> the currency, where the symbol stands for several."""
_SHARED: Mapping[str, tuple[str, ...]] = {**SYMBOLS, "kr": ("SEK", "NOK", "DKK", "ISK"), "R": ("ZAR",)}
_PARTS = re.compile(r'\[\$([^\]-]*)-?([^\]]*)\]|"([^"]*)"|\\?([$€£¥₹₺₩₪₽฿₫₴])')
_BLANKS = re.compile(r"_(?:\\.|.)")
"""A blank as wide as some character, which is not shown: formats of plain numbers have them of a currency's."""
_STYLES, _LARGEST = "xl/styles.xml", 50_000_000
_NAMESPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def currency_of_format(written: str) -> str:
    """The currency that a number format shows, as a symbol that may mean several or as a code; '' where it shows none.

    Example:
        >>> [currency_of_format(one) for one in ('#,##0.00 [$€-407]', '[$USD] #,##0', '"$"#,##0.00;[Red]-"$"#,##0.00', '0.0 "PCS"')]
        ['€', 'USD', '$', '']
        >>> [currency_of_format(one) for one in ("[$$-1009]#,##0", "#,##0 [$kr-41D]", r"_-* #,##0.00\\\\ _€_-", "General")]
        ['CAD', 'SEK', '', '']
    """
    parts: list[tuple[str, str, str, str]] = _PARTS.findall(_BLANKS.sub("", written.partition(";")[0]))
    for bracketed, locale, words, bare in parts:
        mark = (bracketed or words or bare).strip()
        code = _LOCALES.get(locale.lower(), "")
        if code in _SHARED.get(mark.removesuffix("."), ()):
            return code
        if mark in SYMBOLS or mark in CODES:
            return mark
        if mark in _WRITTEN:
            return _WRITTEN[mark]
    return ""


def shown_currencies(file: Path, book: Any) -> dict[str, str]:
    """Number format of a workbook that is open, as its cells name it -> the currency it shows.

    Excel's own formats show the currency of the region of whoever looks at them, so they count only where the workbook
    says how it writes them.

    Args:
        file: The workbook.
        book: The same, as openpyxl opened it.
    """
    written = {*book._number_formats, *_own_words(file)}
    return {one: mark for one in sorted(written) if (mark := currency_of_format(one))}


def _own_words(file: Path) -> Iterator[str]:
    """Formats of a workbook that openpyxl takes for Excel's own, though the workbook says how it writes them."""
    from openpyxl.styles.numbers import BUILTIN_FORMATS_REVERSE
    from openpyxl.xml.functions import fromstring

    try:
        with zipfile.ZipFile(file) as archive:
            if archive.getinfo(_STYLES).file_size > _LARGEST:
                return
            root = fromstring(archive.read(_STYLES))
    except (KeyError, OSError, zipfile.BadZipFile, ParseError):
        return
    for one in root.iter(f"{_NAMESPACE}numFmt"):
        written = one.get("formatCode", "")
        if written in BUILTIN_FORMATS_REVERSE:
            yield written
