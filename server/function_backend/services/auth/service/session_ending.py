"""Ending sessions, whoever asks for it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from function_backend.kernel.clock import Clock
from function_backend.kernel.identity import Principal
from function_backend.persistence.unit_of_work import UnitOfWork
from function_backend.services.auth.domain.access_claims import SubjectKind
from function_backend.services.auth.domain.session import Session, SessionEnd
from function_backend.services.auth.events.session import SessionRevoked
from function_backend.services.auth.repository.session import SessionRepository
from function_backend.services.auth.service.revocation import Revoked, revoke


def end_session(work: UnitOfWork, session: Session, by: SessionEnd, *, at: datetime) -> Session:
    """The ended session, of which every worker hears; itself when it was ended before. The caller has locked it."""
    ended = session.ended(by, at=at)
    if ended is session:
        return session
    SessionRepository(work).save(ended)
    work.record(SessionRevoked.of(session, ended, at=at))
    revoke(work, Revoked.SESSION, session.id)
    return ended


class StoredSessionEnd:
    """Ends the sessions of users. It implements `service.session_end.SessionEnd`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def end_all(self, work: UnitOfWork, user_id: UUID, *, except_for: UUID | None = None) -> None:
        """Ends every session of the user, but for one, in the transaction."""
        self.count_ended(work, user_id, spare=except_for)

    def count_ended(self, work: UnitOfWork, user_id: UUID, *, spare: UUID | None) -> int:
        """Likewise, and how many it were."""
        now = self._clock.now()
        sessions = SessionRepository(work).list_of_user_for_update(user_id, usable_at=now)
        to_end = [session for session in sessions if session.id != spare]
        for session in to_end:
            end_session(work, session, ended_by(work.call.principal, session), at=now)
        return len(to_end)


def person(principal: Principal | None) -> UUID | None:
    """The user who calls; None for anybody else."""
    return principal.id if principal is not None and principal.kind == SubjectKind.USER.value else None


def ended_by(principal: Principal | None, session: Session) -> SessionEnd:
    """Why a session ends that this caller ends."""
    return SessionEnd.SIGNED_OUT if person(principal) == session.user_id else SessionEnd.REVOKED
