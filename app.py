"""Incentive Lab's dashboard: `streamlit run app.py`."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
if str(HERE / "src") not in sys.path:
    sys.path.insert(0, str(HERE / "src"))

import streamlit as st  # noqa: E402

from incentive_lab.ui.live import ROUTES  # noqa: E402
from incentive_lab.ui.look import ICON, LOGO, apply_look  # noqa: E402
from incentive_lab.ui.signing_in import admitted  # noqa: E402
from incentive_lab.ui.steady import let_nothing_be_lost  # noqa: E402
from incentive_lab.ui.turns import let_answers_go_first  # noqa: E402
from incentive_lab.ui.workspace import name_address, preparation, take_from_address  # noqa: E402

# File in pages/ and address, title, Material icon, what it is for; in the order of the navigation.
PAGES = (
    ("overview", "Overview", "space_dashboard", "What is in use, where the draft stands, what needs attention."),
    ("data", "Data", "database", "Choose or bring a partner history and see what is odd in it."),
    ("tune", "Tune", "tune", "Move the numbers of the draft and see what follows."),
    ("compare", "Compare", "compare_arrows", "Schemes, steps and histories side by side."),
    ("search", "Search", "manage_search", "Find the values that meet a goal within limits."),
    ("projection", "Projection", "insights", "What it will cost, how sure that is, and what drives it."),
    ("partner", "Partner", "person", "One partner's statement, its way to the next tier, and what-if."),
    ("guide", "Guide", "menu_book", "The programme in plain language, with an example of each reward."),
    ("pilot_design", "Pilot design", "science", "Who would be drawn, what could be found, what it would cost."),
    ("pilot_results", "Pilot results", "fact_check", "What a pilot says, and what to decide."),
    ("review", "Review", "approval", "What is proposed, on what evidence, and the decision."),
)


# A menu with something in it also has the choice between the light and the dark theme.
ABOUT = "Incentive Lab: write a partner incentive scheme, replay it on what partners did, see who gains and who loses."


def front() -> None:
    """The front page, at the bare address."""
    st.switch_page(f"pages/{PAGES[0][0]}.py", query_params=st.query_params.to_dict())


def main() -> None:
    """The frame of every page: navigation on top, the look, the preparation under way; or the way in."""
    st.set_page_config("Incentive Lab", page_icon=ICON, layout="wide", initial_sidebar_state=360,
                       menu_items={"About": ABOUT})  # fmt: skip
    st.logo(LOGO, size="medium")
    let_nothing_be_lost()
    let_answers_go_first()
    if not admitted():
        # A page that is run on its own asks again.
        st.session_state.pop("framed", None)
        apply_look()
        return
    st.session_state["framed"] = True
    preparation()
    # The default page has no address of its own, so it is a hidden one that leads to the first.
    pages = [st.Page(front, title="Incentive Lab", url_path="front", default=True, visibility="hidden")]
    for name, title, icon, use in PAGES:
        pages.append(st.Page(f"pages/{name}.py", title=title, icon=f":material/{icon}:", url_path=name, help=use))
    page = st.navigation(pages, position="top")
    apply_look()
    take_from_address()
    name_address()
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
else:  # the server imports this file for `app`, which runs it as the script of every session
    app = st.App(__file__, routes=ROUTES)
