"""The failures of tenants."""

from __future__ import annotations

from uuid import UUID

from function_backend.kernel.errors import (
    AlreadyExistsError,
    ConflictError,
    FieldViolation,
    InvalidArgumentError,
    NotFoundError,
    PermissionDeniedError,
    PreconditionError,
    Resource,
    invalid_fields,
)


class TenantNotFoundError(NotFoundError):
    """No tenant with this id is visible to the caller."""

    reason = "TENANT_NOT_FOUND"

    def __init__(self, tenant_id: UUID) -> None:
        super().__init__(
            f"Tenant {tenant_id} does not exist.",
            metadata={"tenant_id": str(tenant_id)},
            resource=_resource(tenant_id),
        )


class TenantNameTakenError(AlreadyExistsError):
    """Another tenant has this name, or had it."""

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
            resource=_resource(tenant_id),
        )


class TenantNotSuspendedError(PreconditionError):
    """The tenant is active, so it cannot be deleted."""

    reason = "TENANT_NOT_SUSPENDED"

    def __init__(self, tenant_id: UUID) -> None:
        super().__init__(
            "The tenant is active; suspend it before it is deleted.",
            metadata={"tenant_id": str(tenant_id)},
            resource=_resource(tenant_id),
        )


class TenantDeletedError(PreconditionError):
    """The tenant is deleted, which nothing undoes."""

    reason = "TENANT_DELETED"

    def __init__(self, tenant_id: UUID) -> None:
        super().__init__(
            "The tenant is deleted, which cannot be undone.",
            metadata={"tenant_id": str(tenant_id)},
            resource=_resource(tenant_id),
        )


class TenantTreeTooDeepError(PreconditionError):
    """The tenant stands on the lowest level that there may be."""

    reason = "TENANT_TREE_TOO_DEEP"

    def __init__(self, parent_id: UUID, limit: int) -> None:
        super().__init__(
            f"Tenants stand on at most {limit} levels, and this one is on the lowest.",
            metadata={"tenant_id": str(parent_id), "limit": str(limit)},
            resource=_resource(parent_id),
        )


class TenantEtagMismatchError(ConflictError):
    """Somebody changed the tenant since it was read."""

    reason = "TENANT_ETAG_MISMATCH"

    def __init__(self, tenant_id: UUID, current_etag: str) -> None:
        super().__init__(
            "The tenant has changed since it was read; read it again and repeat the change.",
            metadata={"tenant_id": str(tenant_id), "current_etag": current_etag},
            resource=_resource(tenant_id),
        )


class TenantHasChildrenError(PreconditionError):
    """Tenants stand below it."""

    reason = "TENANT_HAS_CHILDREN"

    def __init__(self, tenant_id: UUID) -> None:
        super().__init__(
            "Tenants stand below this one; delete them first.",
            metadata={"tenant_id": str(tenant_id)},
            resource=_resource(tenant_id),
        )


class TenantProtectedError(PreconditionError):
    """The tenant is the caller's own, or stands above it, or is the one that the installation began with."""

    reason = "TENANT_PROTECTED"

    def __init__(self, tenant_id: UUID) -> None:
        super().__init__(
            "Nobody suspends or deletes the tenant it belongs to, one above that, or the tenant 'default'.",
            metadata={"tenant_id": str(tenant_id)},
            resource=_resource(tenant_id),
        )


def name_not_repeated() -> InvalidArgumentError:
    """An INVALID_ARGUMENT for a deletion that does not name what it deletes."""
    return invalid_fields(FieldViolation("name", "must be the name of the tenant that is to be deleted"))


def unfit_setting(problem: str) -> InvalidArgumentError:
    """An INVALID_ARGUMENT for a decision out of bounds; the problem says which, as `TenantSettings` words it."""
    name, _, description = problem.partition(": ")
    return invalid_fields(FieldViolation(f"tenant.settings.{name}", description))


def unknown_path(path: str) -> InvalidArgumentError:
    """An INVALID_ARGUMENT for a field that cannot be set."""
    return invalid_fields(FieldViolation("update_mask", f"{path[:64]!a} is not a field of a tenant that can be set"))


def _resource(tenant_id: UUID) -> Resource:
    return Resource("tenant", str(tenant_id))
