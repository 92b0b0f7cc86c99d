"""A tenant: an organisation, or a project within one, whose data nobody else sees."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from function_backend.services.auth.domain.tenant_settings import TenantSettings

DEEPEST_LEVEL = 5
"""How many tenants may stand above each other, the topmost included."""
NOTHING_DECIDED = TenantSettings()

_ETAG_BYTES = 9


class TenantState(StrEnum):
    """Whether the callers of a tenant are let in."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    """Nobody gets in; everything is kept."""
    DELETED = "deleted"
    """Its secrets are gone for good; its name and its audit trail stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """A tenant."""

    id: UUID
    name: str
    """Short, unique on the installation, never changed and never given again."""
    display_name: str
    created_at: datetime
    ancestors: tuple[UUID, ...] = ()
    """The tenants above it, the topmost first. They never change, so there can be no cycle."""
    state: TenantState = TenantState.ACTIVE
    settings: TenantSettings = NOTHING_DECIDED
    revision: int = 1
    updated_at: datetime | None = None
    """None until the first change."""
    suspended_at: datetime | None = None
    deleted_at: datetime | None = None

    @property
    def parent_id(self) -> UUID | None:
        """The tenant above it; None for an organisation."""
        return self.ancestors[-1] if self.ancestors else None

    @property
    def level(self) -> int:
        """1 for an organisation, 2 for what stands directly below one."""
        return len(self.ancestors) + 1

    @property
    def etag(self) -> str:
        """Another one for each version of each tenant."""
        text = f"{self.id}/{self.revision}".encode()
        return hashlib.blake2b(text, digest_size=_ETAG_BYTES).hexdigest()

    def is_within(self, tenant_id: UUID) -> bool:
        """Whether it is the tenant or stands somewhere below it."""
        return tenant_id == self.id or tenant_id in self.ancestors

    def changed(self, *, display_name: str, settings: TenantSettings, at: datetime) -> Tenant:
        """The tenant with other words and decisions; itself when nothing differs."""
        if (display_name, settings) == (self.display_name, self.settings):
            return self
        return replace(self, display_name=display_name, settings=settings, revision=self.revision + 1, updated_at=at)

    def suspended(self, *, at: datetime) -> Tenant:
        """The suspended tenant; itself when it is suspended already."""
        if self.state is not TenantState.ACTIVE:
            return self
        return self._with_state(TenantState.SUSPENDED, at=at, suspended_at=at)

    def resumed(self, *, at: datetime) -> Tenant:
        """The active tenant; itself when it is active already."""
        if self.state is not TenantState.SUSPENDED:
            return self
        return self._with_state(TenantState.ACTIVE, at=at, suspended_at=None)

    def deleted(self, *, at: datetime) -> Tenant:
        """What is left of the tenant: its name."""
        return replace(self._with_state(TenantState.DELETED, at=at, suspended_at=self.suspended_at), deleted_at=at)

    def _with_state(self, state: TenantState, *, at: datetime, suspended_at: datetime | None) -> Tenant:
        return replace(self, state=state, revision=self.revision + 1, updated_at=at, suspended_at=suspended_at)
