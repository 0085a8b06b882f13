"""How CSV files are encoded that are not UTF-8: asked where they are refused, with how their words would read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import streamlit as st

from incentive_lab.errors import Problem
from incentive_lab.history.csvfiles import DELIMITED
from incentive_lab.history.encodings import SAY, Encoding, Readings, readings
from incentive_lab.ui import histories
from incentive_lab.ui.cards import label
from incentive_lab.ui.preparing import Source

_CHOSEN = "encodings of a history"


def encodings_said(path: Path) -> dict[str, Encoding]:
    """What was chosen for the files of a folder, by their stems."""
    kept: dict[str, Encoding] = st.session_state.get(_CHOSEN, {})
    return {file.stem: kept[file.stem] for file in _csv_files(path) if file.stem in kept}


def forget_encodings() -> None:
    """Begin the next history without what was chosen for the last one."""
    st.session_state.pop(_CHOSEN, None)


def saying(source: Source, said: Mapping[str, Encoding]) -> Source:
    """A history by a mapping that also says how files are encoded; the mapping it had is left as it is."""
    from incentive_lab.history.mapping_document import read_mapping
    from incentive_lab.history.mapping_writing import with_encodings

    before = Path(source.mapping) if source.mapping else None
    document = read_mapping(before).document if before is not None else None
    text = with_encodings(before.read_text(encoding="utf-8") if before is not None else "", document, said)
    return histories.mapped_by(source, text)


def names_are_ours(source: Source) -> bool:
    """Whether a history needs no mapping of names: it has none, or one that only says how files are encoded."""
    from incentive_lab.history.mapping_document import read_mapping

    return source.mapping is None or not read_mapping(Path(source.mapping)).document.tables


def ask_encodings(
    path: Path, problems: Sequence[Problem], chosen: Callable[[], None], elsewhere: Sequence[Problem] | None = None
) -> None:
    """A choice for each CSV file of a folder that was refused because it is not UTF-8.

    Args:
        path: The folder.
        problems: Why files were refused, told right above.
        chosen: Called when a choice was made.
        elsewhere: What was told, and asked, elsewhere on the page; then files whose choice was made are asked here too.
    """
    said, wanted = encodings_said(path), _refused(path, problems)
    if elsewhere is not None:
        wanted = (wanted | {file for file in _csv_files(path) if file.stem in said}) - _refused(path, elsewhere)
    for file in sorted(wanted):
        found = readings(file)
        if found is not None and found.words:
            _asked(file, found, said.get(file.stem), chosen)


def _refused(path: Path, problems: Sequence[Problem]) -> set[Path]:
    """The files of a folder of which problems say that a mapping could say how they are encoded."""
    return {file for file in _csv_files(path) for one in problems if one.path.startswith(file.name) and SAY in one.fix}


def _csv_files(path: Path) -> list[Path]:
    return sorted(file for file in path.iterdir() if file.suffix.lower() in DELIMITED) if path.is_dir() else []


def _asked(file: Path, found: Readings, said: Encoding | None, chosen: Callable[[], None]) -> None:
    options = list(found.words)
    key = f"encoding {file.stem}"

    def keep() -> None:
        st.session_state.setdefault(_CHOSEN, {})[file.stem] = st.session_state[key]
        chosen()

    st.selectbox(
        f"Encoding of {label(file.name)}", options, index=options.index(said) if said in options else None, key=key,
        format_func=lambda one: f"{found.words[one]} ({one})", on_change=keep, placeholder="Choose how it reads right",
        help=f"How its words read in row {found.row:,}. A mapping keeps the choice as {SAY}...", width=420,
    )  # fmt: skip
