"""Storing and finding sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import insert, select, update

from function_backend.kernel.pagination import Page
from function_backend.services.auth.domain.session import Session, SessionEnd
from function_backend.services.auth.repository.sealed import SESSIONS
from function_backend.services.auth.tables.session import session_table

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Row

    from function_backend.persistence.unit_of_work import UnitOfWork
    from function_backend.persistence.wire import Driver

_session = session_table.c

_PURGE_SQL = "select purge_grants(%s, %s, %s)"
_MOST_PURGED = 1000


class SessionRepository:
    """The sessions of the unit of work's tenant."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def add(self, session: Session) -> None:
        """Stores a new session."""
        origin = {"device": session.device, "address": session.address}
        self._work.connection.execute(
            insert(session_table).values(
                **SESSIONS.stored(self._work.fields, session.id, origin),
                tenant_id=self._work.tenant_id,
                id=session.id,
                user_id=session.user_id,
                client_id=session.client_id,
                authentication_methods=sorted(session.authentication_methods),
                authenticated_at=session.authenticated_at,
                created_at=session.created_at,
                last_used_at=session.last_used_at,
                idle_lifetime=session.idle_lifetime,
                idle_expires_at=session.idle_expires_at,
                expires_at=session.expires_at,
                revision=session.revision,
            )
        )

    def find(self, session_id: UUID) -> Session | None:
        """The session, ended ones too as long as they are kept."""
        query = select(session_table).where(_session.tenant_id == self._work.tenant_id, _session.id == session_id)
        row = self._work.connection.execute(query).one_or_none()
        return None if row is None else self._read(row)

    def devices_before(self, session: Session) -> frozenset[str]:
        """What the devices of the user's other sessions call themselves, of those that are kept."""
        query = select(session_table).where(
            _session.tenant_id == self._work.tenant_id,
            _session.user_id == session.user_id,
            _session.id != session.id,
        )
        rows = self._work.connection.execute(query)
        return frozenset(SESSIONS.opened(self._work.fields, row.id, row, "device") for row in rows)

    def find_for_update(self, session_id: UUID) -> Session | None:
        """The session, which nobody else changes until the transaction ends; its refresh tokens change only under it.

        Whoever does something with the tokens of a session locks it first: a chain has one end.
        """
        query = select(session_table).where(_session.tenant_id == self._work.tenant_id, _session.id == session_id)
        row = self._work.connection.execute(query.with_for_update()).one_or_none()
        return None if row is None else self._read(row)

    def list_of_user_for_update(self, user_id: UUID, *, usable_at: datetime) -> list[Session]:
        """The sessions of the user that are not over, locked."""
        query = (
            select(session_table)
            .where(
                _session.tenant_id == self._work.tenant_id,
                _session.user_id == user_id,
                _session.revoked_at.is_(None),
                _session.expires_at > usable_at,
                _session.idle_expires_at > usable_at,
            )
            .order_by(_session.id)
        )
        return [self._read(row) for row in self._work.connection.execute(query.with_for_update())]

    def list_after(self, user_id: UUID, after: UUID | None, *, limit: int, usable_at: datetime | None) -> Page[Session]:
        """The sessions of the user that follow the id; with `usable_at` only those that are not over then."""
        query = (
            select(session_table)
            .where(_session.tenant_id == self._work.tenant_id, _session.user_id == user_id)
            .order_by(_session.id)
            .limit(limit + 1)
        )
        if after is not None:
            query = query.where(_session.id > after)
        if usable_at is not None:
            query = query.where(
                _session.revoked_at.is_(None),
                _session.expires_at > usable_at,
                _session.idle_expires_at > usable_at,
            )
        found = [self._read(row) for row in self._work.connection.execute(query)]
        more = len(found) > limit
        found = found[:limit]
        return Page(found, (str(found[-1].id),) if more else None)

    def save(self, session: Session) -> None:
        """Stores what can change of a session: its last use and its end."""
        self._work.connection.execute(
            update(session_table)
            .where(_session.tenant_id == self._work.tenant_id, _session.id == session.id)
            .values(
                last_used_at=session.last_used_at,
                idle_expires_at=session.idle_expires_at,
                revoked_at=session.revoked_at,
                ended_by=session.ended_by.value,
                revision=session.revision,
            )
        )

    def _read(self, row: Row[Any]) -> Session:
        fields = self._work.fields
        return Session(
            id=row.id,
            tenant_id=row.tenant_id,
            user_id=row.user_id,
            client_id=row.client_id,
            device=SESSIONS.opened(fields, row.id, row, "device"),
            address=SESSIONS.opened(fields, row.id, row, "address"),
            authentication_methods=frozenset(row.authentication_methods),
            authenticated_at=row.authenticated_at,
            created_at=row.created_at,
            last_used_at=row.last_used_at,
            idle_lifetime=row.idle_lifetime,
            idle_expires_at=row.idle_expires_at,
            expires_at=row.expires_at,
            revoked_at=row.revoked_at,
            ended_by=SessionEnd(row.ended_by),
            revision=row.revision,
        )


def purge_grants(driver: Driver, *, expired_before: datetime, sessions_over_before: datetime) -> int:
    """Deletes a bounded number of rows that nobody needs any more; how many."""
    row = driver.execute(_PURGE_SQL, (expired_before, sessions_over_before, _MOST_PURGED)).fetchone()
    return 0 if row is None else int(row[0])
