"""A mapping carried out by the database that holds the tables: its queries stand where tables would."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from incentive_lab.errors import InputError, Problem, did_you_mean
from incentive_lab.history.mapping_document import read_mapping
from incentive_lab.history.mapping_member import Member
from incentive_lab.history.remote_store import RemoteStore
from incentive_lab.history.store import Raw, listed, quoted

PUBLIC = "public"
_ENGINE_TYPE = (
    ("is_string", "VARCHAR"), ("is_integer", "BIGINT"), ("is_decimal", "DECIMAL(18,3)"), ("is_floating", "DOUBLE"),
    ("is_date", "DATE"), ("is_boolean", "BOOLEAN"), ("is_timestamp", "TIMESTAMP"),
)  # fmt: skip


@dataclass
class RemoteSources:
    """The tables a mapping reads; a root is a further schema of the same database.

    Attributes:
        store: The database.
        shown: Its URL without the password.
        roots: Name -> schema.
        problems: Receives what is wrong.
    """

    store: RemoteStore
    shown: str
    roots: dict[str, str]
    problems: list[Problem]
    found: dict[str, Raw | None] = field(default_factory=dict)

    def table(self, name: str, where: str) -> Raw | None:
        """A source table by name, `root/table` for a table of a root; None with the problem noted."""
        if name not in self.found:
            self.found[name] = self._open(name, where)
        return self.found[name]

    def _open(self, name: str, where: str) -> Raw | None:
        root, _, stem = name.rpartition("/")
        if root and root not in self.roots:
            self.problems.append(Problem(where, f"there is no root called {root}.", did_you_mean(root, self.roots)))
            return None
        schema = self.roots.get(root, PUBLIC)
        known = self.store.backend.list_tables(database=schema)
        if stem not in known:
            message = f"there is no table {stem} in the schema {schema}."
            self.problems.append(Problem(where, message, did_you_mean(stem, known)))
            return None
        relation = f"{quoted(schema)}.{quoted(stem)}"
        types = {column: engine_type(kind) for column, kind in self.store.describe(relation).items()}
        return Raw(stem, f"table {stem}", relation, types)


def engine_type(data_type: Any) -> str:
    """An Ibis type in DuckDB's words."""
    return next((name for test, name in _ENGINE_TYPE if getattr(data_type, test)()), "OTHER")


def mapped_remote(
    store: RemoteStore, shown: str, mapping: Path, problems: list[Problem]
) -> dict[str, tuple[str, dict[str, Any]]]:
    """Table -> (query that stands for it, column -> Ibis type), for every table a mapping makes.

    Raises:
        InputError: With everything wrong with the mapping or its sources.
    """
    document = read_mapping(mapping)
    schemas = set(store.backend.list_databases())
    for name, schema in document.roots.items():
        if schema not in schemas:
            message = f"there is no schema {schema} in the database."
            problems.append(Problem(f"{mapping.name} roots.{name}", message, did_you_mean(schema, schemas)))
    sources = RemoteSources(store, shown, dict(document.roots), problems)
    found = {}
    for name, rule in document.tables.items():
        selects = []
        for place, source in enumerate(rule.union):
            where = f"{mapping.name} tables.{name}" + (f".union.{place}" if len(rule.union) > 1 else "")
            selects.append(Member(sources.table, store, source, name, where, problems).select())
        if all(selects) and not problems:
            found[name] = _united(store, name, [store.in_its_words(select) for select in selects if select])
    if problems:
        raise InputError(problems)
    return found


def _united(store: RemoteStore, name: str, selects: list[str]) -> tuple[str, dict[str, Any]]:
    """Queries one below the other by column name; columns whose types differ become text."""
    try:
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
    except Exception as error:  # the database's words for text that should be a number, in a mapping that calculates
        store.backend.con.rollback()
        reason = str(error).splitlines()[0]
        raise InputError([Problem(f"{name} (mapped)", f"the mapping cannot be carried out: {reason}")]) from None


def _as(column: str, shape: dict[str, Any], shapes: list[dict[str, Any]]) -> str:
    kinds = {engine_type(other[column]) for other in shapes if column in other}
    if column not in shape:
        return f"CAST(NULL AS {'TEXT' if len(kinds) > 1 or 'VARCHAR' in kinds else _TYPE[kinds.pop()]})"
    return quoted(column) if len(kinds) == 1 else f"CAST({quoted(column)} AS TEXT)"


_TYPE = {
    "BIGINT": "BIGINT", "DECIMAL(18,3)": "NUMERIC", "DOUBLE": "DOUBLE PRECISION", "DATE": "DATE",
    "BOOLEAN": "BOOLEAN", "TIMESTAMP": "TIMESTAMP", "OTHER": "TEXT",
}  # fmt: skip
