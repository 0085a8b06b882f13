"""A mapping carried out by the database that holds the tables: its queries stand where tables would."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from incentive_lab.errors import InputError, Problem, did_you_mean
from incentive_lab.history.mapping_document import read_mapping
from incentive_lab.history.mapping_sources import SourceTables, cannot, carried_out
from incentive_lab.history.origins import united
from incentive_lab.history.remote_store import RemoteStore
from incentive_lab.history.store import BESIDE, Raw, listed, quoted

PUBLIC = "public"
_ENGINE_TYPE = (
    ("is_string", "VARCHAR"), ("is_integer", "BIGINT"), ("is_decimal", "DECIMAL(18,3)"), ("is_floating", "DOUBLE"),
    ("is_date", "DATE"), ("is_boolean", "BOOLEAN"), ("is_timestamp", "TIMESTAMP"),
)  # fmt: skip


def engine_type(data_type: Any) -> str:
    """An Ibis type in DuckDB's words."""
    return next((name for test, name in _ENGINE_TYPE if getattr(data_type, test)()), "OTHER")


@dataclass(frozen=True)
class RemoteTable:
    """What stands for a table of a history in a database.

    Attributes:
        schema: Column -> Ibis type.
        raw: Its query, and how messages name it.
    """

    schema: dict[str, Any]
    raw: Raw


def only_calendar(mapping: Path) -> bool:
    """Whether a mapping says when months begin and no more: then tables have the names that a history has."""
    document = read_mapping(mapping).document
    return not document.tables and document.calendar is not None


def mapped_remote(store: RemoteStore, mapping: Path, problems: list[Problem]) -> dict[str, RemoteTable]:
    """Every table a mapping makes; a root is a further schema of the same database.

    Raises:
        InputError: With everything wrong with the mapping or its sources.
    """
    file = read_mapping(mapping)
    if not file.document.tables:
        raise InputError([Problem(f"{file.name} tables", "a mapping of a database needs tables: our name -> its own.")])
    roots = dict(file.document.roots)
    schemas = set(store.backend.list_databases())
    for name, schema in roots.items():
        if schema not in schemas:
            message = f"there is no schema {schema} in the database."
            problems.append(Problem(f"{file.name} roots.{name}", message, did_you_mean(schema, schemas)))

    def open_table(schema: str, stem: str, name: str, where: str) -> Raw | None:
        known = store.backend.list_tables(database=schema)
        if stem not in known:
            message = f"there is no table {stem} in the schema {schema}."
            problems.append(Problem(where, message, did_you_mean(stem, known)))
            return None
        relation = f"{quoted(schema)}.{quoted(stem)}"
        types = {column: engine_type(kind) for column, kind in store.describe(relation).items()}
        return Raw(stem, f"table {stem}", relation, types)

    tables = SourceTables(PUBLIC, roots, open_table, problems)
    found = {}
    for name, members in carried_out(file, tables, store, problems):
        try:
            relation, shape = _united(store, [store.in_its_words(member.sql) for member in members])
        except Exception as error:  # the database's words for numbers that leave its range
            store.backend.con.rollback()
            problems.append(cannot(file, name, error))
            continue
        origins = tuple(member.origin for member in members)
        beside = shape.pop(BESIDE, None) is not None
        columns = {column: str(kind) for column, kind in shape.items() if column != "_row"}
        raw = Raw(name, united(origins, name), relation, columns, "_row", origins=origins, header=file.table(name),
                  beside=beside)  # fmt: skip
        found[name] = RemoteTable(shape, raw)
    if problems:
        raise InputError(file.placed(problems))
    return found


def _united(store: RemoteStore, selects: list[str]) -> tuple[str, dict[str, Any]]:
    """Queries one below the other by column name; columns whose types differ become text."""
    shapes = [store.describe(f"({select}) s") for select in selects]
    columns = list(dict.fromkeys(column for shape in shapes for column in shape))
    parts = []
    for select, shape in zip(selects, shapes, strict=True):
        items = listed(f"{_as(column, shape, shapes)} AS {quoted(column)}" for column in columns)
        parts.append(f"SELECT {items} FROM ({select}) s")
    relation = f"({' UNION ALL '.join(parts)}) s"
    schema = store.describe(relation)
    store.native(f"SELECT {listed(f'count({quoted(column)})' for column in schema)} FROM {relation}")
    return relation, schema


def _as(column: str, shape: dict[str, Any], shapes: list[dict[str, Any]]) -> str:
    kinds = {engine_type(other[column]) for other in shapes if column in other}
    if column not in shape:
        return f"CAST(NULL AS {'TEXT' if len(kinds) > 1 or 'VARCHAR' in kinds else _TYPE[kinds.pop()]})"
    return quoted(column) if len(kinds) == 1 else f"CAST({quoted(column)} AS TEXT)"


_TYPE = {
    "BIGINT": "BIGINT", "DECIMAL(18,3)": "NUMERIC", "DOUBLE": "DOUBLE PRECISION", "DATE": "DATE",
    "BOOLEAN": "BOOLEAN", "TIMESTAMP": "TIMESTAMP", "OTHER": "TEXT",
}  # fmt: skip
