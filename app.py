"""Incentive Lab's dashboard: `streamlit run app.py`."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
if str(HERE / "src") not in sys.path:
    sys.path.insert(0, str(HERE / "src"))

import streamlit as st  # noqa: E402

from incentive_lab.ui.look import apply_look  # noqa: E402
from incentive_lab.ui.workspace import preparation  # noqa: E402

st.set_page_config(
    "Incentive Lab", page_icon=str(HERE / "src/incentive_lab/ui/icon.png"), layout="wide", initial_sidebar_state=360
)
preparation()
page = st.navigation(
    [
        st.Page(
            "pages/overview.py", title="Overview", icon=":material/space_dashboard:", url_path="overview", default=True
        ),
        st.Page("pages/tune.py", title="Tune", icon=":material/tune:", url_path="tune"),
    ],
    position="top",
)
apply_look()
page.run()
