"""The rules of what a caller may give to a key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from function_backend.persistence.unit_of_work import UnitOfWork
from function_backend.services.auth.domain.api_key import KeyOwner
from function_backend.services.auth.domain.permission import PermissionCatalogue
from function_backend.services.auth.errors.api_key import ApiKeyOwnerNotFoundError, expiry_in_the_past
from function_backend.services.auth.errors.permission import unknown_permissions
from function_backend.services.auth.ports import SubjectStates
from function_backend.services.auth.service.standing import Standing, is_oneself


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


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyOwners:
    """Whose keys a caller may make."""

    subjects: SubjectStates
    standing: Standing

    def require(self, work: UnitOfWork, owner: KeyOwner | None) -> None:
        """Raises ApiKeyOwnerNotFoundError when no such account of the tenant is active, and as `require_over`."""
        if owner is None:
            return
        if not self.subjects.is_active(work.driver, work.tenant_id, owner.kind, owner.id):
            raise ApiKeyOwnerNotFoundError(str(owner))
        self.require_over(work, owner)

    def require_over(self, work: UnitOfWork, owner: KeyOwner | None) -> None:
        """Raises PermissionEscalationError when the owner is another one who may do what the caller may not.

        Whoever has the secret of a key calls as its owner, also at services that know more of the owner than its
        permissions. Callers call as themselves anyway.
        """
        if owner is not None and not is_oneself(work.call.principal, owner.kind, owner.id):
            self.standing.require_over(work, owner.kind, owner.id)
