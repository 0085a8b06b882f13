from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.load import load
from incentive_lab.ui.drafts import Draft
from tests.ui.conftest import ROOT
from tests.ui.test_pages import shown


def test_the_guide_is_that_of_the_scheme_chosen(app: AppTest) -> None:
    app.switch_page("pages/guide.py").run()
    assert not app.exception
    assert "Limits and safeguards" in shown(app)
    app.selectbox(key="guide-scheme").select("Flat commission").run()
    assert not app.exception
    assert app.title[0].value == "Flat commission"


@pytest.mark.parametrize("page", ["guide", "partner"])
def test_a_scheme_that_pays_the_same_by_other_names_is_shown_by_its_own(app: AppTest, page: str) -> None:
    flat = load(ROOT / "data/schemes/current-flat.yaml")
    for name in ("Thanks for sales", "Sales bonus"):
        called = flat.model_copy(update={"rules": tuple(r.model_copy(update={"label": name}) for r in flat.rules)})
        assert isinstance(called, Scheme)
        app.session_state["draft"] = Draft.of(called, flat)
        app.switch_page(f"pages/{page}.py").run()
        if page == "partner":
            app.selectbox(key="statement-period").select("All months").run()
        assert not app.exception
        assert name in [*(one.value for one in app.subheader), *shown(app).split("**")]
