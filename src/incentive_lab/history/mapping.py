"""Mapped tables: a mapping document carried out in the store, with every name it uses checked first."""

from __future__ import annotations

from pathlib import Path

from incentive_lab.errors import InputError, Problem, did_you_mean
from incentive_lab.history.encodings import encoding_of
from incentive_lab.history.mapping_document import MappingFile, read_mapping
from incentive_lab.history.mapping_member import Member
from incentive_lab.history.mapping_sources import SourceTables, cannot, carried_out
from incentive_lab.history.origins import united
from incentive_lab.history.sources import FILES, Limits, find_any, find_raw, read_file
from incentive_lab.history.store import BESIDE, DuckStore, Raw, quoted


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

    Raises:
        InputError: With all of that.
    """
    file = read_mapping(mapping)
    if not history.exists():
        raise InputError([Problem(str(history), "there is no such file or folder.")])

    if not file.document.tables:  # it says in which encoding files are whose names are ours
        return find_raw(store, history, limits, problems, file.document.encoding)

    def open_table(place: Path, stem: str, name: str, where: str) -> Raw | None:
        if not place.is_dir():
            return find_any(store, place, stem, name, limits, problems, where)
        match = _file(place, stem, where, problems)
        said = encoding_of(file.document.encoding, name)
        return None if match is None else read_file(store, name, match, limits, problems, said)

    tables = SourceTables(history, _roots(file, history, problems), open_table, problems)
    raws = {}
    for name, members in carried_out(file, tables, store, problems):
        raw = _created(store, file, name, members, problems)
        if raw is not None:
            raws[name] = raw
    if problems:
        raise InputError(file.placed(problems))
    return raws


def _file(place: Path, stem: str, where: str, problems: list[Problem]) -> Path | None:
    files = sorted(file for file in place.iterdir() if file.suffix.lower() in FILES)
    match = next((file for file in files if file.stem == stem), None)
    if match is None:
        known = did_you_mean(stem, [file.stem for file in files])
        problems.append(Problem(where, f"there is no table {stem} in {place.name}.", known))
    return match


def _roots(file: MappingFile, history: Path, problems: list[Problem]) -> dict[str, Path]:
    base = history if history.is_dir() else history.parent
    written = file.document.roots
    roots = {name: (base / place).resolve() for name, place in written.items()}
    problems.extend(
        Problem(f"{file.name} roots.{name}", f"there is no folder {written[name]} beside the history.")
        for name, folder in roots.items()
        if not folder.exists()
    )
    return {name: folder for name, folder in roots.items() if folder.exists()}


def _created(
    store: DuckStore, file: MappingFile, name: str, members: list[Member], problems: list[Problem]
) -> Raw | None:
    relation = f"raw.{quoted('mapped ' + name)}"
    on_disk = any(raw.on_disk for member in members for raw in member.tables.values())
    union = " UNION ALL BY NAME ".join(member.sql for member in members)
    origins = tuple(member.origin for member in members)
    try:
        store.execute(f"CREATE {'VIEW' if on_disk else 'TABLE'} {relation} AS {union}")
        rows = int(store.rows(f"SELECT count(*) FROM {relation}")[0][0])
    except Exception as error:  # DuckDB's words for numbers that leave its range when they are multiplied
        problems.append(cannot(file, name, error))
        return None
    columns = store.describe(relation)
    columns.pop("_row")
    beside = columns.pop(BESIDE, None) is not None
    return Raw(
        name, united(origins, name), relation, columns, "_row", rows, on_disk, origins=origins, header=file.table(name),
        beside=beside, notes=tuple(dict.fromkeys(note for one in members for raw in one.tables.values() for note in raw.notes)),
    )  # fmt: skip
