"""The failures of API keys."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from function_backend.kernel.errors import (
    AlreadyExistsError,
    ConflictError,
    FieldViolation,
    InvalidArgumentError,
    LimitExceededError,
    NotFoundError,
    PreconditionError,
    Resource,
    invalid_fields,
)

_RESOURCE = "api_key"


class ApiKeyNotFoundError(NotFoundError):
    """No key with this id is visible to the caller."""

    reason = "API_KEY_NOT_FOUND"

    def __init__(self, api_key_id: UUID) -> None:
        super().__init__(
            f"API key {api_key_id} does not exist.",
            metadata={"api_key_id": str(api_key_id)},
            resource=Resource(_RESOURCE, str(api_key_id)),
        )


class ApiKeyEtagMismatchError(ConflictError):
    """Somebody changed the key since it was read."""

    reason = "API_KEY_ETAG_MISMATCH"

    def __init__(self, api_key_id: UUID, current_etag: str) -> None:
        super().__init__(
            "The API key has changed since it was read; read it again and repeat the change.",
            metadata={"api_key_id": str(api_key_id), "current_etag": current_etag},
            resource=Resource(_RESOURCE, str(api_key_id)),
        )


class ApiKeyRevokedError(PreconditionError):
    """The key is revoked and stays so."""

    reason = "API_KEY_REVOKED"

    def __init__(self, api_key_id: UUID) -> None:
        super().__init__(
            "The API key is revoked; create another one.",
            metadata={"api_key_id": str(api_key_id)},
            resource=Resource(_RESOURCE, str(api_key_id)),
        )


class ApiKeyDigestTakenError(AlreadyExistsError):
    """A key with the same text is stored already."""

    reason = "API_KEY_DIGEST_TAKEN"

    def __init__(self, row: int) -> None:
        super().__init__(
            "A key with this hash is stored already.",
            metadata={"row": str(row)},
            resource=Resource(_RESOURCE, f"api_keys[{row}]"),
        )


class ApiKeyOwnerNotFoundError(NotFoundError):
    """No user or service account of the tenant has this id."""

    reason = "API_KEY_OWNER_NOT_FOUND"

    def __init__(self, owner: str) -> None:
        kind, _, owner_id = owner.partition(":")
        super().__init__(f"There is no {owner}.", metadata={"owner": owner}, resource=Resource(kind, owner_id))


class ApiKeyQuotaExceededError(LimitExceededError):
    """The key has made all the calls of its day."""

    reason = "API_KEY_QUOTA_EXCEEDED"

    def __init__(self, max_calls_per_day: int, retry_after: timedelta) -> None:
        super().__init__(
            f"The API key has made its {max_calls_per_day} calls of this day.",
            metadata={"max_calls_per_day": str(max_calls_per_day)},
            retry_after=retry_after,
        )


def expiry_in_the_past() -> InvalidArgumentError:
    """An INVALID_ARGUMENT for a key that would never work."""
    return invalid_fields(FieldViolation("expire_time", "must lie in the future"))


def unknown_field(path: str) -> InvalidArgumentError:
    """An INVALID_ARGUMENT for a path of the mask that is not a field that can be changed."""
    return invalid_fields(FieldViolation("update_mask", f"{path[:64]!a} is not a field of a key that can be changed"))


def no_value(field: str) -> InvalidArgumentError:
    """An INVALID_ARGUMENT for a field that the mask names and that cannot be empty."""
    return invalid_fields(FieldViolation(f"api_key.{field}", "must not be empty"))
