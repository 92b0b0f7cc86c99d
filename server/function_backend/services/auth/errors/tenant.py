"""The failures of tenants."""

from __future__ import annotations

from uuid import UUID

from function_backend.kernel.errors import AlreadyExistsError, NotFoundError, PermissionDeniedError, Resource


class TenantNotFoundError(NotFoundError):
    """No tenant with this id is visible to the caller."""

    reason = "TENANT_NOT_FOUND"

    def __init__(self, tenant_id: UUID) -> None:
        super().__init__(
            f"Tenant {tenant_id} does not exist.",
            metadata={"tenant_id": str(tenant_id)},
            resource=Resource("tenant", str(tenant_id)),
        )


class TenantNameTakenError(AlreadyExistsError):
    """Another tenant has this name."""

    reason = "TENANT_NAME_TAKEN"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The tenant name '{name}' is taken.", metadata={"name": name}, resource=Resource("tenant", name)
        )


class TenantSuspendedError(PermissionDeniedError):
    """The credential is good, and the tenant, or one above it, is suspended: nobody of it gets in."""

    reason = "TENANT_SUSPENDED"

    def __init__(self, tenant_id: UUID) -> None:
        super().__init__(
            "The tenant is suspended; its callers are refused until it is resumed.",
            metadata={"tenant_id": str(tenant_id)},
            resource=Resource("tenant", str(tenant_id)),
        )
