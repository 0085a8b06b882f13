"""The page Guide: the draft or any scheme in plain language, to read here and to take away."""

from __future__ import annotations

import streamlit as st

from incentive_lab.report.blocks import Block, Document, Example, Heading, Paragraph, Points, Table
from incentive_lab.report.guide import guide
from incentive_lab.report.html import html_page
from incentive_lab.report.pdf import pdf_bytes
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.dump import dumps
from incentive_lab.ui import workspace
from incentive_lab.ui.cards import plain
from incentive_lab.ui.compare_page import offered
from incentive_lab.ui.tables import table


def guide_page() -> None:
    """The choice of a scheme, its guide, and the guide as files."""
    known = offered()
    with st.container(horizontal=True, vertical_alignment="bottom", key="no-print-guide"):
        name = st.selectbox("Guide to", list(known), key="guide-scheme", width=460, persist_state="session")
        scheme = known[name]
        floor = workspace.known_schemes().get(scheme.baseline or "")
        made = _guide(dumps(scheme), floor.title if floor is not None else "", scheme, floor)
        st.download_button("PDF", lambda: pdf_bytes(made), f"guide-{scheme.id}.pdf", "application/pdf",
                           on_click="ignore", icon=":material/picture_as_pdf:", key="guide-pdf")  # fmt: skip
        st.download_button("Web page", lambda: html_page(made), f"guide-{scheme.id}.html", "text/html",
                           on_click="ignore", icon=":material/html:", key="guide-html")  # fmt: skip
    _, middle, _ = st.columns([1, 6, 1])
    with middle, st.container(border=True, key="card-guide"):
        st.title(plain(made.title), anchor=False)
        st.markdown(f":gray[{plain(made.subtitle)}]")
        for block in made.blocks:
            _draw(block)
        st.markdown(f":small[:gray[{plain(made.footer)}]]")


@st.cache_resource(show_spinner="Working out an example for each reward", max_entries=16)
def _guide(text: str, compared: str, _scheme: Scheme, _floor: Scheme | None) -> Document:
    """By the whole text of the document: a guide shows its labels and its reason, which no fingerprint holds."""
    return guide(_scheme, _floor)


def _draw(block: Block) -> None:
    match block:
        case Heading(text, 1):
            st.header(plain(text), anchor=False)
        case Heading(text, _):
            st.subheader(plain(text), anchor=False)
        case Paragraph(text):
            st.markdown(plain(text))
        case Points(items):
            st.markdown("\n".join(f"- {plain(item)}" for item in items))
        case Example(text):
            st.info(plain(text), title="Example", icon=":material/calculate:")
        case Table(heads, rows, words):
            table(
                tuple(plain(head) for head in heads), [tuple(plain(cell) for cell in row) for row in rows], words=words
            )
