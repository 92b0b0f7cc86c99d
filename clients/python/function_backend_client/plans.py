"""What each method of the contract promises, read from its descriptor once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from google.longrunning import operations_pb2
from google.protobuf.descriptor import FileDescriptor, MethodDescriptor

from function.common.v1 import options_pb2
from function_backend_client.surfaces.contract import CONTRACT


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How many seconds a call may take when the caller names no timeout, by what the method does.

    A deadline is never absent: a caller that waits for ever holds a thread here and a connection there.
    """

    read: float = 10.0
    write: float = 30.0
    upload: float = 300.0
    """A whole stream to the server, such as one stream of an import."""
    download: float = 3600.0
    """A whole stream from the server, such as an export."""


@dataclass(frozen=True, slots=True)
class MethodPlan:
    """How this client calls one method."""

    path: str
    """As on the wire, such as `/function.company.v1.CompanyService/GetCompany`."""
    service: str
    name: str
    idempotency: options_pb2.Idempotency.ValueType
    has_request_id: bool
    uploads: bool
    downloads: bool

    @property
    def reads_only(self) -> bool:
        """Whether the method leaves everything as it was."""
        return self.idempotency == options_pb2.IDEMPOTENCY_NO_SIDE_EFFECTS

    @property
    def may_repeat(self) -> bool:
        """Whether the same call may be sent again when nobody knows how far the first one came.

        Methods that need a `request_id` for that count as well: this client never calls them without one.
        """
        return self.idempotency != options_pb2.IDEMPOTENCY_UNSPECIFIED and not self.uploads

    def timeout(self, timeouts: Timeouts) -> float:
        """Seconds until the deadline of a call that names none itself."""
        if self.uploads:
            return timeouts.upload
        if self.downloads:
            return timeouts.download
        return timeouts.read if self.reads_only else timeouts.write


_FOREIGN: Mapping[str, options_pb2.Idempotency.ValueType] = {
    "google.longrunning.Operations.GetOperation": options_pb2.IDEMPOTENCY_NO_SIDE_EFFECTS,
    "google.longrunning.Operations.ListOperations": options_pb2.IDEMPOTENCY_NO_SIDE_EFFECTS,
    "google.longrunning.Operations.WaitOperation": options_pb2.IDEMPOTENCY_NO_SIDE_EFFECTS,
    "google.longrunning.Operations.CancelOperation": options_pb2.IDEMPOTENCY_IDEMPOTENT,
    "google.longrunning.Operations.DeleteOperation": options_pb2.IDEMPOTENCY_IDEMPOTENT,
}
"""What methods promise whose contract is not this platform's, and so does not say it by its options."""


def plan_of(method: MethodDescriptor) -> MethodPlan:
    """The plan that follows from what the contract declares for a method."""
    policy = method.GetOptions().Extensions[options_pb2.policy]
    foreign = _FOREIGN.get(method.full_name)
    service = method.containing_service.full_name
    return MethodPlan(
        path=f"/{service}/{method.name}",
        service=service,
        name=method.name,
        idempotency=policy.idempotency if foreign is None else foreign,
        has_request_id="request_id" in method.input_type.fields_by_name,
        uploads=method.client_streaming,
        downloads=method.server_streaming,
    )


def plans_of(files: Iterable[FileDescriptor]) -> Mapping[str, MethodPlan]:
    """The plans of every method in the files, by their path on the wire."""
    plans = (
        plan_of(method) for file in files for service in file.services_by_name.values() for method in service.methods
    )
    return MappingProxyType({plan.path: plan for plan in plans})


PLANS: Mapping[str, MethodPlan] = plans_of([*CONTRACT, operations_pb2.DESCRIPTOR])
