"""A click is done before the next one is looked at.

Streamlit looks for a newer request of the browser whenever the session's state is touched, inside a widget's callback
too, and gives the callback up when it finds one. Whoever presses a button and then at once a link of the navigation
would lose what the button was to do, or half of it: a history moved to its place, say, that the session does not use.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from streamlit.runtime.state.safe_session_state import SafeSessionState


def let_callbacks_finish() -> None:
    """From now on no callback of this server is given up half-way; a newer request waits until they are done.

    Streamlit has no setting for it, so the one method that calls them is wrapped; calling this twice wraps it once.

    Example:
        >>> let_callbacks_finish()
        >>> wrapped = SafeSessionState.on_script_will_rerun
        >>> let_callbacks_finish()
        >>> SafeSessionState.on_script_will_rerun is wrapped
        True
    """

    def whole(original: Callable[..., None], self: SafeSessionState, *args: Any, **kwargs: Any) -> None:
        yields = self._yield_callback
        # The class passes attributes on to the state it holds, so its own fields are set as its __init__ sets them.
        object.__setattr__(self, "_yield_callback", lambda: None)
        try:
            original(self, *args, **kwargs)
        finally:
            object.__setattr__(self, "_yield_callback", yields)

    wrap_once(SafeSessionState, "on_script_will_rerun", whole)


def wrap_once(owner: type, name: str, around: Callable[..., None]) -> None:
    """Put `around`, which is given the method it replaces first, in place of a method; a wrapped one is left as it is."""
    original = getattr(owner, name)
    if hasattr(original, "__wrapped__"):
        return

    @functools.wraps(original)
    def wrapped(self: Any, *args: Any, **kwargs: Any) -> None:
        around(original, self, *args, **kwargs)

    setattr(owner, name, wrapped)
