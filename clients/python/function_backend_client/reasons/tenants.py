"""The reasons of tenants and their keys."""

from __future__ import annotations

from function_backend_client.errors import (
    AlreadyExistsError,
    ConflictError,
    NotFoundError,
    PermissionDeniedError,
    PreconditionError,
)


class TenantNotFoundError(NotFoundError):
    """No tenant with this id is visible to the caller."""

    default_reason = "TENANT_NOT_FOUND"


class TenantNameTakenError(AlreadyExistsError):
    """Another tenant has this name."""

    default_reason = "TENANT_NAME_TAKEN"


class TenantSuspendedError(PermissionDeniedError):
    """The credential is good, and its tenant, or one above that, is suspended."""

    default_reason = "TENANT_SUSPENDED"


class TenantNotSuspendedError(PreconditionError):
    """The tenant is active, so it cannot be deleted."""

    default_reason = "TENANT_NOT_SUSPENDED"


class TenantDeletedError(PreconditionError):
    """The tenant is deleted, which nothing undoes."""

    default_reason = "TENANT_DELETED"


class DataKeyNotFoundError(NotFoundError):
    """The tenant has no data key yet: nothing of it was ever encrypted."""

    default_reason = "DATA_KEY_NOT_FOUND"


class DataKeyRotationRunningError(PreconditionError):
    """The tenant's values are still being encrypted under the newest data key."""

    default_reason = "DATA_KEY_ROTATION_RUNNING"


class TenantTreeTooDeepError(PreconditionError):
    """The tenant stands on the lowest level of the tree that there may be."""

    default_reason = "TENANT_TREE_TOO_DEEP"


class TenantEtagMismatchError(ConflictError):
    """The etag in the request is not the current one: somebody changed the tenant in between."""

    default_reason = "TENANT_ETAG_MISMATCH"


class TenantHasChildrenError(PreconditionError):
    """Tenants stand below the one that is to be deleted."""

    default_reason = "TENANT_HAS_CHILDREN"


class TenantProtectedError(PreconditionError):
    """The tenant is the caller's own, stands above it, or is the one that the installation began with."""

    default_reason = "TENANT_PROTECTED"


class SigningKeyNotFoundError(NotFoundError):
    """There is no signing key with this id."""

    default_reason = "SIGNING_KEY_NOT_FOUND"


class SigningKeyRotationPendingError(PreconditionError):
    """The key of the last rotation is published and does not sign yet."""

    default_reason = "SIGNING_KEY_ROTATION_PENDING"
