"""The rules of what a caller may give to a key."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from function_backend.persistence.unit_of_work import UnitOfWork
from function_backend.services.auth.domain.api_key import KeyOwner
from function_backend.services.auth.domain.permission import PermissionCatalogue
from function_backend.services.auth.errors.api_key import ApiKeyOwnerNotFoundError, expiry_in_the_past
from function_backend.services.auth.errors.permission import unknown_permissions
from function_backend.services.auth.ports import SubjectStates


def require_known(permissions: Sequence[str], catalogue: PermissionCatalogue) -> None:
    """Raises INVALID_ARGUMENT for permissions that no method declares, with what may have been meant."""
    unknown = [
        (place, name, catalogue.nearest(name)) for place, name in enumerate(permissions) if not catalogue.knows(name)
    ]
    if unknown:
        raise unknown_permissions(unknown)


def require_future(expires_at: datetime | None, now: datetime) -> None:
    """Raises INVALID_ARGUMENT for a moment that is over."""
    if expires_at is not None and expires_at <= now:
        raise expiry_in_the_past()


def require_owner(work: UnitOfWork, owner: KeyOwner | None, subjects: SubjectStates) -> None:
    """Raises ApiKeyOwnerNotFoundError when no such account of the tenant is active."""
    if owner is not None and not subjects.is_active(work.driver, work.tenant_id, owner.kind, owner.id):
        raise ApiKeyOwnerNotFoundError(str(owner))
