"""Variants: the same scheme with other numbers for some partners."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from incentive_lab.engine.who import chosen_mask
from incentive_lab.panel import Panel
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.paths import apply


@dataclass(frozen=True)
class Part:
    """A variant's scheme and the panel rows of the partners it pays, int64 ascending."""

    scheme: Scheme
    partners: NDArray[np.int64]


def parts(scheme: Scheme, panel: Panel) -> list[Part]:
    """The scheme split by variant: the first that fits a partner is used, the rest keep the plain scheme.

    Raises:
        InputError: A change names a path that the scheme does not have, or a value it does not allow.
    """
    plain = scheme.model_copy(update={"variants": {}})
    left = np.ones(panel.partners, dtype=bool)
    result = []
    for variant in scheme.variants.values():
        mine = chosen_mask(variant.who, scheme, panel) & left
        left &= ~mine
        result.append(Part(apply(plain, variant.change), np.flatnonzero(mine)))
    result.append(Part(plain, np.flatnonzero(left)))
    return [part for part in result if len(part.partners)] or [Part(plain, np.flatnonzero(left))]
