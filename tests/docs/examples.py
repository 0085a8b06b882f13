"""Examples in the documentation: fenced blocks read as a scheme, a small history and what it pays.

A block's info string is its language and its part: `yaml scheme` opens an example; `yaml baseline`, `csv months` and
`csv <table>` belong to it; `csv result` closes it. An example without a table of its own uses the one before it.
`yaml part` is a piece of a scheme that is only loaded and checked.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from incentive_lab.engine.replay import Replay, replay
from incentive_lab.history import open_history
from incentive_lab.history.for_schemes import panel_for
from incentive_lab.money import decimals
from incentive_lab.scheme.check import check
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.load import loads
from incentive_lab.scheme.measures import ACTIVITY_KINDS, SCORES

_FENCE = re.compile(r"^```(\w+)[ ]*(.*)$")
_HEADING = re.compile(r"^#{1,6} +(.+)$")
_DEAL_COLUMNS = {"revenue": "amount", "units": "quantity", "cost": "cost", "list": "list_amount"}

TOTAL = "total"

Key = tuple[str, str, str]
"""(partner, month, line)."""


@dataclass
class Example:
    """One example.

    Attributes:
        heading: The heading it stands under.
        line: Where it begins in the document.
        scheme: The YAML text.
        baseline: The YAML text of the scheme it is compared with, '' without one.
        tables: Table -> CSV text; `months` holds monthly numbers.
        result: CSV text of what is paid.
        statement: CSV text of lines of P1's statement.
    """

    heading: str
    line: int
    scheme: str
    baseline: str = ""
    tables: dict[str, str] = field(default_factory=dict)
    result: str = ""
    statement: str = ""


@dataclass(frozen=True)
class Document:
    """What a document holds that can be tested."""

    headings: tuple[str, ...]
    examples: tuple[Example, ...]
    parts: tuple[Example, ...]


def read(path: Path) -> Document:
    """The headings, examples and parts of a Markdown file, in order."""
    headings, examples, parts = [""], [], []
    tables: dict[str, str] = {}
    for number, info, text in _blocks(path, headings):
        language, _, what = info.partition(" ")
        if info == "yaml scheme":
            examples.append(Example(headings[-1], number, text))
            tables = {}
        elif info == "yaml part":
            parts.append(Example(headings[-1], number, text))
        elif info == "yaml baseline":
            examples[-1].baseline = text
        elif info == "csv result":
            examples[-1].tables = tables or examples[-2].tables
            examples[-1].result = text
        elif info == "csv statement":
            examples[-1].statement = text
        elif language == "csv":
            tables[what] = text
        elif language == "yaml":
            raise ValueError(f"{path.name}, line {number}: say whether this is `yaml scheme` or `yaml part`")
    return Document(tuple(headings[1:]), tuple(examples), tuple(parts))


def _blocks(path: Path, headings: list[str]) -> Iterator[tuple[int, str, str]]:
    """Each fenced block as (line, info, text); headings are appended on the way."""
    inside: list[str] | None = None
    begin, info = 0, ""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        fence = _FENCE.match(line)
        if inside is None and fence:
            inside, begin, info = [], number, f"{fence[1]} {fence[2]}".strip()
        elif inside is not None and line == "```":
            yield begin, info, "\n".join(inside) + "\n"
            inside = None
        elif inside is not None:
            inside.append(line)
        elif heading := _HEADING.match(line):
            headings.append(heading[1].strip())


def anchor(heading: str) -> str:
    """The fragment under which a heading is reached."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def checked(text: str, baseline: Scheme | None = None) -> Scheme:
    """A scheme that loads and has no problems."""
    scheme = loads(text)
    check(scheme, baseline=baseline).require()
    return scheme


def whole(part: str) -> str:
    """A part as a scheme that can be checked: the lines that it leaves out are added."""
    added = "".join(
        f"{line}\n"
        for key, line in (
            ("scheme", "scheme: part"),
            ("currency", "currency: USD"),
            ("effective", "effective: {from: 2026-01-01}"),
            ("rules", "rules: [{id: commission, on: revenue, rate: 3%}]"),
        )
        if not re.search(rf"^{key}:", part, re.MULTILINE)
    )
    return added + part


def rows(text: str) -> list[dict[str, str]]:
    """CSV text as rows."""
    return list(csv.DictReader(io.StringIO(text)))


def paid(example: Example, folder: Path) -> Replay:
    """The example's scheme replayed on the example's history."""
    write_history(example.tables, folder)
    baseline = checked(example.baseline) if example.baseline else None
    scheme = checked(example.scheme, baseline)
    with open_history(folder, splits_at_most=float(scheme.splits.at_most)).closing() as history:
        panel = panel_for(history, *((scheme, baseline) if baseline else (scheme,)))
        return replay(scheme, panel, baseline=baseline, threads=False)


