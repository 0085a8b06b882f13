"""Compare: schemes, steps and histories side by side."""

from app import framed

if framed():
    from incentive_lab.ui.waiting import engine_ready

    if engine_ready("Compare"):
        from incentive_lab.ui.compare_page import compare_page

        compare_page()
