"""A callback that has begun is finished, however fast the next click comes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.runtime.scriptrunner import RerunException
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData
from streamlit.runtime.state import SessionState
from streamlit.runtime.state.safe_session_state import SafeSessionState

from incentive_lab.ui.steady import let_callbacks_finish


class OneCallback(SessionState):
    """A session whose run begins with one callback."""

    def __init__(self, callback: Callable[[], None]) -> None:
        super().__init__()
        self.callback = callback

    def on_script_will_rerun(self, *args: object, **kwargs: object) -> None:
        self.callback()


def newer_request() -> None:
    raise RerunException(RerunData())


def test_a_callback_is_not_given_up_for_a_newer_request() -> None:
    let_callbacks_finish()

    def used() -> None:
        safe["first"] = 1
        safe["second"] = safe["first"] + 1

    safe = SafeSessionState(OneCallback(used), newer_request)
    safe.on_script_will_rerun(None)
    assert safe.filtered_state == {"first": 1, "second": 2}
    with pytest.raises(RerunException):
        safe["third"] = 3


def test_a_callback_that_fails_leaves_the_next_request_its_turn() -> None:
    let_callbacks_finish()

    def broken() -> None:
        raise ValueError("broken")

    safe = SafeSessionState(OneCallback(broken), newer_request)
    with pytest.raises(ValueError, match="broken"):
        safe.on_script_will_rerun(None)
    with pytest.raises(RerunException):
        safe["first"] = 1
