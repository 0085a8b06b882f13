"""Whatever a scheme says, it says again after it was written down and read; and it keeps its fingerprint."""

import copy
import random
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.scheme.strategies import scheme_data, schemes

from incentive_lab.errors import InputError
from incentive_lab.scheme.check import CheckResult, check
from incentive_lab.scheme.diff import diff
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.dump import dumps, dumps_json
from incentive_lab.scheme.fingerprint import fingerprint
from incentive_lab.scheme.load import loads, validated
from incentive_lab.scheme.paths import apply, get, tunables
from incentive_lab.scheme.reading import Source
from incentive_lab.scheme.tree import tree

thorough = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@thorough
@given(schemes)
def test_yaml_reads_back_to_the_same_scheme(scheme):
    assert loads(dumps(scheme)) == scheme
    assert fingerprint(loads(dumps(scheme))) == fingerprint(scheme)


@thorough
@given(schemes)
def test_json_reads_back_to_the_same_scheme(scheme):
    assert loads(dumps_json(scheme)) == scheme
    assert fingerprint(loads(dumps_json(scheme))) == fingerprint(scheme)


def shuffled(value, chance):
    """The same data with its keys in another order and its numbers written otherwise."""
    if isinstance(value, dict):
        keep = "change" in value or "variants" in value
        items = [(key, shuffled(item, chance) if key != "variants" else item) for key, item in value.items()]
        return dict(items if keep and "variants" not in value else chance.sample(items, len(items)))
    if isinstance(value, list):
        return [shuffled(item, chance) for item in value]
    if isinstance(value, Decimal):
        zeros = str(value) + ("0" if "." in str(value) and "E" not in str(value) else "")
        return chance.choice([value, zeros, f"{value.scaleb(2):f}%"])
    return value


@thorough
@given(scheme_data(), st.integers(0, 2**32))
def test_the_fingerprint_ignores_key_order_and_how_numbers_are_written(data, seed):
    plain = {key: value for key, value in data.items() if key != "measures"}
    other = shuffled(copy.deepcopy(plain), random.Random(seed))
    assert fingerprint(Scheme.model_validate(other)) == fingerprint(Scheme.model_validate(plain))


@thorough
@given(schemes, st.text(max_size=5))
def test_the_fingerprint_ignores_what_only_people_read(scheme, words):
    renamed = scheme.model_copy(update={"title": words, "author": words, "reason": words, "id": "other"})
    assert fingerprint(renamed) == fingerprint(scheme)


@thorough
@given(schemes)
def test_defaults_written_out_change_nothing(scheme):
    written_out = Scheme.model_validate(scheme.model_dump(by_alias=True))
    assert written_out == scheme
    assert fingerprint(written_out) == fingerprint(scheme)


@thorough
@given(schemes)
def test_every_movable_number_is_found_at_its_address(scheme):
    for address in tunables(scheme):
        if "variants" not in address.path:
            assert get(scheme, address.path) == address.value
            assert apply(scheme, {address.path: address.value}) == scheme


@thorough
@given(schemes, st.data())
def test_a_moved_number_is_one_difference_at_its_address(scheme, data):
    movable = [
        one for one in tunables(scheme) if "variants" not in one.path and not one.path.endswith(".within_months")
    ]  # a step of a schedule is named by its months: moved, it is another step
    if not movable:
        return
    chosen = data.draw(st.sampled_from(movable))
    low, high = chosen.declaration.bounds
    other = chosen.value + 1 if chosen.value + 1 <= high else chosen.value - 1
    if not low <= other <= high or other == 0:
        return
    moved = apply(scheme, {chosen.path: other})
    assert get(moved, chosen.path) == other
    assert [(change.path, change.before, change.after) for change in diff(scheme, moved)] == [
        (chosen.path, chosen.value, other)
    ]
    assert fingerprint(moved) != fingerprint(scheme)


@thorough
@given(schemes)
def test_a_scheme_does_not_differ_from_itself(scheme):
    assert diff(scheme, scheme) == []


@thorough
@given(schemes, schemes)
def test_differences_are_told_for_any_two_schemes(one, other):
    changes = diff(one, other)
    assert (changes == []) == (tree(one) == tree(other))
    assert all(change.sentence and change.path for change in changes)


@thorough
@given(schemes)
def test_a_check_always_comes_to_an_end(scheme):
    assert isinstance(check(scheme), CheckResult)


def broken(value, chance):
    """The same data with one place replaced by something odd."""
    odd = chance.choice([None, True, "x", Decimal(-7), [], {}, [[1]], {"x": {"y": None}}, "NaN", "3%", Decimal("1e20")])
    if isinstance(value, dict) and value and chance.random() < 0.85:
        key = chance.choice(list(value))
        return {**value, key: broken(value[key], chance)} | ({"odd": odd} if chance.random() < 0.1 else {})
    if isinstance(value, list) and value and chance.random() < 0.85:
        place = chance.randrange(len(value))
        return [*value[:place], broken(value[place], chance), *value[place + 1 :]]
    return odd


def refused(data):
    """The problems of plain data, or the scheme it makes."""
    try:
        return validated(Source(data), "scheme")
    except InputError as error:
        return error.problems


@settings(thorough, max_examples=60)
@given(scheme_data(), st.integers(0, 2**32))
def test_a_broken_document_is_refused_with_sentences_and_never_crashes(data, seed):
    outcome = refused(broken(data, random.Random(seed)))
    if isinstance(outcome, Scheme):
        check(outcome)
        assert loads(dumps(outcome)) == outcome
        return
    assert outcome
    for problem in outcome:
        assert problem.path
        assert "Input should" not in problem.message
        assert len(str(problem)) < 1000
