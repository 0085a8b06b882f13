"""In which encoding a CSV file is: found where its first bytes say it, else as a mapping says, never guessed behind one's back."""

from __future__ import annotations

import codecs
import re
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from incentive_lab.errors import InputError, Problem, did_you_mean

Encoding = Literal["windows-1252", "windows-1250", "windows-1251", "latin-1", "mac-roman", "utf-16"]
"""Of spreadsheets that save no UTF-8: Western, Central European and Cyrillic Windows, older systems, Macintosh, Unicode text."""
Said = Encoding | Mapping[str, Encoding] | None
"""What a mapping says: one for all files that are not UTF-8, or table -> its own."""
SAVE = "Save it as 'CSV UTF-8' (in a spreadsheet: Save as, CSV UTF-8)"
SAY = "encoding: "
"""How a mapping says it."""
_UTF_8 = "utf-8-sig"
_CODECS = {"windows-1252": "cp1252", "windows-1250": "cp1250", "windows-1251": "cp1251"}
_UTF_32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_CHUNK, _START, _AROUND, _WORDS, _LONGEST = 1 << 22, 4096, 100, 2, 30
_WORD = re.compile(rb"[A-Za-z\x80-\xff]*[\x80-\xff][A-Za-z\x80-\xff]*")


@dataclass(frozen=True)
class Readings:
    """How a file that is not UTF-8 would read.

    Attributes:
        row: The first line that is not UTF-8; the header is line 1.
        words: Encoding -> the first words that are not UTF-8 as they read in it; those that cannot read them are left out.
    """

    row: int
    words: Mapping[Encoding, str]

    def told(self) -> str:
        """The readings in words, each with the encodings that give it.

        Example:
            >>> Readings(3, {"windows-1252": "Müller", "windows-1251": "Mьller", "latin-1": "Müller"}).told()
            "Row 3 reads 'Müller' as windows-1252 or latin-1, 'Mьller' as windows-1251."
        """
        alike: dict[str, list[str]] = {}
        for encoding, words in self.words.items():
            alike.setdefault(words, []).append(encoding)
        told = [f"'{words}' as {_either(found)}" for words, found in alike.items()]
        return f"Row {self.row:,} reads {', '.join(told)}."


def encoding_of(said: Said, table: str) -> Encoding | None:
    """What is said of one table.

    Example:
        >>> encoding_of("latin-1", "deals"), encoding_of({"deals": "utf-16"}, "partners")
        ('latin-1', None)
    """
    return said if said is None or isinstance(said, str) else said.get(table)


def said_of_none(said: Said, known: Collection[str]) -> list[Problem]:
    """Tables of which an encoding is said and which nothing reads, placed in the mapping.

    Example:
        >>> [str(one) for one in said_of_none({"deal": "latin-1"}, ["deals", "partners"])]
        ['encoding.deal: No table is read from deal. Did you mean deals?']
    """
    each = said if isinstance(said, Mapping) else {}
    return [
        Problem(f"encoding.{name}", f"No table is read from {name}.", did_you_mean(name, known))
        for name in each
        if name not in known
    ]


def codec_of(file: Path, said: Encoding | None) -> str:
    """Python's name of the codec that a file is read with.

    A file that is UTF-8 is read as that, whatever is said of it, and one with the mark of UTF-16 as UTF-16.

    Raises:
        InputError: It has the mark of an encoding that is not read.
    """
    with file.open("rb") as stream:
        start = stream.read(_START)
    if start.startswith(codecs.BOM_UTF8):
        return _UTF_8
    if start.startswith(_UTF_32):
        raise InputError([Problem(file.name, "the file is encoded as UTF-32, not as UTF-8.", f"{SAVE}.")])
    if start.startswith(_UTF_16):
        return "utf-16"
    wide = _is_wide(start)
    if said is None or wide != (said == "utf-16") or (not wide and _not_utf8(file) is None):
        return _UTF_8
    if said == "utf-16":
        return _order(start)
    return _CODECS.get(said, said)


