"""Failures arrive as exceptions that say what went wrong and what to do."""

from datetime import timedelta
from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.rpc import code_pb2, error_details_pb2

import function_backend_client
from function.common.v1 import error_reason_pb2, options_pb2
from function_backend_client import (
    Client,
    CompanyEtagMismatchError,
    ConflictError,
    FunctionBackendError,
    InvalidRequestError,
    NotFoundError,
    PreconditionError,
    UnavailableError,
    connect,
)
from function_backend_client.reasons.catalogue import REASONS, class_of
from tests.fixtures.scripted import ScriptedService, refuse


def failure_of(scripted: ScriptedService, answer: Any) -> FunctionBackendError:
    scripted.on("GetCompany", answer)
    with connect(scripted.address) as client, pytest.raises(FunctionBackendError) as caught:
        client.companies.get("x")
    return caught.value


class TestReasons:
    def test_every_reason_of_the_contract_has_a_class_and_every_class_a_reason(self) -> None:
        declared = {
            name.removeprefix("ERROR_REASON_")
            for name, number in error_reason_pb2.ErrorReason.items()
            if number != error_reason_pb2.ERROR_REASON_UNSPECIFIED
        }
        assert set(REASONS) == declared

    @pytest.mark.parametrize("reason", sorted(REASONS))
    def test_the_class_has_the_status_that_the_contract_declares(self, reason: str) -> None:
        value = error_reason_pb2.ErrorReason.DESCRIPTOR.values_by_name[f"ERROR_REASON_{reason}"]
        declared = code_pb2.Code.Name(value.GetOptions().Extensions[options_pb2.reason].code)
        assert REASONS[reason].status.name == declared

    @pytest.mark.parametrize("reason", sorted(REASONS))
    def test_the_class_is_named_after_its_reason_and_public(self, reason: str) -> None:
        words = "".join("OAuth" if word == "OAUTH" else word.capitalize() for word in reason.split("_"))
        assert REASONS[reason].__name__ == f"{words}Error"
        assert getattr(function_backend_client, f"{words}Error") is REASONS[reason]

    @pytest.mark.parametrize("reason", sorted(REASONS))
    def test_it_arrives_as_its_class(self, scripted: ScriptedService, reason: str) -> None:
        failure = failure_of(scripted, lambda request, context: refuse(context, reason, pushback_ms=-1))
        assert type(failure) is REASONS[reason]
        assert failure.reason == reason
        assert failure.method == "/function.company.v1.CompanyService/GetCompany"

    def test_a_reason_that_is_not_known_yet_arrives_as_its_kind(self) -> None:
        assert class_of("FROM_THE_FUTURE", grpc.StatusCode.NOT_FOUND) is NotFoundError

    def test_a_status_without_a_kind_arrives_as_the_base(self) -> None:
        assert class_of("", grpc.StatusCode.DATA_LOSS) is FunctionBackendError


class TestDetails:
    def test_field_violations_are_readable(self, scripted: ScriptedService) -> None:
        bad = error_details_pb2.BadRequest(
            field_violations=[
                error_details_pb2.BadRequest.FieldViolation(
                    field="company.legal_name", description="must not be empty"
                ),
                error_details_pb2.BadRequest.FieldViolation(field="company.status", description="is not a status"),
            ]
        )
        failure = failure_of(
            scripted,
            lambda request, context: refuse(
                context, "INVALID_REQUEST", "company.legal_name: must not be empty (and 1 more)", bad
            ),
        )
        assert isinstance(failure, InvalidRequestError)
        assert [violation.field for violation in failure.violations] == ["company.legal_name", "company.status"]
        assert str(failure) == (
            "INVALID_REQUEST: company.legal_name: must not be empty (and 1 more)\n"
            "  company.legal_name: must not be empty\n"
            "  company.status: is not a status"
        )

    def test_everything_else_that_the_service_says_is_there(self, scripted: ScriptedService) -> None:
        failure = failure_of(
            scripted,
            lambda request, context: refuse(
                context,
                "COMPANY_ETAG_MISMATCH",
                "The company has changed.",
                error_details_pb2.ResourceInfo(resource_type="company", resource_name="42"),
                error_details_pb2.RetryInfo(retry_delay=Duration(seconds=2)),
                error_details_pb2.RequestInfo(request_id="r-1"),
                error_details_pb2.Help(links=[error_details_pb2.Help.Link(url="https://example.com/errors")]),
                metadata={"current_etag": "7"},
            ),
        )
        assert isinstance(failure, CompanyEtagMismatchError)
        assert isinstance(failure, ConflictError)
        assert failure.metadata == {"current_etag": "7"}
        assert failure.resource is not None
        assert (failure.resource.type, failure.resource.name) == ("company", "42")
        assert failure.retry_after == timedelta(seconds=2)
        assert failure.request_id == "r-1"
        assert failure.help == "https://example.com/errors"
        assert repr(failure) == (
            "CompanyEtagMismatchError(reason='COMPANY_ETAG_MISMATCH', message='The company has changed.', "
            "retry_after=2s, request_id='r-1')"
        )

    def test_what_the_state_does_not_allow_reads_like_a_violation(self, scripted: ScriptedService) -> None:
        failed = error_details_pb2.PreconditionFailure(
            violations=[error_details_pb2.PreconditionFailure.Violation(subject="company/1", description="is deleted")]
        )
        failure = failure_of(scripted, lambda request, context: refuse(context, "COMPANY_DELETED", "Deleted.", failed))
        assert isinstance(failure, PreconditionError)
        assert [str(violation) for violation in failure.violations] == ["company/1: is deleted"]

    def test_the_request_id_comes_from_the_trailer_when_nothing_better_is_there(
        self, scripted: ScriptedService
    ) -> None:
        def fail(request: Any, context: grpc.ServicerContext) -> Any:
            context.set_trailing_metadata((("x-request-id", "r-2"), ("grpc-status-details-bin", b"\xff\xff")))
            context.abort(grpc.StatusCode.INTERNAL, "Internal error.")

        assert failure_of(scripted, fail).request_id == "r-2"

    def test_a_reason_of_somebody_else_is_not_taken_for_ours(self, scripted: ScriptedService) -> None:
        info = error_details_pb2.ErrorInfo(reason="COMPANY_DELETED", domain="proxy.example.com")
        failure = failure_of(scripted, lambda request, context: refuse(context, "COMPANY_NOT_FOUND", "gone", info))
        assert type(failure) is REASONS["COMPANY_NOT_FOUND"]

    def test_the_original_failure_of_grpc_is_the_cause(self, scripted: ScriptedService) -> None:
        failure = failure_of(scripted, lambda request, context: refuse(context, "COMPANY_NOT_FOUND"))
        assert isinstance(failure.__cause__, grpc.RpcError)


def test_nobody_there_is_unavailable_and_names_no_reason() -> None:
    with Client("127.0.0.1:1") as client, pytest.raises(UnavailableError) as caught:
        client.companies.get("x")
    assert not caught.value.reason
    assert str(caught.value).startswith("UNAVAILABLE: ")
