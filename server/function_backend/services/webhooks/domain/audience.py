"""What the owner of an endpoint may see."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from function_backend.kernel.identity import PermissionSet, Principal, ResourceScope, ScopedPermissions

_KIND = "webhook"


@dataclass(frozen=True, slots=True)
class Audience:
    """What the owner of an endpoint may see, as of when the owner last decided what is delivered."""

    patterns: frozenset[str]
    """Permissions held in the whole tenant."""
    scoped: tuple[tuple[ResourceScope, frozenset[str]], ...] = ()
    """Permissions held for some resources."""

    @classmethod
    def of(cls, principal: Principal) -> Audience:
        """What the caller may see whatever the call is like: what it holds under a condition does not count."""
        # `covers` asks for what is held for good; what was borrowed under a condition ends with the call.
        scoped = tuple((held.scope, _for_good(held.permissions)) for held in principal.scoped)
        return cls(_for_good(principal.permissions), scoped)

    def as_principal(self, endpoint_id: UUID, tenant_id: UUID) -> Principal:
        """A caller that may see just this, for asking who may see an event."""
        scoped = tuple(ScopedPermissions(PermissionSet(patterns), scope) for scope, patterns in self.scoped)
        return Principal(_KIND, endpoint_id, tenant_id, PermissionSet(self.patterns), scoped=scoped)


def _for_good(permissions: PermissionSet) -> frozenset[str]:
    return frozenset(each for each in permissions.patterns if permissions.covers(each))
