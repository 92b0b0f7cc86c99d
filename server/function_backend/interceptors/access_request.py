"""A call as conditions see it that are written as expressions."""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address

from function.auth.v1 import access_request_pb2
from function_backend.interceptors.method import Method
from function_backend.kernel.identity import Principal
from function_backend.timestamps import timestamp

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def access_request(
    method: Method, principal: Principal, *, now: datetime, address: IPv4Address | IPv6Address | None
) -> access_request_pb2.AccessRequest:
    """The call; nothing of the request's own fields, which nobody has read yet."""
    return access_request_pb2.AccessRequest(
        time=timestamp(now),
        method=method.path,
        permission=method.permission,
        resource_type=method.resource_type,
        caller=access_request_pb2.AccessCaller(
            kind=principal.kind,
            id=str(principal.id),
            address="" if address is None else str(address),
            authentication_methods=sorted(principal.authentication_methods),
            authentication_time=None if principal.authenticated_at is None else timestamp(principal.authenticated_at),
            roles=principal.roles,
            actors=principal.actors,
        ),
    )
