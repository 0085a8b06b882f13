"""One source of a mapped table as SQL: its joins, filters and columns, with every name checked."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from incentive_lab.errors import Problem, did_you_mean
from incentive_lab.history.beside import packed
from incentive_lab.history.columns import SHOWN
from incentive_lab.history.mapping_document import ColumnRule, Filter, Source
from incentive_lab.history.mapping_values import constant, decimal, is_number, parts
from incentive_lab.history.origins import STRIDE, Origin, named
from incentive_lab.history.reading import NUMBER, as_text, family_of
from incentive_lab.history.store import BESIDE, Raw, Store, listed, literal, quoted
from incentive_lab.history.tables import ALLOWED, TABLES, Kind, holds_money
from incentive_lab.history.written import beside_sql, our_way

_CALCULATED = "DECIMAL(30,8)"


class Member:
    """One source of a mapped table, being turned into SQL.

    Attributes:
        tables: The tables it reads by the names its columns are written with, its main one first.
        sql: Its rows as ours, with `_row` where they came from; empty until `prepare`.
    """

    def __init__(
        self,
        find: Callable[[str, str], Raw | None],
        store: Store,
        source: Source,
        table: str,
        where: str,
        place: int,
        problems: list[Problem],
    ) -> None:
        self.find, self.store, self.source, self.table, self.where = find, store, source, table, where
        self.place, self.problems = place, problems
        self.tables: dict[str, Raw] = {}
        self.main = source.from_.rsplit("/", 1)[-1]
        self.sql = self._from = ""
        self._used: dict[str, list[str]] = {}
        self._numbers: list[tuple[str, str, str]] = []
        self._beside: dict[str, list[str]] = {}
        self._shown: dict[str, str] = {}

    def prepare(self) -> bool:
        """Write its SQL; False with the problems noted."""
        before = len(self.problems)
        main = self.find(self.source.from_, f"{self.where}.from")
        if main is None:
            return False
        self.tables[self.main] = main
        joins = [self._join(position) for position in range(len(self.source.join))]
        items = {name: self._column(name, rule) for name, rule in self.source.columns.items()}
        for name in self._kept(main):
            items.setdefault(name, f"{quoted(self.main)}.{quoted(name)}")
            self._used.setdefault(name, [name])
        tests = [self._test(name, test) for name, test in self.source.where.items()]
        if len(self.problems) > before:
            return False
        where = f" WHERE {' AND '.join(tests)}" if tests else ""
        rows = f"(SELECT *, {main.row} AS _row FROM {main.relation})" if main.row else main.relation
        self._from = f"FROM {rows} AS {quoted(self.main)}{''.join(joins)}{where}"
        fields = [f"{sql} AS {quoted(name)}" for name, sql in items.items()]
        if self._beside:
            calculated = {name for name in self._beside if self.source.columns[name].column is None}
            fields.append(f"{packed(self._beside, calculated)} AS {quoted(BESIDE)}")
        self.sql = f"SELECT {listed([*fields, f'{self._row} AS _row'])} {self._from}"
        return True

    @property
    def _row(self) -> str:
        number = f" + {quoted(self.main)}._row" if self.tables[self.main].row else ""
        return f"CAST({self.place * STRIDE}{number} AS BIGINT)"

    @property
    def origin(self) -> Origin:
        """Where its rows come from, for messages."""
        return Origin(self.tables[self.main].label, {name: named(columns) for name, columns in self._used.items()},
                      {name: columns[0] for name, columns in self._used.items() if len(columns) == 1})  # fmt: skip

    def check_numbers(self) -> None:
        """Note every cell that is no number though the mapping calculates with it."""
        for ours, theirs, sql in self._numbers:
            text = f"trim(CAST({sql} AS VARCHAR))"
            wrong = f"NOT regexp_matches({text}, '^{NUMBER}$')"
            if self.store.dialect == "duckdb":
                wrong = f"({wrong} OR TRY_CAST({text} AS {_CALCULATED}) IS NULL)"
            joined = " AND " if self.source.where else " WHERE "
            found = self.store.rows(
                f"SELECT {self._row} AS place, substr({text}, 1, 60) AS found {self._from}{joined}"
                f"nullif({text}, '') IS NOT NULL AND {wrong} ORDER BY 1, 2 LIMIT {SHOWN + 1}"
            )
            origin = Origin(self.tables[self.main].label, {ours: f"column {theirs}"})
            for row, value in found[:SHOWN]:
                message = f"found {value!r}, and the mapping calculates with it; allowed: {ALLOWED['number']}."
                self.problems.append(Problem(origin.place(row % STRIDE, self.table, ours), message))
            if len(found) > SHOWN:
                message = f"more than {SHOWN} rows have this problem."
                self.problems.append(Problem(origin.place(None, self.table, ours), message))

    def _kept(self, main: Raw) -> list[str]:
        if self.source.keep == "all":
            return list(main.columns)
        for name in self.source.keep:
            self._find(name, f"{self.where}.keep")
        return [name for name in self.source.keep if name in main.columns]

    def _join(self, position: int) -> str:
        join = self.source.join[position]
        where = f"{self.where}.join.{position + 1}"
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
            number = raw.row or "NULL"
            twice = self.store.rows(
                f"SELECT {keys}, min({number}), max({number}) FROM {relation} s WHERE {known} GROUP BY {keys} "
                f"HAVING count(*) > 1 ORDER BY {keys} LIMIT 1"
            )
            if twice:
                *values, first, last = twice[0]
                rows = f" ({raw.label} rows {first} and {last})" if first is not None else ""
                key = ", ".join(f"{name} {value!r}" for name, value in zip(join.on.values(), values, strict=True))
                message = f"several rows of {join.with_} have {key}{rows}; a join needs one."
                self.problems.append(Problem(where, message, "Name the column whose lowest value decides: take_first."))
        return f" LEFT JOIN {relation} AS {quoted(join.alias)} ON {' AND '.join(pairs)}"

    def _find(self, name: str, where: str) -> tuple[str, str] | None:
        """A source column as (SQL, family); a name may hold points itself."""
        table, _, column = name.rpartition(".")
        table = table or self.main
        whole = [(self.main, name), *((one, name[len(one) + 1 :]) for one in self.tables if name.startswith(f"{one}."))]
        table, column = next((each for each in whole if each[1] in self.tables[each[0]].columns), (table, column))
        if table not in self.tables:
            self.problems.append(Problem(where, f"{table} is not joined here.", did_you_mean(table, self.tables)))
            return None
        columns = self.tables[table].columns
        if column not in columns:
            message = f"{self.tables[table].label} has no column {column}."
            self.problems.append(Problem(where, message, did_you_mean(column, columns)))
            return None
        sql = f"{quoted(table)}.{quoted(column)}"
        if column in self.tables[table].shown_in:
            self._shown[sql] = f"coalesce({quoted(table)}.{quoted(self.tables[table].shown_in[column])}, '')"
        return sql, family_of(columns[column])

    def _column(self, name: str, rule: ColumnRule) -> str:
        where = f"{self.where}.columns.{name}"
        declared = TABLES[self.table]
        if name not in declared.names and not declared.extras:
            self.problems.append(
                Problem(where, f"{self.table} has no column {name}.", did_you_mean(name, declared.names))
            )
        self._used[name] = self._columns_of(rule)
        sql, text = self._origin(rule, name, where)
        if rule.times is not None:
            if rule.column is not None:
                self._numbers.append((name, rule.column, sql))
            sql = f"({self._as_number(sql)} * {decimal(rule.times)})"
        if rule.values is not None:
            cases = " ".join(f"WHEN {literal(found)} THEN {constant(given)}" for found, given in rule.values.items())
            rest = constant(rule.otherwise) if rule.otherwise is not None else text
            sql = f"CASE {text} {cases} ELSE {rest} END"
        if rule.default is not None:
            sql = f"coalesce(nullif(CAST({sql} AS VARCHAR), ''), {constant(rule.default)})"
        return sql

    def _columns_of(self, rule: ColumnRule) -> list[str]:
        """The source columns a column is made of."""
        operands = [part for part in self._operands(rule) if isinstance(part, str) and not is_number(part)]
        named_in = [name for _, name in parts(rule.text or "") if name]
        return [*([rule.column] if rule.column else ()), *operands, *named_in]

    @staticmethod
    def _operands(rule: ColumnRule) -> tuple[str | Decimal, ...]:
        return rule.sum or rule.difference or rule.product or ()

    def _origin(self, rule: ColumnRule, name: str, where: str) -> tuple[str, str]:
        """What a column comes from, and the text of it that `values` names."""
        if rule.column is None:
            made = self._made(rule, name, where)
            return made, f"CAST({made} AS VARCHAR)"
        found, known = self._find(rule.column, where), TABLES[self.table].column(name)
        if found is None:
            return "NULL", "NULL"
        kind = "number" if rule.times is not None else known.kind if known is not None else "text"
        return self._written(*found, kind, name), as_text(*found)

    def _made(self, rule: ColumnRule, name: str, where: str) -> str:
        if rule.constant is not None:
            return constant(rule.constant)
        if rule.text is not None:
            return self._template(rule.text, where)
        if rule.numbered is not None:
            raw = self.tables[self.main]
            everything = self._order(raw, list(raw.columns), f"{quoted(self.main)}.")
            return f"{literal(rule.numbered)} || CAST(row_number() OVER (ORDER BY {everything}) AS VARCHAR)"
        sign = " + " if rule.sum else " - " if rule.difference else " * "
        return f"({sign.join(self._operand(operand, name, where) for operand in self._operands(rule))})"

    def _order(self, raw: Raw, names: list[str], prefix: str = "") -> str:
        """Columns to order by; text by its code points, whatever the language of the database."""
        binary = {name: self.store.binary if family_of(raw.columns[name]) == "text" else "" for name in names}
        return listed(f"{prefix}{quoted(name)}{binary[name]}" for name in names)

    def _operand(self, operand: str | Decimal, name: str, where: str) -> str:
        if isinstance(operand, Decimal) or is_number(operand):
            return decimal(Decimal(operand))
        found = self._find(operand, where)
        if found is None:
            return "NULL"
        sql = self._written(*found, "number", name)
        self._numbers.append((name, operand, sql))
        return self._as_number(sql)

    def _written(self, sql: str, family: str, kind: Kind, ours: str = "") -> str:
        """A source column as dates and numbers are written here, where the source is text and writes them otherwise."""
        if family != "text":
            return sql
        if kind in ("money", "number") and holds_money(self.table, ours):
            beside = [beside_sql(sql, self.source.numbers)] if self.source.numbers is not None else []
            beside += [self._shown[sql]] if sql in self._shown else []
            if beside:
                self._beside.setdefault(ours, []).extend(beside)
        return our_way(sql, kind, self.source.dates, self.source.numbers)

    def _as_number(self, sql: str) -> str:
        return f"CAST(nullif(trim(CAST({sql} AS VARCHAR)), '') AS {_CALCULATED})"

    def _template(self, text: str, where: str) -> str:
        made = []
        for plain, name in parts(text):
            if plain:
                made.append(literal(plain))
            found = self._find(name, where) if name else None
            if found:
                made.append(f"coalesce({as_text(*found)}, '')")
        return " || ".join(made) or "''"

    def _test(self, name: str, test: Filter) -> str:
        found = self._find(name, f"{self.where}.where.{name}")
        if not found:
            return "FALSE"
        text = as_text(*found)
        said = f"coalesce(trim({text}), '')" if test.names_nothing else text
        plain = self._written(text, found[1], "number")
        number = f"CASE WHEN regexp_matches({plain}, '^{NUMBER}$') THEN TRY_CAST({plain} AS DECIMAL(38,8)) END"
        wanted = [given for given in (test.is_ if test.is_ is None else (test.is_,), test.in_) if given is not None]
        tests = [f"{said} IN ({listed(map(constant, given))})" for given in wanted]
        if test.not_ is not None:
            tests.append(f"({said} NOT IN ({listed(map(constant, test.not_))})) IS NOT FALSE")
        if test.known is not None:
            tests.append(f"nullif(trim({text}), '') IS {'NOT ' if test.known else ''}NULL")
        if test.min is not None:
            tests.append(f"{number} >= {decimal(test.min)}")
        if test.max is not None:
            tests.append(f"{number} <= {decimal(test.max)}")
        return f"({' AND '.join(tests) or 'TRUE'})"
