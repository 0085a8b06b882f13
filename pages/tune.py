"""Tune: move a number of the draft and see what follows."""

import streamlit as st
from app import framed

if framed():
    from incentive_lab.errors import InputError
    from incentive_lab.ui import workspace
    from incentive_lab.ui.cards import tell_problems
    from incentive_lab.ui.waiting import engine_ready

    if engine_ready("Tune"):
        from incentive_lab.ui.consequences import consequences
        from incentive_lab.ui.dials import dials
        from incentive_lab.ui.fitting import fits_history
        from incentive_lab.ui.toolbar import toolbar

        try:
            draft = workspace.draft()
        except InputError as error:
            tell_problems(error.problems, "There is no draft to tune")
            st.stop()
        if fits_history(draft, lambda: toolbar(draft)):
            with st.sidebar:
                st.page_link("pages/search.py", label="Search values for a goal", icon=":material/manage_search:",
                             help="Which values of this draft meet a goal within limits.")  # fmt: skip
                dials()
            consequences()
