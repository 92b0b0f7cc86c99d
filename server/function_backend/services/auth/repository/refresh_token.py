"""Storing and finding refresh tokens, and access tokens that were revoked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import exists, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from function_backend.services.auth.domain.session import RefreshToken
from function_backend.services.auth.tables.session import refresh_token_table, revoked_access_token_table

if TYPE_CHECKING:
    from datetime import datetime

    from function_backend.persistence.unit_of_work import UnitOfWork
    from function_backend.persistence.wire import Driver

_token = refresh_token_table.c
_revoked = revoked_access_token_table.c

_PLACE_SQL = "select tenant_id, id, session_id, tenant_is_active from find_refresh_token(%s)"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a refresh token is stored."""

    tenant_id: UUID
    token_id: UUID
    session_id: UUID
    tenant_is_active: bool


def find_place(driver: Driver, digest: bytes) -> Place | None:
    """Where the token with this digest is stored, whatever the tenant."""
    row = driver.execute(_PLACE_SQL, (digest,)).fetchone()
    return None if row is None else Place(*row)


class RefreshTokenRepository:
    """The refresh tokens of the unit of work's tenant."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def add(self, token: RefreshToken, *, digest: bytes) -> None:
        """Stores a new token."""
        self._work.connection.execute(
            insert(refresh_token_table).values(
                tenant_id=self._work.tenant_id,
                id=token.id,
                session_id=token.session_id,
                digest=digest,
                client_id=token.client_id,
                scopes=sorted(token.scopes),
                audience=list(token.audience),
                created_at=token.created_at,
                expires_at=token.expires_at,
            )
        )

    def find(self, token_id: UUID) -> RefreshToken | None:
        """The token; whoever acts on it holds the lock of its session."""
        query = select(refresh_token_table).where(_token.tenant_id == self._work.tenant_id, _token.id == token_id)
        row = self._work.connection.execute(query).one_or_none()
        if row is None:
            return None
        return RefreshToken(
            id=row.id,
            session_id=row.session_id,
            client_id=row.client_id,
            scopes=frozenset(row.scopes),
            audience=tuple(row.audience),
            created_at=row.created_at,
            expires_at=row.expires_at,
            spent_at=row.spent_at,
            successor_id=row.successor_id,
        )

    def spend(self, token_id: UUID, *, successor_id: UUID | None, at: datetime) -> None:
        """Marks the token as used up, and which one takes its place; None for a token that nobody is to use."""
        self._work.connection.execute(
            update(refresh_token_table)
            .where(_token.tenant_id == self._work.tenant_id, _token.id == token_id)
            .values(spent_at=at, successor_id=successor_id)
        )


class RevokedAccessTokenRepository:
    """The access tokens of the unit of work's tenant that ended before they expired."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def add(self, token_id: UUID, *, expires_at: datetime, at: datetime) -> bool:
        """Stores that the token is good no longer; False when that was so before."""
        values = {
            "tenant_id": self._work.tenant_id,
            "token_id": token_id,
            "expires_at": expires_at,
            "revoked_at": at,
        }
        statement = (
            upsert(revoked_access_token_table).values(values).on_conflict_do_nothing().returning(_revoked.token_id)
        )
        return self._work.connection.execute(statement).first() is not None

    def holds(self, token_id: UUID) -> bool:
        """Whether the token was revoked."""
        query = select(exists().where(_revoked.tenant_id == self._work.tenant_id, _revoked.token_id == token_id))
        return bool(self._work.connection.execute(query).scalar_one())
