"""A demo loads clean: keys are unique, ids are known, days are in order, types are what the tables declare."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from incentive_lab.history.demo.generate import TABLES
from incentive_lab.history.tables import TABLES as DECLARED

ARROW = {
    "text": pa.types.is_string,
    "date": pa.types.is_date,
    "money": pa.types.is_float64,
    "share": pa.types.is_float64,
    "boolean": pa.types.is_boolean,
    "period": pa.types.is_string,
    "number": lambda kind: pa.types.is_float64(kind) or pa.types.is_int64(kind),
}
MONEY = [
    (table, column.name)
    for table in TABLES
    for column in DECLARED[table].columns
    if column.kind == "money" or (table, column.name) == ("targets", "amount")
]


def one(sql: duckdb.DuckDBPyConnection, query: str) -> object:
    return sql.execute(query).fetchone()[0]


@pytest.mark.parametrize("table", TABLES)
def test_columns_are_declared_and_of_their_kind(demo: Path, table: str) -> None:
    schema = pq.read_schema(demo / f"{table}.parquet")
    declared = {column.name: column.kind for column in DECLARED[table].columns}
    assert set(schema.names) <= set(declared)
    assert {column.name for column in DECLARED[table].columns if column.required} <= set(schema.names)
    assert [field.name for field in schema if not ARROW[declared[field.name]](field.type)] == []


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("partners", "partner_id"),
        ("partners", "name"),
        ("deals", "deal_id"),
        ("deals", "order_id"),
        ("deal_partners", "deal_id, partner_id"),
        ("activities", "activity_id"),
        ("scores", "partner_id, scored_on, measure"),
        ("targets", "partner_id, measure, period"),
        ("actual_payouts", "partner_id, period, rule"),
    ],
)
def test_keys_are_unique(sql: duckdb.DuckDBPyConnection, table: str, key: str) -> None:
    first = key.split(",")[0]
    query = f"select {key} from {table} where {first} is not null group by all having count(*) > 1"
    assert sql.execute(query).fetchall() == []


@pytest.mark.parametrize("table", TABLES[1:])
def test_every_partner_id_is_known(sql: duckdb.DuckDBPyConnection, table: str) -> None:
    assert one(sql, f"select count(*) from {table}") > 0
    assert one(sql, f"select count(*) from {table} anti join partners using (partner_id)") == 0


@pytest.mark.parametrize("table", ["deal_partners", "activities"])
def test_every_deal_id_is_known(sql: duckdb.DuckDBPyConnection, table: str) -> None:
    named = f"(from {table} where deal_id is not null)"
    assert one(sql, f"select count(*) from {named} anti join deals using (deal_id)") == 0


def test_every_parent_is_another_known_partner(sql: duckdb.DuckDBPyConnection) -> None:
    assert one(sql, "select count(parent_id) from partners") > 30
    earlier = "partners p on c.parent_id = p.partner_id and c.partner_id > p.partner_id"
    unknown = f"select count(*) from (from partners where parent_id is not null) c anti join {earlier}"
    assert one(sql, unknown) == 0


@pytest.mark.parametrize(
    "wrong",
    [
        "closed_on < created_on",
        "registered_on < created_on",
        "registered_on > closed_on",
        "qualified_on > closed_on",
        "recorded_on < coalesce(closed_on, created_on)",
        "returned_on <= closed_on",
        "(closed_on is null) <> (status = 'open')",
        "(order_id is null) = (status = 'won')",
        "closed_on < '2023-01-01'",
        "created_on not between '2023-01-01' and '2025-12-31'",
        "coalesce(returned_on, closed_on, recorded_on) > '2025-12-31'",
        "amount <= 0",
        "amount > list_amount",
        "cost <= 0",
        "returned_amount > amount",
        "(term_months is null) <> (recurring_amount is null)",
        "recurring_amount * term_months > amount + 0.005",
    ],
)
def test_no_deal_contradicts_itself(sql: duckdb.DuckDBPyConnection, wrong: str) -> None:
    assert one(sql, f"select count(*) from deals where {wrong}") == 0


@pytest.mark.parametrize(("table", "column"), MONEY)
def test_money_has_two_decimals(sql: duckdb.DuckDBPyConnection, table: str, column: str) -> None:
    assert one(sql, f"select count(*) from {table} where {column} <> round({column}, 2)") == 0


def test_shares_of_a_deal_sum_to_exactly_one(sql: duckdb.DuckDBPyConnection) -> None:
    sums = sql.execute("select distinct sum(share::decimal(9, 6)) from deal_partners group by deal_id").fetchall()
    assert [float(value) for (value,) in sums] == [1.0]
    floats = sql.execute("select list(share order by share desc) from deal_partners group by deal_id").fetchall()
    assert {sum(shares) for (shares,) in floats} == {1.0}


def test_nobody_acts_before_joining(sql: duckdb.DuckDBPyConnection) -> None:
    for table, day in (("deals", "created_on"), ("activities", "occurred_on"), ("scores", "scored_on")):
        assert one(sql, f"select count(*) from {table} join partners using (partner_id) where {day} < joined_on") == 0


def test_every_catalogue_kind_the_demo_knows_occurs(sql: duckdb.DuckDBPyConnection) -> None:
    from incentive_lab.scheme.measures import ACTIVITY_KINDS

    kinds = {kind for (kind,) in sql.execute("select distinct kind from activities").fetchall()}
    assert kinds == set(ACTIVITY_KINDS)


def test_msps_sell_contracts_and_the_base_grows(sql: duckdb.DuckDBPyConnection) -> None:
    share = "select avg((term_months is not null)::int) from deals join partners using (partner_id) where type = 'msp'"
    assert one(sql, share) == pytest.approx(0.85, abs=0.03)
    by_year = sql.execute(
        "select sum(amount) from deals where status = 'won' group by year(closed_on) order by year(closed_on)"
    ).fetchall()
    assert by_year == sorted(by_year)
