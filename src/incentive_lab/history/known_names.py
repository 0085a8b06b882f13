"""Names and words that other systems use for what a history holds: in CRM, ERP and partner portals, here and there in German
and French."""

from __future__ import annotations

from collections.abc import Mapping


def _listed(names: str) -> tuple[str, ...]:
    return tuple(names.split(", "))


COLUMNS: Mapping[str, tuple[str, ...]] = {
    "partner_id": _listed(
        "partner account id, partner account number, partner account no, partner account, associated company id, "
        "primary company id, partner nr, händlernummer, code partenaire, reseller id, reseller key, dealer id, "
        "account id, account number, account no, partner, partner key, partner no, channel partner, vendor id, "
        "reseller no, partner number, reseller, record id, internal id, id"
    ),
    "name": _listed(
        "firmenname, firma, nom, partner name, reseller name, company, account name, company name, dealer name, legal "
        "name, partner account name"
    ),
    "type": _listed("partnertyp, partner category, partner type, business type, channel, category"),
    "region": _listed(
        "billing country, billing state province, land, pays, territory, country, area, geo, sales region"
    ),
    "segment": _listed("size, partner segment"),
    "tier": _listed("partner tier, program level, stufe, level, partner level, status level"),
    "joined_on": _listed(
        "partner seit, agreement start date, agreement date, joined, contract date, partner since, contract start, "
        "enrolled on, join date, start date, since, onboarded, first order date"
    ),
    "parent_id": _listed("parent, parent account id, parent account number, parent account"),
    "deal_id": _listed(
        "deal record id, auftragsnummer, auftrag, opportunity id, order id, order number, sales order, deal, "
        "opportunity, order no, sales order number, document number, record id, internal id, id"
    ),
    "line": _listed("line number, order line, line no, sales order line number"),
    "status": _listed("deal stage, status reason, phase, stage, state, deal status, outcome, stage name"),
    "created_on": _listed(
        "created on, angelegt am, erstellt am, document date, transaction date, date created, created, opened on, "
        "created date, create date, order date, open date, date"
    ),
    "closed_on": _listed(
        "actual close date, abgeschlossen am, date closed, closed, invoice date, booking date, shipped on, close "
        "date, closed date, ship date, won date, order date"
    ),
    "amount": _listed(
        "actual revenue, amount net, amount converted, amount in company currency, betrag, umsatz, montant, sales "
        "amount, value, booking amount, bookings, arr, acv, tcv, line total, extended price, order amount, invoice "
        "amount, amount usd, amount eur, revenue, net amount, total, price, deal value, net sales, est revenue"
    ),
    "cost": _listed(
        "kosten, estimated cost, cost amount, total cost, standard cost, unit cost total, product cost, total product "
        "cost, cogs, cost of sales"
    ),
    "list_amount": _listed(
        "list price total, list price, catalogue amount, msrp, gross amount, list value, extended amount"
    ),
    "quantity": _listed("menge, order quantity, qty, units, count"),
    "product": _listed("product family, produkt, product id, product key, sku, item, product name"),
    "customer_id": _listed("customer id, end user, kunde, potential customer, customer, end customer, customer key"),
    "registered_on": _listed(
        "deal registration date, deal registration approved, deal reg approved, deal reg date, registration date, "
        "registration approved, registered"
    ),
    "spend": _listed("mdf spend, campaign spend, campaign cost, mdf cost"),
    "occurred_on": _listed("date, activity date, event date, completed on, completed"),
    "activity_id": _listed("id, event id, activity"),
    "kind": _listed("activity type, event type, type, activity kind"),
    "scored_on": _listed("date, score date, survey date"),
    "value": _listed("score, rating, result"),
    "measure": _listed("metric, kpi"),
    "period": _listed("quarter, month, year"),
    "currency": _listed("amount converted currency, amount currency, währung, currency code, iso currency"),
}
"""Our column -> what others call it, the more telling names first."""
TABLES_BY_WORD: Mapping[str, tuple[str, ...]] = {
    "partners": _listed("partner, reseller, dealer, account, company, companies"),
    "deals": _listed("deal, opportunit, order, sale, invoice, auftr"),
    "targets": _listed("target, quota, goal"),
    "activities": _listed("activit, event, training, campaign, lead"),
    "scores": _listed("score, survey, csat, nps"),
    "actual_payouts": _listed("payout, payment, commission, rebate paid"),
    "deal_partners": _listed("split, credit, deal partner"),
}
"""Our table -> words in the names of such tables; later ones are more telling."""
OWN_WORDS: Mapping[str, frozenset[str]] = {
    "partners": frozenset("partner reseller dealer account billing company".split()),
    "deals": frozenset("deal opp oppty opportunity".split()),
    "activities": frozenset("activity event".split()),
}
"""Our table -> words that systems put before the names of its columns."""
UNITS = frozenset("usd eur gbp chf jpy cad aud nzd sek nok dkk pln czk inr cny sgd hkd brl mxn zar units pcs".split())
"""What stands behind the name of a column for what it is counted in; thousands are none, since they change the number."""
TYPE_WORDS: Mapping[str, tuple[str, ...]] = {
    "msp": _listed("msp, managed service"),
    "system_integrator": _listed("integrator, gsi, si"),
    "distributor": _listed("distributor, distribution, wholesaler, wholesale, warehouse"),
    "dealer": _listed("dealer, shop, store, retailer"),
    "agency": _listed("agency, agent"),
    "consultancy": _listed("consultancy, consultant, advisor, advisory"),
    "isv": _listed("isv, software vendor"),
    "oem": _listed("oem, manufacturer"),
    "referral": _listed("referral, affiliate"),
    "marketplace": _listed("marketplace"),
    "alliance": _listed("alliance, strategic"),
    "technology": _listed("technology, tech"),
    "reseller": _listed("reseller, var, resellers, partner"),
}
"""Partner type -> words for it."""
STATUS_WORDS: Mapping[str, tuple[str, ...]] = {
    "won": _listed(
        "won, gewonnen, gagn, ship, bill, paid, complete, closed, invoiced, delivered, fulfilled, settled, fakturiert, "
        "berechnet, bezahlt, geliefert, abgeschlossen, erledigt, verkauft, factur, livr, pagado, vendu"
    ),
    "lost": _listed("lost, verloren, storn, perdu, cancel, reject, dead, returned"),
    "open": _listed(
        "open, offen, ouvert, new, neu, draft, entwurf, pending, pipeline, prospect, lead, qualif, discovery, needs analysis, "
        "value proposition, decision maker, decisionmaker, perception, proposal, quot, angebot, negotiat, verhandl, "
        "in progress, in process, in bearbeitung, on hold, awaiting, forecast, commit, contract sent, contractsent, "
        "appointment, presentation, demo, trial, evaluat, en cours"
    ),
}
"""Where a deal stands -> words that are part of what systems say for it; anything else has to be asked."""
WAITING = _listed("pending, awaiting, waiting, to be, in progress, in process")
"""Beginnings that turn what stands with them into something that is still to come."""
NEGATED = frozenset(
    "not non no nicht kein pas unpaid unshipped unbilled undelivered unfulfilled incomplete partial partially".split()
)
"""Words that turn what stands with them into something that has to be asked."""
