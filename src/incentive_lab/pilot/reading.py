"""Reads a pilot document: YAML or JSON in, a validated pilot out, or every problem at once; its schema and identity."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from incentive_lab.errors import InputError, Problem
from incentive_lab.pilot.arms import Arm
from incentive_lab.pilot.document import Pilot
from incentive_lab.scheme.base import Part
from incentive_lab.scheme.building import ReadLimits
from incentive_lab.scheme.reading import decode, read
from incentive_lab.scheme.sentences import validated
from incentive_lab.scheme.tree import decimal_text, tree

LIMITS = ReadLimits()
BESIDE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
"""Names that no file elsewhere can have."""
_SAYS_ONLY: Mapping[type[Part], frozenset[str]] = {Pilot: frozenset({"title", "author"}), Arm: frozenset()}


def loads(text: str | bytes, *, name: str = "pilot") -> Pilot:
    """A pilot from YAML 1.2 or JSON text.

    Raises:
        InputError: With every problem of the text and of the model at once.

    Example:
        >>> loads("{pilot: a, arms: [{name: off}, {name: on}], metrics: [{name: y, of: revenue}], alhpa: 5%}")
        Traceback (most recent call last):
        incentive_lab.errors.InputError: alhpa: Line 1: unknown key 'alhpa'. Did you mean alpha?
    """
    if isinstance(text, bytes):
        text = decode(text, name)
    source = read(text, name, LIMITS)
    return validated(source, Pilot, name)


def load(path: str | Path) -> Pilot:
    """A pilot from a file, or from the `pilot.yaml` of a folder.

    Raises:
        InputError: The file is missing, or is not a pilot.

    Example:
        >>> load("absent.yaml")
        Traceback (most recent call last):
        incentive_lab.errors.InputError: absent.yaml: There is no such file. Give a pilot's YAML file or its folder.
    """
    path = document_path(path)
    if not path.is_file():
        raise InputError([Problem(str(path), "There is no such file.", "Give a pilot's YAML file or its folder.")])
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError([Problem(str(path), f"The file cannot be opened: {error.strerror}.")]) from None
    return loads(content[: LIMITS.size + 1], name=path.name)


def document_path(path: str | Path) -> Path:
    """The document that a path names: a file, or the `pilot.yaml` of a folder."""
    path = Path(path)
    return path / "pilot.yaml" if path.is_dir() else path


def require_beside(pilot: Pilot) -> None:
    """Refuse a plan that somebody else may have written if it names files that do not lie beside it.

    Raises:
        InputError: With every such name.

    Example:
        >>> require_beside(loads("{pilot: a, arms: [{name: off, scheme: ../x}, {name: on}], metrics: [{name: y, of: y}]}"))
        Traceback (most recent call last):
        incentive_lab.errors.InputError: arms.off.scheme: Found '../x', which does not lie beside the plan. Name files ...
    """
    named = {f"arms.{arm.name}.scheme": arm.scheme for arm in pilot.arms}
    named["assignment.file"] = pilot.assignment.file
    if pilot.data is not None:
        named["data.file"] = pilot.data.file
    problems = [
        Problem(path, f"Found '{name[:60]}', which does not lie beside the plan.",
                "Name files by letters, digits, dots and dashes, without a folder.")
        for path, name in named.items() if name and not BESIDE.fullmatch(name)
    ]  # fmt: skip
    if problems:
        raise InputError(problems)


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a pilot document, every movable number with its `x-tunable`.

    Example:
        >>> json_schema()["required"]
        ['pilot', 'arms', 'metrics']
    """
    schema = Pilot.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "A pilot on partners"
    whole = schema["properties"]["unit"]
    schema["properties"]["unit"] = {"anyOf": [whole, {"type": "string"}]}
    return schema


def canonical(pilot: Pilot) -> str:
    """The JSON text that the fingerprint is the hash of: all that decides the result, no titles.

    Example:
        >>> canonical(loads("{pilot: a, title: T, arms: [{name: off}, {name: on}], metrics: [{name: y, of: y}]}"))
        '{"arms":[{"name":"off"},{"name":"on"}],"metrics":[{"name":"y","of":"y"}],"pilot":"a"}'
    """
    return json.dumps(_plain(tree(pilot, _SAYS_ONLY)), sort_keys=True, separators=(",", ":"))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return decimal_text(value) if isinstance(value, Decimal) else value


def fingerprint(pilot: Pilot) -> str:
    """'p' and 20 hexadecimal digits of the plan; equal for plans that differ in titles only."""
    return "p" + hashlib.sha256(("incentive-lab pilot 1\n" + canonical(pilot)).encode()).hexdigest()[:20]


def differences(plan: Mapping[str, Any], now: Mapping[str, Any], path: str = "") -> list[str]:
    """The paths at which two canonical plans differ.

    Example:
        >>> differences({"alpha": "0.05", "arms": [1]}, {"alpha": "0.1", "arms": [1]})
        ['alpha']
    """
    found = []
    for key in sorted({*plan, *now}):
        one, other = plan.get(key), now.get(key)
        where = f"{path}{key}"
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            found += differences(one, other, f"{where}.")
        elif one != other:
            found.append(where)
    return found
