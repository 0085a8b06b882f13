"""One source of a mapped table as SQL: its joins, filters and columns, with every name checked."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

from incentive_lab.errors import Problem, did_you_mean
from incentive_lab.history.mapping_document import ColumnRule, Filter, Source
from incentive_lab.history.reading import NUMBER, as_text, family_of
from incentive_lab.history.store import Raw, Store, listed, literal, quoted
from incentive_lab.history.tables import TABLES

DECIMALS = 9
"""Decimals that are kept of a number in a mapping."""


class Member:
    """One source of a mapped table, being turned into SQL."""

    def __init__(
        self,
        find: Callable[[str, str], Raw | None],
        store: Store,
        source: Source,
        table: str,
        where: str,
        problems: list[Problem],
    ) -> None:
        self.find, self.store, self.source, self.table, self.where = find, store, source, table, where
        self.problems = problems
        self.tables: dict[str, Raw] = {}
        self.main = source.from_.rsplit("/", 1)[-1]

    def select(self) -> str | None:
        """SQL of the source's rows as ours, None with the problems noted."""
        before = len(self.problems)
        main = self.find(self.source.from_, f"{self.where}.from")
        if main is None:
            return None
        self.tables[self.main] = main
        joins = [self._join(position) for position in range(len(self.source.join))]
        items = {name: self._column(name, rule) for name, rule in self.source.columns.items()}
        for name in self._kept(main):
            items.setdefault(name, f"{quoted(self.main)}.{quoted(name)}")
        tests = [self._test(name, test) for name, test in self.source.where.items()]
        if len(self.problems) > before:
            return None
        where = f" WHERE {' AND '.join(tests)}" if tests else ""
        fields = listed(f"{sql} AS {quoted(name)}" for name, sql in items.items())
        return f"SELECT {fields} FROM {main.relation} AS {quoted(self.main)}{''.join(joins)}{where}"

    def _kept(self, main: Raw) -> list[str]:
        if self.source.keep == "all":
            return list(main.columns)
        for name in self.source.keep:
            self._find(name, f"{self.where}.keep")
        return [name for name in self.source.keep if name in main.columns]

    def _join(self, position: int) -> str:
        join = self.source.join[position]
        where = f"{self.where}.join.{position}"
        raw = self.find(join.with_, f"{where}.with")
        if raw is None:
            return ""
        pairs = []
        for left, right in join.on.items():
            own = self._find(left, f"{where}.on")
            if right not in raw.columns:
                self.problems.append(
                    Problem(f"{where}.on", f"{join.with_} has no column {right}.", did_you_mean(right, raw.columns))
                )
            elif own:
                other = as_text(f"{quoted(join.alias)}.{quoted(right)}", family_of(raw.columns[right]))
                pairs.append(f"{as_text(own[0], own[1])} = {other}")
        self.tables[join.alias] = raw
        relation = raw.relation
        keys = listed(map(quoted, join.on.values()))
        if not pairs or len(pairs) < len(join.on):
            return ""
        if join.take_first and join.take_first not in raw.columns:
            known = did_you_mean(join.take_first, raw.columns)
            self.problems.append(Problem(where, f"{join.with_} has no column {join.take_first}.", known))
            return ""
        if join.take_first:
            order = f"PARTITION BY {keys} ORDER BY {self._order(raw, [join.take_first, *raw.columns])}"
            relation = f"(SELECT * FROM {relation} QUALIFY row_number() OVER ({order}) = 1)"
        else:
            known = " AND ".join(f"{quoted(key)} IS NOT NULL" for key in join.on.values())
            twice = self.store.rows(
                f"SELECT {keys} FROM {relation} s WHERE {known} GROUP BY {keys} HAVING count(*) > 1 LIMIT 1"
            )
            if twice:
                named = f"{', '.join(join.on.values())} {twice[0][0]!r}"
                message = f"several rows of {join.with_} have {named}; a join needs one."
                self.problems.append(Problem(where, message, "Name the column whose lowest value decides: take_first."))
        return f" LEFT JOIN {relation} AS {quoted(join.alias)} ON {' AND '.join(pairs)}"

    def _find(self, name: str, where: str) -> tuple[str, str] | None:
        """A source column as (SQL, family)."""
        table, _, column = name.rpartition(".")
        table = table or self.main
        if table not in self.tables:
            self.problems.append(Problem(where, f"{table} is not joined here.", did_you_mean(table, self.tables)))
            return None
        columns = self.tables[table].columns
        if column not in columns:
            message = f"{self.tables[table].label} has no column {column}."
            self.problems.append(Problem(where, message, did_you_mean(column, columns)))
            return None
        return f"{quoted(table)}.{quoted(column)}", family_of(columns[column])

    def _column(self, name: str, rule: ColumnRule) -> str:
        where = f"{self.where}.columns.{name}"
        declared = TABLES[self.table]
        if name not in declared.names and not declared.extras:
            self.problems.append(
                Problem(where, f"{self.table} has no column {name}.", did_you_mean(name, declared.names))
            )
        sql = self._origin(rule, where)
        if rule.times is not None:
            sql = f"({self._as_number(sql)} * {_decimal(rule.times)})"
        if rule.values is not None:
            text = self._origin_text(rule, where)
            cases = " ".join(f"WHEN {literal(found)} THEN {_constant(given)}" for found, given in rule.values.items())
            rest = _constant(rule.otherwise) if rule.otherwise is not None else text
            sql = f"CASE {text} {cases} ELSE {rest} END"
        if rule.default is not None:
            sql = f"coalesce(nullif(CAST({sql} AS VARCHAR), ''), {_constant(rule.default)})"
        return sql

    def _origin(self, rule: ColumnRule, where: str) -> str:
        if rule.column is not None:
            found = self._find(rule.column, where)
            return found[0] if found else "NULL"
        if rule.constant is not None:
            return _constant(rule.constant)
        if rule.text is not None:
            return self._template(rule.text, where)
        if rule.numbered is not None:
            raw = self.tables[self.main]
            everything = self._order(raw, list(raw.columns), f"{quoted(self.main)}.")
            return f"{literal(rule.numbered)} || CAST(row_number() OVER (ORDER BY {everything}) AS VARCHAR)"
        operands = rule.sum or rule.difference or rule.product or ()
        sign = " + " if rule.sum else " - " if rule.difference else " * "
        return f"({sign.join(self._operand(operand, where) for operand in operands)})"

    def _order(self, raw: Raw, names: list[str], prefix: str = "") -> str:
        """Columns to order by; text by its code points, whatever the language of the database."""
        binary = {name: self.store.binary if family_of(raw.columns[name]) == "text" else "" for name in names}
        return listed(f"{prefix}{quoted(name)}{binary[name]}" for name in names)

    def _origin_text(self, rule: ColumnRule, where: str) -> str:
        found = self._find(rule.column, where) if rule.column else None
        return as_text(*found) if found else f"CAST({self._origin(rule, where)} AS VARCHAR)"

    def _operand(self, operand: str | Decimal, where: str) -> str:
        if isinstance(operand, Decimal):
            return _decimal(operand)
        try:
            return _decimal(Decimal(operand))
        except ArithmeticError:
            found = self._find(operand, where)
            return self._as_number(found[0]) if found else "NULL"

    def _as_number(self, sql: str) -> str:
        # Text that is no number stays in place as text would: it makes the load fail with the engine's own words.
        return f"CAST(nullif(trim(CAST({sql} AS VARCHAR)), '') AS DECIMAL(30,8))"

    def _template(self, text: str, where: str) -> str:
        parts = []
        for plain, name in re.findall(r"([^{}]*)(?:\{([^{}]+)\})?", text):
            if plain:
                parts.append(literal(plain))
            found = self._find(name, where) if name else None
            if found:
                parts.append(f"coalesce({as_text(*found)}, '')")
        return " || ".join(parts) or "''"

    def _test(self, name: str, test: Filter) -> str:
        found = self._find(name, f"{self.where}.where.{name}")
        if not found:
            return "FALSE"
        text = as_text(*found)
        number = f"CASE WHEN regexp_matches({text}, '^{NUMBER}$') THEN TRY_CAST({text} AS DECIMAL(38,8)) END"
        tests = []
        if test.is_ is not None:
            tests.append(f"{text} = {_constant(test.is_)}")
        if test.in_ is not None:
            tests.append(f"{text} IN ({listed(map(_constant, test.in_))})")
        if test.not_ is not None:
            tests.append(f"({text} IS NULL OR {text} NOT IN ({listed(map(_constant, test.not_))}))")
        if test.known is not None:
            tests.append(f"nullif({text}, '') IS {'NOT ' if test.known else ''}NULL")
        if test.min is not None:
            tests.append(f"{number} >= {_decimal(test.min)}")
        if test.max is not None:
            tests.append(f"{number} <= {_decimal(test.max)}")
        return f"({' AND '.join(tests) or 'TRUE'})"


def _constant(value: object) -> str:
    if isinstance(value, bool):
        return literal(str(value).lower())
    return literal(f"{value:f}" if isinstance(value, Decimal) else value)


def _decimal(value: Decimal) -> str:
    places = min(DECIMALS, max(0, -int(value.as_tuple().exponent)))
    width = 18 if abs(value) < 10 ** (18 - places) else 38
    return f"CAST('{value:f}' AS DECIMAL({width},{places}))"
