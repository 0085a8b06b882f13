from __future__ import annotations

from streamlit.testing.v1 import AppTest

from tests.ui.test_pages import shown


def test_the_guide_is_that_of_the_scheme_chosen(app: AppTest) -> None:
    app.switch_page("pages/guide.py").run()
    assert not app.exception
    assert "Limits and safeguards" in shown(app)
    app.selectbox(key="guide-scheme").select("Flat commission").run()
    assert not app.exception
    assert app.title[0].value == "Flat commission"
