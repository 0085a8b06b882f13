"""The scheme that another is compared with: given, or found by its name beside it or among the shipped ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from incentive_lab.errors import InputError, Problem, did_you_mean

if TYPE_CHECKING:
    from incentive_lab.scheme.document import Scheme

_SHIPPED = Path(__file__).resolve().parents[3] / "data" / "schemes"


def load_scheme(path: Path) -> Scheme:
    """A scheme from a file, checked.

    Raises:
        InputError: With everything wrong with it.
    """
    from incentive_lab.scheme.check import check
    from incentive_lab.scheme.load import load

    scheme = load(path)
    check(scheme).require()
    return scheme


def named_baseline(scheme: Scheme, path: Path, given: Path | None) -> Scheme | None:
    """The baseline given, else the one the scheme names: beside its file, then among the shipped schemes.

    A baseline that is not found is a problem only if a guarantee needs it.
    """
    if given is not None:
        return load_scheme(given)
    if scheme.baseline is None:
        return None
    folders = (path.parent, _SHIPPED)
    for place in (folder / f"{scheme.baseline}{end}" for folder in folders for end in (".yaml", ".yml", ".json")):
        if place.is_file():
            return load_scheme(place)
    if not _compares(scheme):
        return None
    known = [one.stem for folder in folders for one in folder.glob("*.yaml")]
    message = f"there is no scheme '{scheme.baseline}' beside {path.name} or among the shipped schemes."
    raise InputError([Problem("baseline", f"{message} {did_you_mean(scheme.baseline, known)}",
                              "Pass it with --baseline.")])  # fmt: skip


def guarantee_floor(scheme: Scheme, path: Path, other: Scheme | None) -> Scheme | None:
    """What the guarantees of a scheme compare with, whatever it is compared with: the baseline it names.

    Args:
        scheme: Whose guarantees.
        path: Its file.
        other: What it is compared with; used where the scheme names no baseline, this one, or one that is not found.
    """
    if not _compares(scheme) or scheme.baseline is None or (other is not None and other.id == scheme.baseline):
        return other
    try:
        return named_baseline(scheme, path, None)
    except InputError:
        if other is None:
            raise
        return other


def _compares(scheme: Scheme) -> bool:
    return any(item.against == "baseline" for item in scheme.guarantees)