def amounts(result: Replay) -> dict[Key, Decimal]:
    """Every line that is not nothing, in whole currency units, and what each month pays in money (`total`)."""
    labels, places = result.panel.labels(), decimals(result.panel.currency)
    found = {}
    for line, by_month in zip((*result.line_ids, TOTAL), (*result.detail, result.total), strict=True):
        for month, by_partner in zip(labels, by_month, strict=True):
            for partner, cents in zip(result.panel.partner_ids, by_partner, strict=True):
                amount = Decimal(repr(round(float(cents), 6))).scaleb(-places).normalize()
                if amount:
                    found[partner, month, line] = amount
    return found


def expected(example: Example) -> dict[Key, Decimal]:
    """What the example says is paid; without a column `partner` it is P1.

    Lines add up to the total of their partner and month, unless the example states that total.
    """
    said: dict[Key, Decimal] = {}
    added: dict[Key, Decimal] = {}
    for row in rows(example.result):
        partner, month, amount = row.get("partner", "P1"), row["month"], Decimal(row["amount"]).normalize()
        said[partner, month, row["line"]] = amount
        added[partner, month, TOTAL] = added.get((partner, month, TOTAL), Decimal(0)) + amount
    return {key: amount.normalize() for key, amount in {**added, **said}.items() if amount}


def write_history(tables: Mapping[str, str], folder: Path) -> None:
    """The tables as a folder of CSV files; partners that are not described are resellers since 2020.

    A described partner has joined in 2020, too, unless the example has the column `joined_on`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = {name: text for name, text in tables.items() if name != "months"}
    if "months" in tables:
        for name, text in _from_months(rows(tables["months"])).items():
            made[name] = _joined(made.get(name), text)
    named = {row["partner_id"] for text in made.values() for row in rows(text) if row.get("partner_id")}
    described = {row["partner_id"] for row in rows(made.get("partners", ""))}
    dated = {row["partner_id"] for row in rows(made.get("partners", "")) if "joined_on" in row}
    missing = [{"partner_id": partner} for partner in sorted(named - described)]
    made["partners"] = _joined(made.get("partners"), _text(missing))
    made["partners"] = _text(
        [{**row, "type": row.get("type") or "reseller",
          "joined_on": row.get("joined_on") or ("" if row["partner_id"] in dated else "2020-01-01")}
         for row in rows(made["partners"])]
    )  # fmt: skip
    for name, text in made.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")


def _from_months(given: list[dict[str, str]]) -> dict[str, str]:
    """Monthly numbers as deals (one a month, on the 15th), activities and scores; every column is a month."""
    months = [name for name in given[0] if re.fullmatch(r"\d{4}-\d{2}", name)]
    first = given[0].get("partner") or "P1"
    deals: dict[tuple[str, str], dict[str, str]] = {}
    activities = [_activity(first, month, "in_business", "1") for month in (months[0], months[-1])]
    scores = []
    for row in given:
        partner, number = row.get("partner") or "P1", row["number"]
        for month in months:
            value = row[month]
            if not value:
                continue
            if number in _DEAL_COLUMNS:
                deal = deals.setdefault((partner, month), _deal(partner, month))
                deal[_DEAL_COLUMNS[number]] = value
            elif number in ACTIVITY_KINDS:
                activities.append(_activity(partner, month, number, value))
            elif number == "campaign_spend":
                activities.append({**_activity(partner, month, "campaign", "1"), "spend": value})
            elif number in SCORES:
                scores.append({"partner_id": partner, "scored_on": f"{month}-10", "measure": number, "value": value})
            else:
                raise ValueError(f"a table of months has no number '{number}'")
    numbered = [{"activity_id": f"M{place}", **row} for place, row in enumerate(activities, 1)]
    made = {"deals": _text(list(deals.values())), "activities": _text(numbered), "scores": _text(scores)}
    return {name: text for name, text in made.items() if text}


def _deal(partner: str, month: str) -> dict[str, str]:
    return {"deal_id": f"{partner}-{month}", "partner_id": partner, "status": "won", "created_on": f"{month}-01",
            "closed_on": f"{month}-15", "amount": "0"}  # fmt: skip


def _activity(partner: str, month: str, kind: str, quantity: str) -> dict[str, str]:
    return {"partner_id": partner, "occurred_on": f"{month}-10", "kind": kind, "quantity": quantity}


def _text(given: list[dict[str, str]]) -> str:
    if not given:
        return ""
    names = list(dict.fromkeys(name for row in given for name in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, names, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(given)
    return out.getvalue()


def _joined(first: str | None, second: str) -> str:
    return _text([*rows(first or ""), *rows(second)])
