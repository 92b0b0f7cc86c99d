"""Who is calling, and what the slices of the service must offer to find out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from uuid import UUID


class PermissionSet:
    """Permissions as a credential carries them: names, branches such as `company.*`, or `*`."""

    __slots__ = ("_branches", "_everything", "_names")

    def __init__(self, patterns: frozenset[str]) -> None:
        self._everything = "*" in patterns
        self._branches = tuple(sorted(pattern[:-1] for pattern in patterns if pattern.endswith(".*")))
        self._names = frozenset(pattern for pattern in patterns if "*" not in pattern)

    @property
    def patterns(self) -> frozenset[str]:
        """The permissions as they were given."""
        branches = frozenset(f"{branch}*" for branch in self._branches)
        return self._names | branches | (frozenset({"*"}) if self._everything else frozenset())

    def allows(self, permission: str) -> bool:
        """Whether the permission is held by name or by branch."""
        return self._everything or permission in self._names or permission.startswith(self._branches)

    def covers(self, pattern: str) -> bool:
        """Whether everything that the pattern grants is held; the rule against privilege escalation."""
        if self._everything:
            return True
        if pattern == "*":
            return False
        if pattern.endswith(".*"):
            return pattern[:-1].startswith(self._branches)
        return self.allows(pattern)


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller behind a verified credential."""

    kind: str
    """What it is: `api_key`, or `system` for the service itself."""
    id: UUID
    tenant_id: UUID
    permissions: PermissionSet
    rate_limit_per_second: int = 0
    """Calls per second it may make; 0 for the server's default."""

    @property
    def actor(self) -> str:
        """The caller as audit records and revisions name it, such as `api_key:01938d2e-…`."""
        return f"{self.kind}:{self.id}"


class Authenticator(Protocol):
    """Turns a credential into a caller."""

    def authenticate(self, credential: str) -> Principal:
        """The caller behind the credential, which stands after `Bearer `.

        Raises UnauthenticatedError with the reason when there is none, UnavailableError when it cannot be found out.
        """
