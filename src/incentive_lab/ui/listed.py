"""The schemes that are offered: those of a folder, and presets that people keep."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from incentive_lab.errors import InputError
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.load import load
from incentive_lab.ui import shelf

SHIPPED = Path(__file__).resolve().parents[3] / "data" / "schemes"


def schemes_folder() -> Path:
    """Where schemes are offered from: `INCENTIVE_LAB_SCHEMES`, else the shipped ones."""
    return Path(os.environ.get("INCENTIVE_LAB_SCHEMES") or SHIPPED)


def shipped() -> Mapping[str, Scheme]:
    """Schemes by id, read again when a file changes; a file that cannot be read is left out."""
    return _listed(schemes_folder())


@st.cache_resource(show_spinner=False, max_entries=4)
def _schemes(files: tuple[tuple[str, int, int], ...]) -> Mapping[str, Scheme]:
    found = {}
    for path, _, _ in files:
        try:
            scheme = load(path)
        except InputError:
            continue
        found[scheme.id] = scheme
    return found


def presets() -> Mapping[str, Scheme]:
    """Presets by id, read again when a file changes."""
    return _listed(shelf.presets_folder())


def _listed(folder: Path) -> Mapping[str, Scheme]:
    files = ((str(path), path.stat()) for path in sorted(folder.glob("*.yaml")))
    return _schemes(tuple((name, about.st_mtime_ns, about.st_size) for name, about in files))
