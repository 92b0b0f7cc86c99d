"""What is done for a tenant by the service itself, without a caller."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from uuid import UUID

from function_backend.kernel.call import Call, current_call
from function_backend.kernel.identifiers import new_id
from function_backend.kernel.identity import PermissionSet, Principal

SYSTEM_ID = UUID(int=0)
DEFAULT_PAGE_SIZE = 50


@contextlib.contextmanager
def within(tenant_id: UUID, name: str) -> Iterator[Call]:
    """What happens inside is done by the service for the tenant; the trail names it `function-backend/<name>`."""
    principal = Principal("system", SYSTEM_ID, tenant_id, PermissionSet(frozenset()))
    call = Call(f"function-backend/{name}", str(new_id()), principal=principal)
    token = current_call.set(call)
    try:
        yield call
    finally:
        current_call.reset(token)
