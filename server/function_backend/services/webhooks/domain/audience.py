"""Which events the owner of an endpoint may see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from function_backend.kernel.identity import PermissionSet, Principal, ResourceScope


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
        patterns = frozenset(each for each in principal.permissions.patterns if principal.permissions.covers(each))
        scoped = tuple(
            (held.scope, frozenset(each for each in held.permissions.patterns if held.permissions.covers(each)))
            for held in principal.scoped
        )
        return cls(patterns, scoped)

    def may_see(self, permission: str, *, subject_type: str, subject_id: UUID, labels: Mapping[str, str]) -> bool:
        """Whether an event that takes the permission may be delivered."""
        if PermissionSet(self.patterns).allows(permission):
            return True
        subject = ResourceScope(subject_type, subject_id)
        labelled = ResourceScope(subject_type, labels=tuple(sorted(labels.items())))
        return any(
            PermissionSet(patterns).allows(permission)
            and (scope.includes(subject) if scope.resource_id is not None else scope.includes(labelled))
            for scope, patterns in self.scoped
        )
