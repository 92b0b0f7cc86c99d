"""The failures of sessions."""

from __future__ import annotations

from uuid import UUID

from function_backend.kernel.errors import NotFoundError, PermissionDeniedError, Resource


class SessionNotFoundError(NotFoundError):
    """No session with this id is visible to the caller."""

    reason = "SESSION_NOT_FOUND"

    def __init__(self, session_id: UUID) -> None:
        super().__init__(
            f"Session {session_id} does not exist.",
            metadata={"session_id": str(session_id)},
            resource=Resource("session", str(session_id)),
        )


class DeviceRequestNotFoundError(NotFoundError):
    """No device waits with this code."""

    reason = "DEVICE_REQUEST_NOT_FOUND"

    def __init__(self) -> None:
        super().__init__("No device waits with this code.", resource=Resource("device_authorization", ""))


class NotAPersonError(PermissionDeniedError):
    """The caller is no person."""

    reason = "NOT_A_PERSON"

    def __init__(self) -> None:
        super().__init__("Only a person who has signed in can let a device in.")
