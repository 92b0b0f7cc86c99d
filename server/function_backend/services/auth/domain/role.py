"""A role: a named set of permissions that is bound to subjects."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from function_backend.kernel.step_up import StepUp

MOST_ROLES = 1000
"""How many roles a tenant may have, so that what inherits what can always be looked at as a whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleContent:
    """What of a role its tenant decides."""

    name: str
    description: str = ""
    permissions: frozenset[str] = frozenset()
    """The patterns that it adds to what it inherits."""
    inherited: frozenset[UUID] = frozenset()
    """The roles whose permissions it carries as well."""
    step_up: StepUp | None = None
    """How a person must have signed in for all that it grants; None when it does not matter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A role of a tenant, or a built-in one."""

    id: UUID
    content: RoleContent
    revision: int
    """Counts its changes, from 1; 0 for a built-in role."""
    created_at: datetime | None = None
    updated_at: datetime | None = None
    creator: str = ""

    @property
    def name(self) -> str:
        """Unique within the tenant."""
        return self.content.name

    @property
    def built_in(self) -> bool:
        """Whether it comes with the service."""
        return self.revision == 0

    @property
    def etag(self) -> str:
        """Changes with every change."""
        return f"{self.id.hex[-8:]}-{self.revision}"
