"""The failures of service accounts."""

from __future__ import annotations

from uuid import UUID

from function_backend.kernel.errors import (
    AlreadyExistsError,
    ConflictError,
    NotFoundError,
    Resource,
)


class ServiceAccountNotFoundError(NotFoundError):
    """No service account with this id is visible to the caller."""

    reason = "SERVICE_ACCOUNT_NOT_FOUND"

    def __init__(self, service_account_id: UUID) -> None:
        super().__init__(
            f"Service account {service_account_id} does not exist.",
            metadata={"service_account_id": str(service_account_id)},
            resource=Resource("service_account", str(service_account_id)),
        )


class ServiceAccountNameTakenError(AlreadyExistsError):
    """Another service account of the tenant has the name."""

    reason = "SERVICE_ACCOUNT_NAME_TAKEN"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The service account name '{name}' is taken.",
            metadata={"name": name},
            resource=Resource("service_account", name),
        )


class ServiceAccountEtagMismatchError(ConflictError):
    """Somebody changed the service account since the caller read it."""

    reason = "SERVICE_ACCOUNT_ETAG_MISMATCH"

    def __init__(self, service_account_id: UUID, current_etag: str) -> None:
        super().__init__(
            "The service account has changed since it was read; read it again and repeat the change.",
            metadata={"service_account_id": str(service_account_id), "current_etag": current_etag},
            resource=Resource("service_account", str(service_account_id)),
        )
