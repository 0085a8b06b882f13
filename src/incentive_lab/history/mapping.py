"""Mapped tables: a mapping document carried out in the store, with every name it uses checked first."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from incentive_lab.errors import InputError, Problem, did_you_mean
from incentive_lab.history.mapping_document import Mapping, read_mapping
from incentive_lab.history.mapping_member import Member
from incentive_lab.history.sources import Limits, find_any, read_file
from incentive_lab.history.store import DuckStore, Raw, quoted


@dataclass
class Sources:
    """The tables a mapping reads, opened when first named.

    Attributes:
        store: Where they are opened.
        history: Folder, workbook or DuckDB file of the history.
        roots: Name -> further folder.
        limits: How much is read.
        problems: Receives what is wrong.
    """

    store: DuckStore
    history: Path
    roots: dict[str, Path]
    limits: Limits
    problems: list[Problem]
    found: dict[str, Raw | None] = field(default_factory=dict)

    def table(self, name: str, where: str) -> Raw | None:
        """A source table by name, `root/table` for a table of a root; None with the problem noted."""
        if name not in self.found:
            self.found[name] = self._open(name, where)
        return self.found[name]

    def _open(self, name: str, where: str) -> Raw | None:
        root, _, stem = name.rpartition("/")
        folder = self.roots.get(root) if root else self.history
        if folder is None:
            self.problems.append(Problem(where, f"there is no root called {root}.", did_you_mean(root, self.roots)))
            return None
        if not folder.is_dir():
            return find_any(self.store, folder, stem, name, self.limits, self.problems, where)
        files = sorted(file for file in folder.iterdir() if file.suffix.lower() in (".csv", ".parquet"))
        match = next((file for file in files if file.stem == stem), None)
        if match is None:
            known = did_you_mean(stem, [file.stem for file in files])
            self.problems.append(Problem(where, f"there is no table {stem} in {folder.name}.", known))
            return None
        return read_file(self.store, name, match, self.limits, self.problems)


def mapped_tables(
    store: DuckStore, history: Path, mapping: Path, limits: Limits, problems: list[Problem]
) -> dict[str, Raw]:
    """The raw tables a mapping makes of a history and its roots.

    Args:
        store: Receives the tables.
        history: The history's folder, workbook or DuckDB file; roots are relative to it.
        mapping: YAML file, see `incentive_lab.history.mapping_document`.
        limits: How much is read.
        problems: Receives what is wrong with the mapping or its sources.
    """
    document = read_mapping(mapping)
    if not history.exists():
        raise InputError([Problem(str(history), "there is no such file or folder.")])
    sources = Sources(store, history, _roots(document, history, mapping, problems), limits, problems)
    raws: dict[str, Raw] = {}
    for name, rule in document.tables.items():
        members = [
            Member(sources.table, store, source, name, _where(mapping, name, place, len(rule.union)), problems)
            for place, source in enumerate(rule.union)
        ]
        selects = [member.select() for member in members]
        if all(selects) and not problems:
            raws[name] = _create(store, name, [select for select in selects if select], members)
    if problems:
        raise InputError(problems)
    return raws


def _where(mapping: Path, table: str, place: int, members: int) -> str:
    return f"{mapping.name} tables.{table}" + (f".union.{place}" if members > 1 else "")


def _roots(document: Mapping, history: Path, mapping: Path, problems: list[Problem]) -> dict[str, Path]:
    base = history if history.is_dir() else history.parent
    roots = {name: (base / place).resolve() for name, place in document.roots.items()}
    for name, folder in roots.items():
        if not folder.exists():
            problems.append(
                Problem(
                    f"{mapping.name} roots.{name}", f"there is no folder {document.roots[name]} beside the history."
                )
            )
    return {name: folder for name, folder in roots.items() if folder.exists()}


def _create(store: DuckStore, name: str, selects: list[str], members: list[Member]) -> Raw:
    relation = f"raw.{quoted('mapped ' + name)}"
    on_disk = any(raw.on_disk for member in members for raw in member.tables.values())
    try:
        store.execute(f"CREATE {'VIEW' if on_disk else 'TABLE'} {relation} AS {' UNION ALL BY NAME '.join(selects)}")
    except Exception as error:  # DuckDB's words for text that should be a number, in a mapping that calculates
        reason = str(error).splitlines()[0]
        raise InputError([Problem(f"{name} (mapped)", f"the mapping cannot be carried out: {reason}")]) from None
    rows = int(store.rows(f"SELECT count(*) FROM {relation}")[0][0])
    columns = store.describe(relation)
    return Raw(name, f"{name} (mapped)", relation, columns, None if on_disk else "rowid + 1", rows, on_disk)
