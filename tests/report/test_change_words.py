"""What changes is told a board in sentences, not in the keys of a document."""

from __future__ import annotations

import re

from incentive_lab.report.change_words import changes_between
from incentive_lab.scheme.load import load
from incentive_lab.scheme.paths import apply
from incentive_lab.ui.listed import SHIPPED

RAW = re.compile(
    r"accrues[ _]on|by[ _]tier [a-z]|\bplain 0|\b0\.0\d|unless revenue 2|year[ _]end|levels name|\bmonths 6\b|name silver"
)
FLAT, MDF = (load(SHIPPED / f"{name}.yaml") for name in ("current-flat", "enablement-mdf"))


def test_funds_bonuses_and_tiers_are_told_in_sentences() -> None:
    come, gone = changes_between(FLAT, MDF), changes_between(MDF, FLAT)
    fund = ("a share by tier (registered 1 %, silver 1.5 %, gold 2 %) of revenue goes into it every month; what is left at the "
            "end of the programme year lapses.")  # fmt: skip
    for said, begins in ((come, "New: "), (gone, "Gone: ")):
        assert not [one for one in said if RAW.search(one)]
        (told,) = (one for one in said if fund in one)
        assert told.startswith(f"{begins}Market development funds claimed.")
        assert any(one.startswith(begins) and "unless revenue reaches 2,500 USD within 6 months" in one for one in said)
        assert any(one.startswith(f"{begins}tiers registered, silver (training 3, revenue 10,000 USD)") for one in said)
        assert (
            f"{begins}a partner is paid at most 5,000.00 USD a year for all rewards together; what is above is lost."
            in said
        )


def test_a_rule_that_is_written_anew_is_told_as_it_is_and_was() -> None:
    assert (
        "Commission: Pays a rate by tier (registered: 1.5 %; silver: 2 %; gold: 2.5 %) of revenue, worked out every quarter. "
        "What was paid for a deal that comes back is taken back at the rate it was paid at. Before: Pays 3 % of revenue, "
        "worked out every quarter."
    ) in changes_between(FLAT, MDF)
    anew = apply(MDF, {
        "rules.mdf.fund": {"every": 2000, "per": "quarter", "expires": {"after": 4, "per": "quarter"}},
        "rules.training.limit": None, "rules.first-deal.rate": 600,
    })  # fmt: skip
    said = changes_between(MDF, anew)
    assert len(said) == 3
    assert "first-deal: rate from 500 to 600" in said, "where only numbers change, these are told"
    assert "Training places taken, no longer: At most 12 count in a quarter." in said
    assert any(
        "2,000.00 USD goes into it every quarter; what came in can be used for 4 quarters" in one for one in said
    )
