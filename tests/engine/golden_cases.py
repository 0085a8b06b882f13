"""Reads the golden cases: plain data, one file for each row of the field's conventions."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from incentive_lab.panel import Panel, month_index
from incentive_lab.scheme.document import Scheme
from tests.engine.panels import LONG_AGO, DealRow, History, ReturnRow, day_of, in_whole_units

FOLDER = Path(__file__).parent / "golden"
ATTRIBUTES = ("type", "region", "segment", "tier", "parent_id")
CASE_KEYS = {"case", "scheme", "rule", "baseline", "first", "months", "partners", "deals", "returns", "pays"}


@dataclass(frozen=True)
class Golden:
    """One case: a scheme, a tiny history and what it pays.

    Attributes:
        name: File and sentence.
        scheme: With `rule:` the scheme has that one rule, named r.
        panel: The history.
        baseline: For guarantees.
        pays: (month, partner, line) -> amount; everything else is nothing.
    """

    name: str
    scheme: Scheme
    panel: Panel
    baseline: Scheme | None
    pays: Mapping[tuple[int, str, str], Decimal]


def golden_cases() -> list[Golden]:
    """Every case of every file."""
    return [
        golden(path.stem, data)
        for path in sorted(FOLDER.glob("*.yaml"))
        for data in YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    ]


def golden(file: str, data: Mapping[str, Any]) -> Golden:
    """One case as a scheme, a panel and amounts."""
    unknown = set(data) - CASE_KEYS
    assert not unknown, f"{file}: {data.get('case')}: unknown keys {sorted(unknown)}, known are {sorted(CASE_KEYS)}"
    year, month = map(int, str(data.get("first", "2014-01")).split("-"))
    first = month_index(year, month)
    panel = history(data, first).panel()
    return Golden(
        name=f"{file}: {data['case']}",
        scheme=scheme(data.get("scheme", {}), data.get("rule")),
        panel=panel,
        baseline=scheme(data["baseline"], None) if "baseline" in data else None,
        pays={
            (at, partner, line): Decimal(str(amount))
            for partner, lines in data["pays"].items()
            for line, amounts in lines.items()
            for at, amount in enumerate(amounts)
            if amount
        },
    )


def scheme(parts: Mapping[str, Any], rule: Mapping[str, Any] | None) -> Scheme:
    """A scheme with what every scheme needs; monthly settlement unless it says otherwise."""
    needed = {"scheme": "golden", "currency": "USD", "effective": {"from": "2014-01-01"}, "settle": "month"}
    rules = {} if rule is None else {"rules": [{"id": "r", **rule}]}
    return Scheme.model_validate({**needed, **parts, **rules})


def history(data: Mapping[str, Any], first: int) -> History:
    """The partners' months, deals and returns in the panel's whole units; what is not given is nothing."""
    partners: Mapping[str, Any] = data["partners"]
    ids = sorted(partners)
    names = {name for parts in partners.values() for name in parts if name not in (*ATTRIBUTES, "joined")}
    deals = data.get("deals", [])
    length = data.get("months") or max(
        [len(values) for parts in partners.values() for name, values in parts.items() if name in names]
        + [month_of(deal["on"], first) + 1 for deal in deals]
    )
    columns = {
        name: [
            [in_whole_units(name, value) for value in fill(partners[partner].get(name, []), length)] for partner in ids
        ]
        for name in names
    }
    grain = "line" if any("line" in deal for deal in deals) else "deal"
    sold = {deal["deal"]: deal for deal in deals}
    return History(
        first_month=first,
        months=length,
        partner_ids=tuple(ids),
        columns=columns,
        joined=[joined(partners[partner].get("joined"), first) for partner in ids],
        attributes={name: [str(partners[partner].get(name, "")) for partner in ids] for name in ATTRIBUTES},
        deals={grain: [deal_row(deal, ids, first) for deal in deals]} if "deals" in data else {},
        returns=[return_row(back, sold, ids, first) for back in data["returns"]] if "returns" in data else None,
        deal_measures=sorted({name for deal in deals for name in deal if name not in DEAL_KEYS}),
    )


DEAL_KEYS = ("partner", "deal", "line", "on", "term_months")


def fill(values: list[Any], length: int) -> list[Any]:
    """Values month by month; months without one have none."""
    return [*values, *[None] * (length - len(values))]


def month_of(date: datetime.date | str, first: int) -> int:
    """Month of a date, counted from the first."""
    year, month = map(int, str(date).split("-")[:2])
    return month_index(year, month) - first


def joined(date: datetime.date | str | None, first: int) -> int:
    """Month of joining."""
    return LONG_AGO if date is None else month_of(date, first)


def deal_row(deal: Mapping[str, Any], ids: list[str], first: int) -> DealRow:
    """One deal."""
    date = str(deal["on"])
    return DealRow(
        partner=ids.index(deal["partner"]),
        day=day_of(first, month_of(date, first), int(date.split("-")[2])),
        deal_id=str(deal["deal"]),
        line=str(deal.get("line", "")),
        values={name: int(in_whole_units(name, value)) for name, value in deal.items() if name not in DEAL_KEYS},
    )


def return_row(back: Mapping[str, Any], sold: Mapping[str, Mapping[str, Any]], ids: list[str], first: int) -> ReturnRow:
    """One returned deal; `sold` overrides the date of a sale before the history."""
    deal = sold.get(back["deal"], {})
    values = {name: value for name, value in back.items() if name not in ("deal", "on", "partner", "sold")}
    return ReturnRow(
        partner=ids.index(back.get("partner") or deal["partner"]),
        month=month_of(back["on"], first),
        sold_month=month_of(back.get("sold") or deal["on"], first),
        deal_id=str(back["deal"]),
        term_months=int(deal.get("term_months", 0)),
        values={name: int(in_whole_units(name, value)) for name, value in values.items()},
    )
