"""Review: what is proposed, on what evidence, and the decision."""

from app import framed

if framed():
    from incentive_lab.ui.waiting import engine_ready

    if engine_ready("Review"):
        from incentive_lab.ui.review_page import review_page

        review_page()
