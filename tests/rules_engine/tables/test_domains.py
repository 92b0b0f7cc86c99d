import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from function_backend_rules.cel import types, values
from function_backend_rules.tables.domains import Domain, Key, ValueSet, cel_text, domain_of, everything
from tests.rules_engine.tables.strategies import cell_sets, column_values, domains, keys


def _domain(kind: types.Type) -> Domain:
    found = domain_of(kind)
    assert found is not None
    return found


@settings(deadline=None)
@given(st.data(), domains())
def test_spans_say_what_comparisons_say(data: st.DataObject, domain: Domain) -> None:
    key, value = data.draw(keys(domain)), data.draw(keys(domain))
    assert (value in ValueSet(domain.equal(key))) == (value == key)
    assert (value in ValueSet(domain.at_least(key))) == (value >= key)
    assert (value in ValueSet(domain.above(key))) == (value > key)


@pytest.mark.parametrize("key", [2**53, 2**53 + 1, 2**53 + 3, -(2**53) - 1, 10**400, -(10**400), 0])
@pytest.mark.parametrize("value", [2.0**53, 2.0**53 + 2, 2.0**53 + 4, -(2.0**53), 0.0, math.inf, -math.inf])
def test_whole_numbers_meet_doubles_without_rounding(key: int, value: float) -> None:
    domain = _domain(types.DOUBLE)
    assert (value in ValueSet(domain.equal(key))) == (value == key)
    assert (value in ValueSet(domain.at_least(key))) == (value >= key)
    assert (value in ValueSet(domain.above(key))) == (value > key)


@settings(deadline=None)
@given(st.data(), domains())
def test_a_complement_accepts_exactly_the_rest(data: st.DataObject, domain: Domain) -> None:
    accepted, value = data.draw(cell_sets(domain)), data.draw(column_values(domain))
    complement = accepted.complement(domain)
    assert (value in complement) != (value in accepted)
    assert complement.complement(domain) == accepted
    assert accepted.union(complement) == everything(domain)


def test_not_a_number_is_in_no_range_and_in_the_complement_of_each() -> None:
    domain = _domain(types.DOUBLE)
    low = ValueSet(domain.at_least(-math.inf))
    nan = float("nan")
    assert nan not in low
    assert nan in low.complement(domain)


def test_types_without_an_order_have_no_domain() -> None:
    assert domain_of(types.list_of(types.INT)) is None
    assert domain_of(types.DYN) is None
    assert domain_of(types.message_type("function.company.v1.Company")) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (-5, "-5"),
        (values.UInt(5), "5u"),
        (1.5, "1.5"),
        (math.inf, 'double("inf")'),
        ('a"\\\n\0', '"a\\"\\\\\\n\\U00000000"'),
        (b"a\0'", r"b'a\x00\x27'"),
    ],
)
def test_plain_values_are_written_as_cel(value: object, text: str) -> None:
    assert cel_text(value) == text


@pytest.mark.parametrize(
    ("kind", "key", "text"),
    [
        (types.TIMESTAMP, 1_500_000_000, 'timestamp("1970-01-01T00:00:01.5Z")'),
        (types.TIMESTAMP, values.TIMESTAMP_MIN, 'timestamp("0001-01-01T00:00:00Z")'),
        (types.DURATION, -1_000_000_000, 'duration("-1s")'),
        (types.UINT, 7, "7u"),
        (types.BOOL, 1, "true"),
    ],
)
def test_values_of_a_column_are_written_as_in_its_cells(kind: types.Type, key: Key, text: str) -> None:
    assert _domain(kind).text(key) == text
