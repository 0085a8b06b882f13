"""Histories that were brought in: staged, tried, kept, chosen. Knows nothing of Streamlit."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from incentive_lab.errors import InputError, Problem, without_password
from incentive_lab.format import counted
from incentive_lab.history.csvfiles import DELIMITED
from incentive_lab.history.sources import Limits, is_url
from incentive_lab.home import home
from incentive_lab.ui.preparing import Source, demo_source, named_source

if TYPE_CHECKING:
    from incentive_lab.history import Finding
    from incentive_lab.history.encodings import Said
    from incentive_lab.history.suggesting import Choice

UPLOADED = Limits(rows=2_000_000, unpacked_bytes=300_000_000, cell_bytes=1_000_000)
"""How much an uploaded file may hold; larger histories are named by their path or URL."""
SUFFIXES = (*(suffix[1:] for suffix in DELIMITED), "parquet", "xlsx", "yaml", "yml")
MAPPING = "mapping.yaml"
SHIPPED_MAPPINGS = Path(__file__).resolve().parents[3] / "data" / "mappings"
_STALE = 24 * 3600.0


@dataclass(frozen=True)
class Tried:
    """What came of opening a history.

    Attributes:
        source: What was opened.
        problems: Why it cannot be used; empty when it can.
        told: Its description, as `History.describe` gives it.
        findings: What is odd in it, with the money.
    """

    source: Source
    problems: tuple[Problem, ...] = ()
    told: dict[str, Any] | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def good(self) -> bool:
        """Whether it can be used."""
        return self.told is not None


def staged(files: Sequence[tuple[str, bytes]]) -> Path:
    """Uploaded files in a folder of their own; a single workbook is given as the file, a YAML file is their mapping.

    Raises:
        InputError: A name cannot be used, two are the same, or the mapping is none.
    """
    folder = home() / "incoming" / secrets.token_hex(8)
    problems, names = [], set()
    for name, _ in files:
        safe = Path(name).name
        if not re.fullmatch(r"[^/\\\x00-\x1f]{1,150}\.(csv|parquet|xlsx|ya?ml)", safe, re.IGNORECASE):
            problems.append(
                Problem(
                    safe[:80],
                    "this file cannot be used.",
                    "Bring CSV, Parquet or .xlsx files, and a mapping in YAML if you have one.",
                )
            )
        elif safe.lower() in names:
            problems.append(Problem(safe, "there are two files of this name."))
        names.add(safe.lower())
    maps = [(name, content) for name, content in files if _is_yaml(name)]
    files = [one for one in files if one not in maps]
    books = [name for name, _ in files if name.lower().endswith(".xlsx")]
    if len(maps) > 1:
        problems.append(Problem(maps[1][0], "there are two mappings.", "Bring one YAML file."))
    if maps and not files:
        problems.append(Problem(maps[0][0], "a mapping alone is no history.", "Bring it together with the files."))
    if books and len(files) > 1:
        problems.append(Problem(books[0], "a workbook is a history by itself.", "Bring it alone, or CSV and Parquet."))
    if problems:
        raise InputError(problems)
    _sweep(folder.parent)
    folder.mkdir(parents=True)
    for name, content in files:
        (folder / Path(name).name).write_bytes(content)
    if maps:
        file = folder / Path(maps[0][0]).name
        file.write_bytes(maps[0][1])
        _own_files_only(file)
    return folder / Path(books[0]).name if books else folder


def _is_yaml(name: str) -> bool:
    return name.lower().endswith((".yaml", ".yml"))


def _own_files_only(file: Path) -> None:
    """An uploaded mapping names the files that came with it, never folders of this machine."""
    from incentive_lab.history.mapping_document import read_mapping

    if read_mapping(file).document.roots:
        fix = "Leave roots out and bring those files as well, or name the history by its folder below."
        raise InputError([Problem(f"{file.name} roots", "a mapping that is uploaded cannot name folders.", fix)])


def given_mapping(path: Path) -> Path | None:
    """The mapping that came with staged files, if one did."""
    folder = path if path.is_dir() else path.parent
    return next((file for file in sorted(folder.iterdir()) if _is_yaml(file.name)), None)


def shipped_mappings() -> list[str]:
    """Mapping files that come with the product, by path."""
    return [str(file) for file in sorted(SHIPPED_MAPPINGS.glob("*.yaml"))]


def _sweep(folder: Path) -> None:
    """Forget what was brought in a day ago and never used."""
    if folder.is_dir():
        for old in folder.iterdir():
            if old.stat().st_mtime < time.time() - _STALE:
                shutil.rmtree(old, ignore_errors=True)


def write_mapping(path: Path, choices: Sequence[Choice], said: Said = None) -> Path:
    """The mapping of these choices, as a file beside the staged history; without any, the encoding that is said."""
    from incentive_lab.history.mapping_writing import mapping_text

    folder = path if path.is_dir() else path.parent
    file = folder / MAPPING
    file.write_text(mapping_text(choices, said), encoding="utf-8")
    return file


def mapped_by(source: Source, text: str) -> Source:
    """A history by a mapping with this text; the mapping that it had, if it is no uploaded one, is left as it is."""
    before, here = Path(source.mapping) if source.mapping else None, incoming(source.path)
    folder = home() / "incoming" / secrets.token_hex(8)
    if here:
        folder = Path(source.path) if Path(source.path).is_dir() else Path(source.path).parent
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / (MAPPING if before is None or not here else before.name)
    file.write_text(text, encoding="utf-8")
    return replace(source, mapping=str(file))


def tried(source: Source, *, uploaded: bool = False) -> Tried:
    """Open a history to see whether it can be used; nothing in use is touched."""
    from incentive_lab.history import open_history, quality

    try:
        history = open_history(
            source.path, mapping=source.mapping, exclude=source.exclude, limits=UPLOADED if uploaded else None
        )
    except InputError as error:
        return Tried(source, error.problems)
    except OSError as error:
        return Tried(
            source, (Problem(without_password(source.path), f"it cannot be read: {error.strerror or error}."),)
        )
    with history.closing():
        return Tried(source, (), history.describe(), tuple(quality(history)))


def kept_folder() -> Path:
    """Where histories that were brought in lie."""
    return home() / "histories"


def keep(one: Tried, title: str) -> Source:
    """Keep a good history under its content id and make it the one in use; a URL or path stays where it is, and its title
    is remembered."""
    assert one.told is not None
    source = one.source
    if incoming(source.path):
        folder = kept_folder() / str(one.told["history_id"])
        path = Path(source.path)
        staged_in = path if path.is_dir() else path.parent
        if folder.exists():  # the same rows are there already, and may be in use
            shutil.rmtree(staged_in, ignore_errors=True)
            data = json.loads((folder / "about.json").read_text(encoding="utf-8"))
            source = Source(data["path"], data["mapping"], False, tuple(data["exclude"]))
            choose(source)
            return source
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(staged_in, folder)
        mapping = str(folder / Path(source.mapping).name) if source.mapping else None
        source = replace(source, path=str(folder / path.name if path.suffix else folder), mapping=mapping)
        _remember(folder, title or _called_after(folder, path), source)
    else:
        folder = kept_folder() / f"named-{one.told['history_id']}"
        folder.mkdir(parents=True, exist_ok=True)
        if source.mapping is not None and incoming(source.mapping):  # written here, where it is swept after a day
            shutil.copy(source.mapping, folder / MAPPING)
            source = replace(source, mapping=str(folder / MAPPING))
        _remember(folder, title or Path(without_password(source.path)).name, source)
    choose(source)
    return source


def _called_after(folder: Path, path: Path) -> str:
    """What a history is called that nobody named: the files it came in, and the day."""
    files = sorted(file.name for file in folder.iterdir() if file.is_file() and not _is_yaml(file.name))
    first = path.name if path.suffix else files[0]
    more = f" and {counted(len(files) - 1, 'more file')}" if len(files) > 1 else ""
    return f"{first}{more}, {date.today().isoformat()}"


def _remember(folder: Path, title: str, source: Source) -> None:
    """What people call it and where it lies; a URL may hold a password, so that only the owner reads this."""
    file = folder / "about.json"
    said = {"title": title, "path": source.path, "mapping": source.mapping, "exclude": list(source.exclude)}
    file.touch(mode=0o600)
    file.write_text(json.dumps(said), encoding="utf-8")


def incoming(path: str) -> bool:
    """Whether a file or folder lies where files come in, which is swept."""
    return not is_url(path) and (home() / "incoming").resolve() in Path(path).resolve().parents


def known() -> dict[str, Source]:
    """Histories that can be chosen, by what people call them: the one named at start, those kept, the demo."""
    found: dict[str, Source] = {}
    named = named_source()
    if named is not None:
        found[f"Named at start: {without_password(named.path)}"] = named
    for about in sorted(kept_folder().glob("*/about.json")):
        try:
            data = json.loads(about.read_text(encoding="utf-8"))
            one = Source(data["path"], data["mapping"], False, tuple(data["exclude"]))
            if _there(one):
                found[f"{data['title']} ({about.parent.name.removeprefix('named-')[:8]})"] = one
        except (ValueError, KeyError):
            continue
    found["Demo history, generated"] = demo_source()
    return found


def _choice_file() -> Path:
    return home() / "history.json"


def choose(source: Source) -> None:
    """Use this history from now on, over restarts too, until the environment names another one."""
    file = _choice_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".partial")
    part.write_text(json.dumps({
        "path": source.path, "mapping": source.mapping, "demo": source.demo, "exclude": list(source.exclude),
        "environment": os.environ.get("INCENTIVE_LAB_HISTORY"),
    }), encoding="utf-8")  # fmt: skip
    part.chmod(0o600)
    part.replace(file)


def chosen() -> Source | None:
    """What was chosen, unless the environment has changed since or it is gone."""
    try:
        data = json.loads(_choice_file().read_text(encoding="utf-8"))
        source = Source(data["path"], data["mapping"], data["demo"], tuple(data["exclude"]))
        same = data["environment"] == os.environ.get("INCENTIVE_LAB_HISTORY")
    except (OSError, ValueError, KeyError):
        return None
    return source if same and (source.demo or _there(source)) else None


def _there(source: Source) -> bool:
    return is_url(source.path) or Path(source.path).exists()


def title_of(source: Source) -> str | None:
    """What people called a history when they brought it in; None where nobody did."""
    return next(
        (name.rpartition(" (")[0] for name, one in known().items() if one == source and name.endswith(")")), None
    )


def place_of(source: Source) -> str:
    """Where a history lies, for people: of files that were brought in, the folder of this machine says nothing."""
    if not is_url(source.path) and kept_folder().resolve() in Path(source.path).resolve().parents:
        return "Brought in as files; a copy is kept on this machine."
    return without_password(source.path)
