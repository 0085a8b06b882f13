"""Streamlit's own floor: the widgets that the page Tune shows while it is measured, four key figures, nothing worked out."""

import streamlit as st

DIALS, HEADINGS = 31, 15
"""What stands in the two groups that are open on Tune."""

st.set_page_config(layout="wide", initial_sidebar_state=360)


@st.fragment(key="figures")
def figures() -> None:
    for place, column in enumerate(st.columns(4)):
        with column, st.container(border=True, key=f"card-{'cost' if place == 0 else place}"):
            st.metric(f"Figure {place}", f"{st.session_state.get('dial 0', 0.0) + place:.1f}")


def moved(place: int) -> None:
    st.session_state[f"typed {place}"] = st.session_state[f"dial {place}"]
    st.rerun(["figures", f"fragment {place}"])


def dial(place: int) -> None:
    with (
        st.container(gap=None, key=f"box {place}"),
        st.container(horizontal=True, vertical_alignment="bottom", gap="small"),
    ):
        st.slider(
            f"Dial {place}",
            0.0,
            100.0,
            step=0.5,
            key=f"dial {place}",
            help="What it is.",
            on_change=moved,
            args=(place,),
        )
        st.number_input(f"Typed {place}", key=f"typed {place}", label_visibility="collapsed", width=96)


with st.sidebar:
    for one in range(DIALS):
        if one % 2 == 0:
            st.markdown(f"**Heading {one}**")
        st.fragment(dial, key=f"fragment {one}")(one)
st.title("Empty")
with st.container(horizontal=True):
    for name in ("Undo", "Redo", "Reset all"):
        st.button(name)
    for name in ("Load", "Save", "Share"):
        st.popover(name)
figures()
st.segmented_control("Look closer", [f"Look {one}" for one in range(7)])
