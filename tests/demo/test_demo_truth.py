"""What was planted is in the data, and written down."""

from __future__ import annotations

from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal

import duckdb
import numpy as np
import pytest

from incentive_lab.history.demo import activities as acts
from incentive_lab.history.demo import deals as dealing
from incentive_lab.history.demo import partners as base
from incentive_lab.history.demo.calibration import EFFECTS
from incentive_lab.history.demo.plan import BLOCK, Plan

PLAN = Plan(BLOCK, 36, 7, 636, 5.0)
CENT = Decimal("0.01")


def credited(sql: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], Decimal]:
    """Won revenue per partner and quarter of entry: shares rounded down, the rest to the largest share."""
    shares = defaultdict(list)
    for deal, partner, share in sql.execute("select deal_id, partner_id, share from deal_partners").fetchall():
        shares[deal].append((Decimal(str(share)), partner))
    total: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    rows = "select deal_id, partner_id, amount, year(recorded_on), quarter(recorded_on) from deals where status = 'won'"
    for deal, own, amount, year, quarter in sql.execute(rows).fetchall():
        left, period = Decimal(str(amount)), f"{year}-Q{quarter}"
        owners = sorted(shares.get(deal, [(Decimal(1), own)]))
        for share, partner in owners[:-1]:
            part = (Decimal(str(amount)) * share).quantize(CENT, rounding="ROUND_DOWN")
            total[partner, period] += part
            left -= part
        total[owners[-1][1], period] += left
    return total


def test_payouts_are_the_commission_save_for_the_recorded_exceptions(
    sql: duckdb.DuckDBPyConnection, truth: dict
) -> None:
    due = {key: (amount * Decimal("0.03")).quantize(CENT, ROUND_HALF_UP) for key, amount in credited(sql).items()}
    exceptions = {(row["partner_id"], row["period"]): row for row in truth["payouts"]["exceptions"]}
    paid = sql.execute("select partner_id, period, amount from actual_payouts").fetchall()
    off = {(p, q): amount for p, q, amount in paid if Decimal(str(amount)).quantize(CENT) != due[p, q]}
    assert {key: row["paid"] for key, row in exceptions.items()} == off
    assert all(Decimal(str(row["due"])).quantize(CENT) == due[key] for key, row in exceptions.items())
    assert len(paid) == sum(amount > 0 for amount in due.values())


def test_the_hidden_trait_is_only_in_the_truth(sql: duckdb.DuckDBPyConnection, truth: dict) -> None:
    columns = {row[0] for row in sql.execute("describe partners").fetchall()}
    assert columns.isdisjoint({"engagement", "size", "service", "rate"})
    assert len(truth["engagement"]) == 1000


def test_the_engaged_train_more_and_sell_more(sql: duckdb.DuckDBPyConnection, truth: dict) -> None:
    revenue = dict(sql.execute("select partner_id, sum(amount) from deals where status = 'won' group by 1").fetchall())
    trained = dict(
        sql.execute("select partner_id, count(*) from activities where kind = 'training' group by 1").fetchall()
    )
    engagement = np.array(list(truth["engagement"].values()))
    for outcome in (revenue, trained):
        values = np.array([float(outcome.get(name, 0)) for name in truth["engagement"]])
        assert np.corrcoef(np.argsort(np.argsort(engagement)), np.argsort(np.argsort(values)))[0, 1] > 0.25


def test_a_naive_comparison_of_certified_partners_overstates_the_planted_effect(
    sql: duckdb.DuckDBPyConnection, truth: dict
) -> None:
    deals = "(select partner_id, count(*) as n from deals group by 1)"
    certified = "(select distinct partner_id, true as yes from activities where kind = 'certification')"
    ratio = sql.execute(
        f"select avg(coalesce(n, 0)) filter (where yes) / avg(coalesce(n, 0)) filter (where yes is null) "
        f"from partners left join {deals} using (partner_id) left join {certified} using (partner_id)"
    ).fetchone()[0]
    assert truth["effects"]["certification_on_deal_rate"]["value"] == 0.08
    assert ratio - 1 > 5 * 0.08