@contextmanager
def as_utf8(file: Path, said: Encoding | None) -> Iterator[Path]:
    """A file as one in UTF-8: itself, or a copy of its name that is gone afterwards.

    Raises:
        InputError: It is not what is said.
    """
    codec = codec_of(file, said)
    if codec == _UTF_8:
        yield file
        return
    with tempfile.TemporaryDirectory() as folder:
        copy, row = Path(folder) / file.name, 1
        with file.open("rb") as source, copy.open("w", encoding="utf-8", newline="") as target:
            decoder, more = codecs.getincrementaldecoder(codec)(), True
            try:
                while more:
                    chunk = source.read(_CHUNK)
                    more = bool(chunk)
                    text = decoder.decode(chunk, final=not more)
                    target.write(text)
                    row += text.count("\n")
            except UnicodeDecodeError as error:
                row += error.object[: error.start].decode(codec, "ignore").count("\n")
                raise InputError([undecodable(file, said or "utf-16", row)]) from None
        yield copy


def undecodable(file: Path, said: Encoding, row: int) -> Problem:
    """The problem of a file that is not in the encoding it is said to be in."""
    others = ", ".join(one for one in get_args(Encoding) if one != said)
    fix = f"Say another after {SAY}({others}), or {SAVE[0].lower()}{SAVE[1:]}."
    message = f"a character is there that {said} has not, so the file is not {said}."
    return Problem(f"{file.name} row {row:,}", message, fix)


def readings(file: Path) -> Readings | None:
    """How a file would read in the encodings that may be said of it; None where it is UTF-8.

    There are no words where it reads in none of them.
    """
    with file.open("rb") as stream:
        start = stream.read(_START)
    if start.startswith(_UTF_16):
        return None
    if _is_wide(start):
        line = "".join(start.decode(_order(start), "ignore").splitlines()[:1])
        return Readings(1, {"utf-16": line[:_LONGEST]} if line.isprintable() and line.isascii() else {})
    found = _not_utf8(file)
    if found is None:
        return None
    row, near = found
    if start.startswith(codecs.BOM_UTF8):
        return Readings(row, {})
    words = [word for word in dict.fromkeys(_WORD.findall(near)) if _as(word, "utf-8") is None]
    words.sort(key=lambda word: not re.search(rb"[A-Za-z]", word))
    read = {one: _together(words[:_WORDS], one) for one in get_args(Encoding) if one != "utf-16"}
    return Readings(row, {one: said for one, said in read.items() if said})


def refused(file: Path) -> Problem | None:
    """The problem of a file that is not UTF-8, with how it would read and how to say so; None where it is UTF-8."""
    found = readings(file)
    if found is None:
        return None
    if not found.words:
        message = "the file is not UTF-8 throughout, nor text in another encoding that is read."
        return Problem(f"{file.name} row {found.row:,}", message, f"{SAVE}.")
    first = next(iter(found.words))
    ways = f"say which reading is right: {SAY}{first} in the mapping (one line is enough), or Encoding on Data."
    what = "UTF-16 without a byte order mark" if first == "utf-16" else "not UTF-8"
    return Problem(file.name, f"the file is {what}. {found.told()}", f"{SAVE}, or {ways}")


def _is_wide(start: bytes) -> bool:
    """Whether so many bytes are zero that these are characters of two."""
    return start.count(0) > len(start) // 8


def _order(start: bytes) -> str:
    """Python's name of UTF-16 without its mark: the first byte of most characters, or the second, is zero."""
    return "utf-16-be" if start[::2].count(0) > start[1::2].count(0) else "utf-16-le"


def _not_utf8(file: Path) -> tuple[int, bytes] | None:
    """The first line of a file that is not UTF-8, with the bytes from there on; None where it is UTF-8."""
    decoder, row = codecs.getincrementaldecoder("utf-8")(), 1
    with file.open("rb") as stream:
        while True:
            chunk = stream.read(_CHUNK)
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                near = error.object[max(0, error.start - _AROUND) :]
                return row + error.object.count(b"\n", 0, error.start), near[:_CHUNK] + stream.read(_START)
            if not chunk:
                return None
            row += chunk.count(b"\n")


def _together(words: Sequence[bytes], encoding: Encoding) -> str:
    """Some words as they read in an encoding; '' where one of them cannot be read in it."""
    read = [_as(word, _CODECS.get(encoding, encoding)) for word in words]
    return ", ".join(word[:_LONGEST] for word in read if word is not None) if None not in read else ""


def _as(word: bytes, codec: str) -> str | None:
    try:
        text = word.decode(codec)
    except UnicodeDecodeError:
        return None
    return text if text.replace("\u00a0", " ").isprintable() else None


def _either(found: Sequence[str]) -> str:
    return f"{', '.join(found[:-1])} or {found[-1]}" if len(found) > 1 else found[0]
