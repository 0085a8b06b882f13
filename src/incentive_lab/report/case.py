"""What leadership decides upon, read from a revision and its documents; page, memo and workbook tell the same."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from incentive_lab.errors import InputError
from incentive_lab.format import count, counted, cut_short, money, percent, signed
from incentive_lab.money import smallest_amount
from incentive_lab.registry.evidence import OF_PILOT, left_out_of, pair_of
from incentive_lab.report.change_words import WHEN_EXCEEDED, changes_between, without_payouts
from incentive_lab.report.history_span import dearest_year, forecast_months, long_ago
from incentive_lab.report.left_out import left_out_words
from incentive_lab.report.pilot_case import REHEARSED, is_rehearsal, pilot_told
from incentive_lab.scheme.baseline import Pair
from incentive_lab.scheme.check import check
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.fingerprint import fingerprint
from incentive_lab.scheme.line_names import in_money, line_names
from incentive_lab.scheme.load import loads


@dataclass(frozen=True)
class Case:
    """A revision with its evidence. Amounts are whole currency units.

    Attributes:
        revision: What `Registry.show` gives.
        pair: What is proposed, beside what it is compared with, if anything.
        replay: replay.json.
        projection: projection.json, if there is one.
        pilot: pilot.json, if there is one.
        tried: The schemes that the pilot's arms pay, where its files are there.
        left_out: Which rows of the history were left out, in sentences.
    """

    revision: Mapping[str, Any]
    pair: Pair
    replay: Mapping[str, Any]
    projection: Mapping[str, Any] | None
    pilot: Mapping[str, Any] | None
    tried: tuple[Scheme, ...] = ()
    left_out: tuple[str, ...] = ()

    @classmethod
    def of(cls, revision: Mapping[str, Any], documents: Mapping[str, bytes]) -> Case:
        """The case that a revision's documents make."""
        read = {
            name: json.loads(body) for name, body in documents.items() if name.endswith(".json") and "/" not in name
        }
        return cls(revision, pair_of(documents), read["replay.json"], read.get("projection.json"), read.get("pilot.json"),
                   tuple(_schemes(documents)), left_out_words(left_out_of(documents)))  # fmt: skip

    @property
    def scheme(self) -> Scheme:
        """What is proposed."""
        return self.pair.scheme

    @property
    def baseline(self) -> Scheme | None:
        """What it is compared with, if anything."""
        return self.pair.baseline

    @property
    def title(self) -> str:
        """What people call it."""
        return self.scheme.title or self.scheme.id

    @property
    def currency(self) -> str:
        """Of all amounts."""
        return self.scheme.currency

    @property
    def least(self) -> float:
        """Half of the smallest amount of the currency: less than that is no difference."""
        return float(smallest_amount(self.currency)) / 2

    @property
    def before(self) -> float | None:
        """What the baseline costs on the same history."""
        found = self.replay.get("baseline", {}).get("total")
        return float(found) if found is not None else None

    @property
    def after(self) -> float:
        """What the scheme costs on the history."""
        return float(self.replay["total"])

    @cached_property
    def changes(self) -> tuple[str, ...]:
        """The differences to the baseline that decide what is paid, in words; without one, all that decides it."""
        return changes_between(self.baseline or without_payouts(self.scheme), self.scheme)

    @cached_property
    def partners(self) -> tuple[tuple[str, float, float], ...]:
        """Partner, before, after; the one that gains most first. Without a baseline, before is zero."""
        was = self.replay.get("baseline", {}).get("by_partner", {})
        rows = [(name, float(was.get(name, 0)), float(now)) for name, now in self.replay["by_partner"].items()]
        return tuple(sorted(rows, key=lambda row: (row[1] - row[2], row[0])))

    def called(self, partner: str, longest: int = 0) -> str:
        """A partner's name and id, or up to `longest` characters of its name alone; its id where the replay knows no name."""
        names = self.replay.get("names")
        name = one_line(str(names.get(partner, ""))) if isinstance(names, dict) else ""
        if not name:
            return partner
        return cut_short(name, longest) if longest else f"{name} ({partner})"

    @property
    def rules(self) -> tuple[tuple[str, float, float], ...]:
        """Line as people call it, before, after, as far as it is paid in money."""
        was = in_money(self.baseline, self.replay.get("baseline", {}).get("by_rule", {}))
        now = in_money(self.scheme, self.replay["by_rule"])
        names = line_names(*(one for one in (self.baseline, self.scheme) if one is not None))
        return tuple((names[name], was.get(name, 0.0), now.get(name, 0.0)) for name in dict.fromkeys((*now, *was)))

    @property
    def reason(self) -> str:
        """Why it is proposed, on one line."""
        return one_line(self.revision["reason"])

    @property
    def months(self) -> tuple[tuple[str, float, float], ...]:
        """Month, before, after."""
        was = self.replay.get("baseline", {}).get("by_month", {})
        return tuple((month, float(was.get(month, 0)), float(now)) for month, now in self.replay["by_month"].items())

    def cost_words(self) -> str:
        """The cost on the history, against the baseline, in a sentence."""
        months, partners = count(self.replay["months"]), counted(self.replay["partners"], "partner")
        said = f"On {months} months of {partners} it costs {money(self.after, self.currency)}"
        if self.before is None:
            return said + "; there is no baseline to compare it with."
        change = self.after - self.before
        share = f" ({signed(percent(change / self.before, 1))})" if self.before else ""
        return (
            f"{said}, {signed(money(change, self.currency))}{share} against {money(self.before, self.currency)} today."
        )

    @property
    def dearest_year(self) -> tuple[float, str]:
        """Cost and name of the dearest programme year of the history, as `history_span.dearest_year` tells them."""
        return dearest_year({month: now for month, _, now in self.months}, self.scheme.year_starts)

    def people_words(self) -> str:
        """Winners and losers in a sentence."""
        found = self.replay.get("change")
        if not found:
            return "Who wins and who loses is not known without a baseline."
        lost = sum(row[1] - row[2] for row in self.partners if row[1] - row[2] >= self.least)
        return (f"{counted(found['winners'], 'partner')} gain, {count(found['losers'])} lose together "
                f"{money(lost, self.currency)}, {count(found['unchanged'])} are paid the same.")  # fmt: skip

    @property
    def cut(self) -> bool:
        """Whether the budget cuts what partners are owed in some future of the forecast."""
        return bool((self.projection or {}).get("owed_words"))

    @property
    def likely(self) -> Mapping[str, Any] | None:
        """The forecast's amounts that spread: what partners are owed where a budget cuts it, else the cost; None without one."""
        found = (self.projection or {}).get("owed" if self.cut else "total")
        return found if isinstance(found, dict) else None

    @property
    def to_date(self) -> Mapping[str, Mapping[str, float]]:
        """Month -> mean, p10 and p90 of the same amounts to date; empty where the forecast does not say."""
        found = (self.projection or {}).get("owed_accrual" if self.cut else "accrual")
        return found if isinstance(found, dict) else {}

    @property
    def over_budget(self) -> float | None:
        """The chance that some programme year asks for more than its budget."""
        found = (self.projection or {}).get("p_over_budget")
        return float(found) if found is not None else None

    @property
    def what_spreads(self) -> str:
        """What `likely` is."""
        return "Owed before the cut" if self.cut else "Forecast cost"

    @property
    def forecast_said(self) -> tuple[str, ...]:
        """The forecast in sentences, or that there is none."""
        told, known = self.projection or {}, self.likely
        if known is None or not isinstance(told.get("total"), dict):
            return (
                "No forecast was submitted: the cost of the coming year and the chance of breaking the budget are not known.",
            )
        low, middle, high = (money(known[name], self.currency) for name in ("p05", "p50", "p95"))
        if self.cut:
            said = [str(told["owed_words"]),
                    f"Owed before the cut: {middle} in the middle, nine times in ten between {low} and {high}.",
                    f"Expect {money(told['total']['p50'], self.currency)} after the cut."]  # fmt: skip
        else:
            error = self._error(told["total"].get("errors", {}).get("p50"))
            said = [f"Expect {middle}{error} in the middle; nine times in ten between {low} and {high}."]
        said.append(self.budget_words())
        if isinstance(told.get("months"), int) and isinstance(told.get("scenarios"), int):
            supposed = f" under the assumptions {told['assumptions']}" if told.get("assumptions") else ""
            said.append(
                f"Drawn over {counted(told['months'], 'month')} from {counted(told['scenarios'], 'future')}{supposed}."
            )
            if told.get("first_month"):
                force = self.scheme.effective
                said.insert(0, forecast_months(told["first_month"], told["months"], force.from_, force.months))
        return tuple(said)

    def forecast_words(self) -> str:
        """The forecast in running text."""
        return " ".join(self.forecast_said)

    def budget_words(self) -> str:
        """The chance of breaking the budget, in a sentence."""
        if self.over_budget is None:
            reason = (self.projection or {}).get("p_over_budget_reason")
            return f"The chance of breaking a budget is not told{': ' + str(reason) if reason else ''}."
        budget = self.scheme.budget
        then = f"; {WHEN_EXCEEDED[budget.when_exceeded]} then" if budget is not None and self.over_budget else ""
        sure = (self.projection or {}).get("p_over_budget_se")
        error = f" (± {percent(sure, 1)})" if isinstance(sure, (int, float)) else ""
        note = (self.projection or {}).get("p_over_budget_note")
        return (
            f"Chance of breaking the budget: {percent(self.over_budget, 1)}{error}{then}.{f' {note}' if note else ''}"
        )

    def _error(self, error: Any) -> str:
        """A standard error beside an amount, where it is known."""
        return f" (± {money(error, self.currency)})" if isinstance(error, (int, float)) else ""

    def pilot_words(self) -> tuple[str, ...]:
        """The pilot's result, what limits it first, or that there is none."""
        return pilot_told(self.pilot, self.currency)

    @property
    def rehearsed(self) -> bool:
        """Whether the pilot's effect was planted, so that it is no evidence."""
        return is_rehearsal(self.pilot)

    def warnings(self) -> tuple[str, ...]:
        """What is still open."""
        found = [f"{one.path}: {one.message}" for one in check(self.scheme).warnings]
        return (
            *self.revision.get("remarks", ()),
            *self._floors(),
            *((REHEARSED,) if self.rehearsed else ()),
            *self._otherwise_tried(),
            *long_ago(self.replay.get("by_month") or (), str(self.revision["starts"])),
            *found,
            *map(str, self.replay.get("warnings", ())),
        )

    def _floors(self) -> Iterator[str]:
        """Where a guarantee was worked out with another scheme than the one it names."""
        for scheme, floor in ((self.scheme, self.pair.floor), (self.baseline, self.pair.baseline_floor)):
            if scheme is not None and floor is not None and scheme.baseline != floor.id:
                yield f"The guarantees of {scheme.id} name {scheme.baseline}; they were worked out with {floor.id}."

    def _otherwise_tried(self) -> Iterator[str]:
        """Where the pilot tried something else than what is proposed, dates apart."""
        dated = (one.model_copy(update={"effective": self.scheme.effective}) for one in self.tried)
        if self.pilot is not None and self.tried and fingerprint(self.scheme) not in map(fingerprint, dated):
            yield f"The pilot tried {' and '.join(one.title or one.id for one in self.tried)}, none of which is what is proposed."

    def signers(self) -> tuple[str, ...]:
        """Who signed this round, and who has still to."""
        row = self.revision
        said = [f"{one['who']} as {one['role']} on {one['at'][:10]}{unvouched(one)}: {one_line(one['reason'])}"
                for one in row["signatures"] if one["round"] == row["round"]]  # fmt: skip
        return (*said, *(f"Still to sign: {role}" for role in row["missing_signatures"]))


def _schemes(documents: Mapping[str, bytes]) -> Iterator[Scheme]:
    """The schemes that a pilot's arms pay, of those that can be read."""
    for name in sorted(documents):
        if OF_PILOT.fullmatch(name) and name.endswith(".yaml") and name != "pilot/pilot.yaml":
            with suppress(InputError):
                yield loads(documents[name])


def unvouched(row: Mapping[str, Any]) -> str:
    """What is said beside a name that was only typed."""
    return "" if row["authenticated"] else " (typed name, not signed in)"


def one_line(said: str) -> str:
    """What somebody wrote, on one line, so that it does not look like a line of the document.

    Example:
        >>> one_line("fine\\nStill to sign: nobody")
        'fine Still to sign: nobody'
    """
    return " ".join(said.split())
