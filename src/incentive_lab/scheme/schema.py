"""The JSON Schema of a scheme document, with the short forms that reading accepts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from incentive_lab.scheme.document import Scheme

_PERCENT = {"type": "string", "pattern": r"^[-+]?[0-9_]*\.?[0-9_]*([eE][-+]?[0-9]+)?( ?%)?$"}
_NUMBER: Mapping[str, Any] = {"anyOf": [{"type": "number"}, _PERCENT]}
_SCALAR: Mapping[str, Any] = {"type": ["string", "number", "boolean"]}
# Short forms of parts: what may stand in place of the mapping.
_SHORT: Mapping[str, tuple[Mapping[str, Any], ...]] = {
    "Base": ({"type": "string"},),
    "Condition": (_SCALAR, {"type": "array", "items": {"type": ["string", "number"]}}),
    "Driver": ({"type": "string"},),
    "Expression": ({"type": "string"}, {"type": "number"}),
    "Look": ({"enum": ["period", "quarter_to_date", "half_year_to_date", "year_to_date", "previous_year", "life"]},),
    "Rate": (_NUMBER,),
    "Reference": ({"enum": ["target", "last_year", "last_period"]}, _NUMBER),
    "ReturnPolicy": (
        {"enum": ["original_rate", "share_of_paid", "unserved_time", "schedule", "recalculate", "ignore"]},
    ),
}


def json_schema() -> dict[str, Any]:
    """The schema: every key by the name it has in a document, every movable number with its `x-tunable`.

    Example:
        >>> schema = json_schema()
        >>> schema["required"]
        ['scheme', 'currency', 'effective', 'rules']
    """
    schema = Scheme.model_json_schema(by_alias=True)
    definitions = schema["$defs"]
    definitions["Gate"]["properties"]["effect"] = {"type": "object", "description": "Another place for multiply."}
    for key in ("limit", "multiply"):
        whole = definitions["Rule"]["properties"][key]
        definitions["Rule"]["properties"][key] = {"anyOf": [whole, whole["items"]]}
    levels = definitions["Tiers"]["properties"]["levels"]
    named = {"type": "object", "additionalProperties": {"type": ["object", "null"]}}
    definitions["Tiers"]["properties"]["levels"] = {"anyOf": [levels, named]}
    _conditions(definitions["Condition"]["properties"])
    for name, forms in _SHORT.items():
        definitions[name] = {"anyOf": [definitions[name], *forms]}
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "A partner incentive scheme"
    return schema


def _conditions(properties: dict[str, Any]) -> None:
    """Bounds may be percentages; `not` may be one value."""
    for key in ("min", "max", "above", "below"):
        properties[key] = {"anyOf": [*properties[key]["anyOf"], _PERCENT]}
    properties["not"] = {"anyOf": [*properties["not"]["anyOf"], _SCALAR]}
