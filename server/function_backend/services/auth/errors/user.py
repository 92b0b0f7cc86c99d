"""The failures of users."""

from __future__ import annotations

from uuid import UUID

from function_backend.kernel.errors import (
    AlreadyExistsError,
    ConflictError,
    NotFoundError,
    PreconditionError,
    Resource,
)


class UserNotFoundError(NotFoundError):
    """No user with this id is visible to the caller."""

    reason = "USER_NOT_FOUND"

    def __init__(self, user_id: UUID) -> None:
        super().__init__(
            f"User {user_id} does not exist.", metadata={"user_id": str(user_id)}, resource=_resource(user_id)
        )


class UserNameTakenError(AlreadyExistsError):
    """Another user of the tenant has the name."""

    reason = "USER_NAME_TAKEN"

    def __init__(self, user_name: str) -> None:
        super().__init__(
            f"The user name '{user_name}' is taken.",
            metadata={"user_name": user_name},
            resource=Resource("user", user_name),
        )


class UserEmailTakenError(AlreadyExistsError):
    """Another user of the tenant has the e-mail address."""

    reason = "USER_EMAIL_TAKEN"

    def __init__(self, email: str) -> None:
        super().__init__(
            f"The e-mail address '{email}' belongs to another user.",
            metadata={"email": email},
            resource=Resource("user", email),
        )


class UserEtagMismatchError(ConflictError):
    """Somebody changed the user since the caller read it."""

    reason = "USER_ETAG_MISMATCH"

    def __init__(self, user_id: UUID, current_etag: str) -> None:
        super().__init__(
            "The user has changed since it was read; read it again and repeat the change.",
            metadata={"user_id": str(user_id), "current_etag": current_etag},
            resource=_resource(user_id),
        )


class UserStateError(PreconditionError):
    """The state of the user does not allow the call."""

    reason = "USER_STATE"

    def __init__(self, user_id: UUID, state: str) -> None:
        super().__init__(
            f"The user is '{state}', which does not allow this.",
            metadata={"user_id": str(user_id), "state": state},
            resource=_resource(user_id),
        )


class NotAUserError(PreconditionError):
    """The method is about the account of the calling user, and the caller is none."""

    reason = "NOT_A_USER"

    def __init__(self, kind: str) -> None:
        super().__init__(
            f"Only users have an account of their own; the caller is an '{kind}'.", metadata={"kind": kind}
        )


def _resource(user_id: UUID) -> Resource:
    return Resource("user", str(user_id))
