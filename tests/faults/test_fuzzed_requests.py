"""Every method with requests that nobody sends on purpose: never INTERNAL, never UNKNOWN, and the server stays up."""

import uuid
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from function.company.v1 import company_service_pb2
from tests.fixtures.methods import Answer, ContractMethod, call, every_method
from tests.fixtures.server import RunningServer

METHODS = every_method()
EXAMPLES = 20
"""Of each kind for each method, the same ones in every run; `make soak` sends many more, others every time."""
EXAMPLES_OF_A_SOAK = 400
DEEPEST = 4

# RESOURCE_EXHAUSTED is the answer to more calls than a key may make, and to a message above the limit.
EXPECTED = {
    grpc.StatusCode.OK,
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.ALREADY_EXISTS,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
}

_TEXTS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        [
            "",
            "\x00",
            "a\x00b",
            "DE",
            "US-IL",
            "de",
            "lei",
            "us-cik",
            "x-own",
            "*",
            "529900T8BM49AURSDO55",
            "'; drop table company; --",
            'legal_name = "x" AND (status = ACTIVE OR NOT labels.a:*)',
            "((((((((((((((((((((",
            "legal_name desc, id asc",
            "%_\\",
            "\u202e\u200b\ufeff",
            "\U0001f600" * 3,
            "company.read",
            "/" * 300,
            "é" * 600,
            "sic:3720",
            str(uuid.UUID(int=0)),
        ]
    ),
    st.uuids(version=4).map(str),
)
_NUMBERS = st.one_of(st.integers(-3, 1001), st.sampled_from([-(2**31), 2**31 - 1]))
_LARGE = st.one_of(_NUMBERS, st.sampled_from([-(2**63), 2**63 - 1, -62135596800, 253402300799, 253402300800]))
_SCALARS: dict[int, st.SearchStrategy[Any]] = {
    FieldDescriptor.CPPTYPE_BOOL: st.booleans(),
    FieldDescriptor.CPPTYPE_INT32: _NUMBERS,
    FieldDescriptor.CPPTYPE_INT64: _LARGE,
    FieldDescriptor.CPPTYPE_UINT32: st.integers(0, 2**32 - 1),
    FieldDescriptor.CPPTYPE_UINT64: st.integers(0, 2**64 - 1),
    FieldDescriptor.CPPTYPE_DOUBLE: st.floats(),
    FieldDescriptor.CPPTYPE_FLOAT: st.floats(width=32),
    FieldDescriptor.CPPTYPE_ENUM: st.one_of(st.integers(-1, 6), st.just(2**31 - 1)),
    FieldDescriptor.CPPTYPE_STRING: _TEXTS,
}


@st.composite
def messages(draw: st.DrawFn, descriptor: Any, depth: int = 0) -> Message:  # noqa: ANN401  two classes of one thing
    """A message with some of its fields set, to whatever their types allow."""
    made: Any = GetMessageClass(descriptor)()
    for field in descriptor.fields:
        # What stands at the top is set more often: an empty request is refused before anything interesting happens.
        if not draw(st.integers(0, 3 if depth else 4)):
            continue
        if field.message_type is not None and depth >= DEEPEST:
            continue
        _fill(draw, made, field, depth)
    return made  # type: ignore[no-any-return]  # built from a descriptor


def _fill(draw: st.DrawFn, made: Any, field: FieldDescriptor, depth: int) -> None:  # noqa: ANN401
    target = getattr(made, field.name)
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        value = field.message_type.fields_by_name["value"]
        for key in draw(st.lists(_TEXTS, max_size=3)):
            if value.message_type is None:
                target[key] = draw(_SCALARS[value.cpp_type])
            else:
                target[key].CopyFrom(draw(messages(value.message_type, depth + 1)))
    elif field.is_repeated and field.message_type is not None:
        for _ in range(draw(st.integers(0, 3))):
            target.add().CopyFrom(draw(messages(field.message_type, depth + 1)))
    elif field.is_repeated:
        target.extend(draw(st.lists(_scalar(field), max_size=4)))
    elif field.message_type is not None:
        target.CopyFrom(draw(messages(field.message_type, depth + 1)))
    else:
        setattr(made, field.name, draw(_scalar(field)))


