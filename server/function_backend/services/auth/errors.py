"""The failures of tenants, keys and credentials."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from function_backend.kernel.errors import (
    AlreadyExistsError,
    FieldViolation,
    InvalidArgumentError,
    NotFoundError,
    PermissionDeniedError,
    Resource,
    UnauthenticatedError,
    invalid_fields,
)


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


class ApiKeyNotFoundError(NotFoundError):
    """No API key with this id is visible to the caller."""

    reason = "API_KEY_NOT_FOUND"

    def __init__(self, api_key_id: UUID) -> None:
        super().__init__(
            f"API key {api_key_id} does not exist.",
            metadata={"api_key_id": str(api_key_id)},
            resource=Resource("api_key", str(api_key_id)),
        )


class PermissionEscalationError(PermissionDeniedError):
    """A caller tried to grant what it does not hold."""

    reason = "PERMISSION_ESCALATION"

    def __init__(self, permission: str) -> None:
        super().__init__(
            f"The permission '{permission}' cannot be granted by a caller that does not hold it.",
            metadata={"permission": permission},
        )


class CredentialInvalidError(UnauthenticatedError):
    """The key is not known, or its text is not that of a key."""

    reason = "CREDENTIAL_INVALID"

    def __init__(self) -> None:
        super().__init__("The API key is not valid.")


class CredentialExpiredError(UnauthenticatedError):
    """The key has expired."""

    reason = "CREDENTIAL_EXPIRED"

    def __init__(self, expired_at: datetime) -> None:
        moment = expired_at.isoformat(timespec="seconds").replace("+00:00", "Z")
        super().__init__(f"The API key expired at {moment}.", metadata={"expired_at": moment})


class CredentialRevokedError(UnauthenticatedError):
    """The key has been revoked."""

    reason = "CREDENTIAL_REVOKED"

    def __init__(self) -> None:
        super().__init__("The API key has been revoked.")


def unknown_permissions(found: list[tuple[int, str, str | None]]) -> InvalidArgumentError:
    """An INVALID_ARGUMENT for permissions that no method declares: where each stands, what it is, what is like it."""
    return invalid_fields(
        *(
            FieldViolation(
                f"permissions[{place}]",
                f"'{name}' is not a permission of this service" + (f"; did you mean '{like}'?" if like else ""),
            )
            for place, name, like in found
        )
    )


def expiry_in_the_past() -> InvalidArgumentError:
    """An INVALID_ARGUMENT for a key that would never work."""
    return invalid_fields(FieldViolation("expire_time", "must lie in the future"))
