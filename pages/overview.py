"""Overview: what is in use, where the draft stands, what needs attention."""

import streamlit as st

from incentive_lab.errors import InputError
from incentive_lab.ui import workspace
from incentive_lab.ui.cards import tell_problems
from incentive_lab.ui.waiting import engine_ready

if engine_ready("Overview"):
    st.title("Overview", anchor=False)
    from incentive_lab.ui.summary import history_card, quality_card, schemes_card, standing

    state = workspace.preparation()
    try:
        workspace.draft()
    except InputError as error:
        tell_problems(error.problems, "There is no draft")
    else:
        columns = st.columns(3, gap="small")
        with columns[0]:
            schemes_card()
        with columns[1]:
            history_card(state)
        with columns[2]:
            quality_card(state)
        standing()
