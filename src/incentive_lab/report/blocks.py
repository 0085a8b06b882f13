"""What a document is made of, whatever it is written as."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Heading:
    """A heading; level 1 is the largest below the title."""

    text: str
    level: int = 1


@dataclass(frozen=True)
class Paragraph:
    """Running text."""

    text: str


@dataclass(frozen=True)
class Points:
    """A list of sentences."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table; columns whose place is in `words` stand to the left, the others, numbers, to the right."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: tuple[int, ...] = (0,)


@dataclass(frozen=True)
class Example:
    """A worked example, set apart."""

    text: str


@dataclass(frozen=True)
class Figures:
    """Key figures side by side: label, figure, and a word on it."""

    items: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Picture:
    """A chart as SVG, the sentence it shows, and what it is for those who do not see it."""

    svg: str
    caption: str
    alt: str


Block = Heading | Paragraph | Points | Table | Example | Figures | Picture


@dataclass(frozen=True)
class Document:
    """A document.

    Attributes:
        title: Its title.
        subtitle: One line under it.
        blocks: Its content.
        footer: What every page ends with: where it comes from.
    """

    title: str
    subtitle: str
    blocks: tuple[Block, ...]
    footer: str = ""

    def plain(self) -> dict[str, Any]:
        """As plain data: each block with its kind."""
        return {
            "title": self.title,
            "subtitle": self.subtitle,
            "footer": self.footer,
            "blocks": [{"kind": type(block).__name__.lower(), **asdict(block)} for block in self.blocks],
        }
