"""What a generated history shows, beside the figures it is held to."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import duckdb

from incentive_lab.errors import InputError, Problem
from incentive_lab.history.demo.calibration import CALIBRATION, setting

_READERS = {"parquet": "read_parquet", "csv": "read_csv"}

_REVENUE = """
    with revenue as (select partner_id, sum(amount) as amount from deals where status = 'won' group by 1),
    ranked as (select amount, row_number() over (order by amount desc, partner_id) as place, count(*) over () as n
               from revenue)
    select sum(amount) filter (where place <= 0.1 * n) / sum(amount) as top_tenth_share,
           sum(amount) filter (where place <= 0.2 * n) / sum(amount) as top_fifth_share,
           sum((n + 1 - 2 * place) * amount) / any_value(n) / sum(amount) as gini,
           1 - count(*) / (select count(*) from partners) as never_sold
    from ranked"""
_WON = """
    select median(amount) as deal_median, quantile_cont(amount, 0.95) as deal_p95,
           1 - sum(cost) / sum(amount) as gross_margin, avg((cost > amount)::int) as negative_margin,
           1 - sum(amount) / sum(list_amount) as discount_share,
           avg((returned_on is not null)::int) as returned,
           sum(amount) filter (where month(closed_on) % 3 = 0) / sum(amount) as quarter_end
    from deals where status = 'won'"""
_CLOSED = """
    select quantile_cont(closed_on - created_on, 0.25) as cycle_q1, median(closed_on - created_on) as cycle_median,
           quantile_cont(closed_on - created_on, 0.75) as cycle_q3,
           avg((status = 'won')::int) filter (where registered_on is not null) as win_rate_registered,
           avg((status = 'won')::int) filter (where registered_on is null) as win_rate_unregistered
    from deals where status <> 'open'"""
_ALL = """
    select avg((registered_on is not null)::int) filter (where amount >= {qualifying}) as registered_share,
           (select count(distinct deal_id) from deal_partners) / count(*) as multi_partner
    from deals"""
_ACTIVITIES = """
    with span as (select date_trunc('quarter', min(occurred_on)) as opening, max(occurred_on) as ending
                  from activities),
    quarters as (select unnest(generate_series(opening, ending, interval 3 month)) as opening from span),
    base as (select q.opening, count(*) as n from quarters q join partners p on p.joined_on < q.opening group by 1),
    leads as (select date_trunc('quarter', occurred_on) as opening, count(distinct partner_id) as n
              from activities where kind = 'qualified_lead' group by 1)
    select (select sum(l.n) / sum(b.n) from base b join leads l using (opening)) as lead_active_share,
           (select count(distinct partner_id) from activities where kind = 'certification')
               / (select count(*) from partners) as ever_certified,
           (select sum(spend) from activities where kind = 'campaign')
               / (select {accrual} * sum(amount) from deals where status = 'won') as mdf_utilisation"""
_SCORES = """
    with means as (select partner_id, avg(value) as mean, count(*) as n, var_samp(value) as within
                   from scores where measure = 'csat' group by 1 having count(*) > 3)
    select (select avg(value) from scores where measure = 'csat') as csat_mean,
           sqrt(greatest(var_samp(mean) - avg(within / n), 0)) as csat_partner_sd from means"""
_PAYOUTS = """
    with credits as (
        select coalesce(s.partner_id, d.partner_id) as partner_id,
               year(recorded_on) || '-Q' || quarter(recorded_on) as period,
               sum(amount * coalesce(s.share, 1)) as revenue
        from deals d left join deal_partners s using (deal_id) where status = 'won' group by 1, 2)
    select avg((abs(a.amount - {commission} * c.revenue) > 0.02)::int) as payout_exceptions
    from actual_payouts a join credits c using (partner_id, period)"""


class Finding(NamedTuple):
    """One figure: what it should be, what it is, and where the target comes from."""

    name: str
    target: float
    achieved: float | None
    source: str


def report(directory: Path) -> list[Finding]:
    """The achieved figures of a generated history in the order of CALIBRATION; None where nothing could be measured.

    Raises:
        InputError: When the directory holds no generated history.
    """
    connection = duckdb.connect()
    for table in ("partners", "deals", "deal_partners", "activities", "scores", "actual_payouts"):
        connection.execute(f"create view {table} as select * from {_source(directory, table)}")
    achieved: dict[str, float | None] = {}
    knobs = {
        "qualifying": setting("qualifying_amount"),
        "accrual": setting("mdf_accrual"),
        "commission": setting("commission"),
    }
    for query in (_REVENUE, _WON, _CLOSED, _ALL, _ACTIVITIES, _SCORES, _PAYOUTS):
        answer = connection.execute(query.format(**knobs))
        names = [column[0] for column in answer.description]
        row = answer.fetchone() or ()
        achieved |= {name: None if value is None else float(value) for name, value in zip(names, row, strict=True)}
    return [Finding(name, rate.value, achieved[name], rate.source) for name, rate in CALIBRATION.items()]


def _source(directory: Path, table: str) -> str:
    for form, reader in _READERS.items():
        path = directory / f"{table}.{form}"
        if path.exists():
            quoted = str(path).replace("'", "''")
            return f"{reader}('{quoted}')"
    message = f"there is no {table}.parquet or {table}.csv."
    raise InputError([Problem(str(directory), message, "Generate a demo first.")])
