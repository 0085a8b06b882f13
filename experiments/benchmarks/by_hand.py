"""month_rules.yaml once more, written by hand for the compiler: all months of some partners in one function, rule after rule.

It knows this one scheme, its dates and its settings, pays only totals and is of no other use; it shows what code made for a
scheme could reach, and so what reading a scheme as instructions costs. It takes about three seconds to compile.
"""

from __future__ import annotations

from collections.abc import Callable

import numba
import numpy as np
from experiments.benchmarks.numpy_rival import MEASURES, Prepared

from incentive_lab.panel import Floats

OPTIONS = {"nogil": True, "error_model": "numpy", "fastmath": False}
LANES = 1_024
STATE = 7
"""Tier, reviews missed, and what was counted towards each of five limits."""


@numba.njit(**OPTIONS, forceinline=True)
def rounded(amount):  # type: ignore[no-untyped-def]
    """Millionths of a cent to cents, halves up, without a division; nothing here is negative."""
    whole = amount + 5e5
    count = np.floor(whole * 1e-6)
    rest = whole - count * 1e6
    count = count + 1.0 if rest >= 1e6 else count
    return count - 1.0 if rest < 0.0 else count


@numba.njit(**OPTIONS)
def pay(sums, csat, joined, out, state):  # type: ignore[no-untyped-def]
    """Cents paid.

    Args:
        sums: [measures, months + 1, partners] running totals; csat: [months, partners]; joined: [partners].
        out: Output [months, partners].
        state: [STATE, partners], zeros.
    """
    months, partners = out.shape
    revenue, margin, pipeline, recurring, leads, registrations, trainings, certifications, campaigns = (
        sums[0], sums[1], sums[2], sums[3], sums[4], sums[5], sums[6], sums[7], sums[8],
    )  # fmt: skip
    tier, misses, certified, served, entitled, capped, piped = (
        state[0], state[1], state[2], state[3], state[4], state[5], state[6],
    )  # fmt: skip
    for m in range(months):
        start = m - m % 3
        first, last, end = m == start, m % 3 == 2, m + 1
        total = out[m]
        lead, lead_now, lead_then = leads[m], leads[end], leads[start]
        registered, registered_now, registered_then = registrations[m], registrations[end], registrations[start]
        piped_since, piped_now = pipeline[m], pipeline[end]
        for i in range(partners):
            earned = rounded((min(lead_now[i] - lead_then[i], 5e6) - min(lead[i] - lead_then[i], 5e6)) * 12_000.0)
            earned += rounded(
                (min(registered_now[i] - registered_then[i], 4e6) - min(registered[i] - registered_then[i], 4e6))
                * 6_000.0
            )
            before = 0.0 if first else piped[i]
            line = min(rounded((piped_now[i] - piped_since[i]) * 2_500.0), 40_000.0 - before)
            piped[i] = before + line
            total[i] = earned + line
        if last:
            quarter(
                m,
                start,
                end,
                m % 12 == 2,
                certifications,
                trainings,
                campaigns,
                recurring,
                tier,
                certified,
                served,
                total,
            )
            scores, year = csat[m], m - m % 12
            sold_year, sold, sold_then = revenue[year], revenue[end], revenue[start]
            kept_now, kept_then = margin[end], margin[start]
            for i in range(partners):
                factor = 0.5 if scores[i] < 3.5 else 1.0
                so_far = sold[i] - sold_year[i]
                exact = so_far * 10_000.0 + max(so_far - 1e7, 0.0) * 10_000.0 + max(so_far - 2.5e7, 0.0) * 15_000.0
                to_date, paid = rounded(exact), 0.0 if m % 12 == 2 else entitled[i]
                earned = rounded((to_date - paid) * 1e6 * factor)
                entitled[i] = to_date
                kept = kept_now[i] - kept_then[i]
                rate = 0.0 if kept < 5e5 else (5_000.0 if kept < 2e6 else (10_000.0 if kept < 6e6 else 15_000.0))
                total[i] += earned + rounded(kept * rate)
            if start >= 12:
                year_ago, year_ago_end = revenue[start - 12], revenue[end - 12]
                for i in range(partners):
                    factor = 0.5 if scores[i] < 3.5 else 1.0
                    reference = rounded((year_ago_end[i] - year_ago[i]) * 1_050_000.0)
                    excess = max(sold[i] - sold_then[i] - reference, 0.0) if joined[i] <= start - 12 else 0.0
                    total[i] += min(rounded(excess * 20_000.0 * factor), 100_000.0)
        for i in range(partners):
            before = 0.0 if first else capped[i]
            earned = min(total[i], 600_000.0 - before)
            total[i] = earned
            capped[i] = before + earned
        if last and m >= 11:
            review(revenue[m - 11], revenue[end], trainings[m - 11], trainings[end], csat[m], tier, misses)


