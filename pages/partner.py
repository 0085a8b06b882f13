"""Partner: one partner's statement, progress and what-if."""

from app import framed

if framed():
    from incentive_lab.ui.waiting import engine_ready

    if engine_ready("Partner"):
        from incentive_lab.ui.partner_page import partner_page

        partner_page()
