"""Callers, and calls that are made in their name."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from uuid import UUID, uuid4

from function_backend.bootstrap import backend
from function_backend.bootstrap.slices import SLICES
from function_backend.kernel.call import Call, current_call
from function_backend.kernel.identifiers import new_id
from function_backend.kernel.identity import PermissionSet, Principal

EVERYTHING = "*"


def a_principal(*permissions: str, tenant_id: UUID | None = None) -> Principal:
    """A caller of the tenant, or of one of its own, that holds the permissions; all when none is named."""
    held = frozenset(permissions or (EVERYTHING,))
    return Principal("api_key", new_id(), tenant_id or uuid4(), PermissionSet(held))


@contextlib.contextmanager
def calling(
    principal: Principal | None = None,
    *,
    method: str = "/function.test.v1.TestService/Test",
    seconds: float | None = None,
    minimum_position: int | None = None,
    credential: str = "",
) -> Iterator[Call]:
    """A call by the principal, with so many seconds left, for the block."""
    call = Call(
        method=method,
        request_id=f"request-{uuid4()}",
        deadline=None if seconds is None else time.monotonic() + seconds,
        principal=principal or a_principal(),
        minimum_position=minimum_position,
        credential=credential,
    )
    token = current_call.set(call)
    try:
        yield call
    finally:
        current_call.reset(token)


def declared_permissions() -> frozenset[str]:
    """The permissions that the contract of all services declares."""
    return backend.declared_permissions(SLICES)
