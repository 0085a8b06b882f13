"""Overview: what is in use, where the draft stands, what needs attention."""

import streamlit as st
from app import framed

if framed():
    from incentive_lab.errors import InputError
    from incentive_lab.ui import workspace
    from incentive_lab.ui.cards import tell_problems
    from incentive_lab.ui.waiting import engine_ready

    if engine_ready("Overview"):
        from incentive_lab.ui.summary import in_use, standing

        st.title("Overview", anchor=False)
        try:
            workspace.draft()
        except InputError as error:
            tell_problems(error.problems, "There is no draft")
        else:
            in_use()
            standing()
