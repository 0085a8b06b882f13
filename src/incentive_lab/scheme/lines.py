"""On which line of its text a named place of a document stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from incentive_lab.errors import Problem
from incentive_lab.scheme.naming import TRANSPARENT, Location, Places, split
from incentive_lab.scheme.reading import Source


@dataclass(frozen=True)
class Lines:
    """The lines of a document.

    Attributes:
        source: What was read.
        places: What names its lists.
    """

    source: Source
    places: Places = field(default_factory=Places, compare=False, repr=False)

    def line(self, path: str) -> int | None:
        """The line of a path, else of the nearest part around it; None where that is the whole document.

        Example:
            >>> from incentive_lab.scheme.building import ReadLimits
            >>> from incentive_lab.scheme.reading import read
            >>> lines = Lines(read("currency: USD\\nrules:\\n- id: spif\\n  rate: 3%", "a.yaml", ReadLimits()))
            >>> lines.line("rules.spif.rate.plain"), lines.line("caps")
            (4, None)
        """
        at = self._followed(split(path))
        while at and at not in self.source.lines:
            at = at[:-1]
        return self.source.lines[at] if at else None

    def _followed(self, segments: tuple[str, ...]) -> Location:
        """As far as a path leads into the document; a key may itself be a path, as under `change` of a variant."""
        at: Location = ()
        node: object = self.source.data
        under = ""
        while segments:
            if isinstance(node, list):
                if under in TRANSPARENT and len(node) == 1:
                    at, node, under = (*at, 0), node[0], ""
                    continue
                place = self.places.place(under, node, segments[0])
                if place is None:
                    return at
                at, node, under, segments = (*at, place), node[place], "", segments[1:]
                continue
            if not isinstance(node, Mapping):
                return at
            joined = ((count, ".".join(segments[:count])) for count in range(len(segments), 0, -1))
            count, key = next(((count, key) for count, key in joined if key in node), (0, ""))
            if not count:
                return at
            at, node, under, segments = (*at, key), node[key], key, segments[count:]
        return at

    def placed(self, problem: Problem, *, capital: bool = True) -> Problem:
        """A problem that says its line, as problems of reading do.

        Args:
            problem: What is wrong, and where.
            capital: Whether its sentence begins with a capital letter, which goes behind the line. A sentence that does not
                may begin with a name, which is written as it is.

        Example:
            >>> from incentive_lab.scheme.building import ReadLimits
            >>> from incentive_lab.scheme.reading import read
            >>> lines = Lines(read("rules:\\n- {id: spif, on: revenu}", "a.yaml", ReadLimits()))
            >>> lines.placed(Problem("rules.spif.on", "There is no measure named 'revenu'.")).message
            "Line 2: there is no measure named 'revenu'."
            >>> lines.placed(Problem("rules.spif", "Orders.csv is empty."), capital=False).message
            'Line 2: Orders.csv is empty.'
        """
        line = self.line(problem.path)
        if line is None or problem.message.startswith("Line "):
            return problem
        first, rest = problem.message[:1], problem.message[1:]
        said = (first.lower() if capital and (rest[:1].islower() or rest[:1] == " ") else first) + rest
        return replace(problem, message=f"Line {line}: {said}")
