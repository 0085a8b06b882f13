"""Streamlit's own floor: as many dials as the page Tune shows, four key figures, nothing worked out."""

import streamlit as st

DIALS = 24

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
    left, right = st.columns([5, 3], vertical_alignment="bottom", gap="small")
    with left:
        st.slider(f"Dial {place}", 0.0, 100.0, step=0.5, key=f"dial {place}", on_change=moved, args=(place,))
    with right:
        st.number_input(f"Typed {place}", key=f"typed {place}", label_visibility="collapsed")


with st.sidebar:
    for one in range(DIALS):
        st.fragment(dial, key=f"fragment {one}")(one)
figures()
