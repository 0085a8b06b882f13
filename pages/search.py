"""Search: which values of the draft meet a goal within limits."""

from app import framed

if framed():
    from incentive_lab.ui.waiting import engine_ready

    if engine_ready("Search"):
        from incentive_lab.ui.search_page import search_page

        search_page()
