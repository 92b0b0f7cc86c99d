from __future__ import annotations

import time

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from function.company.v1 import company_pb2, company_service_pb2
from function_backend.interceptors.validation import MalformedRequestError, Validation
from function_backend.kernel.errors import FieldViolation, InvalidArgumentError
from tests.interceptors.echo_contract import EchoRequest, Item, Timed
from tests.interceptors.serving import Served


class TestOverTheWire:
    @pytest.mark.parametrize("wire", [b"\xff", b"\x0a\x02\xff\xfe", b"\x0a\x05a", b"\x0a\xff\xff\xff\xff\x0f"])
    @pytest.mark.parametrize("method", ["Read", "Watch", "Collect", "Chat"])
    def test_what_is_no_message_is_refused_as_malformed(self, served: Served, method: str, wire: bytes) -> None:
        answers = served.stream(method, iter([wire]))
        with pytest.raises(grpc.RpcError):
            list(answers)
        assert answers.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert served.lines()[0]["reason"] == "MALFORMED_REQUEST"

    def test_the_type_that_was_expected_is_named(self, served: Served) -> None:
        outcome = served.call("Read", b"\x0a\x02\xff\xfe")
        assert outcome.message == "The request is not a valid function.echo.v1.EchoRequest."
        assert dict(outcome.details["ErrorInfo"].metadata) == {"message_type": "function.echo.v1.EchoRequest"}

    def test_a_broken_rule_names_the_field_and_what_is_wrong(self, served: Served) -> None:
        outcome = served.call("Read", EchoRequest(text="x" * 21))
        assert (outcome.code, outcome.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_REQUEST")
        assert outcome.fields == ["text"]
        assert outcome.message == "text: must be at most 20 characters"

    def test_each_message_of_a_stream_is_checked(self, served: Served) -> None:
        wires = [EchoRequest(text=text).SerializeToString() for text in ("a", "x" * 21)]
        answers = served.stream("Chat", iter(wires))
        next(answers)
        with pytest.raises(grpc.RpcError):
            next(answers)
        assert answers.code() is grpc.StatusCode.INVALID_ARGUMENT

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(wire=st.binary(max_size=64))
    def test_any_bytes_are_answered_or_refused_and_nothing_else(self, served: Served, wire: bytes) -> None:
        assert served.call("Read", wire).code in {grpc.StatusCode.OK, grpc.StatusCode.INVALID_ARGUMENT}


class TestPaths:
    def test_paths_are_those_of_the_request(self) -> None:
        company = company_pb2.Company(legal_name="x", labels={"not a key!": "x"})
        company.identifiers.add(scheme="lei", value="5")
        company.identifiers.add(scheme="Not A Scheme", value="")
        request = company_service_pb2.CreateCompanyRequest(company=company, request_id="no uuid")
        with pytest.raises(InvalidArgumentError) as raised:
            Validation().decoder(type(request))(request.SerializeToString())
        assert {violation.field for violation in raised.value.violations} == {
            "company.identifiers[1].scheme",
            "company.identifiers[1].value",
            'company.labels["not a key!"]',
            "request_id",
        }

    def test_parts_are_checked_alone_under_their_own_path(self) -> None:
        company = company_pb2.Company(legal_name="x\x00y")
        company.identifiers.add(scheme="lei", value="")
        found = Validation().violations(company, prefix="rows[3].company")
        assert {violation.field for violation in found} == {
            "rows[3].company.identifiers[0].value",
            "rows[3].company.legal_name",
        }

    def test_a_valid_part_has_no_violations(self) -> None:
        assert Validation().violations(company_pb2.Company(legal_name="x")) == []


class TestRepetition:
    def test_what_passed_before_passes_again_as_a_message_of_its_own(self) -> None:
        decode = Validation().decoder(EchoRequest)
        wire = EchoRequest(text="a").SerializeToString()
        first, second = decode(wire), decode(wire)
        assert first == second
        assert first is not second

    def test_what_was_refused_is_refused_again(self) -> None:
        decode = Validation().decoder(EchoRequest)
        for _ in range(2):
            with pytest.raises(InvalidArgumentError):
                decode(EchoRequest(text="x" * 21).SerializeToString())

    def test_more_different_requests_than_are_remembered_are_fine(self) -> None:
        decode = Validation().decoder(EchoRequest)
        for number in range(5000):
            decode(EchoRequest(number=number).SerializeToString())

    def test_a_rule_about_the_time_is_checked_each_time(self) -> None:
        decode = Validation().decoder(Timed)
        wire = Timed(at=Timestamp(seconds=int(time.time()) + 1)).SerializeToString()
        decode(wire)
        time.sleep(2.1)
        with pytest.raises(InvalidArgumentError):
            decode(wire)


class TestNullCharacters:
    @pytest.mark.parametrize(
        ("request_", "field"),
        [
            (EchoRequest(text="a\x00"), "text"),
            (EchoRequest(words=["a", "\x00"]), "words[1]"),
            (EchoRequest(items=[Item(), Item(item=Item(text="\x00"))]), "items[1].item.text"),
            (EchoRequest(labels={"a": "\x00"}), 'labels["a"]'),
            (EchoRequest(labels={"\x00": "a"}), 'labels["\x00"]'),
        ],
        ids=["string", "list", "message", "map value", "map key"],
    )
    def test_a_string_with_one_is_refused_wherever_it_stands(self, request_: object, field: str) -> None:
        with pytest.raises(InvalidArgumentError) as raised:
            Validation().decoder(EchoRequest)(request_.SerializeToString())  # type: ignore[attr-defined]
        assert raised.value.violations == (FieldViolation(field, "must not contain the character U+0000"),)

    @pytest.mark.parametrize(
        "request_",
        [
            EchoRequest(items=[Item(data=b"\x00")]),
            EchoRequest(number=2.0),
            EchoRequest(items=[Item()]),
            EchoRequest(unchecked=Item(text="\x00")),
        ],
        ids=["bytes", "number", "empty message", "left to others"],
    )
    def test_zeros_elsewhere_are_fine(self, request_: object) -> None:
        wire: bytes = request_.SerializeToString()  # type: ignore[attr-defined]
        assert b"\x00" in wire
        assert Validation().decoder(EchoRequest)(wire) == request_

    def test_attributes_of_a_company_are_looked_into(self) -> None:
        company = company_pb2.Company(legal_name="x")
        company.attributes.update({"list": [{"deep": "\x00"}]})
        [found] = Validation().violations(company)
        assert found.field == (
            'attributes.fields["list"].list_value.values[0].struct_value.fields["deep"].string_value'
        )


def test_a_message_that_nests_too_deeply_is_malformed() -> None:
    deep = b""
    for _ in range(200):
        deep = b"\x1a" + _varint(len(deep)) + deep
    with pytest.raises(MalformedRequestError):
        Validation().decoder(Item)(deep)


def _varint(number: int) -> bytes:
    return bytes([number]) if number < 128 else bytes([number & 127 | 128, number >> 7])
