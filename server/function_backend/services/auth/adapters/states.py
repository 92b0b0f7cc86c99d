"""Whether tenants, accounts and sessions let their credentials count, by the functions of the definer."""

from __future__ import annotations

from uuid import UUID

from function_backend.persistence.wire import Driver
from function_backend.services.auth.domain.access_claims import SubjectKind

_TENANT_SQL = "select tenant_is_active(%s)"
_FACTOR_SQL = "select tenant_requires_second_factor(%s)"
_SUBJECT_SQL = "select is_subject_active(%s, %s, %s)"
_SESSION_SQL = """
    select exists (
        select from find_session(%s) s
        where s.tenant_id = %s and s.revoked_at is null and s.idle_expires_at > now() and s.expires_at > now()
    )
"""
_IS_REVOKED_SQL = "select access_token_is_revoked(%s, %s)"


class Tenants:
    """Implements `TenantStates`."""

    def is_active(self, driver: Driver, tenant_id: UUID) -> bool:
        """Whether the tenant and those above it are active."""
        return _ask(driver, _TENANT_SQL, tenant_id)

    def requires_second_factor(self, driver: Driver, tenant_id: UUID) -> bool:
        """Whether people of the tenant must sign in with a second factor."""
        return _ask(driver, _FACTOR_SQL, tenant_id)


class Subjects:
    """Implements `SubjectStates`."""

    def is_active(self, driver: Driver, tenant_id: UUID, kind: SubjectKind, subject_id: UUID) -> bool:
        """Whether the user or service account is there and active."""
        return _ask(driver, _SUBJECT_SQL, tenant_id, kind.value, subject_id)


class Sessions:
    """Implements `SessionStates`."""

    def is_open(self, driver: Driver, tenant_id: UUID, session_id: UUID) -> bool:
        """Whether the session is there, not revoked and not expired."""
        return _ask(driver, _SESSION_SQL, session_id, tenant_id)

    def is_token_revoked(self, driver: Driver, tenant_id: UUID, token_id: UUID) -> bool:
        """Whether this one access token was revoked, its session standing or not."""
        return _ask(driver, _IS_REVOKED_SQL, tenant_id, token_id)


def _ask(driver: Driver, statement: str, *parameters: object) -> bool:
    row = driver.execute(statement.encode(), parameters).fetchone()
    # Anything but a plain yes is a no.
    return row is not None and row[0] is True
