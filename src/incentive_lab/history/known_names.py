"""Names and words that other systems use for what a history holds: in CRM, ERP and partner portals; `foreign_names` has those of
other languages."""

from __future__ import annotations

from collections.abc import Mapping


def _listed(names: str) -> tuple[str, ...]:
    return tuple(names.split(", "))


COLUMNS: Mapping[str, tuple[str, ...]] = {
    "partner_id": _listed(
        "partner account id, partner account number, reselling partner id, partner account no, partner account, "
        "associated company id, "
        "primary company id, reseller id, reseller key, dealer id, "
        "account id, account number, account no, partner, partner key, partner no, channel partner, vendor id, "
        "reselling partner, dealer number, dealer no, "
        "reseller no, partner number, reseller, record id, internal id, id"
    ),
    "name": _listed(
        "partner name, reseller name, company, account name, company name, dealer name, legal "
        "name, partner account name"
    ),
    "type": _listed(
        "partner category, partner type, reseller type, dealer type, partner kind, business type, channel, category, kind"
    ),
    "region": _listed(
        "billing country, billing state province, country region, territory, country, area, geo, sales region"
    ),
    "segment": _listed("size, partner segment"),
    "tier": _listed("partner tier, program level, level, partner level, status level"),
    "joined_on": _listed(
        "agreement start date, agreement date, joined, contract date, partner since, contract start, "
        "enrolled on, join date, start date, since, onboarded, first order date"
    ),
    "parent_id": _listed("parent, parent account id, parent account number, parent account"),
    "deal_id": _listed(
        "deal record id, opportunity id, order id, order number, sales order, deal, "
        "opportunity, order no, sales order number, document number, transaction key, "
        "transaction id, invoice number, invoice no, invoice id, invoice, deal no, deal number, record id, internal id, id"
    ),
    "line": _listed("line number, order line, line no, sales order line number"),
    "status": _listed("deal stage, status reason, stage, state, deal status, outcome, stage name"),
    "created_on": _listed(
        "created on, document date, transaction date, date created, created, opened on, "
        "opened, created date, create date, created time, created at, creation date, order date, open date, started on, start, "
        "invoice date, date"
    ),
    "closed_on": _listed(
        "actual close date, date closed, closed on, closed, closing date, won time, won on, won at, close time, closed at, "
        "invoice date, booking date, shipped on, close "
        "date, closed date, ship date, won date, transaction date, order date"
    ),
    "amount": _listed(
        "actual revenue, amount net, amount converted, amount in company currency, sales "
        "amount, value, booking amount, bookings, arr, acv, tcv, line total, extended price, order amount, invoice "
        "amount, amount usd, amount eur, revenue, net amount, net total, net value, total net, total excl vat, "
        "transaction amount, transaction value, "
        "total, price, deal value, net sales, est revenue"
    ),
    "cost": _listed(
        "estimated cost, cost amount, total cost, standard cost, unit cost total, product cost, total product "
        "cost, cogs, cost of sales"
    ),
    "list_amount": _listed(
        "list price total, list price, catalogue amount, msrp, gross amount, list value, extended amount"
    ),
    "quantity": _listed("order quantity, qty, units, count"),
    "product": _listed("product family, product id, product key, sku, item, product name"),
    "customer_id": _listed("customer id, end user, potential customer, customer, end customer, customer key"),
    "registered_on": _listed(
        "deal registration date, deal registration approved, deal reg approved, deal reg date, registration date, "
        "registration approved, registered"
    ),
    "spend": _listed("mdf spend, campaign spend, campaign cost, mdf cost"),
    "occurred_on": _listed(
        "date, activity date, event date, completion date, completed date, completed on, passed on, completed"
    ),
    "activity_id": _listed("id, event id, activity"),
    "kind": _listed("activity type, event type, course type, type, activity kind"),
    "scored_on": _listed("date, score date, survey date"),
    "value": _listed("score, rating, result"),
    "measure": _listed("metric, kpi"),
    "period": _listed("quarter, month, year"),
    "currency": _listed(
        "amount converted currency, amount currency, currency of value, transaction currency, currency code, currency iso code, "
        "iso currency"
    ),
}
"""Our column -> what others call it, the more telling names first."""
TABLES_BY_WORD: Mapping[str, tuple[str, ...]] = {
    "partners": _listed("partner, reseller, dealer, account, company, companies"),
    "deals": _listed("deal, opportunit, order, sale, invoice"),
    "targets": _listed("target, quota, goal"),
    "activities": _listed("activit, event, training, campaign, lead, course, certification, enrolment, enrollment"),
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
    "won": _listed("won, ship, bill, paid, complete, closed, invoiced, delivered, fulfilled, settled"),
    "lost": _listed("lost, cancel, reject, dead, returned"),
    "open": _listed(
        "open, new, draft, pending, pipeline, prospect, lead, qualif, discovery, needs analysis, "
        "value proposition, decision maker, decisionmaker, perception, proposal, quot, negotiat, "
        "in progress, in process, on hold, awaiting, forecast, commit, contract sent, contractsent, "
        "appointment, presentation, demo, trial, evaluat"
    ),
}
"""Where a deal stands -> words that are part of what systems say for it; anything else has to be asked."""
WAITING = _listed(
    "pending, awaiting, waiting, to be, in progress, in process, pendiente, pendente, en attente, in attesa, ausstehend, "
    "warte, a payer, "
    "a facturer, a livrer, por facturar, a faturar, te factureren, da fatturare"
)
"""Beginnings that turn what stands with them into something that is still to come."""
NEGATED = frozenset(
    "not non no nicht kein pas unpaid unshipped unbilled undelivered unfulfilled incomplete partial partially "
    "niet nao teilweise teils partiel partielle partiellement parcial parcialmente parziale parzialmente gedeeltelijk".split()
)
"""Words that turn what stands with them into something that has to be asked."""
CURRENCY_WORDS: Mapping[str, tuple[str, ...]] = {
    "USD": _listed("us dollar, us dollars, u s dollar, united states dollar, dollar us"),
    "EUR": _listed("euro, euros, €"),
    "GBP": _listed("pound, british pound, pound sterling, sterling, uk pound, £"),
    "CHF": _listed("swiss franc, schweizer franken, franken, sfr, franc suisse"),
    "CAD": _listed("canadian dollar"), "AUD": _listed("australian dollar"), "JPY": _listed("japanese yen, yen"),
    "SEK": _listed("swedish krona"), "NOK": _listed("norwegian krone"), "DKK": _listed("danish krone"),
    "PLN": _listed("zloty, polish zloty"), "INR": _listed("indian rupee"), "BRL": _listed("real, brazilian real"),
}  # fmt: skip
"""ISO 4217 code -> what systems write for it; a symbol that several have, such as $, is asked."""
KIND_WORDS: Mapping[str, tuple[str, ...]] = {
    "training": _listed("training, trainings, course, e learning, elearning, webinar course"),
    "certification": _listed("certification, certificate, exam, accreditation"),
    "campaign": _listed("campaign, mdf campaign"),
    "lead": _listed("lead, leads"),
    "event": _listed("event, roadshow, trade show"),
}
"""Kind of an activity -> what systems write for it."""
LAST_RESORT: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("partners", "partner_id"): _listed(
        "customer number, customer no, kundennummer, kunden nr, debitor, debitorennummer, code client, codigo de cliente, "
        "klantnummer, "
        "codice cliente"
    ),
    ("deals", "partner_id"): _listed(
        "partner name, reseller name, partners, customer number, customer no, customer id, kundennummer, kunden nr, debitor, "
        "debitorennummer, auftraggeber, geschaftspartner, warenempfanger, code client, n client, codigo de cliente, "
        "codice cliente, "
        "cliente, klantnummer, customer, kunde, client, klant, kundenname, customer name, associated company, company"
    ),
    ("activities", "partner_id"): _listed(
        "partner name, reseller name, partners, company, company name, account, account name, organization, organisation, firma, "
        "firmenname, societe, empresa, bedrijf, azienda"
    ),
}  # fmt: skip
"""Our table and column -> what may stand for it where nothing better does: a number of customers, or names; never for sure."""
CUSTOMERS = _listed("customer, kunde, client, cliente, klant, debitor")
"""Beginnings of the names of tables of customers, which are the partners where no other table is."""
NOT_THE_AMOUNT = frozenset(
    "tax vat mwst ust ttc iva btw discount rabatt remise reward commission provision margin expected forecast weighted probability "
    "brutto brut incl inkl gross exchange rate unit einzelpreis refund credit balance".split()
)
"""Words of a column that is not what was sold, however much it is like one."""
CANCELLED = _listed(
    "storno, storniert, is deleted, deleted, cancelled, canceled, cancellation, void, annule, annulation, anulad, annullat, "
    "cancelad, geannuleerd, credit note, gutschrift, avoir, nota de credito"
)
"""Beginnings of the names of columns that mark rows which were taken back."""
WITHOUT = frozenset(
    "excl exclusive excluding exclusief without net netto ht hors sans sin sem zonder ohne senza escl".split()
)
"""Words of an amount from which what they stand before was taken off."""
TOTALS = frozenset(
    "total totals subtotal grand sum summe gesamt gesamtsumme gesamtergebnis zwischensumme ergebnis somme totaal totale "
    "totali".split()
)
"""Words with which a row begins that adds others up."""
ENDINGS = _listed(
    "copyright, confidential, generated by, generated on, exported, created by, report, applied filters, filtered by, as of, "
    "erstellt von, "
    "stand, vertraulich, genere, generado"
)
"""Beginnings of what stands below the rows of a report."""
