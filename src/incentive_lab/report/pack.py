"""The decision pack: one zip with all that was decided upon, of which no byte can be changed unnoticed.

Files are stored in the order of their names under a fixed date, and the zip's comment is the sha256 of the manifest, which
has the sha256 of every other file: from the contents there is exactly one pack, and it is compared byte by byte.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import struct
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from incentive_lab import __version__
from incentive_lab.errors import InputError, Problem
from incentive_lab.home import code_id
from incentive_lab.registry.audit import Head
from incentive_lab.registry.evidence import LEFT_OUT, MAPPING, left_out_of, pair_of
from incentive_lab.report.case import Case
from incentive_lab.report.evidence import as_json
from incentive_lab.report.guide import guide
from incentive_lab.report.html import html_page
from incentive_lab.report.memo import memo
from incentive_lab.report.pdf import pdf_bytes
from incentive_lab.report.rule_words import rate_table
from incentive_lab.report.workbook import workbook_bytes
from incentive_lab.results import safe
from incentive_lab.scheme.baseline import Pair
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.dump import dumps_json
from incentive_lab.scheme.fingerprint import fingerprint
from incentive_lab.scheme.schema import json_schema

LARGEST = 300_000_000
MEMBERS = 200
MANIFEST = "manifest.json"
_DATE = (2000, 1, 1, 0, 0, 0)


def pack_bytes(revision: Mapping[str, Any], documents: Mapping[str, bytes], head: str) -> bytes:
    """The pack of a revision.

    Args:
        revision: What `Registry.show` gives.
        documents: Its evidence.
        head: The audit log's head before this export.
    """
    files = {**documents, "decision.json": as_json({**revision, "head": head}), **made(revision, documents)}
    manifest = {
        "format": "incentive-lab decision pack 2", "id": revision["id"], "fingerprint": revision["fingerprint"],
        "history_id": revision["history_id"], "code_version": revision["code_version"], "seed": revision["seed"],
        "exported_by_version": __version__, "exported_by_code": code_id(), "head": head,
        "files": {name: hashlib.sha256(body).hexdigest() for name, body in sorted(files.items())},
    }  # fmt: skip
    return zipped({**files, MANIFEST: as_json(manifest)})


def made(revision: Mapping[str, Any], documents: Mapping[str, bytes]) -> dict[str, bytes]:
    """What is written from a revision and its evidence, for people and for other systems; the same gives the same bytes."""
    case = Case.of(revision, documents)
    explained = guide(case.scheme, case.pair.floor)
    return {
        "scheme.json": dumps_json(case.scheme).encode(),
        "scheme.schema.json": as_json(json_schema()),
        "guide.html": html_page(explained).encode(),
        "guide.pdf": pdf_bytes(explained),
        "memo.pdf": pdf_bytes(memo(case)),
        "workbook.xlsx": workbook_bytes(case),
        "rates.csv": rate_cards(case.scheme),
    }


def zipped(files: Mapping[str, bytes]) -> bytes:
    """The one zip of these files."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name, body in sorted(files.items()):
            entry = zipfile.ZipInfo(name, _DATE)
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            archive.writestr(entry, body)
        archive.comment = hashlib.sha256(files[MANIFEST]).hexdigest().encode()
    return stream.getvalue()


