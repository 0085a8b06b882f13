"""Small histories written for tests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

PARTNERS = """partner_id,name,type,region,joined_on,colour
P2,Two,msp,South,2013-03-31,blue
P1,One,reseller,North,2012-02-10,red
"""
DEALS = """deal_id,partner_id,status,created_on,closed_on,recorded_on,amount,cost,list_amount,quantity,customer_id,seats
D1,P1,won,2013-01-05,2013-02-01,,100.00,85.00,200.00,2,C1,10
D2,P1,won,2013-01-20,2013-02-11,,100.00,85.01,100.00,1,C1,20
D3,P2,won,2013-02-01,2013-05-15,2013-07-02,0.10,,,,C2,
D4,P2,lost,2013-03-05,2013-04-01,,50.00,10.00,60.00,1,,5
D5,P2,open,2013-05-05,,,70.00,,,,,
"""
ACTIVITIES = """activity_id,partner_id,occurred_on,kind,quantity,spend
A1,P1,2013-02-03,lead,3,
A2,P1,2013-02-05,certification,,
A3,P2,2013-04-05,campaign,1,12.345
"""
SCORES = """partner_id,scored_on,measure,value
P1,2013-01-10,csat,4.2
P1,2013-03-10,csat,3.1
P2,2013-02-10,brand_adherence,0.9
"""
TABLES: Mapping[str, str] = {"partners": PARTNERS, "deals": DEALS, "activities": ACTIVITIES, "scores": SCORES}


def write(folder: Path, **tables: str) -> Path:
    """A folder of CSV files: the small history above with some tables replaced or added."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in {**TABLES, **tables}.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder
