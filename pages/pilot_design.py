"""Pilot design: who would be drawn, what could be found, what it would cost."""

import streamlit as st
from app import framed

if framed():
    from incentive_lab.errors import InputError
    from incentive_lab.ui.cards import tell_problems
    from incentive_lab.ui.waiting import engine_ready

    if engine_ready("Pilot design"):
        from incentive_lab.ui.pilot_design import pilot_design

        try:
            pilot_design()
        except InputError as error:
            st.title("Pilot design", anchor=False)
            tell_problems(error.problems, "There is no pilot to design")