def rate_cards(scheme: Scheme) -> bytes:
    """The rate table of every rule that has one, as CSV for other systems."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(["rule", "currency", "row", "column", "value"])
    for rule in scheme.rules:
        table = rate_table(scheme, rule)
        for number, cells in enumerate(table.rows, 1) if table is not None else ():
            for title, cell in zip(table.heads if table is not None else (), cells, strict=True):
                writer.writerow([safe(rule.id), scheme.currency, number, safe(title), safe(cell)])
    return stream.getvalue().encode()


@dataclass(frozen=True)
class Pack:
    """A pack that is whole.

    Attributes:
        files: Name -> bytes, without the manifest.
        manifest: What it says.
        sha256: Of the manifest.
    """

    files: Mapping[str, bytes]
    manifest: Mapping[str, Any]
    sha256: str

    @property
    def evidence(self) -> frozenset[str]:
        """Names of what was submitted; the rest is written from it."""
        return frozenset(json.loads(self.files["decision.json"])["evidence"])

    @contextmanager
    def mapping(self) -> Iterator[Path | None]:
        """The mapping its history was brought in by, as a file that is gone afterwards; None where it holds none."""
        if MAPPING not in self.evidence:
            yield None
            return
        with tempfile.TemporaryDirectory(prefix="mapping-") as name:
            (held := Path(name) / MAPPING).write_bytes(self.files[MAPPING])
            yield held

    @property
    def left_out(self) -> Mapping[str, Any] | None:
        """Which rows of its history were left out, as `left_out_document` gives it; None where none were."""
        return left_out_of(self.files) if LEFT_OUT in self.evidence else None

    @property
    def history_source(self) -> str:
        """Where the history was when the scheme was submitted."""
        return str(json.loads(self.files["decision.json"])["history_source"])


def read_pack(path: Path) -> Pack:
    """The pack in a file.

    Raises:
        InputError: It is no pack, or a byte of it was changed.
        OSError: It cannot be read.
    """
    with path.open("rb") as stream:
        return opened_pack(stream.read(LARGEST + 1))


def opened_pack(body: bytes) -> Pack:
    """Read a pack.

    Raises:
        InputError: It is no pack, or a byte of it was changed.
    """
    if len(body) > LARGEST:
        raise InputError([Problem("pack", f"a pack has at most {LARGEST:,} bytes.")])
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            entries = archive.infolist()
            stored = all(one.compress_type == zipfile.ZIP_STORED for one in entries)
            if not stored or len(entries) > MEMBERS or sum(one.file_size for one in entries) > len(body):
                raise _altered("it was packed by something else")
            files = {one.filename: _member(archive, one) for one in entries}
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError, ValueError, EOFError, struct.error):
        raise _altered("it cannot be read as a zip") from None
    if MANIFEST not in files:
        raise _altered("it has no manifest")
    try:
        manifest = json.loads(files[MANIFEST])
        listed = dict(manifest["files"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise _altered("its manifest cannot be read") from None
    for name in sorted(listed.keys() | (files.keys() - {MANIFEST})):
        if name not in files or hashlib.sha256(files[name]).hexdigest() != listed.get(name):
            raise _altered(f"{name[:100]} is not what the manifest says")
    try:
        whole = zipped(files) == body
    except (ValueError, struct.error):
        whole = False
    if not whole:
        raise _altered("its frame or its manifest was changed")
    _of_one_decision(files, manifest)
    kept = {name: text for name, text in files.items() if name != MANIFEST}
    return Pack(kept, manifest, hashlib.sha256(files[MANIFEST]).hexdigest())


def _of_one_decision(files: Mapping[str, bytes], manifest: Mapping[str, Any]) -> None:
    """Refuse a pack whose manifest, decision and documents do not speak of one thing."""
    try:
        decision = json.loads(files["decision.json"])
        told = {
            name: (decision[name], manifest[name])
            for name in ("id", "fingerprint", "history_id", "code_version", "seed")
        }
        evidence, head = dict(decision["evidence"]), Head.read(str(manifest["head"]))
        str(decision["history_source"])
        as_json([decision, manifest])
    except (ValueError, KeyError, TypeError, RecursionError, InputError):
        raise _altered("its decision cannot be read") from None
    for name, (one, other) in told.items():
        if one != other:
            raise _altered(f"its decision and its manifest differ in {name}")
    if decision.get("head") != str(head):
        raise _altered("its decision and its manifest differ in the log's head")
    for name, sha in evidence.items():
        if manifest["files"].get(name) != sha:
            raise _altered(f"{str(name)[:100]} is not the document that was decided upon")


def _member(archive: zipfile.ZipFile, one: zipfile.ZipInfo) -> bytes:
    """A file of a pack, read in memory."""
    try:
        return archive.read(one)
    except (zipfile.BadZipFile, ValueError, EOFError):
        raise _altered(f"{one.filename[:100]} was changed") from None


def _altered(what: str) -> InputError:
    return InputError([Problem("pack", f"{what}: this is not a pack as it was exported.",
                               "Ask for the pack again, or export it from the registry.")])  # fmt: skip


def schemes_of(pack: Pack) -> Pair:
    """The scheme and the baseline in a pack, with what their guarantees compare with.

    Raises:
        InputError: The scheme is not the one that was decided upon.
    """
    pair = pair_of(pack.files)
    if fingerprint(pair.scheme) != pack.manifest["fingerprint"]:
        raise _altered("its scheme is not the one that was decided upon")
    return pair
