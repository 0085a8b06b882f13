"""Names and words of exports in other languages than English, declared once: `known_names` adds them to its own.

Accents, capitals and marks make no difference (`recognising.normal`): `Numéro`, `NUMERO` and `numero` are one. Words for tables
and statuses are the beginnings of words, so that `unbezahlt` is not taken for `bezahlt`; those for partner types are whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

_GERMAN: Mapping[str, str] = {
    "partner_id": "händlernummer, händler nr, partnernummer, partner nr, händler id, vertriebspartner nr, vertriebspartner, "
    "fachhändler, händler, wiederverkäufer",
    "name": "firmenname, firma, firmierung, name 1, partnername, händlername, bezeichnung",
    "type": "partnertyp, händlertyp, partnerart, kategorie, vertriebsweg, vertriebskanal, kundengruppe, kundenart",
    "region": "land, kanton, bundesland, gebiet, verkaufsgebiet, vertriebsgebiet",
    "segment": "kundensegment, partnersegment, größenklasse",
    "tier": "stufe, partnerstufe, partnerstatus, partnerlevel",
    "joined_on": "partner seit, kunde seit, händler seit, vertragsbeginn, beitritt am, beitrittsdatum, mitglied seit, "
    "angelegt am",
    "parent_id": "konzern, konzernnummer, muttergesellschaft, zentrale",
    "deal_id": "auftragsnummer, auftrags nr, auftrag nr, auftrag, bestellnummer, rechnungsnummer, rechnungs nr, rechnung nr, "
    "fakturanummer, faktura, belegnummer, beleg nr, vorgangsnummer, verkaufschance, angebotsnummer",
    "line": "position, pos, pos nr, positionsnummer, fakturaposition, auftragsposition, belegposition, rechnungsposition, zeile",
    "status": "auftragsstatus, belegstatus, rechnungsstatus, phase, verkaufsphase, zustand",
    "created_on": "angelegt am, erstellt am, erstelldatum, auftragsdatum, bestelldatum, erfasst am, belegdatum, "
    "rechnungsdatum, fakturadatum, buchungsdatum, datum",
    "closed_on": "abgeschlossen am, abschlussdatum, rechnungsdatum, fakturadatum, buchungsdatum, lieferdatum, gewonnen am",
    "amount": "nettobetrag, betrag netto, nettoumsatz, umsatz netto, nettowert, netto, nettosumme, auftragswert, warenwert, "
    "betrag, umsatz, auftragssumme",
    "cost": "kosten, verrechnungswert, einstandswert, einstand, einstandspreis gesamt, herstellkosten, selbstkosten, "
    "wareneinsatz",
    "list_amount": "listenpreis gesamt, listenwert, listenpreis",
    "quantity": "menge, stück, stückzahl, anzahl",
    "product": "produkt, produktgruppe, artikel, artikelnummer, artikel nr, materialnummer, material, warengruppe",
    "customer_id": "endkunde, endkundennummer, kunde, kundennummer, kunden nr",
    "currency": "währung, währungsschlüssel, belegwährung, hauswährung",
    "registered_on": "projektregistrierung am, registriert am, registrierungsdatum",
    "returned_on": "retourniert am, retourendatum, rückgabedatum",
    "returned_amount": "retourenbetrag, retourenwert",
    "occurred_on": "datum, abgeschlossen am, abschlussdatum, teilnahme am, bestanden am, durchgeführt am",
    "kind": "aktivität, aktivitätsart, art, maßnahme, kursart, schulungsart",
    "spend": "werbekosten, wkz, marketingkosten",
    "partners": "händler, vertriebspartner, wiederverkäufer, partner",
    "deals": "auftr, verkaufschance, rechnung, faktur, umsatz, umsätze, bestellung, verkäufe",
    "activities": "aktivität, schulung, zertifizierung, kurs, veranstaltung",
    "targets": "zielvorgabe, ziele, umsatzziel", "actual_payouts": "auszahlung, bonuszahlung, provisionen",
    "won": "gewonnen, fakturiert, berechnet, bezahlt, geliefert, abgeschlossen, erledigt, verkauft, verrechnet",
    "lost": "verloren, storn, abgelehnt, abgesagt, gelöscht",
    "open": "offen, neu, entwurf, angebot, verhandl, in bearbeitung, qualifiz, angelegt",
    "reseller": "händler, fachhändler, wiederverkäufer, handelspartner, fachhandel",
    "distributor": "großhändler, großhandel, distributor",
    "system_integrator": "systemhaus, systemintegrator", "agency": "agentur, handelsvertreter", "consultancy": "berater, beratung",
    "training": "schulung, kurs", "certification": "zertifizierung, zertifikat", "campaign": "kampagne",
}  # fmt: skip
_FRENCH: Mapping[str, str] = {
    "partner_id": "code partenaire, n partenaire, no partenaire, numéro partenaire, identifiant partenaire, id partenaire, "
    "code revendeur, revendeur, distributeur, partenaire",
    "name": "raison sociale, nom du partenaire, nom partenaire, nom, société, dénomination",
    "type": "type de partenaire, type partenaire, catégorie",
    "region": "pays, région, département, secteur",
    "tier": "niveau, niveau de partenariat, statut partenaire",
    "joined_on": "date d adhésion, partenaire depuis, date de début de contrat, date d entrée, client depuis",
    "deal_id": "n affaire, no affaire, numéro d affaire, affaire, n commande, no commande, numéro de commande, commande, "
    "n facture, no facture, numéro de facture, facture, opportunité, n opportunité, référence commande",
    "line": "ligne, n ligne, no ligne, numéro de ligne",
    "status": "étape, statut, état, phase",
    "created_on": "date de création, créé le, créée le, date de commande, date commande, date d ouverture, date de facture, "
    "date facture, date de facturation",
    "closed_on": "date de clôture, clôturé le, date de fermeture, date de signature, date de facture, date facture, "
    "date de facturation, date de livraison, gagné le",
    "amount": "montant ht, montant net, montant net ht, total ht, prix total ht, ca ht, chiffre d affaires, montant, valeur",
    "cost": "coût, coût total, prix de revient, coût de revient, coût d achat, prix d achat total",
    "list_amount": "montant catalogue, prix public, prix catalogue, montant tarif",
    "quantity": "quantité, qté, nombre", "product": "produit, article, référence article, gamme, famille de produits",
    "customer_id": "client final, client, code client, n client, no client", "currency": "devise, code devise, monnaie",
    "registered_on": "date d enregistrement, enregistré le",
    "occurred_on": "date, date d obtention, date de réussite, terminé le, date de fin", "kind": "type d activité, activité",
    "partners": "partenaire, revendeur, distributeur", "deals": "affaire, opportunité, commande, facture, vente",
    "activities": "activité, formation", "targets": "objectif", "actual_payouts": "remise versée, prime versée, paiement",
    "won": "gagné, facturé, payé, livré, vendu, encaissé, terminé", "lost": "perdu, annul, refus, abandonn",
    "open": "ouvert, nouveau, nouvelle, en cours, brouillon, devis, négociation, qualifi, proposition",
    "reseller": "revendeur", "distributor": "distributeur, grossiste", "system_integrator": "intégrateur", "agency": "agence",
    "consultancy": "conseil, consultant", "training": "formation", "campaign": "campagne",
}  # fmt: skip
_SPANISH: Mapping[str, str] = {
    "partner_id": "código de socio, código socio, id socio, n socio, código de distribuidor, código distribuidor, "
    "código de partner, socio, distribuidor, revendedor",
    "name": "nombre del socio, razón social, nombre, empresa", "type": "tipo de socio, tipo de partner, categoría, tipo",
    "region": "país, región, provincia, zona", "tier": "nivel, nivel de socio",
    "joined_on": "fecha de alta, fecha alta, socio desde, fecha de inicio",
    "deal_id": "no oportunidad, número de oportunidad, oportunidad, no pedido, n pedido, número de pedido, pedido, no factura, "
    "n factura, número de factura, factura",
    "line": "línea, no línea, número de línea", "status": "etapa, estado, fase, situación",
    "created_on": "fecha de creación, fecha creación, creado el, fecha de pedido, fecha pedido, fecha de apertura, "
    "fecha de factura, fecha factura, fecha",
    "closed_on": "fecha de cierre, fecha cierre, cerrado el, fecha de factura, fecha factura, fecha de entrega",
    "amount": "importe neto, base imponible, total sin iva, valor neto, importe, monto, ventas, ingresos",
    "cost": "coste, costo, coste total, costo total", "list_amount": "importe de lista, precio de lista",
    "quantity": "cantidad, unidades", "product": "producto, artículo, referencia, familia", "currency": "moneda, divisa",
    "customer_id": "cliente final, cliente, código de cliente", "registered_on": "fecha de registro",
    "occurred_on": "fecha, fecha de finalización", "kind": "tipo de actividad, actividad",
    "partners": "socio, distribuidor, revendedor", "deals": "oportunidad, pedido, factura, venta",
    "activities": "actividad, formación, capacitación, curso", "targets": "objetivo, cuota", "actual_payouts": "pago, comisiones",
    "won": "ganad, factura, pagad, entregad, cobrad, vendid, cerrada ganada", "lost": "perdid, cancelad, anulad, rechazad",
    "open": "abiert, nuevo, nueva, en curso, borrador, propuesta, negociaci, presupuesto, pendiente, cualific, calific",
    "reseller": "revendedor", "distributor": "distribuidor, mayorista", "system_integrator": "integrador", "agency": "agencia",
    "consultancy": "consultor, consultora", "training": "formación, capacitación, curso", "certification": "certificación",
    "campaign": "campaña",
}  # fmt: skip
_DUTCH: Mapping[str, str] = {
    "partner_id": "partnernummer, partner nr, partnercode, wederverkoper nr, wederverkoper, dealernummer",
    "name": "partnernaam, bedrijfsnaam, naam, bedrijf", "type": "soort partner, partnertype, partnersoort, categorie, soort",
    "region": "land, regio, provincie", "tier": "partnerniveau, niveau", "joined_on": "partner sinds, klant sinds, ingangsdatum",
    "deal_id": "ordernummer, verkoopkans, factuurnummer, opdrachtnummer, bestelnummer",
    "line": "regel, regelnummer, orderregel, factuurregel", "status": "fase, stadium",
    "created_on": "aangemaakt op, aanmaakdatum, orderdatum, besteldatum, factuurdatum, datum",
    "closed_on": "gesloten op, sluitingsdatum, sluitdatum, afsluitdatum, factuurdatum, leverdatum",
    "amount": "bedrag excl btw, bedrag exclusief btw, nettobedrag, netto bedrag, netto omzet, bedrag, omzet, orderwaarde",
    "cost": "kostprijs, kosten, inkoopwaarde", "list_amount": "bruto lijstprijs, lijstprijs, catalogusprijs",
    "quantity": "aantal", "product": "artikel, artikelnummer, productgroep", "currency": "valuta, munteenheid",
    "customer_id": "eindklant, klant, klantnummer", "registered_on": "registratiedatum, geregistreerd op",
    "occurred_on": "datum, afgerond op, behaald op", "kind": "soort activiteit, activiteit",
    "partners": "wederverkoper", "deals": "verkoopkans, factuur, facturen, opdracht, bestelling, omzet",
    "activities": "activiteit, opleiding", "targets": "doelstelling", "actual_payouts": "uitbetaling",
    "won": "gewonnen, gefactureerd, betaald, geleverd, verkocht, afgesloten, voltooid", "lost": "verloren, geannuleerd, afgewezen",
    "open": "lopend, nieuw, concept, offerte, onderhandel, in behandeling", "reseller": "wederverkoper",
    "distributor": "distributeur, groothandel", "system_integrator": "systeemintegrator", "agency": "agentschap, bureau",
    "consultancy": "adviseur", "training": "opleiding", "certification": "certificering", "campaign": "campagne",
}  # fmt: skip
_ITALIAN: Mapping[str, str] = {
    "partner_id": "codice partner, id partner, codice rivenditore, rivenditore, codice concessionario",
    "name": "ragione sociale, nome partner, nome, azienda", "type": "tipo partner, tipologia partner, tipologia, categoria, tipo",
    "region": "paese, regione, provincia, area", "tier": "livello, livello partner",
    "joined_on": "data iscrizione, data di iscrizione, partner dal, data adesione, data contratto",
    "deal_id": "numero ordine, n ordine, ordine, numero fattura, n fattura, fattura, opportunità, numero opportunità",
    "line": "riga, numero riga", "status": "stato, fase, stato ordine",
    "created_on": "data creazione, data di creazione, creato il, data ordine, data fattura, data",
    "closed_on": "data chiusura, data di chiusura, chiuso il, data fattura, data consegna",
    "amount": "importo netto, imponibile, totale netto, valore netto, importo, fatturato, ricavi, valore",
    "cost": "costo, costo totale", "list_amount": "importo di listino, prezzo di listino, listino", "quantity": "quantità, qta",
    "product": "prodotto, articolo, codice articolo", "currency": "valuta, divisa", "customer_id": "cliente finale, cliente",
    "registered_on": "data registrazione", "occurred_on": "data, data completamento", "kind": "tipo attività, attività",
    "partners": "rivenditor, concessionari", "deals": "ordini, fattur, vendit, opportunità",
    "activities": "attività, formazione, corsi",
    "targets": "obiettivi", "actual_payouts": "pagamenti, provvigioni",
    "won": "vinta, vinto, fatturat, pagat, consegnat, vendut, evas", "lost": "persa, annullat, rifiutat",
    "open": "apert, nuovo, nuova, in corso, bozza, offerta, trattativa, preventivo, in attesa",
    "reseller": "rivenditore, concessionario",
    "distributor": "distributore, grossista", "system_integrator": "integratore, system integrator", "agency": "agenzia, agente",
    "consultancy": "consulente, consulenza", "training": "formazione, corso", "certification": "certificazione",
    "campaign": "campagna",
}  # fmt: skip
_PORTUGUESE: Mapping[str, str] = {
    "partner_id": "código do parceiro, código parceiro, id parceiro, id do parceiro, parceiro, código do revendedor, revenda",
    "name": "nome do parceiro, razão social, nome, empresa", "type": "tipo de parceiro, tipo parceiro, categoria",
    "region": "país, região, estado federal, uf", "tier": "nível, nível do parceiro",
    "joined_on": "data de adesão, parceiro desde, data de início",
    "deal_id": "número da oportunidade, oportunidade, número do pedido, n pedido, pedido, número da fatura, fatura, nota fiscal, "
    "número da nota fiscal",
    "line": "linha, número da linha", "status": "estágio, situação, fase, estado",
    "created_on": "data de criação, criado em, data do pedido, data da fatura, data de emissão, data",
    "closed_on": "data de fechamento, data de fecho, data de encerramento, fechado em, data da fatura, data de emissão",
    "amount": "valor líquido, valor sem impostos, montante, valor, receita, faturamento",
    "cost": "custo, custo total", "list_amount": "preço de tabela, valor de tabela", "quantity": "quantidade, qtd",
    "product": "produto, artigo", "currency": "moeda", "customer_id": "cliente final, cliente", "registered_on": "data de registro",
    "occurred_on": "data de conclusão, data", "kind": "tipo de atividade, atividade", "partners": "parceiro, revendedor, revenda",
    "deals": "oportunidade, pedido, fatura, venda, negócio", "activities": "atividade, treinamento, formação",
    "targets": "meta de venda", "actual_payouts": "pagamento, comissões",
    "won": "ganho, ganha, faturad, entregue, vendido, concluíd", "lost": "perdid, cancelad, rejeitad, recusad",
    "open": "abert, novo, nova, em andamento, rascunho, proposta, negociaç, orçamento, pendente", "reseller": "revendedor, revenda",
    "distributor": "distribuidor, atacadista", "system_integrator": "integrador, integradora", "agency": "agência",
    "consultancy": "consultor, consultoria", "training": "treinamento", "certification": "certificação", "campaign": "campanha",
}  # fmt: skip
LANGUAGES: Mapping[str, Mapping[str, str]] = {
    "German": _GERMAN, "French": _FRENCH, "Spanish": _SPANISH, "Dutch": _DUTCH, "Italian": _ITALIAN, "Portuguese": _PORTUGUESE,
}  # fmt: skip
"""Language -> our column, table, status, partner type or activity -> what it is called there, the more telling first."""


def elsewhere(name: str) -> Iterator[str]:
    """What one of our names is called in other languages.

    Example:
        >>> [word for word in elsewhere("currency")][:3]
        ['währung', 'währungsschlüssel', 'belegwährung']
    """
    for told in LANGUAGES.values():
        if name in told:
            yield from told[name].split(", ")
