"""What somebody has asked for happens, however fast the next request comes.

Streamlit looks for a newer request of the browser whenever it can, and forgets part of the older one when it finds one:

- a widget's callback is given up half-way, a history moved to its place, say, that the session does not use; and if
  that happens while it names the address of the page, the newer request is taken for a wish of the callback and lost;
- the address that a file is to be uploaded to is thrown away with what an older run had drawn, and the browser waits
  for it for ever;
- requests that wait become one, and that one is for the page which the last of them was made on: a page that draws
  itself again, or a part of it that is still pressed, takes back the link that was followed.

They have no setting, so one method each is wrapped here. The fourth has one: a click that waits for its turn is kept by
`fastReruns = false` of `.streamlit/config.toml`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from streamlit.runtime.forward_msg_queue import ForwardMsgQueue
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData, ScriptRequests, ScriptRequestType
from streamlit.runtime.scriptrunner_utils.script_run_context import get_script_run_ctx
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
    wrap_once(ScriptRequests, "_request_rerun_locked", _on_the_page_asked_for)


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


def _on_the_page_asked_for(original: Callable[..., bool], self: ScriptRequests, new: RerunData) -> bool:
    """A page that draws itself, or a part of itself, again does not take back that another page was asked for."""
    asked = self._rerun_data  # waits, or runs
    if not asked.page_script_hash or asked.page_script_hash == new.page_script_hash:
        return original(self, new)
    part = bool(new.fragment_id or new.fragment_id_queue)
    if self._state is ScriptRequestType.RERUN:
        run = get_script_run_ctx(suppress_warning=True)  # only the page has one, not what comes from the browser
        if part or (run and new.page_script_hash == run.page_script_hash):
            page, name, query = asked.page_script_hash, asked.page_name, asked.query_string
            new = replace(new, page_script_hash=page, page_name=name, query_string=query)
    elif part and self._state is ScriptRequestType.CONTINUE:
        return True  # a part of a page that was left while this was on its way
    return original(self, new)


def wrap_once(owner: type, name: str, around: Callable[..., Any]) -> None:
    """Put `around`, which is given the method it replaces first, in place of a method; a wrapped one is left as it is."""
    original = getattr(owner, name)
    if hasattr(original, "__wrapped__"):
        return

    @functools.wraps(original)
    def wrapped(self: Any, *args: Any, **kwargs: Any) -> Any:
        return around(original, self, *args, **kwargs)

    setattr(owner, name, wrapped)
