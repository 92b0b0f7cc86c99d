"""Locking the user that a use case changes."""

from __future__ import annotations

from uuid import UUID

from function_backend.persistence.unit_of_work import UnitOfWork
from function_backend.services.auth.domain.user import User
from function_backend.services.auth.errors.user import UserEtagMismatchError, UserNotFoundError
from function_backend.services.auth.repository.user import UserRepository


def lock_user(work: UnitOfWork, user_id: UUID, *, etag: str = "") -> User:
    """The user, locked until the transaction ends.

    Raises UserNotFoundError, and UserEtagMismatchError when the caller expects another version.
    """
    user = UserRepository(work).find_for_update(user_id)
    if user is None:
        raise UserNotFoundError(user_id)
    if etag and etag != user.etag:
        raise UserEtagMismatchError(user_id, user.etag)
    return user
