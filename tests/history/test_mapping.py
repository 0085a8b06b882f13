"""Other people's tables become a history through a mapping, and every slip in a mapping is named."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path

import pytest

from incentive_lab.errors import InputError
from incentive_lab.history import open_history, quality
from incentive_lab.scheme.measures import CATALOGUE

ROOT = Path(__file__).parents[2]
MAPPING = """
roots: {events: ../events}
tables:
  partners:
    from: shops
    columns:
      partner_id: no
      name: shop_name
      type: {column: kind, values: {Warehouse: distributor}, otherwise: dealer}
    keep: [city]
  deals:
    union:
      - from: orders
        join: [{with: events/opportunities, on: {order: order_no}}]
        where: {state: [shipped]}
        columns:
          deal_id: order
          partner_id: shop
          status: {constant: won}
          created_on: {column: opportunities.opened, default: 2013-01-01}
          closed_on: shipped
          amount: {difference: [gross, discount]}
          cost: {column: product_cost, times: 0.72}
      - from: events/opportunities
        where: {order_no: {known: false}}
        columns:
          {deal_id: {text: "lost-{id}"}, partner_id: shop, status: {constant: lost}, created_on: opened, amount: value}
"""
FILES = {
    "shops": "no,shop_name,kind,city\n1,Alpha,Warehouse,Bonn\n2,Beta,Kiosk,Bern\n",
    "orders": "order,shop,state,shipped,gross,discount,product_cost\n"
    "O1,1,shipped,2013-03-01,110,10,50\nO2,2,cancelled,,5,0,1\nO3,2,shipped,2013-04-01,20.50,0.25,10\n",
}
EVENTS = "id,shop,order_no,opened,value\nE1,1,O1,2013-02-01,100\nE2,2,,2013-02-10,40\n"


def history_folder(tmp_path: Path) -> Path:
    (tmp_path / "history").mkdir(parents=True)
    (tmp_path / "events").mkdir()
    for name, text in FILES.items():
        (tmp_path / "history" / f"{name}.csv").write_text(text)
    (tmp_path / "events" / "opportunities.csv").write_text(EVENTS)
    return tmp_path / "history"


def mapped(tmp_path: Path, text: str = MAPPING) -> Path:
    (tmp_path / "mapping.yaml").write_text(text)
    return tmp_path / "mapping.yaml"


def test_a_mapping_renames_joins_unions_filters_and_calculates(tmp_path: Path) -> None:
    history = open_history(history_folder(tmp_path), mapping=mapped(tmp_path))
    assert list(history.partners["type"]) == ["distributor", "dealer"]
    assert list(history.partners["city"]) == ["Bonn", "Bern"]
    panel = history.panel({name: CATALOGUE[name] for name in ("revenue", "cost_of_sales")})
    assert panel.columns["revenue"].sum() == 10_000 + 2_025  # 110 - 10, and 20.50 - 0.25
    assert panel.columns["cost_of_sales"].sum() == 3_600 + 720  # 0.72 of 50 and of 10
    deals = history.deals_of("2", 0, 99_999)
    assert list(deals["deal_id"]) == ["O3", "lost-E2"]
    assert str(deals["created_on"][0])[:10] == "2013-01-01"  # O3 has no opportunity: the default date


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("from: shops", "form: shops", "Line 5: unknown key 'form'. Did you mean from?"),
        ("from: shops", "from: shop", "there is no table shop in history. Did you mean shops?"),
        ("name: shop_name", "name: shopname", "shops.csv has no column shopname. Did you mean shop_name?"),
        ("with: events/", "with: evnts/", "there is no root called evnts. Did you mean events?"),
        ("opportunities.opened,", "opportunity.opened,", "opportunity is not joined here. Did you mean opportunities?"),
        ("  deals:", "  deal:", "there is no such table. Did you mean deals?"),
        ("times: 0.72", "tmes: 0.72", "columns.cost.tmes: Line 23: unknown key 'tmes'. Did you mean times?"),
        ("times: 0.72", "constant: 1", "a column has exactly one of column, constant"),
        ("../events", "../event", "there is no folder ../event beside the history."),
        ("from: orders", "from: [", "a list in [ ] is not closed"),
        ("times: 0.72", "times: .inf", "expected a finite number"),
        ("times: 0.72", "times: 1e300", "expected a number of at most 28 digits"),
        ("state: [shipped]", "state: {min: .nan}", "expected a finite number"),
        ("default: 2013-01-01", "default: 2013-02-30", "found '2013-02-30'; allowed: a date"),
        ("roots:", "tables: {}\nroots:", "appears twice"),
        ("roots: {", "title: !!python/name:os.system ''\nroots: {", "tags such as !!python or !Amount are not used"),
        ("roots: {", 'roots: {other: "a\\0b", ', "the control character U+0000"),
        ("from: orders", "from: ../../orders", "there is no root called ../.."),
        ("on: {order: order_no}", "on: {order: order_no}, take_first: opend", "no column opend"),
    ],
)
def test_a_slip_in_a_mapping_is_refused_with_its_place(tmp_path: Path, before: str, after: str, said: str) -> None:
    assert before in MAPPING
    with pytest.raises(InputError) as refused:
        open_history(history_folder(tmp_path), mapping=mapped(tmp_path, MAPPING.replace(before, after)))
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "The document is empty"),
        (b"- partners", "Found a list"),
        (b"tables:", "a mapping needs tables"),
        (MAPPING.encode("utf-16"), "is not UTF-8 text"),
        (MAPPING.encode() + "title: caf\u00e9".encode("latin-1"), "is not UTF-8 text"),
        (b"title: " + b"[" * 9_999 + b"]" * 9_999, "nested more than 40 levels deep"),
        (b"title: &a [*a]", "contains itself"),
        (
            b"a: &a [x,x,x,x,x,x,x,x,x]\n"
            + b"".join(b"%c: &%c [%s]\n" % (n, n, b",".join([b"*%c" % (n - 1)] * 9)) for n in range(98, 108)),
            "unfolds into more than 100,000 values",
        ),
        (b"title: " + b"x" * 1_000_001, "at most 1,000,000 bytes"),
    ],
    ids=lambda value: value[:24] if isinstance(value, str) else "",
)
def test_a_mapping_that_is_none_is_refused_without_unfolding_it(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "mapping.yaml").write_bytes(content)
    with pytest.raises(InputError) as refused:
        open_history(history_folder(tmp_path), mapping=tmp_path / "mapping.yaml")
    assert said in str(refused.value)


def test_a_join_that_would_repeat_rows_is_refused(tmp_path: Path) -> None:
    folder = history_folder(tmp_path)
    (tmp_path / "events" / "opportunities.csv").write_text(EVENTS + "E3,1,O1,2013-02-03,100\n")
    with pytest.raises(InputError, match=r"order_no 'O1' \(opportunities.csv rows 2 and 4\); a join needs one"):
        open_history(folder, mapping=mapped(tmp_path))
    first = MAPPING.replace("on: {order: order_no}", "on: {order: order_no}, take_first: opened")
    assert open_history(folder, mapping=mapped(tmp_path, first)).rows["deals"] == 3


def test_text_where_a_mapping_calculates_is_refused(tmp_path: Path) -> None:
    folder = history_folder(tmp_path)
    (folder / "orders.csv").write_text(FILES["orders"].replace("110", "much"))
    with pytest.raises(InputError) as refused:
        open_history(folder, mapping=mapped(tmp_path))
    (problem,) = refused.value.problems
    assert problem.path == "orders.csv row 2, column gross (deals.amount)"
    assert problem.message.startswith("found 'much', and the mapping calculates with it; allowed: a number")


@pytest.mark.parametrize(
    ("file", "before", "after", "path"),
    [
        ("orders", "2013-04-01", "04/01/2013", "orders.csv row 4, column shipped (deals.closed_on)"),
        ("orders", "O3,2", "O3,9", "orders.csv row 4, column shop (deals.partner_id)"),
        ("orders", "O3,2", "O3,", "orders.csv row 4, column shop (deals.partner_id)"),
        ("orders", "O3,2", "O1,2", "orders.csv row 4 (deals)"),
        ("orders", "20.50", "1e40", "orders.csv row 4, column gross (deals.amount)"),
        ("orders", "0.25,10", "0.25,ten", "orders.csv row 4, column product_cost (deals.cost)"),
        ("shops", "1,Alpha", ",Alpha", "shops.csv row 2, column no (partners.partner_id)"),
        ("../events/opportunities", "2013-02-10", "soon", "opportunities.csv row 3, column opened (deals.created_on)"),
        ("../events/opportunities", "2013-02-01", "soon", "orders.csv row 2, column opportunities.opened (deals.created_on)"),
        ("../events/opportunities", "40", "much", "opportunities.csv row 3, column value (deals.amount)"),
    ],
)  # fmt: skip
def test_a_mapped_value_is_refused_with_the_row_and_column_of_the_export(
    tmp_path: Path, file: str, before: str, after: str, path: str
) -> None:
    folder = history_folder(tmp_path)
    text = (folder / f"{file}.csv").read_text()
    assert before in text
    (folder / f"{file}.csv").write_text(text.replace(before, after))
    with pytest.raises(InputError) as refused:
        open_history(folder, mapping=mapped(tmp_path))
    assert refused.value.problems[0].path == path


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("name: shop_name", "name: Shopname", "Line 8: Shops.csv has no column Shopname. Did you mean shop_name?"),
        ("opportunities.opened,", "Deals.opened,", "Line 20: Deals is not joined here."),
        ("state: [shipped]", "State: [shipped]", "Line 15: Orders.csv has no column State. Did you mean state?"),
    ],
)  # fmt: skip
def test_a_file_that_is_named_in_a_message_keeps_its_capital(
    tmp_path: Path, before: str, after: str, said: str
) -> None:
    folder = history_folder(tmp_path)
    for name in ("shops", "orders"):
        (folder / f"{name}.csv").rename(folder / f"{name.capitalize()}.csv")
    text = MAPPING.replace("from: shops", "from: Shops").replace("from: orders", "from: Orders")
    assert before in text
    with pytest.raises(InputError) as refused:
        open_history(folder, mapping=mapped(tmp_path, text.replace(before, after)))
    assert said in str(refused.value)


def test_rows_without_what_each_needs_are_counted_and_can_be_left_out(tmp_path: Path) -> None:
    folder = history_folder(tmp_path)
    total = "Total,,shipped,,125.50,,\nTotal,,shipped,,1,,\n"
    (folder / "orders.csv").write_text(FILES["orders"] + total)
    with pytest.raises(InputError) as refused:
        open_history(folder, mapping=mapped(tmp_path))
    told = str(refused.value.problems[0])
    place = "mapping.yaml line 11, tables.deals"
    assert told == (
        "orders.csv row 5, column shop (deals.partner_id): this cell is empty, the first of 2 rows where it is; every row "
        f"needs text. Fill it, or leave such rows out: `where: {{shop: {{known: true}}}}` in {place}; on Data, choose shop "
        "under Only rows with."
    )
    for test in ("{known: true}", '{not: ""}', '{not: ["", 9]}'):
        text = MAPPING.replace("where: {state: [shipped]}", f"where: {{state: [shipped], shop: {test}}}")
        with open_history(folder, mapping=mapped(tmp_path, text)).closing() as history:
            assert history.store.rows("SELECT count(*) FROM {deals} t") == [(3,)], test
    for test in ('""', '[""]', "{known: false}"):
        text = MAPPING.replace("{order_no: {known: false}}", f"{{order_no: {test}, shop: {{not: 9}}}}")
        with open_history(history_folder(tmp_path / test[1:4]), mapping=mapped(tmp_path, text)).closing() as history:
            assert list(history.deals_of("2", 0, 99_999)["deal_id"]) == ["O3", "lost-E2"], test


def test_what_refuses_a_history_says_how_its_rows_are_left_out(tmp_path: Path) -> None:
    folder = history_folder(tmp_path)
    (folder / "orders.csv").write_text(
        FILES["orders"] + "O3,2,shipped,2013-04-01,20.50,0.25,10\nO4,far,shipped,2013-04-01,1,0,1\n"
    )
    with pytest.raises(InputError) as refused:
        open_history(folder, mapping=mapped(tmp_path))
    twice, unknown = (one.fix for one in refused.value.problems)
    assert twice.endswith("one is kept: --exclude duplicates, or Leave out the rows of on Data.")
    assert unknown.endswith("leave its rows out: --exclude orphans, or Leave out the rows of on Data.")
    open_history(folder, mapping=mapped(tmp_path), exclude=("orphans", "duplicates")).close()


def test_what_a_mapping_leaves_out_is_told_with_its_own_line(tmp_path: Path) -> None:
    text = MAPPING.replace("      partner_id: no\n", "")
    with pytest.raises(InputError, match=r"mapping.yaml line 4, tables.partners: the column partner_id is missing"):
        open_history(history_folder(tmp_path), mapping=mapped(tmp_path, text))
    without = MAPPING.replace("          deal_id: order\n", "")
    with pytest.raises(InputError, match=r"orders.csv row 2, no column \(deals.deal_id\): this cell is empty"):
        open_history(history_folder(tmp_path / "b"), mapping=mapped(tmp_path, without))


def samples() -> Path:
    folder = Path(os.environ.get("INCENTIVE_LAB_SAMPLES", ROOT.parent / "shared" / "data")) / "adventureworks_resellers"
    if not folder.is_dir():
        pytest.skip(f"no sample data: {folder.name} is not under INCENTIVE_LAB_SAMPLES")
    return folder


@pytest.mark.samples
def test_the_adventureworks_sample_gives_its_published_totals() -> None:
    history = open_history(samples(), mapping=ROOT / "data" / "mappings" / "adventureworks.yaml")
    names = ("revenue", "won_deals", "lost_deals", "created_deals", "certification", "lead", "cost_of_sales")
    panel = history.panel({name: CATALOGUE[name] for name in names})
    total = {name: float(column.sum()) for name, column in panel.columns.items()}
    # Published: 80,450,596.98 in 60,855 lines of 3,796 orders; rounding each line to cents takes 0.87 away.
    assert total["revenue"] == 8_045_059_611
    assert history.rounded["deals", "amount"][1].quantize(Decimal("0.01")) == Decimal("-0.87")
    assert panel.partners == 701
    assert total["won_deals"] == 3_796_000_000
    assert total["lost_deals"] == 9_196_000_000
    assert total["created_deals"] == 12_789_000_000  # of 13,248; the others were created before the first order
    assert total["certification"] == 793_000_000
    assert total["lead"] == 1_783_000_000
    assert 0.28 < 1 - total["cost_of_sales"] / total["revenue"] < 0.29  # cost x 0.72, said in the mapping
    kinds = {finding.kind: finding for finding in quality(history)}
    assert kinds["empty_months"].examples == ("2011-02", "2011-04", "2011-06")
