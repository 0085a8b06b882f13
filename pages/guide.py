"""Guide: the programme in plain language, with worked examples."""

from app import framed

if framed():
    from incentive_lab.ui.waiting import engine_ready

    if engine_ready("Guide"):
        from incentive_lab.ui.guide_page import guide_page

        guide_page()
