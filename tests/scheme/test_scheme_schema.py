"""The JSON Schema accepts what reading accepts, and refuses what is plainly wrong."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from tests.scheme.strategies import schemes

from incentive_lab.scheme.dump import dumps_json
from incentive_lab.scheme.load import load
from incentive_lab.scheme.schema import json_schema

SCHEMA = json_schema()
EXAMPLE = json.loads(dumps_json(load(Path(__file__).with_name("example.yaml"))))
KINDS = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


def is_kind(value, kind):
    if kind in ("number", "integer"):
        return (
            isinstance(value, (int, float))
            and not isinstance(value, bool)
            and (kind == "number" or value == int(value))
        )
    return isinstance(value, KINDS[kind])


def fits(value, schema):
    """A small validator for the parts of JSON Schema that pydantic writes."""
    if "$ref" in schema:
        return fits(value, SCHEMA["$defs"][schema["$ref"].rsplit("/", 1)[1]])
    if "anyOf" in schema and not any(fits(value, one) for one in schema["anyOf"]):
        return False
    if "const" in schema and value != schema["const"]:
        return False
    if "enum" in schema and value not in schema["enum"]:
        return False
    kinds = schema.get("type", [])
    if kinds and not any(is_kind(value, kind) for kind in ([kinds] if isinstance(kinds, str) else kinds)):
        return False
    if isinstance(value, str):
        return re.search(schema.get("pattern", ""), value) is not None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return schema.get("minimum", value) <= value <= schema.get("maximum", value)
    if isinstance(value, list):
        return len(value) >= schema.get("minItems", 0) and all(fits(one, schema.get("items", {})) for one in value)
    return not isinstance(value, dict) or object_fits(value, schema)


def object_fits(value, schema):
    known = schema.get("properties", {})
    others = schema.get("additionalProperties", True)
    if not set(schema.get("required", [])) <= set(value) or (others is False and set(value) - set(known)):
        return False
    inner = others if isinstance(others, dict) else {}
    return all(fits(one, known.get(key, inner)) for key, one in value.items())


def test_the_example_fits():
    assert fits(EXAMPLE, SCHEMA)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(schemes)
def test_every_scheme_that_is_written_fits(scheme):
    assert fits(json.loads(dumps_json(scheme)), SCHEMA)


@pytest.mark.parametrize(
    "change", [{"currency": "dollars"}, {"titel": "x"}, {"rules": []}, {"settle": "weekly"}, {"budget": {"amount": -1}}]
)
def test_what_is_plainly_wrong_does_not_fit(change):
    assert not fits({**EXAMPLE, **change}, SCHEMA)


@pytest.mark.parametrize("rate", [0.03, "3%", "1_000", {"plain": 3}, {"by_tier": {"gold": "5%"}}])
def test_the_short_forms_of_a_rate_fit(rate):
    rule = {"id": "r", "on": "revenue", "rate": rate, "limit": {"amount": "10_000"}}
    assert fits({**EXAMPLE, "rules": [rule]}, SCHEMA)


def test_every_movable_number_carries_its_declaration():
    text = json.dumps(SCHEMA)
    assert text.count('"x-tunable"') > 30
    budget = SCHEMA["$defs"]["Budget"]["properties"]["amount"]["x-tunable"]
    assert budget == {
        "unit": "currency",
        "bounds": [0, 1e13],
        "typical": [0, 10_000_000],
        "step": 10_000,
        "source": "docs/scheme.md#budget",
    }
