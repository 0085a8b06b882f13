"""The mapping document: how other people's tables become a history's, as a small YAML grammar.

```yaml
roots:                                   # further folders, relative to the history
  events: ../events
tables:
  partners:
    from: resellers                      # resellers.csv or .parquet (sheet or table) of the history
    columns:
      partner_id: reseller_no            # ours: theirs
      name: reseller_name
      type: {column: business_type, values: {Warehouse: distributor, Shop: dealer}}
      region: {constant: EMEA}
    keep: [employees]                    # further columns as they are, or all
  deals:
    union:                               # several sources one below the other
      - from: orders
        join: [{with: events/opportunities, on: order_id, take_first: created_date}]
        where: {state: [shipped, billed]}
        columns:
          deal_id: order_id
          amount: {difference: [gross, discount]}
          cost: {column: product_cost, times: 0.72}
          created_on: opportunities.created_date
          status: {constant: won}
      - {from: events/opportunities, where: {stage: lost}, columns: {...}}
```

Every key is described where it is declared; docs/mapping.md is made of that.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator, model_validator

from incentive_lab.errors import InputError, Problem, did_you_mean
from incentive_lab.fiscal import FiscalMonths
from incentive_lab.history.calendar_document import DeclaredCalendar, months_declared
from incentive_lab.history.encodings import Encoding, said_of_none
from incentive_lab.history.tables import TABLES
from incentive_lab.history.written import Dates, Numbers
from incentive_lab.scheme.base import Part
from incentive_lab.scheme.building import ReadLimits
from incentive_lab.scheme.lines import Lines
from incentive_lab.scheme.numbers import Exact
from incentive_lab.scheme.reading import decode, read
from incentive_lab.scheme.sentences import validated

Scalar = str | bool | int | Decimal
LIMITS = ReadLimits()


class ColumnRule(Part):
    """Where one column comes from."""

    column: str | None = Field(None, description="A source column; `table.column` for one of a joined table.")
    constant: Scalar | None = Field(None, description="The same value in every row.")
    text: str | None = Field(None, description="A template of source columns in braces, such as `{order}-{line}`.")
    numbered: str | None = Field(None, description="These letters and a running number, for rows without an id.")
    sum: tuple[str | Decimal, ...] | None = Field(None, description="Columns and numbers added.")
    difference: tuple[str | Decimal, str | Decimal] | None = Field(
        None, description="The first of two columns or numbers less the second."
    )
    product: tuple[str | Decimal, ...] | None = Field(None, description="Columns and numbers multiplied.")
    times: Exact | None = Field(
        None, description="Multiplies what was found, such as 1000 for amounts in thousands, or 72%."
    )
    values: dict[str, Scalar] | None = Field(None, description="What is found -> what is written instead.")
    otherwise: Scalar | None = Field(
        None, description="What is written for whatever `values` does not name; else it stays."
    )
    default: Scalar | None = Field(None, description="What is written where nothing was found.")

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, value: object) -> object:
        return {"column": value} if isinstance(value, str) else value

    @field_validator("values", mode="before")
    @classmethod
    def _written(cls, value: object) -> object:
        if isinstance(value, dict):
            return {str(key).lower() if isinstance(key, bool) else str(key): item for key, item in value.items()}
        return value

    @model_validator(mode="after")
    def _one(self) -> ColumnRule:
        sources = (self.column, self.constant, self.text, self.numbered, self.sum, self.difference, self.product)
        if sum(source is not None for source in sources) != 1:
            raise ValueError("a column has exactly one of column, constant, text, numbered, sum, difference, product")
        return self


class Filter(Part):
    """A test on a source column; all that are given must hold."""

    is_: Scalar | None = Field(
        None, alias="is", description="Exactly this; also written as the bare value; an empty text means an empty cell."
    )
    in_: tuple[Scalar, ...] | None = Field(None, alias="in", description="One of these; also written as a bare list.")
    not_: tuple[Scalar, ...] | None = Field(
        None, alias="not", description='None of these; an empty cell passes unless `""` is one.'
    )
    min: Exact | None = Field(None, description="A number of at least this.")
    max: Exact | None = Field(None, description="A number of at most this.")
    known: bool | None = Field(None, description="Whether the cell holds anything.")

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, value: object) -> object:
        if isinstance(value, list):
            return {"in": value}
        if isinstance(value, dict):
            given = value.get("not")
            return {**value, "not": [given]} if "not" in value and not isinstance(given, list) else value
        return {"is": value}

    @property
    def names_nothing(self) -> bool:
        """Whether it asks for, or rules out, an empty cell by writing it as empty text."""
        return "" in (self.is_, *(self.in_ or ()), *(self.not_ or ()))


class Join(Part):
    """A table looked up for each row; rows without a match stay, with nothing in its columns."""

    with_: str = Field(alias="with", description="The table, `root/table` for one of a root.")
    on: dict[str, str] = Field(
        description="Its column that must be equal: one name where both tables use it, a list of such, or `ours: theirs`."
    )
    take_first: str | None = Field(
        None,
        description="Of several rows that match, the one with the lowest value in this column; else several are refused.",
    )

    @field_validator("on", mode="before")
    @classmethod
    def _pairs(cls, value: object) -> object:
        if isinstance(value, str):
            return {value: value}
        return {name: name for name in value} if isinstance(value, list) else value

    @property
    def alias(self) -> str:
        """The name its columns are written with."""
        return self.with_.rsplit("/", 1)[-1]


class Source(Part):
    """Rows of one source table as rows of ours."""

    from_: str = Field(
        alias="from",
        description="Stem of a CSV or Parquet file, sheet or database table; `root/table` for one of a root.",
    )
    join: tuple[Join, ...] = Field((), description="Tables that are looked up for each row.")
    where: dict[str, Filter] = Field(
        default_factory=dict, description="Source column -> test; rows that fail are left out."
    )
    columns: dict[str, ColumnRule] = Field(description="Our column -> where it comes from.")
    keep: tuple[str, ...] | Literal["all"] = Field((), description="Further columns taken as they are, or `all`.")
    dates: Dates | None = Field(
        None,
        description="In which order its dates are written where they are not 2026-03-31; 31.03.26 and 31 March 2026 are "
        "day-month-year. Months may be named in English or German.",
    )
    numbers: Numbers | None = Field(
        None,
        description="How its numbers are written where they are not 1234.56. A currency may stand beside them: it must be the "
        "row's (`currency`, else its partner's, else the history's), and is the history's where nothing else says one.",
    )


class TableRule(Part):
    """One of our tables: a source, or a union of sources."""

    union: tuple[Source, ...] = Field(description="Sources one below the other; a single one is written without it.")

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, value: object) -> object:
        return {"union": [value]} if isinstance(value, dict) and "union" not in value else value


class Mapping(Part):
    """A whole mapping document."""

    title: str = Field("", description="For people.")
    roots: dict[str, str] = Field(
        default_factory=dict,
        description="Name -> a further folder, relative to the history; in a database a further schema.",
    )
    encoding: Encoding | dict[str, Encoding] | None = Field(
        None,
        description="How CSV files are encoded that are not UTF-8: one for all, or the name of a table as under `from` -> "
        "its own. A file that is UTF-8 is read as that, and one with the mark of UTF-16 as UTF-16, whatever stands here.",
    )
    calendar: DeclaredCalendar | None = Field(
        None,
        description="When months begin, where they are not calendar months; see *Months that are not calendar months*.",
    )
    tables: dict[str, TableRule] = Field(
        default_factory=dict,
        description="A table of a history -> the source that becomes it. Needed, unless only `encoding` and `calendar` are "
        "said: then tables and columns have the names that a history has.",
    )

    @property
    def named(self) -> set[str]:
        """The tables that its sources read, by the names they are written with."""
        sources = [source for rule in self.tables.values() for source in rule.union]
        return {name for one in sources for name in (one.from_, *(join.with_ for join in one.join))}


@dataclass(frozen=True)
class MappingFile:
    """A mapping beside the file it was read from.

    Attributes:
        name: Name of the file.
        document: What it says.
        lines: Where each place of it stands.
        months: The months that its calendar makes; None for calendar months.
    """

    name: str
    document: Mapping
    lines: Lines
    months: FiscalMonths | None = None

    def table(self, name: str) -> str:
        """The address of one of its tables, with its line."""
        return f"{self.name} line {self.lines.line(f'tables.{name}')}, tables.{name}"

    def members(self, name: str) -> list[tuple[str, Source]]:
        """The sources of a table, each with its address."""
        rule = self.document.tables[name]
        written = self.lines.source.data["tables"][name]
        united = isinstance(written, dict) and "union" in written
        where = f"{self.name} tables.{name}"
        return [(f"{where}.union.{n}" if united else where, source) for n, source in enumerate(rule.union, 1)]

    def placed(self, problems: Iterable[Problem]) -> list[Problem]:
        """Problems; those of this file say their line."""
        return [self._placed(problem) for problem in problems]

    def _placed(self, problem: Problem) -> Problem:
        own = f"{self.name} "
        if not problem.path.startswith(own):
            return problem
        placed = self.lines.placed(replace(problem, path=problem.path.removeprefix(own)), capital=False)
        return replace(placed, path=problem.path)


def read_mapping(path: Path) -> MappingFile:
    """The mapping in a YAML file.

    Raises:
        InputError: With every key and value that is not understood.
    """
    if not path.is_file():
        what = "this is a folder." if path.is_dir() else "there is no such mapping file."
        raise InputError([Problem(str(path), what, "Give the path of a YAML file.")])
    with path.open("rb") as stream:
        content = stream.read(LIMITS.size + 1)
    if len(content) > LIMITS.size:
        raise InputError([Problem(path.name, f"a mapping has at most {LIMITS.size:,} bytes.")])
    begins = "A mapping has the keys roots, encoding, calendar and tables."
    source = read(decode(content, path.name), path.name, LIMITS, needs=begins, begins=begins, merge=True)
    tables = source.data.get("tables")
    alone = tables is None and any(source.data.get(key) is not None for key in ("encoding", "calendar"))
    if not source.problems and not alone and (not isinstance(tables, dict) or not tables):
        raise InputError([Problem(f"{path.name} tables", "a mapping needs tables: our name -> where it comes from.")])
    lines = Lines(source)
    problems = [
        lines.placed(Problem(f"tables.{name}", "There is no such table.", did_you_mean(name, TABLES)))
        for name in (tables if isinstance(tables, dict) else ())
        if name not in TABLES
    ]
    document, months = None, None
    try:
        document = validated(source, Mapping, path.name)
        problems += [lines.placed(one) for one in said_of_none(document.encoding, document.named or TABLES)]
        months = None if document.calendar is None else months_declared(document.calendar)
    except InputError as error:
        problems += [lines.placed(one, capital=False) for one in error.problems]
    if document is None or problems:
        raise InputError(
            replace(one, path=f"{path.name} {one.path}".replace(f"{path.name} {path.name}", path.name))
            for one in problems
        )
    return MappingFile(path.name, document, lines, months)
