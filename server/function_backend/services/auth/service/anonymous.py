"""Calls without a credential: in which tenant they work, once what they present has named one."""

from __future__ import annotations

from uuid import UUID

from function_backend.kernel.call import current_call
from function_backend.kernel.identity import PermissionSet, Principal
from function_backend.persistence.failures import MissingTenantError

_NONE = PermissionSet(frozenset())


def work_in(tenant_id: UUID) -> None:
    """From here on the current call works in the tenant, as nobody in particular and with no permission."""
    _become("anonymous", tenant_id, tenant_id)


def work_as_user(tenant_id: UUID, user_id: UUID) -> None:
    """From here on the audit says that the user did it, who has just proved to be the one; with no permission."""
    _become("user", user_id, tenant_id)


def work_as_service_account(tenant_id: UUID, account_id: UUID) -> None:
    """From here on the audit says that the service account did it, which has just proved to be the one."""
    _become("service_account", account_id, tenant_id)


def _become(kind: str, subject_id: UUID, tenant_id: UUID) -> None:
    call = current_call.get()
    if call is None:
        raise MissingTenantError
    call.principal = Principal(kind, subject_id, tenant_id, _NONE)
