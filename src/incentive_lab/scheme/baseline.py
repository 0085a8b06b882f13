"""What a scheme is compared with, and what its guarantees compare with: given, or found by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from incentive_lab.errors import InputError, Problem, did_you_mean

if TYPE_CHECKING:
    from incentive_lab.scheme.document import Scheme

_SHIPPED = Path(__file__).resolve().parents[3] / "data" / "schemes"
Find = Callable[[str], "Scheme | None"]
"""A way to find a scheme by its name."""


@dataclass(frozen=True)
class Pair:
    """A scheme beside what it is compared with. What a guarantee compares with is another matter: each says so itself.

    Attributes:
        scheme: What is asked about.
        baseline: What it is compared with, if anything.
        floor: What the scheme's guarantees compare with; None where none of them compares.
        baseline_floor: The same of the baseline.
    """

    scheme: Scheme
    baseline: Scheme | None = None
    floor: Scheme | None = None
    baseline_floor: Scheme | None = None

    @classmethod
    def of(cls, scheme: Scheme, baseline: Scheme | None, find: Find) -> Pair:
        """The two, with what the guarantees of each compare with.

        Raises:
            InputError: A guarantee compares with a scheme that is not found.
        """
        floor = guarantee_floor(scheme, baseline, find)
        under = guarantee_floor(baseline, floor, find) if baseline is not None else None
        return cls(scheme, baseline, floor, under)

    @property
    def schemes(self) -> tuple[Scheme, ...]:
        """All of them: a panel for the pair needs the measures of each."""
        found = (self.scheme, self.baseline, self.floor, self.baseline_floor)
        return tuple({id(one): one for one in found if one is not None}.values())


def guarantee_floor(scheme: Scheme, other: Scheme | None, find: Find) -> Scheme | None:
    """What the guarantees of a scheme compare with, whatever it is compared with itself: the baseline it names.

    Args:
        scheme: Whose guarantees.
        other: Taken where it is the one that is named, where none is named, or where the one that is named is not found.
        find: Finds the one that is named.

    Returns:
        None where no guarantee compares with a baseline.

    Raises:
        InputError: It is not found, and there is no other.

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> text = "{scheme: NAME, currency: USD, effective: {from: 2024-01-01}, rules: [{id: c, on: revenue, rate: 3%}]"
        >>> flat, rival = (loads(text.replace("NAME", name) + "}") for name in ("flat", "rival"))
        >>> new = loads(text.replace("NAME", "new, baseline: flat") + ", guarantees: [{against: baseline, keep: 0.5}]}")
        >>> guarantee_floor(new, rival, {"flat": flat}.get).id, guarantee_floor(flat, rival, {}.get)
        ('flat', None)
    """
    if not compares(scheme):
        return None
    name = scheme.baseline
    if name is None or (other is not None and other.id == name):
        return other
    found = find(name) or other
    if found is None:
        raise InputError([Problem("baseline", f"there is no scheme '{name}', with which the guarantees of '{scheme.id}' "
                                  "compare.", "Put it beside that scheme.")])  # fmt: skip
    return found


def compares(scheme: Scheme) -> bool:
    """Whether a guarantee of a scheme compares with a baseline."""
    return any(item.against == "baseline" for item in scheme.guarantees)


def load_scheme(path: Path) -> Scheme:
    """A scheme from a file, checked.

    Raises:
        InputError: With everything wrong with it.
    """
    from incentive_lab.scheme.check import check
    from incentive_lab.scheme.load import load_with_lines

    scheme, lines = load_with_lines(path)
    check(scheme).told_on(lines).require()
    return scheme


def beside(path: Path) -> Find:
    """Finds schemes by name: in the folder of a scheme's file, then among the shipped ones."""

    def find(name: str) -> Scheme | None:
        for place in (folder / f"{name}{end}" for folder in _folders(path) for end in (".yaml", ".yml", ".json")):
            if place.is_file():
                return load_scheme(place)
        return None

    return find


def _folders(path: Path) -> tuple[Path, Path]:
    return path.parent, _SHIPPED


def named_baseline(scheme: Scheme, path: Path, given: Path | None) -> Scheme | None:
    """The baseline given, else the one the scheme names: beside its file, then among the shipped schemes.

    A baseline that is not found is a problem only if a guarantee needs it.
    """
    if given is not None:
        return load_scheme(given)
    if scheme.baseline is None:
        return None
    found = beside(path)(scheme.baseline)
    if found is not None or not compares(scheme):
        return found
    known = [one.stem for folder in _folders(path) for one in folder.glob("*.yaml")]
    message = f"there is no scheme '{scheme.baseline}' beside {path.name} or among the shipped schemes."
    raise InputError([Problem("baseline", f"{message} {did_you_mean(scheme.baseline, known)}",
                              "Pass it with --baseline.")])  # fmt: skip


def pair_from(path: Path, given: Path | None) -> Pair:
    """A scheme from its file, beside the baseline given or the one it names.

    Raises:
        InputError: With everything wrong with either, or a guarantee compares with a scheme that is not found.
    """
    scheme = load_scheme(path)
    baseline = named_baseline(scheme, path, given)
    near = beside(path)

    def find(name: str) -> Scheme | None:
        return near(name) or (beside(given)(name) if given is not None else None)

    return Pair.of(scheme, baseline, find)
