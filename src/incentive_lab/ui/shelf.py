"""What is kept on disk: drafts over reloads, drafts shared by link, and presets. Knows nothing of Streamlit."""

from __future__ import annotations

import json
import re
import threading
import unicodedata
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from incentive_lab.errors import InputError, Problem
from incentive_lab.home import home
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.dump import dumps
from incentive_lab.scheme.fingerprint import fingerprint
from incentive_lab.scheme.load import load, loads
from incentive_lab.ui.drafts import Draft

KEPT_DRAFTS = 200
"""Drafts of earlier visits that are kept; the oldest go first."""
_NAME = re.compile(r"[a-z0-9]{1,64}")
_WRITER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="shelf")
_WAITING: dict[str, Draft] = {}
_LOCK = threading.Lock()


def put(name: str, draft: Draft) -> None:
    """Keep a draft under a name, behind the page; of several moves in a row only the last is written."""
    with _LOCK:
        waiting = name in _WAITING
        _WAITING[name] = draft
    if not waiting:
        _WRITER.submit(_write_waiting, name, home())


def settle() -> None:
    """Wait until everything is written."""
    _WRITER.submit(lambda: None).result()


def _write_waiting(name: str, folder: Path) -> None:
    with _LOCK:
        draft = _WAITING.pop(name)
    _write(folder / "drafts" / f"{name}.json", draft)
    kept = sorted((folder / "drafts").glob("*.json"), key=lambda file: file.stat().st_mtime)
    for file in kept[:-KEPT_DRAFTS]:
        file.unlink(missing_ok=True)


def _write(file: Path, draft: Draft) -> None:
    schemes = {"start": dumps(draft.start), "scheme": dumps(draft.scheme), "baseline": dumps(draft.baseline)}
    text = json.dumps({**schemes, "reason": draft.reason})
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".partial")
    part.write_text(text, encoding="utf-8")
    part.replace(file)


def take(name: str) -> Draft | None:
    """The draft that was kept under a name; None where there is none or it can no longer be computed."""
    return _read("drafts", name)


def share(draft: Draft) -> str:
    """Keep a draft for whoever has the link; its name is the scheme's fingerprint and the baseline's."""
    name = fingerprint(draft.scheme) + fingerprint(draft.baseline)[1:9]
    _write(home() / "shared" / f"{name}.json", draft)
    return name


def shared(name: str) -> Draft | None:
    """The draft of a link; None where there is none."""
    return _read("shared", name)


def _read(kind: str, name: str) -> Draft | None:
    file = home() / kind / f"{name}.json"
    if not _NAME.fullmatch(name) or not file.is_file():  # a name that is none is not looked for: a system may refuse it
        return None
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        start, scheme, baseline = (loads(data[key], name=key) for key in ("start", "scheme", "baseline"))
        Draft.of(scheme, baseline)
    except (InputError, ValueError, KeyError):
        return None
    said = data.get("reason")
    return Draft(start, scheme, baseline, warned=(scheme, said) if isinstance(said, str) and said else None)


def presets_folder() -> Path:
    """Where presets lie."""
    return home() / "presets"


def preset_id(title: str) -> str:
    """The id of a preset from what somebody calls it.

    Example:
        >>> preset_id("  Cheaper Gold, 2nd try ")
        'cheaper-gold-2nd-try'
        >>> preset_id("Günstiger")
        'gunstiger'
    """
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:64].strip("-")


def _spoken(title: str) -> list[str]:
    """The words of a title, however they are set."""
    return re.findall(r"\w+", title.casefold())


def save_preset(title: str, scheme: Scheme, taken: Mapping[str, Scheme]) -> Scheme:
    """Keep a scheme as a preset; one of the same name is replaced.

    Args:
        title: What it is called.
        scheme: What it holds.
        taken: Schemes whose ids a preset may not take.

    Raises:
        InputError: The title holds no letter or digit, or names a shipped scheme or a preset of another title.
    """
    name = preset_id(title)
    if not name:
        raise InputError([Problem("preset", "a preset needs a name with a letter from A to Z or a digit in it.")])
    if name in taken:
        raise InputError([Problem("preset", f"'{name}' is a shipped scheme.", "Choose another name.")])
    there = presets().get(name)
    if there is not None and _spoken(there.title) != _spoken(title):
        raise InputError(
            [Problem("preset", f"'{there.title}' is kept under the same short name, '{name}'.", "Choose another name.")]
        )
    kept = scheme.model_copy(update={"id": name, "title": title.strip()})
    presets_folder().mkdir(parents=True, exist_ok=True)
    part = presets_folder() / f"{name}.partial"
    part.write_text(dumps(kept), encoding="utf-8")
    part.replace(presets_folder() / f"{name}.yaml")
    return kept


def presets() -> dict[str, Scheme]:
    """Presets by id; a file that cannot be read is left out."""
    found = {}
    for file in sorted(presets_folder().glob("*.yaml")):
        try:
            found[file.stem] = load(file)
        except InputError:
            continue
    return found


def remove_preset(name: str) -> None:
    """Forget a preset."""
    if _NAME.fullmatch(name.replace("-", "")):
        (presets_folder() / f"{name}.yaml").unlink(missing_ok=True)
