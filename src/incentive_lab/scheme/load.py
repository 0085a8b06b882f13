"""Reads a scheme document: text or a file in, a validated scheme out, or every problem at once."""

from __future__ import annotations

from pathlib import Path

from incentive_lab.errors import InputError, Problem
from incentive_lab.scheme import sentences
from incentive_lab.scheme.building import ReadLimits
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.lines import Lines
from incentive_lab.scheme.reading import Source, decode, read

LIMITS = ReadLimits()


def validated(source: Source, name: str) -> Scheme:
    """Plain data as a scheme.

    Raises:
        InputError: With every problem of the reading and of the model.

    Example:
        >>> data = {"scheme": "a", "currency": "USD", "effective": {"from": "2024-01-01"}}
        >>> validated(Source({**data, "rules": [{"id": "c", "on": "revenue", "rate": "3%"}]}), "a").id
        'a'
    """
    return sentences.validated(source, Scheme, name)


def loads(text: str | bytes, *, name: str = "scheme", limits: ReadLimits = LIMITS) -> Scheme:
    """A scheme from YAML 1.2 or JSON text; `name` is what problems of the whole document are told about.

    Raises:
        InputError: With every problem at once.

    Example:
        >>> text = "{scheme: a, currency: USD, effective: {from: 2024-01-01}, rules: [{id: c, on: revenue, rate: 3%}]}"
        >>> loads(text).rules[0].rate.plain
        Decimal('0.03')
    """
    if isinstance(text, bytes):
        text = decode(text, name)
    return validated(read(text, name, limits), name)


def load(path: str | Path, *, limits: ReadLimits = LIMITS) -> Scheme:
    """A scheme from a file.

    Raises:
        InputError: The file is missing, or is not a scheme; with every problem at once.

    Example:
        >>> load("absent.yaml")
        Traceback (most recent call last):
        incentive_lab.errors.InputError: absent.yaml: There is no such file. Give the path of a YAML or JSON file.
    """
    return load_with_lines(path, limits=limits)[0]


def load_with_lines(path: str | Path, *, limits: ReadLimits = LIMITS) -> tuple[Scheme, Lines]:
    """A scheme from a file, with the line of each of its places.

    Raises:
        InputError: The file is missing, or is not a scheme; with every problem at once.
    """
    path = Path(path)
    name = path.name
    if not path.is_file():
        what = "This is a folder." if path.is_dir() else "There is no such file."
        raise InputError([Problem(str(path), what, "Give the path of a YAML or JSON file.")])
    try:
        with path.open("rb") as stream:
            content = stream.read(limits.size + 1)
    except OSError as error:
        raise InputError([Problem(str(path), f"The file cannot be opened: {error.strerror}.")]) from None
    text = decode(content, name) if len(content) <= limits.size else "x" * (limits.size + 1)
    source = read(text, name, limits)
    return validated(source, name), Lines(source)