@numba.njit(**OPTIONS)
def quarter(m, start, end, new_year, certifications, trainings, campaigns, recurring, tier, certified, served, total):  # type: ignore[no-untyped-def]
    """Add what four rules pay for a quarter."""
    now, then = certifications[end], certifications[start]
    trained, trained_then = trainings[end], trainings[start]
    ran, ran_then = campaigns[end], campaigns[start]
    recurs, recurs_then = recurring[end], recurring[start]
    for i in range(len(total)):
        level = tier[i]
        before = 0.0 if new_year else certified[i]
        counted = min(now[i] - then[i], 3e6 - before)
        certified[i] = before + counted
        rate = 30_000.0 if level == 0 else (40_000.0 if level == 1 else (50_000.0 if level == 2 else 60_000.0))
        earned = rounded(counted * rate) + rounded(min(trained[i] - trained_then[i], 5e6) * 4_000.0)
        earned += min(rounded((ran[i] - ran_then[i]) * 25_000.0), 50_000.0)
        so_far = 0.0 if new_year else served[i]
        share = 5_000.0 if level == 0 else (8_000.0 if level == 1 else (11_000.0 if level == 2 else 15_000.0))
        service = min(rounded((recurs[i] - recurs_then[i]) * share), 150_000.0 - so_far)
        served[i] = so_far + service
        total[i] += earned + service


@numba.njit(**OPTIONS)
def review(since, upto, trained_since, trained, scores, tier, misses):  # type: ignore[no-untyped-def]
    """Tiers in force from the next month."""
    for i in range(len(tier)):
        amount, training, score = upto[i] - since[i], trained[i] - trained_since[i], scores[i]
        best = 1.0 if (amount >= 6e6) & (training >= 6e6) & (score >= 3.4) else 0.0
        best = 2.0 if (amount >= 2e7) & (training >= 12e6) & (score >= 3.7) else best
        best = 3.0 if (amount >= 6e7) & (training >= 18e6) & (score >= 4.0) else best
        kept = best >= tier[i]
        missed = 0.0 if kept else misses[i] + 1.0
        falls = missed > 1.0
        tier[i] = best if kept | falls else tier[i]
        misses[i] = 0.0 if falls else missed


def by_hand(given: Prepared) -> Callable[[], list[Floats]]:
    """A way to pay everybody, block by block, laid out before: cents [months, partners] of each block."""
    made = []
    for first in range(0, len(given.joined), LANES):
        some = slice(first, first + LANES)
        sums = np.ascontiguousarray(np.stack([given.values[name][:, some] for name in MEASURES]))
        csat = np.ascontiguousarray(given.csat[:, some])
        made.append((sums, csat, given.joined[some].copy(), np.zeros(csat.shape), np.zeros((STATE, csat.shape[1]))))

    def run() -> list[Floats]:
        for sums, csat, joined, out, state in made:
            state[:] = 0.0
            pay(sums, csat, joined, out, state)
        return [one[3] for one in made]

    return run
