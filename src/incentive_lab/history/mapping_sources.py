"""What carrying out a mapping is made of, wherever its tables are: finding what it names, and its sources as SQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from incentive_lab.errors import Problem, did_you_mean
from incentive_lab.history.mapping_document import MappingFile
from incentive_lab.history.mapping_member import Member
from incentive_lab.history.store import Raw, Store

Place = TypeVar("Place")


@dataclass
class SourceTables(Generic[Place]):
    """The tables a mapping reads, each opened when it is first named.

    Attributes:
        home: Where the history is: a folder or file, or a schema of a database.
        roots: Name -> a further place.
        open: (place, name of a table there, name in the mapping, who asks) -> the table, or None with the problem noted.
        problems: Receives what is wrong.
    """

    home: Place
    roots: Mapping[str, Place]
    open: Callable[[Place, str, str, str], Raw | None]
    problems: list[Problem]
    found: dict[str, Raw | None] = field(default_factory=dict)

    def table(self, name: str, where: str) -> Raw | None:
        """A source table by name, `root/table` for a table of a root; None with the problem noted."""
        root, _, stem = name.rpartition("/")
        if root and root not in self.roots:
            self.problems.append(Problem(where, f"there is no root called {root}.", did_you_mean(root, self.roots)))
            return None
        if name not in self.found:
            self.found[name] = self.open(self.roots[root] if root else self.home, stem, name, where)
        return self.found[name]


def carried_out(
    file: MappingFile, tables: SourceTables[Place], store: Store, problems: list[Problem]
) -> Iterator[tuple[str, list[Member]]]:
    """Each table of a mapping with its sources as SQL; a table with a problem is noted and passed over."""
    for name in file.document.tables:
        members = [
            Member(tables.table, store, source, name, where, place, problems)
            for place, (where, source) in enumerate(file.members(name))
        ]
        whole = [member.prepare() for member in members]
        if all(whole) and not problems:
            for member in members:
                member.check_numbers()
        if all(whole) and not problems:
            yield name, members


def cannot(file: MappingFile, name: str, error: Exception) -> Problem:
    """The problem of a table whose mapping fails in the engine."""
    reason = str(error).splitlines()[0]
    return Problem(f"{file.name} tables.{name}", f"the mapping cannot be carried out: {reason}")
