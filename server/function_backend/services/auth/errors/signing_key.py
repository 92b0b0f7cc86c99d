"""The failures of signing keys."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from function_backend.kernel.errors import NotFoundError, PreconditionError, Resource


class SigningKeyNotFoundError(NotFoundError):
    """There is no signing key with this id."""

    reason = "SIGNING_KEY_NOT_FOUND"

    def __init__(self, key_id: UUID) -> None:
        super().__init__(
            f"Signing key {key_id} does not exist.",
            metadata={"key_id": str(key_id)},
            resource=Resource("signing_key", str(key_id)),
        )


class SigningKeyRotationPendingError(PreconditionError):
    """The key of the last rotation does not sign yet."""

    reason = "SIGNING_KEY_ROTATION_PENDING"

    def __init__(self, key_id: UUID, activates_at: datetime) -> None:
        moment = activates_at.isoformat(timespec="seconds").replace("+00:00", "Z")
        super().__init__(
            f"Signing key {key_id} is published already and signs from {moment}.",
            metadata={"key_id": str(key_id), "activate_time": moment},
            resource=Resource("signing_key", str(key_id)),
        )
