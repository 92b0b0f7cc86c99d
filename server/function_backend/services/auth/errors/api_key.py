"""The failures of API keys."""

from __future__ import annotations

from uuid import UUID

from function_backend.kernel.errors import FieldViolation, InvalidArgumentError, NotFoundError, Resource, invalid_fields


class ApiKeyNotFoundError(NotFoundError):
    """No API key with this id is visible to the caller."""

    reason = "API_KEY_NOT_FOUND"

    def __init__(self, api_key_id: UUID) -> None:
        super().__init__(
            f"API key {api_key_id} does not exist.",
            metadata={"api_key_id": str(api_key_id)},
            resource=Resource("api_key", str(api_key_id)),
        )


def expiry_in_the_past() -> InvalidArgumentError:
    """An INVALID_ARGUMENT for a key that would never work."""
    return invalid_fields(FieldViolation("expire_time", "must lie in the future"))
