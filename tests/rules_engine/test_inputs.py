import math
from typing import Any

import pytest
from google.protobuf import any_pb2, duration_pb2, struct_pb2, timestamp_pb2, wrappers_pb2
from google.protobuf.message import Message

from function.company.v1 import company_pb2
from function_backend_rules import InputRefusedError, Status
from function_backend_rules.cel.values import NONE, Duration, OptionalValue, Timestamp, UInt
from tests.rules_engine.building import compiled, rule_set


def read(kind: str, value: object) -> Any:
    decision = compiled(inputs=[{"name": "x", "type": kind}], rule_set=rule_set({"condition": "true"}))
    return decision.read_json({"x": value}).values[0]


def packed(message: Message) -> any_pb2.Any:
    found = any_pb2.Any()
    found.Pack(message)
    return found


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("bool", True, True),
        ("int", 5, 5),
        ("int", 5.0, 5),
        ("int", "-9223372036854775808", -(2**63)),
        ("uint", "18446744073709551615", UInt(2**64 - 1)),
        ("double", 1, 1.0),
        ("double", "1.5", 1.5),
        ("double", "-Infinity", -math.inf),
        ("string", "é\0", "é\0"),
        ("bytes", "AP8=", b"\x00\xff"),
        ("bytes", "AP8", b"\x00\xff"),
        ("timestamp", "1970-01-01T00:00:01Z", Timestamp(10**9)),
        ("duration", "1.5s", Duration(1_500_000_000)),
        ("list(int)", [1, "2"], [1, 2]),
        ("map(string, double)", {"a": 1}, {"a": 1.0}),
        ("map(int, bool)", {"7": True}, {7: True}),
        ("map(bool, int)", {"true": 1}, {True: 1}),
        ("wrapper(int)", None, None),
        ("wrapper(int)", 3, 3),
        ("dyn", {"a": [1.0, None]}, {"a": [1.0, None]}),
    ],
)
def test_json_is_read_by_the_declared_type(kind: str, value: object, expected: object) -> None:
    found = read(kind, value)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("bool", 1),
        ("bool", "true"),
        ("int", 1.5),
        ("int", True),
        ("int", "9223372036854775808"),
        ("int", None),
        ("uint", -1),
        ("double", "much"),
        ("double", False),
        ("string", 5),
        ("string", "\ud800"),
        ("bytes", "*"),
        ("timestamp", "yesterday"),
        ("timestamp", 5),
        ("duration", "1 hour"),
        ("list(int)", 5),
        ("list(int)", ["a"]),
        ("map(string, int)", [1]),
        ("map(string, int)", {"a": "b"}),
        ("function.company.v1.Company", "a"),
        ("function.company.v1.Company", {"legal_name": 5}),
        ("function.company.v1.Company", {"status": "COMPANY_STATUS_UNHEARD_OF"}),
        ("dyn", object()),
    ],
)
def test_json_of_another_type_is_refused_by_path(kind: str, value: object) -> None:
    with pytest.raises(InputRefusedError) as refused:
        read(kind, value)
    assert refused.value.path.startswith("x")


def test_the_path_leads_into_the_value() -> None:
    with pytest.raises(InputRefusedError, match=r"x\['a'\]\[1\]"):
        read("map(string, list(int))", {"a": [1, "b"]})


def test_a_value_that_nests_without_end_is_refused() -> None:
    value: list[Any] = []
    for _ in range(100):
        value = [value]
    with pytest.raises(InputRefusedError):
        read("list(list(list(list(dyn))))", [[[value]]])


def test_an_unknown_field_names_the_nearest() -> None:
    with pytest.raises(InputRefusedError, match="did you mean status"):
        read("function.company.v1.Company", {"statsu": 1})


def test_optionals_may_be_left_out() -> None:
    decision = compiled(
        inputs=[{"name": "x", "type": "optional(int)"}], rule_set=rule_set({"condition": "x.orValue(7) == 7"})
    )
    assert decision.read_json({}).values == [NONE]
    assert decision.read_json({"x": None}).values == [NONE]
    assert decision.evaluate(decision.read_json({"x": 7})).status is Status.MATCHED
    assert decision.evaluate({"x": OptionalValue(8)}).status is Status.NO_MATCH


def test_missing_and_unknown_inputs_are_refused() -> None:
    decision = compiled(inputs=[{"name": "amount", "type": "int"}], rule_set=rule_set({"condition": "true"}))
    with pytest.raises(InputRefusedError, match="missing"):
        decision.read_json({})
    with pytest.raises(InputRefusedError, match="did you mean amount"):
        decision.read_json({"amount": 1, "amont": 2})


@pytest.mark.parametrize(
    ("kind", "message", "expected"),
    [
        ("int", wrappers_pb2.Int64Value(value=5), 5),
        ("uint", wrappers_pb2.UInt64Value(value=5), UInt(5)),
        ("double", wrappers_pb2.DoubleValue(value=0.5), 0.5),
        ("string", wrappers_pb2.StringValue(value="a"), "a"),
        ("bytes", wrappers_pb2.BytesValue(value=b"a"), b"a"),
        ("bool", wrappers_pb2.BoolValue(value=True), True),
        ("timestamp", timestamp_pb2.Timestamp(seconds=1), Timestamp(10**9)),
        ("duration", duration_pb2.Duration(seconds=-1), Duration(-(10**9))),
        ("list(dyn)", struct_pb2.ListValue(values=[struct_pb2.Value(bool_value=True)]), [True]),
        ("map(string, dyn)", struct_pb2.Struct(fields={"a": struct_pb2.Value(number_value=1)}), {"a": 1.0}),
        ("function.company.v1.Company", company_pb2.Company(legal_name="A"), company_pb2.Company(legal_name="A")),
    ],
)
def test_messages_are_read_by_the_declared_type(kind: str, message: Message, expected: object) -> None:
    decision = compiled(inputs=[{"name": "x", "type": kind}], rule_set=rule_set({"condition": "true"}))
    assert decision.read_any({"x": packed(message)}).values == [expected]


def test_messages_that_do_not_fit_are_refused() -> None:
    decision = compiled(inputs=[{"name": "x", "type": "int"}], rule_set=rule_set({"condition": "true"}))
    for wrong in (
        packed(wrappers_pb2.StringValue(value="a")),
        any_pb2.Any(),
        any_pb2.Any(type_url="type.googleapis.com/no.such.Message"),
        any_pb2.Any(type_url="type.googleapis.com/google.protobuf.Int64Value", value=b"\xff"),
    ):
        with pytest.raises(InputRefusedError):
            decision.read_any({"x": wrong})
    optional = compiled(inputs=[{"name": "x", "type": "optional(int)"}], rule_set=rule_set({"condition": "true"}))
    (value,) = optional.read_any({"x": packed(wrappers_pb2.Int64Value(value=5))}).values
    assert isinstance(value, OptionalValue)
    assert value.value == 5
