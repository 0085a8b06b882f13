"""Choices that are made once: to build a strategy anew for every draw takes longer than to draw from it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from hypothesis import strategies as st


def one_from(values: Iterable[Any]) -> st.SearchStrategy[Any]:
    """One of these values; the same strategy for the same values, where they can be told apart."""
    listed = tuple(values)
    try:
        return _kept(*listed)
    except TypeError:  # documents, which are dictionaries
        return st.sampled_from(listed)


@lru_cache(maxsize=None, typed=True)
def _kept(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)
