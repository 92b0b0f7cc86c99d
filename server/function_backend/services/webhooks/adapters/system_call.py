"""Work of the service's own, within a tenant or across all of them."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import UUID

from function_backend.kernel.call import Call, current_call
from function_backend.kernel.identifiers import new_id
from function_backend.kernel.identity import PermissionSet, Principal

if TYPE_CHECKING:
    from collections.abc import Iterator

_NOBODY = UUID(int=0)
"""The tenant of what is asked across all tenants: none has this id, so that only the definer's functions answer."""
_STATEMENT_SECONDS = 15.0
_METHOD = "function-backend/webhooks"


@contextmanager
def own_call(tenant_id: UUID = _NOBODY) -> Iterator[None]:
    """A call of the service's own for the tenant, or for none, with a time limit."""
    principal = Principal("system", _NOBODY, tenant_id, PermissionSet(frozenset()))
    deadline = time.monotonic() + _STATEMENT_SECONDS
    token = current_call.set(Call(_METHOD, str(new_id()), deadline=deadline, principal=principal))
    try:
        yield
    finally:
        current_call.reset(token)
