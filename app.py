"""Incentive Lab's dashboard: `streamlit run app.py`."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
if str(HERE / "src") not in sys.path:
    sys.path.insert(0, str(HERE / "src"))

import streamlit as st  # noqa: E402

from incentive_lab.ui.look import ICON, apply_look  # noqa: E402
from incentive_lab.ui.workspace import preparation  # noqa: E402


def main() -> None:
    """The frame of every page: navigation on top, the look, the preparation under way."""
    st.session_state["framed"] = True
    st.set_page_config("Incentive Lab", page_icon=ICON, layout="wide", initial_sidebar_state=360)
    preparation()
    overview = st.Page(
        "pages/overview.py", title="Overview", icon=":material/space_dashboard:", url_path="overview", default=True
    )
    tune = st.Page("pages/tune.py", title="Tune", icon=":material/tune:", url_path="tune")
    page = st.navigation([overview, tune], position="top")
    apply_look()
    page.run()


def framed() -> bool:
    """Whether the page that asks is inside the frame; if not, the frame is drawn now, with that page in it.

    A server that nobody has asked for the front page yet runs a file of `pages/` on its own when its address is
    opened, since the folder is called pages.
    """
    if "framed" in st.session_state:
        return True
    main()
    return False


if __name__ == "__main__":
    main()
