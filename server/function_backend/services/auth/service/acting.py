"""In whose name the rest of an anonymous call is done: units of work need a tenant, and records an actor."""

from __future__ import annotations

from uuid import UUID

from function_backend.kernel.call import current_call
from function_backend.kernel.identity import PermissionSet, Principal

_NOTHING = PermissionSet(frozenset())


def act_for_tenant(tenant_id: UUID) -> None:
    """The tenant is known and the caller is not."""
    _act(Principal("anonymous", tenant_id, tenant_id, _NOTHING))


def act_as(kind: str, subject_id: UUID, tenant_id: UUID) -> None:
    """The caller has proven who it is. That alone permits nothing: what it may do is asked where it does something."""
    _act(Principal(kind, subject_id, tenant_id, _NOTHING))


def _act(principal: Principal) -> None:
    call = current_call.get()
    if call is not None:
        call.principal = principal
