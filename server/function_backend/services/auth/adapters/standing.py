"""Whether what stands behind a credential still stands, and what it may do: asked in one transaction with it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from function_backend.kernel.identity import PermissionSet, ScopedPermissions
from function_backend.kernel.step_up import SECOND_FACTOR
from function_backend.persistence.wire import Driver
from function_backend.services.auth.domain.access_claims import SubjectKind
from function_backend.services.auth.domain.credential import Standing
from function_backend.services.auth.domain.entitlement import NOTHING, Entitlement, until_second_factor
from function_backend.services.auth.domain.permission import HELD_BY_ALL, HELD_BY_PEOPLE
from function_backend.services.auth.ports import Entitlements, SessionStates, SubjectStates, TenantStates

_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Standings:
    """Asks for tenant, subject, session and entitlement."""

    tenants: TenantStates
    subjects: SubjectStates
    sessions: SessionStates
    entitlements: Entitlements

    def of_tenant(self, driver: Driver, tenant_id: UUID) -> Standing:
        """Whether the tenant lets anybody in."""
        return Standing.GOOD if self.tenants.is_active(driver, tenant_id) else Standing.TENANT_SUSPENDED

    def of_subject(
        self, driver: Driver, tenant_id: UUID, kind: SubjectKind, subject_id: UUID
    ) -> tuple[Standing, Entitlement]:
        """Whether tenant and account are active, and what the account may do then."""
        standing = self.of_tenant(driver, tenant_id)
        if standing is not Standing.GOOD:
            return standing, NOTHING
        if not self.subjects.is_active(driver, tenant_id, kind, subject_id):
            return Standing.SUBJECT_DISABLED, NOTHING
        return Standing.GOOD, self.entitlements.find(driver, tenant_id, kind, subject_id)

    def of_sign_in(
        self, driver: Driver, tenant_id: UUID, entitlement: Entitlement, *, methods: frozenset[str]
    ) -> Entitlement:
        """What a person may do who has signed in in this way.

        In a tenant that wants a second factor nothing without one, but what everybody may do about themselves: to get
        a second factor, a person has to sign in.
        """
        if SECOND_FACTOR in methods or not self.tenants.requires_second_factor(driver, tenant_id):
            return entitlement
        return until_second_factor(entitlement)

    def of_session(self, driver: Driver, tenant_id: UUID, session_id: UUID) -> Standing:
        """Whether the session stands."""
        return Standing.GOOD if self.sessions.is_open(driver, tenant_id, session_id) else Standing.SESSION_ENDED


def with_what_all_hold(permissions: PermissionSet) -> PermissionSet:
    """The permissions, and what every credential may do besides."""
    lacking = {pattern for pattern in HELD_BY_ALL if not permissions.covers(pattern)}
    return PermissionSet(permissions.patterns | lacking) if lacking else permissions


def with_what_people_hold(entitlement: Entitlement) -> Entitlement:
    """What a person may do who has signed in, before the credential narrows it."""
    return replace(entitlement, permissions=PermissionSet(entitlement.permissions.patterns | HELD_BY_PEOPLE))


def narrowed(entitlement: Entitlement, patterns: frozenset[str]) -> Entitlement:
    """What a credential may do that is narrowed to the patterns; the roles stay named."""
    limit = PermissionSet(patterns)
    return Entitlement(
        permissions=entitlement.permissions.within(limit),
        scoped=tuple(
            ScopedPermissions(both, held.scope)
            for held in entitlement.scoped
            if (both := held.permissions.within(limit)).patterns != _NOTHING
        ),
        roles=entitlement.roles,
        conditional=tuple(
            replace(held, permissions=both)
            for held in entitlement.conditional
            if (both := held.permissions.within(limit)).patterns != _NOTHING
        ),
    )
