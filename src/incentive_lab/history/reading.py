r"""How each kind of value is read: SQL that turns a raw column into the canonical value, or NULL if unreadable.

Money becomes whole minor units, numbers whole millionths, shares whole trillionths, each half-up away from zero;
text is trimmed and empty text is no value. Binary floats are read as the shortest decimal that means them.
"""

from __future__ import annotations

from dataclasses import dataclass

from incentive_lab.history.store import Raw, literal, quoted
from incentive_lab.history.tables import Kind

LARGEST = 2**53 - 1
"""The largest whole number that arrays of float64 hold exactly."""
SHARE_PLACES = 12

NUMBER = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?"
_DAY = r"\d{4}-\d{2}-\d{2}"
_CLOCK = r"[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?"
_ZONE = r" ?(Z|[+-]\d{2}(:?\d{2})?)"
_PERIOD = r"\d{4}(-(0[1-9]|1[0-2])|-?[Qq][1-4])?"


@dataclass(frozen=True)
class Reader:
    """How values are read in one history.

    Attributes:
        places: Decimals of the currency's minor unit.
        time_zone: Where a timestamp's day is read.
    """

    places: int
    time_zone: str = "UTC"

    def present(self, column: str, family: str) -> str:
        """SQL that is true where the cell holds anything."""
        name = quoted(column)
        return f"coalesce(trim({name}), '') <> ''" if family == "text" else f"{name} IS NOT NULL"

    def value(self, column: str, family: str, kind: Kind) -> str:
        """SQL for the canonical value of a column; NULL where it is empty or unreadable."""
        name = f"nullif(trim({quoted(column)}), '')" if family == "text" else quoted(column)
        family = "text" if family == "tidy" else family
        if kind == "text":
            return as_text(name, family)
        if kind == "date":
            return self._date(name, family)
        if kind == "boolean":
            return _boolean(name, family)
        if kind == "period":
            return _period(as_text(name, family))
        return scaled(name, family, self.scale(kind))

    def scale(self, kind: Kind) -> int:
        """Decimal places that are kept of a kind of number."""
        return {"money": self.places, "share": SHARE_PLACES}.get(kind, 6)

    def _date(self, name: str, family: str) -> str:
        zone = literal(self.time_zone)
        if family == "text":
            day = (
                f"CASE WHEN regexp_full_match({name}, '{_DAY}') THEN TRY_CAST({name} AS DATE) "
                f"WHEN regexp_full_match({name}, '{_DAY}{_CLOCK}') THEN CAST(TRY_CAST({name} AS TIMESTAMP) AS DATE) "
                f"WHEN regexp_full_match({name}, '{_DAY}{_CLOCK}{_ZONE}') "
                f"THEN CAST(TRY_CAST({name} AS TIMESTAMPTZ) AT TIME ZONE {zone} AS DATE) END"
            )
        elif family == "timestamptz":
            day = f"CAST({name} AT TIME ZONE {zone} AS DATE)"
        elif family in ("date", "timestamp"):
            day = f"TRY_CAST({name} AS DATE)"
        else:
            return "CAST(NULL AS DATE)"
        return f"CASE WHEN {day} BETWEEN DATE '1900-01-01' AND DATE '2100-12-31' THEN {day} END"


def family_of(engine_type: str) -> str:
    """The family of a DuckDB type: text, integer, decimal, float, date, timestamp, timestamptz, boolean or other.

    Example:
        >>> family_of("DECIMAL(18,2)"), family_of("BIGINT"), family_of("TIMESTAMP_NS")
        ('decimal', 'integer', 'timestamp')
    """
    name = engine_type.upper()
    if name in ("VARCHAR", "UUID") or name.startswith("ENUM"):
        return "text" if name == "VARCHAR" else "label"
    if name.endswith("INT") or name in ("INTEGER", "UINTEGER"):
        return "integer"
    if name.startswith("DECIMAL"):
        return "decimal"
    if name in ("DOUBLE", "FLOAT"):
        return "float"
    if name in ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ"):
        return "timestamptz"
    if name.startswith("TIMESTAMP"):
        return "timestamp"
    return {"DATE": "date", "BOOLEAN": "boolean"}.get(name, "other")


