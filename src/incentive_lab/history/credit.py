"""Who is credited with a deal, and with how much: whole numbers in, whole numbers out, not a cent lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from incentive_lab.history.store import Store

WHOLE = 10**12
"""A share of 1 in the whole trillionths in which shares are stored."""
TOLERANCE = WHOLE // 1_000_000


@dataclass(frozen=True)
class Credits:
    """The multi-partner deals of a history.

    Attributes:
        store: Holds the tables.
        split: Whether any deal has `deal_partners` rows.
        role_shares: Share of each role where a row gives a role but no share.
    """

    store: Store
    split: bool
    role_shares: Mapping[str, Decimal]

    def shares(self) -> Any:
        """One row per (deal, partner, role): `_credit` partner, share in trillionths, deal's total, rank 1 first."""
        import ibis

        rows = self.store.table("deal_partners")
        share = rows.share
        for role, part in self.role_shares.items():
            alike = (rows.role == role).sum().over(ibis.window(group_by="deal_id"))
            each = ibis.literal(int(part * WHOLE), type="int64").cast("float64") / alike
            share = share.coalesce(ibis.ifelse(rows.role == role, each.floor().cast("int64"), ibis.null("int64")))
        rows = rows.select("deal_id", _credit=rows.partner_id, _role=rows.role, _share=share.fill_null(0))
        order = [ibis.desc("_share"), "_credit", "_role"]
        return rows.mutate(
            _total=rows["_share"].sum().over(ibis.window(group_by="deal_id")),
            _rank=ibis.row_number().over(ibis.window(group_by="deal_id", order_by=order)),
        )

    def spread(
        self,
        rows: Any,
        values: Sequence[str],
        *,
        key: Sequence[str],
        full: bool,
        roles: Sequence[str] = (),
        group: str = "",
    ) -> Any:
        """Rows with `partner_id` replaced by each credited partner and `values` by that partner's part.

        Args:
            rows: Ibis table with deal_id, partner_id and the value columns.
            values: Whole-number columns to share out.
            key: Columns that name one row of `rows`.
            full: Each partner is credited with the whole.
            roles: Only credits in these roles; empty means every credit, and the partner of unsplit deals.
            group: With `full`, an attribute of partners: those that share it are credited once together.
        """
        if not self.split:
            return rows if not roles else rows.filter(False)
        shares = self.shares()
        alone = rows.anti_join(self.store.table("deal_partners"), "deal_id")
        joined = rows.join(shares, "deal_id")
        if full:
            credited = joined.filter(joined["_role"].isin(list(roles))) if roles else joined
            credited = credited.drop("partner_id").rename(partner_id="_credit").select(*rows.columns)
            credited = (self.first_of_group(credited, group) if group else credited).distinct()
        else:
            credited = _parts(joined, values, key)
            credited = credited.filter(credited["_role"].isin(list(roles))) if roles else credited
            credited = credited.drop("partner_id").rename(partner_id="_credit").select(*rows.columns)
        return credited if roles else alone.select(*rows.columns).union(credited)

    def first_of_group(self, rows: Any, group: str) -> Any:
        """Rows with `partner_id` replaced by the lowest id of the partner's group."""
        import ibis

        partners = self.store.table("partners")
        key = partners[group].cast("string").nullif("").fill_null(partners.partner_id)
        firsts = partners.select("partner_id", _key=key)
        firsts = firsts.mutate(_first=firsts.partner_id.min().over(ibis.window(group_by="_key"))).drop("_key")
        joined = rows.join(firsts, "partner_id").drop("partner_id").rename(partner_id="_first")
        return joined.select(*rows.columns)


def _parts(joined: Any, values: Sequence[str], key: Sequence[str]) -> Any:
    """Each credit's floor share, with what is left over at the first rank."""
    import ibis

    one = ibis.literal(Decimal("0.000000000001"), type="decimal(38,12)")
    parts = {name: _signed(joined[name], joined["_share"].cast("decimal(38,0)") * one) for name in values}
    floors = joined.mutate(**{f"_part_{name}": part for name, part in parts.items()})
    group = ibis.window(group_by=list(key))
    summed = floors.mutate(
        **{f"_given_{name}": floors[f"_part_{name}"].sum().over(group).cast("int64") for name in values}
    )
    off = (summed["_total"] - WHOLE).abs() > TOLERANCE
    declared = summed["_total"].cast("decimal(38,0)") * one
    due = {name: ibis.ifelse(off, _signed(summed[name], declared, half=True), summed[name]) for name in values}
    left = {name: ibis.ifelse(summed["_rank"] == 0, due[name] - summed[f"_given_{name}"], 0) for name in values}
    return summed.mutate(**{name: summed[f"_part_{name}"] + left[name] for name in values})


def _signed(value: Any, share: Any, half: bool = False) -> Any:
    """`value * share` cut towards zero, or rounded half-up, as a whole number."""
    import ibis

    product = value.abs().cast("decimal(38,0)") * share
    if half:
        product = product + ibis.literal(Decimal("0.5"), type="decimal(38,12)")
    size = product.floor().cast("int64")
    return ibis.ifelse(value < 0, -size, size)
