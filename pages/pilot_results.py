"""Pilot results: what a pilot says, and what to decide."""

import streamlit as st
from app import framed

if framed():
    from incentive_lab.errors import InputError
    from incentive_lab.ui.cards import tell_problems
    from incentive_lab.ui.waiting import engine_ready

    if engine_ready("Pilot results"):
        from incentive_lab.ui.pilot_results import pilot_results

        try:
            pilot_results()
        except InputError as error:
            st.title("Pilot results", anchor=False)
            tell_problems(error.problems, "There is no pilot to read")