def family_in(raw: Raw, column: str) -> str:
    """The family of a column that was found; `tidy` for text that needs no trimming."""
    return "tidy" if column in raw.tidy else family_of(raw.columns[column])


def as_text(name: str, family: str) -> str:
    """SQL for a value as canonical text: 7000.0 is '7000', midnight timestamps are dates.

    Example:
        >>> as_text('"id"', "integer")
        'CAST("id" AS VARCHAR)'
    """
    if family in ("text", "tidy"):
        return name
    text = f"CAST({name} AS VARCHAR)"
    if family in ("float", "decimal"):
        return f"regexp_replace({text}, '\\.0+$', '')"
    if family in ("timestamp", "timestamptz"):
        return f"regexp_replace({text}, ' 00:00:00(\\+00)?$', '')"
    return text


def scaled(name: str, family: str, places: int) -> str:
    """SQL for a number as a whole count of 10**-places, half-up; NULL if unreadable or beyond `LARGEST`."""
    top = 2**63 - 1 if places == SHARE_PLACES else LARGEST
    if family == "integer":
        whole = f"TRY_CAST(CAST({name} AS HUGEINT) * {10**places} AS BIGINT)"
    elif family == "decimal":
        whole = f"TRY_CAST(CAST({name} AS DECIMAL(38,{places})) * {10**places} AS BIGINT)"
    elif family == "float":
        whole = _from_float(name, places)
    elif family in ("text", "tidy"):
        read = _from_text(name, places)
        whole = f"CASE WHEN regexp_full_match({name}, '{NUMBER}') THEN {read} END"
    else:
        return "CAST(NULL AS BIGINT)"
    return f"CASE WHEN abs({whole}) <= {top} THEN {whole} END" if top == LARGEST else whole


def inexact(name: str, family: str, places: int) -> str | None:
    """SQL that is true where reading with `places` decimals changes the number; None where it cannot."""
    if family == "integer":
        return None
    exact = f"TRY_CAST(CAST({name} AS VARCHAR) AS DECIMAL(38,12))"
    if family == "float":
        return f"abs({name} * {10**places} - round({name} * {10**places})) > 1e-6 * greatest(1, abs({name}) * 1e-7)"
    return f"{exact} <> TRY_CAST({exact} AS DECIMAL(38,{places}))"


def _from_text(name: str, places: int) -> str:
    return f"TRY_CAST(TRY_CAST({name} AS DECIMAL(38,{places})) * {10**places} AS BIGINT)"


def _from_float(name: str, places: int) -> str:
    # Only a product close to a half-way case can be decided wrongly in binary; those go through decimal text.
    product = f"abs({name}) * {10**places}"
    tie = f"abs({product} - floor({product}) - 0.5) <= 1e-15 * {product} + 1e-9"
    plain = f"TRY_CAST(round({name} * {10**places}) AS BIGINT)"
    careful = _from_text(f"CAST({name} AS VARCHAR)", places)
    return f"CASE WHEN NOT isfinite({name}) THEN NULL WHEN {tie} THEN {careful} ELSE {plain} END"


def _boolean(name: str, family: str) -> str:
    if family == "boolean":
        return name
    text = f"lower(CAST({name} AS VARCHAR))"
    yes, no = "('true', 'yes', 'y', 't', '1', '1.0')", "('false', 'no', 'n', 'f', '0', '0.0')"
    return f"CASE WHEN {text} IN {yes} THEN TRUE WHEN {text} IN {no} THEN FALSE END"


def _period(text: str) -> str:
    plain = f"upper(replace({text}, '-', ''))"
    return (
        f"CASE WHEN regexp_full_match({text}, '{_PERIOD}') THEN "
        f"CASE WHEN length({plain}) = 4 THEN {plain} ELSE substr({plain}, 1, 4) || '-' || substr({plain}, 5) END END"
    )
