"""Projection: what a scheme will cost, how sure that is, and what drives it."""

from app import framed

if framed():
    from incentive_lab.ui.waiting import engine_ready

    if engine_ready("Projection"):
        from incentive_lab.ui.projection_page import projection_page

        projection_page()
