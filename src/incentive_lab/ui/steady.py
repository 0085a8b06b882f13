"""What somebody has asked for happens, however fast the next request comes.

Streamlit looks for a newer request of the browser whenever it can, and forgets part of the older one when it finds one:

- a widget's callback is given up half-way, a history moved to its place, say, that the session does not use; and if
  that happens while it names the address of the page, the newer request is taken for a wish of the callback and lost;
- the address that a file is to be uploaded to is thrown away with what an older run had drawn, and the browser waits
  for it for ever.

They have no setting, so one method each is wrapped here. The third has one: a click that waits for its turn is kept by
`fastReruns = false` of `.streamlit/config.toml`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from streamlit.runtime.forward_msg_queue import ForwardMsgQueue
from streamlit.runtime.state.safe_session_state import SafeSessionState


def let_nothing_be_lost() -> None:
    """From now on this server finishes callbacks before it looks further, and answers every upload.

    Calling this twice wraps everything once.

    Example:
        >>> let_nothing_be_lost()
        >>> wrapped = SafeSessionState.on_script_will_rerun
        >>> let_nothing_be_lost()
        >>> SafeSessionState.on_script_will_rerun is wrapped
        True
    """
    wrap_once(SafeSessionState, "on_script_will_rerun", _whole)
    wrap_once(ForwardMsgQueue, "clear", _but_addresses)


def _whole(original: Callable[..., None], self: SafeSessionState, *args: Any, **kwargs: Any) -> None:
    """No callback is given up; a newer request waits until they are done."""
    runner = getattr(self._yield_callback, "__self__", None)
    if runner is None:
        original(self, *args, **kwargs)
        return
    # A runner looks for newer requests only while it executes a script, as this flag tells it.
    executes, runner._execing = runner._execing, False
    try:
        original(self, *args, **kwargs)
    finally:
        runner._execing = executes


def _but_addresses(original: Callable[..., None], self: ForwardMsgQueue, *args: Any, **kwargs: Any) -> None:
    """What tells the browser where to upload a file stays when a run begins and the rest is thrown away."""
    if not (args or kwargs):  # all of it was sent
        original(self)
        return
    addresses = [message for message in self._queue if message.WhichOneof("type") == "file_urls_response"]
    original(self, *args, **kwargs)
    self._queue = [*addresses, *(message for message in self._queue if message not in addresses)]


def wrap_once(owner: type, name: str, around: Callable[..., None]) -> None:
    """Put `around`, which is given the method it replaces first, in place of a method; a wrapped one is left as it is."""
    original = getattr(owner, name)
    if hasattr(original, "__wrapped__"):
        return

    @functools.wraps(original)
    def wrapped(self: Any, *args: Any, **kwargs: Any) -> None:
        around(original, self, *args, **kwargs)

    setattr(owner, name, wrapped)