def test_certification_lifts_the_deal_rate_from_the_month_after() -> None:
    day = int(PLAN.starts[8 + 10]) + 3  # in the eleventh month
    none = acts.rows(np.array([0]), np.array([day]), "event")
    certified = acts.rows(np.array([3]), np.array([day]), "certification")
    assert (acts.lift(PLAN, none) == 1).all()
    lift = acts.lift(PLAN, certified)
    assert (lift[3, :11] == 1).all()
    assert lift[3, 11:] == pytest.approx(1 + EFFECTS["certification_on_deal_rate"].value)
    assert (np.delete(lift, 3, axis=0) == 1).all()


def test_a_campaign_lifts_the_deal_rate_in_the_two_following_months() -> None:
    day = int(PLAN.starts[8 + 10]) + 3
    lift = acts.lift(PLAN, acts.rows(np.array([3, 3]), np.array([day, day]), "campaign"))
    assert lift[3, 9:14] == pytest.approx([1, 1, 1.05**2, 1.05**2, 1])


def test_the_lift_reaches_the_number_of_deals() -> None:
    traits = base.draw(PLAN, 0)
    flat = np.ones((BLOCK, PLAN.months))
    few, many = (dealing.draw(PLAN, 0, traits, factor * flat) for factor in (1.0, 1.5))
    assert len(many.owner) / len(few.owner) == pytest.approx(1.5, abs=0.1)


def test_a_renamed_partner_stops_where_its_new_id_starts(sql: duckdb.DuckDBPyConnection, truth: dict) -> None:
    (renamed,) = truth["renamed"]
    query = (
        "select min(closed_on), max(coalesce(closed_on, recorded_on)), count(*) filter (where status = 'won'), "
        "count(*) filter (where status = 'open') from deals where partner_id = ?"
    )
    old, new = (sql.execute(query, [renamed[side]]).fetchone() for side in ("from", "to"))
    assert str(old[1])[:7] < renamed["since"] <= str(new[0])[:7]
    assert min(old[2], new[2]) >= 5
    assert old[3] == 0
    attributes = "select type, region, segment, tier, replace(name, ' Ltd', '') from partners where partner_id = ?"
    assert len({sql.execute(attributes, [renamed[side]]).fetchone() for side in ("from", "to")}) == 1


def test_spikes_and_sales_below_cost_are_where_the_truth_says(sql: duckdb.DuckDBPyConnection, truth: dict) -> None:
    assert len(truth["spikes"]) == 2
    for spike in truth["spikes"]:
        amount, median = sql.execute(
            "select max(amount) filter (where deal_id = ?), median(amount) from deals "
            "where status = 'won' and partner_id = ?",
            [spike["deal_id"], spike["partner_id"]],
        ).fetchone()
        assert amount > 20 * median
    assert len(truth["below_cost"]) == 3
    for cluster in truth["below_cost"]:
        below = sql.execute(
            "select count(*), count(*) filter (where cost > amount) from deals where status = 'won' "
            "and partner_id = ? and year(closed_on) || '-Q' || quarter(closed_on) = ?",
            [cluster["partner_id"], cluster["period"]],
        ).fetchone()
        assert below == (cluster["deals"], cluster["deals"])


def test_pulled_deals_close_in_the_last_days_of_a_quarter_and_reach_the_target(
    sql: duckdb.DuckDBPyConnection, truth: dict
) -> None:
    bunching = truth["bunching"]
    assert len(bunching["deal_ids"]) == bunching["deals"] > 5
    rows = sql.execute(
        "select d.partner_id, closed_on, t.amount, (select sum(amount) from deals o where o.partner_id = d.partner_id "
        "and o.status = 'won' and date_trunc('quarter', o.closed_on) = date_trunc('quarter', d.closed_on)) "
        "from deals d join targets t on t.partner_id = d.partner_id "
        "and t.period = year(closed_on) || '-Q' || quarter(closed_on) where list_contains(?, deal_id)",
        [bunching["deal_ids"]],
    ).fetchall()
    assert len(rows) == bunching["deals"]
    for partner, closed, target, revenue in rows:
        assert partner in bunching["partners"]
        assert closed.month % 3 == 0
        assert closed.day >= 26
        assert revenue >= target


def test_inactive_partners_never_do_anything(sql: duckdb.DuckDBPyConnection, truth: dict) -> None:
    assert len(truth["inactive"]) > 10
    for table in ("deals", "deal_partners", "activities", "scores", "actual_payouts"):
        query = f"select count(*) from {table} where list_contains(?, partner_id)"
        assert sql.execute(query, [truth["inactive"]]).fetchone() == (0,)
