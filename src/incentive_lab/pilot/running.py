"""A pilot from its document to its answer: the functions that the command and the pages call."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

import incentive_lab
from incentive_lab.errors import InputError, Problem
from incentive_lab.format import capital
from incentive_lab.history import History
from incentive_lab.history.sharing import customers_of, deals_together
from incentive_lab.panel import Floats
from incentive_lab.pilot.analysis import Analysis, analyse
from incentive_lab.pilot.assigning import Assigned
from incentive_lab.pilot.attrition import dropouts, last_month, late_joiners
from incentive_lab.pilot.checking import check, require_history
from incentive_lab.pilot.contaminating import contamination, own_rules
from incentive_lab.pilot.csvtrial import trial_from_csv
from incentive_lab.pilot.deciding import decided
from incentive_lab.pilot.document import Pilot
from incentive_lab.pilot.fromhistory import Prepared, plan_draw, prepare
from incentive_lab.pilot.meeting import beside, out_of_effect, shared_deals
from incentive_lab.pilot.paying import Payer, ceiling, fingerprints, floors_for, schemes_for
from incentive_lab.pilot.peeking import with_looks
from incentive_lab.pilot.recorded import arms_csv, registered, registration
from incentive_lab.pilot.timing import at_borders, paid_back
from incentive_lab.pilot.trial import Outcome, Trial
from incentive_lab.pilot.usable import unusable
from incentive_lab.pilot.watching import Balance, Check, Spillover, balance, spillovers
from incentive_lab.pilot.world import World
from incentive_lab.scheme.document import Scheme


@dataclass(frozen=True, eq=False)
class Design:
    """A pilot before it starts.

    Attributes:
        pilot: The plan.
        world: The history it is drawn from.
        assigned: The draw.
        trial: The drawn partners with what was known before.
        balance: Of the draw.
        spillover: Where arms would meet.
        costs: Arm -> cost above the control's scheme by replay on the months before; empty without schemes.
        over_ceiling: Arms that would break the cost ceiling.
        warnings: What the designer should know.
        smallest_p: The smallest p-value the drawing can give; nan where the number of assignments is beyond counting.
    """

    pilot: Pilot
    world: World
    assigned: Assigned
    trial: Trial
    balance: list[Balance]
    spillover: list[Spillover]
    costs: dict[str, float]
    over_ceiling: tuple[str, ...]
    warnings: tuple[str, ...]
    smallest_p: float
    schemes: dict[str, str]

    @property
    def arms_text(self) -> str:
        """The arms as CSV."""
        return arms_csv(self.pilot, self.world.panel, self.assigned, self.schemes)

    @property
    def registration(self) -> dict[str, object]:
        """What is written down beside the arms."""
        return registration(
            self.pilot, self.world.panel.history_id, self.schemes, self.arms_text, incentive_lab.__version__
        )


def design(pilot: Pilot, history: History, folder: Path | None) -> Design:
    """Draw a pilot that has not begun, and say what it would cost and where its arms would meet.

    Raises:
        InputError: The plan, its schemes or the history do not fit.
    """
    check(pilot).require()
    require_history(pilot)
    if pilot.assignment.mechanism == "observed":
        raise InputError([Problem("assignment.mechanism", "nobody is drawn in this plan, so there are no arms to give out.",
                                  "Choose a mechanism that draws, or use pilot analyse.")])  # fmt: skip
    schemes = schemes_for(pilot, folder)
    floors = floors_for(schemes, pilot.arms[0].name, folder)
    here, assigned = plan_draw(pilot, history)
    trial = drawn_trial(here, assigned)
    costs = {}
    if len(schemes) == len(pilot.arms) and pilot.dates is not None:
        costs = ceiling(Payer.of(schemes, floors, history), pilot, assigned.rows, assigned.arm, here.start)
    limit = float(pilot.cost_ceiling) if pilot.cost_ceiling is not None else float("inf")
    over = tuple(name for name, cost in costs.items() if cost > limit)
    meeting = spillovers(trial.partners, assigned.arm, customers_of(history), deals_together(history),
                         [str(one) for one in here.panel.attributes["parent_id"][assigned.rows]])  # fmt: skip
    least = smallest_p_of(assigned)
    told = (*_design_warnings(pilot, assigned, trial, meeting, least, over, here), *out_of_effect(pilot, schemes),
            *(one.words for one in beside(pilot, folder, trial.partners)))  # fmt: skip
    return Design(pilot, here, assigned, trial, balance(trial), meeting, costs, over, told, least,
                  fingerprints(schemes, floors))  # fmt: skip


def drawn_trial(here: World, assigned: Assigned) -> Trial:
    """The drawn partners with their outcomes before the pilot; outcomes in it are not there yet."""
    pilot, rows = here.pilot, assigned.rows
    outcomes = {}
    for metric in pilot.metrics:
        top, bottom = here.parts(metric.of, metric.over)
        before = here.mean(top, here.before)[rows]
        outcomes[metric.name] = Outcome(
            metric, here.unit(metric.of), np.full(len(rows), np.nan), before, None,
            here.mean(bottom, here.before)[rows] if bottom else None,
        )  # fmt: skip
    segments = {
        name: here.panel.attributes[name][rows]
        for name in dict.fromkeys((*pilot.assignment.strata, *pilot.analysis.segments))
        if name in here.panel.attributes
    }
    rolls = pilot.assignment.mechanism == "rollout"
    names = tuple(f"wave {place + 1}" for place in range(int(pilot.assignment.waves))) if rolls else tuple(
        arm.name for arm in pilot.arms)  # fmt: skip
    return Trial(
        tuple(here.panel.partner_ids[int(row)] for row in rows), names, assigned.arm, assigned.drawing, assigned.strata,
        assigned.clusters, assigned.cluster_names, np.zeros((len(rows), 0)), (), outcomes, segments, None, None, (), 0,
        notes=assigned.notes, source=here.panel.history_id, currency=here.panel.currency, keys=rows,
    )  # fmt: skip


def smallest_p_of(assigned: Assigned) -> float:
    """The smallest p-value that the drawing can give, from how many assignments it has.

    With two arms of one size every assignment has its mirror image, which is as extreme.
    """
    if assigned.sequence is not None:
        return float("nan")
    possible = assigned.drawing.assignments
    mirrored = len(assigned.drawing.shares) == 2 and assigned.drawing.shares[0] == assigned.drawing.shares[1]
    return (2.0 if mirrored else 1.0) / possible if possible < 1e6 else 0.0


def _design_warnings(
    pilot: Pilot, assigned: Assigned, trial: Trial, meeting: list[Spillover], least: float, over: tuple[str, ...],
    here: World,
) -> tuple[str, ...]:  # fmt: skip
    told = [capital(one.message) for one in check(pilot).warnings]
    if least > float(pilot.alpha):
        told.append(f"This drawing can never give a p-value below {least:.3g}: at a level of {float(pilot.alpha):.3g} no "
                    "verdict is possible, whatever happens. Draw more or smaller units.")  # fmt: skip
    told += unusable(here, assigned)
    told += [
        f"{one.shared:,} {one.what} connect partners of different arms ({one.partners:,} partners): effects may spill over. "
        "Draw whole clusters, or expect a smaller effect."
        for one in meeting if one.shared
    ]  # fmt: skip
    told += [f"The arm {name} would break the cost ceiling." for name in over]
    if here.panel.months - here.before.start < 6:
        told.append("There are fewer than six months before the start; the outcome before the pilot will help little.")
    if trial.size < 20:
        told.append(f"Only {trial.size} partners: only very large effects can be seen.")
    return tuple(told)


def read_pilot(
    pilot: Pilot, history: History | None, folder: Path | None, *, worth: bool = True
) -> tuple[Analysis, Prepared | None]:
    """Read a pilot, from its CSV file or from a history; without `worth` its payouts and value are left out.

    Raises:
        InputError: The plan or its data cannot be used.
    """
    check(pilot).require()
    if pilot.data is not None:
        trial = trial_from_csv(pilot, folder or Path())
        read = analyse(pilot, trial, registered(pilot, folder, {}))
        return decided(with_looks(read, True), None, None), None
    if history is None:
        raise InputError([Problem("--history", "this pilot is read from a history.", "Name it with --history.")])
    schemes = schemes_for(pilot, folder)
    floors = floors_for(schemes, pilot.arms[0].name, folder)
    prepared = prepare(pilot, history, folder)
    starts = next((scheme.year_starts for scheme in schemes.values()), 1)
    prepared = replace(prepared, trial=replace(prepared.trial, year_starts=starts))
    read = analyse(pilot, prepared.trial, registered(pilot, folder, fingerprints(schemes, floors)),
                   history_checks(pilot, prepared, history, schemes, folder))  # fmt: skip
    whole = len(schemes) == len(pilot.arms)
    payer = Payer.of(schemes, floors, history) if worth and whole and pilot.value is not None else None
    return decided(with_looks(read, prepared.world.complete), prepared, payer), prepared


def history_checks(
    pilot: Pilot, prepared: Prepared, history: History, schemes: dict[str, Scheme], folder: Path | None = None
) -> tuple[Check, ...]:
    """Checks that need the history: contamination, sales after the end, bunching at thresholds."""
    trial, here = prepared.trial, prepared.world
    found = []
    if pilot.planted is not None:
        found.append(Check("Contamination", "fine", "A rehearsal: nobody was really paid by another scheme."))
    elif schemes:
        found.append(contamination(prepared, history, own_rules(pilot, schemes)))
    outcome = trial.outcomes[pilot.primary.name]
    assert trial.keys is not None
    found.append(late_joiners(here.panel, trial.keys, here.start, here.stop, drawn=trial.drawing is not None))
    if outcome.monthly is not None and not here.is_level(pilot.primary.of):
        found += [dropouts(outcome.monthly, trial), last_month(outcome.monthly, trial)]
    found += filter(None, [shared_deals(history, here, trial)])
    found += [Check("Other pilots", "look", one.words) for one in beside(pilot, folder, trial.partners)]
    plain = pilot.assignment.mechanism not in ("rollout", "switchback")
    if plain and outcome.monthly is not None and outcome.over is None and not here.is_level(pilot.primary.of):
        treated = (trial.arm > 0).astype(np.float64)
        keys = trial.keys
        months = slice(here.stop, min(here.stop + 3, here.panel.months))
        values = here.values(pilot.primary.of)
        found.append(paid_back(values[keys][:, here.before.start : here.stop], values[keys][:, months], treated,
                               here.start - here.before.start, trial.clusters))  # fmt: skip
        edges = sorted({edge for arm in trial.arms[1:] for edge in borders(schemes.get(arm), pilot.primary.of)})
        if edges:
            first = here.panel.first_month + here.start
            quarters = quarterly(values[keys][:, here.start : here.stop], first, trial.year_starts)
            found.append(at_borders(quarters, treated, edges, clusters=trial.clusters))
    return tuple(found)


def borders(scheme: Scheme | None, measure: str) -> list[float]:
    """Thresholds above zero of a scheme's tables that look at a measure by quarter."""
    if scheme is None:
        return []
    found = set()
    for rule in scheme.rules:
        table = rule.rate.table if rule.rate is not None else None
        if table is None:
            continue
        by = getattr(table.by, "measure", None) or rule.on.measure
        if by == measure and rule.per == "quarter" and table.over == "period":
            found |= {float(step.from_) for step in table.steps if getattr(step, "from_", None)}
    return sorted(found)


def quarterly(values: Floats, first_month: int, starts: int) -> Floats:
    """Sums by programme quarter, float64 [n, quarters], where programme years start in month `starts` (1 to 12)."""
    quarter = (first_month - (starts - 1) + np.arange(values.shape[1])) // 3
    quarter -= quarter.min()
    return np.column_stack([values[:, quarter == one].sum(axis=1) for one in range(int(quarter.max()) + 1)])
