"""What the service does by itself, without a caller."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

from function_backend.kernel.call import Call, current_call
from function_backend.kernel.identifiers import new_id
from function_backend.kernel.identity import PermissionSet, Principal
from function_backend.services.auth.domain.permission import EVERYTHING

SYSTEM_ID = UUID(int=0)
"""Who the service itself is, and the tenant whose audit trail tells what it did for the installation."""


@contextlib.contextmanager
def as_system(name: str) -> Iterator[None]:
    """What happens inside is done by the service itself; the audit trail names it `function-backend/<name>`."""
    principal = Principal("system", SYSTEM_ID, SYSTEM_ID, PermissionSet(frozenset({EVERYTHING})))
    token = current_call.set(Call(f"function-backend/{name}", str(new_id()), principal=principal))
    try:
        yield
    finally:
        current_call.reset(token)


@contextlib.contextmanager
def within_tenant(call: Call, tenant_id: UUID) -> Iterator[None]:
    """What is read inside is read as the tenant, whose rows row-level security then shows.

    Only for use cases that have made sure that the caller reaches the tenant, and outside of a transaction: one that
    has begun keeps its tenant.
    """
    if call.principal is None:
        raise RuntimeError("nobody is calling")
    inner = Call(
        call.method, call.request_id, deadline=call.deadline, principal=replace(call.principal, tenant_id=tenant_id)
    )
    token = current_call.set(inner)
    try:
        yield
    finally:
        current_call.reset(token)
