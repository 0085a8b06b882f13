"""Money as integer minor units (cents), shares as integer millionths; ties are decided in decimal.

Amounts travel as whole cents held in float64 arrays (exact to 2**53); see docs/architecture.md.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

MILLION = 1_000_000
"""A rate of 1 (100 %) in the integer millionths that the kernel multiplies by."""

# ISO 4217 currencies whose minor unit is not two decimals.
_DECIMALS = {
    **dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
}

CODES = frozenset(
    """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLF CLP CNH
    CNY COP CRC CUC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR
    ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU
    MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD
    SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYI UYU UYW UZS VED VEF VES VND VUV
    WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG ZWL
    """.split()
)
"""ISO 4217 codes of currencies that are in use, or were in the last ten years; CNH is the yuan abroad."""


def quotient(top: int, bottom: int) -> int:
    """`top` over `bottom` as a whole number, ties away from zero.

    Example:
        >>> quotient(5, 2), quotient(-5, 2), quotient(4, 3)
        (3, -3, 1)
    """
    size = (2 * abs(top) + abs(bottom)) // (2 * abs(bottom))
    return size if (top < 0) == (bottom < 0) else -size


def decimals(currency: str) -> int:
    """Decimal places of a currency's minor unit (ISO 4217).

    Example:
        >>> decimals("USD"), decimals("JPY"), decimals("KWD")
        (2, 0, 3)
    """
    return _DECIMALS.get(currency.upper(), 2)


def smallest_amount(currency: str) -> Decimal:
    """A currency's minor unit in whole units.

    Example:
        >>> smallest_amount("USD"), smallest_amount("JPY"), smallest_amount("KWD")
        (Decimal('0.01'), Decimal('1'), Decimal('0.001'))
    """
    return Decimal(1).scaleb(-decimals(currency))


def to_minor(amount: Decimal | int | float | str, currency: str) -> int:
    """An amount in whole currency units as integer minor units, half-up.

    Example:
        >>> to_minor("2.675", "USD"), to_minor(-2.675, "USD")
        (268, -268)
    """
    exact = Decimal(str(amount)).scaleb(decimals(currency))
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def from_minor(minor: float, currency: str) -> float:
    """Minor units as a JSON number in whole currency units, rounded to the currency's decimals.

    Example:
        >>> from_minor(267, "USD")
        2.67
    """
    places = decimals(currency)
    return round(float(minor) / float(10**places), places)


def in_units(minor: float, currency: str) -> float:
    """Minor units in whole currency units, parts of a minor unit to a millionth of it.

    Under rounding at the total, lines have such parts, and only with them do they add up to what is paid.

    Example:
        >>> in_units(267, "USD"), in_units(33.3337, "USD"), in_units(0.25, "JPY")
        (2.67, 0.333337, 0.25)
    """
    places = decimals(currency)
    return round(round(float(minor), 6) / float(10**places), places + 6)


def to_millionths(share: Decimal | int | float | str) -> int:
    """A share or plain number as integer millionths, half-up.

    Example:
        >>> to_millionths("0.035")
        35000
    """
    return int(Decimal(str(share)).scaleb(6).quantize(Decimal(1), rounding=ROUND_HALF_UP))
