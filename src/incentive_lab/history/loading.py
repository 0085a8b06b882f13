"""Opening a history: every problem of every table at once, or a history that is right."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

from incentive_lab.errors import InputError, Problem
from incentive_lab.fiscal import FiscalMonths
from incentive_lab.format import counted
from incentive_lab.history.calendar_checks import dates_in_calendar
from incentive_lab.history.checks import cross_checks
from incentive_lab.history.columns import ENGINE_TYPES, Canonical, read_columns
from incentive_lab.history.currency import Rates, settle_currency
from incentive_lab.history.history import History
from incentive_lab.history.quality_rules import check_exclude, leave_out_broken, leave_out_odd
from incentive_lab.history.reading import Reader
from incentive_lab.history.sources import Limits, find_raw, is_url
from incentive_lab.history.store import DuckStore, Raw, listed, quoted
from incentive_lab.history.tables import TABLES
from incentive_lab.money import decimals


def open_history(
    source: str | Path,
    *,
    mapping: Path | str | None = None,
    exclude: Collection[str] = (),
    currency: str | None = None,
    time_zone: str = "UTC",
    rates: Any = None,
    splits_at_most: float = 1.0,
    limits: Limits | None = None,
    calendar: FiscalMonths | None = None,
) -> History:
    """A partner history from a folder, workbook, DuckDB file or database URL.

    Args:
        source: Folder of CSV or Parquet files (the file's stem names the table), .xlsx workbook (the sheet names the
            table), .duckdb file, or a URL such as postgres://host/database or duckdb://file.
        mapping: YAML file that says how other tables become these; see `incentive_lab.history.mapping`.
        exclude: Kinds of findings whose rows are left out; see `incentive_lab.history.quality`.
        currency: ISO 4217 code in which amounts are kept; needed with several currencies.
        time_zone: Where the day of a timestamp is read.
        rates: Frame, or path of a CSV or Parquet file, with currency, month and rate (units of `currency` for one).
        splits_at_most: What the shares of a deal may add up to; above 1 also lets them differ from 1.
        limits: How much is read before a source is refused.
        calendar: Its months where they are no calendar months; those of a mapping go before.

    Raises:
        InputError: With every problem found; nothing is half-loaded.
    """
    limits = limits or Limits()
    if mapping is not None:
        from incentive_lab.history.mapping_document import read_mapping

        calendar = read_mapping(Path(mapping)).months or calendar
    if is_url(source):
        from incentive_lab.history.remote import open_url

        opened = open_url(str(source), mapping, exclude, currency, time_zone, rates, splits_at_most, limits, calendar)
    else:
        store = DuckStore.new()
        try:
            raws, problems = _raw_tables(store, Path(source), mapping, limits)
            opened = assemble(
                store, raws, problems, exclude, currency, time_zone, rates, splits_at_most, str(source), calendar
            )
        except BaseException:
            store.close()
            raise
    return opened if mapping is None else replace(opened, mapping=Path(mapping).read_text(encoding="utf-8"))


def _raw_tables(
    store: DuckStore, path: Path, mapping: Path | str | None, limits: Limits
) -> tuple[dict[str, Raw], list[Problem]]:
    problems: list[Problem] = []
    if mapping is None:
        return find_raw(store, path, limits, problems), problems
    from incentive_lab.history.mapping import mapped_tables

    return mapped_tables(store, path, Path(mapping), limits, problems), problems


def assemble(
    store: DuckStore,
    raws: dict[str, Raw],
    problems: list[Problem],
    exclude: Collection[str],
    currency: str | None,
    time_zone: str,
    rates: Any,
    splits_at_most: float,
    source: str,
    calendar: FiscalMonths | None = None,
) -> History:
    """A history from raw tables, or every problem found in them."""
    _required(raws, problems)
    check_exclude(exclude, problems)
    if any(raw.on_disk for raw in raws.values()):
        store.bound_memory()
    money = settle_currency(store, raws, currency, rates, problems)
    reader = Reader(decimals(money.currency), time_zone)
    canonical = {name: read_columns(store, TABLES[name], raw, reader, problems) for name, raw in raws.items()}
    for read in canonical.values():
        money.missing(store, read, problems)
    create_tables(store, canonical, money)
    named = () if "partners" in raws or problems else partners_named(store, canonical)
    excluded = leave_out_broken(store, exclude, money.currency)
    cross_checks(store, raws, splits_at_most, problems)
    dates_in_calendar(store, raws, calendar, problems)
    if problems:
        raise InputError(problems)
    excluded += leave_out_odd(store, exclude, money.currency)
    for raw in raws.values():
        if not raw.on_disk and raw.relation.startswith("raw."):
            store.execute(f"DROP TABLE IF EXISTS {raw.relation}")
    history = History.of(store, canonical, money, source, tuple(excluded), calendar)
    notes = dict.fromkeys(note for raw in raws.values() for note in raw.notes)  # one file may be several tables
    return replace(history, warnings=(*history.warnings, *notes, *named))


def _required(raws: dict[str, Raw], problems: list[Problem]) -> None:
    broken = " ".join(problem.path for problem in problems)
    if "partners" in raws and not raws["partners"].rows:
        label = raws["partners"].label
        problems.append(Problem(label, "there are no partners: the table has a header and no rows."))
    dated = [raws[name] for name in ("deals", "activities", "scores") if name in raws]
    if not {"deals", "activities"} & set(raws) and "deal" not in broken and "activit" not in broken:
        problems.append(Problem("deals", "a history needs the table deals or the table activities; both are missing."))
    elif dated and not problems and not any(raw.rows for raw in dated):
        problems.append(Problem("deals", "the history is empty: there is no deal, no activity and no score."))


def partners_named(store: DuckStore, canonical: Collection[str]) -> tuple[str, ...]:
    """Fill the table partners, which was not given, with whoever stands in the others; what is to be known of that."""
    naming = [name for name in ("deals", "deal_partners", "activities") if name in canonical]
    ids = " UNION ".join(
        f"SELECT DISTINCT partner_id FROM {quoted(name)} WHERE partner_id IS NOT NULL" for name in naming
    )
    numbered = "row_number() OVER (ORDER BY partner_id), partner_id"
    store.execute(f"INSERT INTO partners (_row, partner_id) SELECT {numbered} FROM ({ids})")
    found = int(store.rows("SELECT count(*) FROM partners")[0][0])
    return (
        f"There is no table of partners: they are the {counted(found, 'partner')} that deals or activities name, without name, "
        "type, region or day of joining; one that did nothing is not among them.",
    )


def create_tables(store: DuckStore, canonical: dict[str, Canonical], money: Rates) -> None:
    """Create every canonical table; a table that was not given is empty."""
    for name, table in TABLES.items():
        if name in canonical:
            read = canonical[name]
            kind = "VIEW" if read.raw.on_disk else "TABLE"
            store.execute(f"CREATE {kind} {quoted(name)} AS {money.converted(read)}")
        else:
            columns = listed(f"{quoted(column.name)} {ENGINE_TYPES[column.kind]}" for column in table.columns)
            store.execute(f"CREATE TABLE {quoted(name)} (_row BIGINT, {columns})")
