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

A column is the name of a source column, or one of `column`, `constant`, `text` (a template such as `{order}-{line}`),
`numbered` (a prefix and a running number), `sum`, `difference` and `product` (of columns and numbers); `times`
multiplies it, `values` replaces what it finds (`otherwise` for the rest), `default` fills what is empty. A column of a
joined table is written `table.column`. `where` takes a value, a list, or one of `not`, `min`, `max`, `known`.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from incentive_lab.errors import InputError, Problem, did_you_mean
from incentive_lab.history.tables import TABLES
from incentive_lab.scheme.base import Part
from incentive_lab.scheme.reading import ReadLimits, decode, read

Scalar = str | bool | int | Decimal
LIMITS = ReadLimits()


class ColumnRule(Part):
    """Where one column comes from."""

    column: str | None = None
    constant: Scalar | None = None
    text: str | None = None
    numbered: str | None = None
    sum: tuple[str | Decimal, ...] | None = None
    difference: tuple[str | Decimal, str | Decimal] | None = None
    product: tuple[str | Decimal, ...] | None = None
    times: Decimal | None = None
    values: dict[str, Scalar] | None = None
    otherwise: Scalar | None = None
    default: Scalar | None = None

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

    is_: Scalar | None = Field(None, alias="is")
    in_: tuple[Scalar, ...] | None = Field(None, alias="in")
    not_: tuple[Scalar, ...] | None = Field(None, alias="not")
    min: Decimal | None = None
    max: Decimal | None = None
    known: bool | None = None

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, value: object) -> object:
        if isinstance(value, list):
            return {"in": value}
        if isinstance(value, dict):
            given = value.get("not")
            return {**value, "not": [given]} if "not" in value and not isinstance(given, list) else value
        return {"is": value}


class Join(Part):
    """A table looked up for each row; rows without a match stay, with nothing in its columns."""

    with_: str = Field(alias="with")
    on: dict[str, str]
    take_first: str | None = None

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

    from_: str = Field(alias="from")
    join: tuple[Join, ...] = ()
    where: dict[str, Filter] = Field(default_factory=dict)
    columns: dict[str, ColumnRule]
    keep: tuple[str, ...] | Literal["all"] = ()


class TableRule(Part):
    """One of our tables: a source, or a union of sources."""

    union: tuple[Source, ...]

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, value: object) -> object:
        return {"union": [value]} if isinstance(value, dict) and "union" not in value else value


class Mapping(Part):
    """A whole mapping document."""

    title: str = ""
    roots: dict[str, str] = Field(default_factory=dict)
    tables: dict[str, TableRule]


_MODELS: dict[str, type[Part]] = {
    "roots": Mapping, "tables": TableRule, "union": Source, "columns": ColumnRule, "join": Join, "where": Filter,
}  # fmt: skip


def read_mapping(path: Path) -> Mapping:
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
    begins = "A mapping has the keys roots and tables."
    source = read(decode(content, path.name), path.name, LIMITS, needs=begins, begins=begins, merge=True)
    if source.problems:
        raise InputError(replace(problem, path=f"{path.name} {problem.path}") for problem in source.problems)
    document = source.data
    tables = document.get("tables")
    if not isinstance(tables, dict) or not tables:
        raise InputError([Problem(f"{path.name} tables", "a mapping needs tables: our name -> where it comes from.")])
    problems = [_unknown_table(path, name) for name in tables if name not in TABLES]
    try:
        mapping = Mapping.model_validate(document)
    except ValidationError as error:
        raise InputError([*problems, *(_problem(path, detail) for detail in error.errors())]) from None
    if problems:
        raise InputError(problems)
    return mapping


def _unknown_table(path: Path, name: object) -> Problem:
    return Problem(f"{path.name} tables.{name}", "there is no such table.", did_you_mean(name, TABLES))


def _problem(path: Path, detail: Any) -> Problem:
    where = [str(part) for part in detail["loc"]]
    message = str(detail["msg"]).removeprefix("Value error, ")
    fix = ""
    if detail["type"] == "extra_forbidden":
        model = next((_MODELS[part] for part in reversed(where[:-1]) if part in _MODELS), Mapping)
        names = [field.alias or name for name, field in model.model_fields.items()]
        message, fix = f"the key {where[-1]} is not known.", did_you_mean(where[-1], names)
    return Problem(f"{path.name} {'.'.join(where)}", message if message.endswith(".") else f"{message}.", fix)