def _scalar(field: FieldDescriptor) -> st.SearchStrategy[Any]:
    if field.type == FieldDescriptor.TYPE_BYTES:
        return st.binary(max_size=20)
    return _SCALARS[field.cpp_type]


def _requests(method: ContractMethod) -> st.SearchStrategy[list[bytes]]:
    one = messages(method.request.DESCRIPTOR).map(lambda message: message.SerializeToString())
    return st.lists(one, max_size=4) if method.descriptor.client_streaming else one.map(lambda body: [body])


_BYTES = st.binary(max_size=60).map(lambda body: [body])


def _check(server: RunningServer, method: ContractMethod, requests: list[bytes]) -> Answer:
    answer = call(server.channel, method, requests, server.metadata())
    # Whoever calls without a credential proves in the request who they are.
    expected = EXPECTED | {grpc.StatusCode.UNAUTHENTICATED} if method.policy.anonymous else EXPECTED
    assert answer.code in expected, f"{answer.code}: {answer.text}"
    if answer.code is not grpc.StatusCode.OK:
        assert answer.reason, "a refusal says why"
    return answer


def _check_many(
    server: RunningServer,
    method: ContractMethod,
    requests: st.SearchStrategy[list[bytes]],
    examples: int = EXAMPLES,
    *,
    derandomize: bool = True,
) -> None:
    @settings(
        max_examples=examples,
        derandomize=derandomize,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )
    @given(requests)
    def check(drawn: list[bytes]) -> None:
        _check(server, method, drawn)

    check()


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.descriptor.name)
class TestEveryMethod:
    def test_answers_every_message_of_its_type(self, server: RunningServer, method: ContractMethod) -> None:
        _check_many(server, method, _requests(method))

    def test_answers_any_bytes(self, server: RunningServer, method: ContractMethod) -> None:
        _check_many(server, method, _BYTES)

    @pytest.mark.soak
    @pytest.mark.timeout(1800)
    def test_answers_many_more_messages_and_bytes(self, server: RunningServer, method: ContractMethod) -> None:
        _check_many(server, method, _requests(method) | _BYTES, EXAMPLES_OF_A_SOAK, derandomize=False)


@pytest.mark.parametrize(
    "method",
    [method for method in METHODS if method.descriptor.name in {"CreateCompany", "UpdateCompany", "ImportCompanies"}],
    ids=lambda method: method.descriptor.name,
)
def test_companies_that_are_nearly_right_are_answered(server: RunningServer, method: ContractMethod) -> None:
    company = company_service_pb2.CreateCompanyRequest.DESCRIPTOR.fields_by_name["company"].message_type

    @settings(
        max_examples=150,
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(messages(company, 1))
    def check(fuzzed: Any) -> None:  # noqa: ANN401
        fuzzed.legal_name = fuzzed.legal_name or "Nearly Right Ltd"
        fuzzed.id = ""
        if method.descriptor.name == "CreateCompany":
            _check(server, method, [company_service_pb2.CreateCompanyRequest(company=fuzzed).SerializeToString()])
        elif method.descriptor.name == "UpdateCompany":
            fuzzed.id = str(uuid.uuid4())
            _check(server, method, [company_service_pb2.UpdateCompanyRequest(company=fuzzed).SerializeToString()])
        else:
            fuzzed.identifiers.add(scheme="x-own", value="1")
            config = company_service_pb2.ImportConfig(match_scheme="x-own")
            batch = company_service_pb2.ImportBatch(rows=[company_service_pb2.ImportRow(row=1, company=fuzzed)] * 2)
            answer = _check(
                server,
                method,
                [
                    company_service_pb2.ImportCompaniesRequest(config=config).SerializeToString(),
                    company_service_pb2.ImportCompaniesRequest(batch=batch).SerializeToString(),
                ],
            )
            if answer.code is grpc.StatusCode.OK:
                done = company_service_pb2.ImportCompaniesResponse.FromString(answer.responses[0])
                counted = done.created_count + done.updated_count + done.unchanged_count + done.rejected_count
                assert done.row_count == 2 == counted
                assert len(done.rejections) == done.rejected_count

    check()


def test_the_server_still_serves_afterwards(server: RunningServer) -> None:
    listing = next(method for method in METHODS if method.descriptor.name == "ListCompanies")
    assert call(server.channel, listing, [b""], server.metadata()).code is grpc.StatusCode.OK
