"""What calls of somebody with roles answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import grpc
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from function.company.v1 import company_service_pb2, company_service_pb2_grpc
from tests.fixtures.subjects import Grants, Subject

SECONDS = 60


def refusal(error: Any) -> tuple[str, dict[str, str]]:  # noqa: ANN401  an ExceptionInfo of a call
    status = rpc_status.from_call(cast("grpc.Call", error.value))
    assert status is not None
    info = error_details_pb2.ErrorInfo()
    assert any(detail.Unpack(info) for detail in status.details)
    return info.reason, dict(info.metadata)


def reads(grants: Grants, subject: Subject) -> str:
    """What listing companies answers: OK, or why not."""
    stub = company_service_pb2_grpc.CompanyServiceStub(grants.server.channel)
    try:
        stub.ListCompanies(
            company_service_pb2.ListCompaniesRequest(), metadata=grants.metadata(subject), timeout=SECONDS
        )
    except grpc.RpcError as error:
        status = rpc_status.from_call(cast("grpc.Call", error))
        assert status is not None
        info = error_details_pb2.ErrorInfo()
        assert any(detail.Unpack(info) for detail in status.details)
        return info.reason
    return "OK"


def from_now(**ago: float) -> Timestamp:
    """A time so far from now."""
    moment = Timestamp()
    moment.FromDatetime(datetime.now(UTC) + timedelta(**ago))
    return moment
