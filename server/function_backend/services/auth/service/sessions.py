"""Looking at sessions and ending them."""

from __future__ import annotations

from uuid import UUID

from function_backend.kernel.clock import Clock
from function_backend.kernel.identity import Principal
from function_backend.kernel.pagination import Page, PageTokens
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.auth.domain.access_claims import SubjectKind
from function_backend.services.auth.domain.session import Session, SessionEnd
from function_backend.services.auth.errors.session import SessionNotFoundError
from function_backend.services.auth.events.session import SessionRevoked
from function_backend.services.auth.repository.session import SessionRepository
from function_backend.services.auth.service.paging import DEFAULT_PAGE_SIZE, after
from function_backend.services.auth.service.revocation import Revoked, revoke

_READ_ANY = "auth.user_session.read"
_REVOKE_ANY = "auth.user_session.revoke"


class SessionService:
    """The use cases of sessions. They begin at the token endpoint."""

    def __init__(self, *, transactions: Transactions, clock: Clock, page_tokens: PageTokens) -> None:
        self._transactions = transactions
        self._clock = clock
        self._page_tokens = page_tokens

    def get(self, session_id: UUID) -> Session:
        """A session of the caller, or any of the tenant for those who may see them."""
        with self._transactions.reading() as work:
            session = SessionRepository(work).find(session_id)
            if session is None or not _reaches(work.call.principal, session, _READ_ANY):
                raise SessionNotFoundError(session_id)
        return session

    def list_own(self, page_size: int, page_token: str, *, show_ended: bool) -> tuple[Page[Session], str]:
        """A page of the caller's sessions in order of id, and the token of the next one."""
        with self._transactions.reading() as work:
            user_id = _person(work.call.principal)
            if user_id is None:
                return Page([], None), ""
            return self._list(work, user_id, page_size, page_token, show_ended=show_ended)

    def list_of_user(
        self, user_id: UUID, page_size: int, page_token: str, *, show_ended: bool
    ) -> tuple[Page[Session], str]:
        """A page of a user's sessions in order of id, and the token of the next one."""
        with self._transactions.reading() as work:
            return self._list(work, user_id, page_size, page_token, show_ended=show_ended)

    def revoke(self, session_id: UUID) -> Session:
        """The ended session; no worker accepts its tokens a second later."""
        with self._transactions() as work:
            session = SessionRepository(work).find_for_update(session_id)
            if session is None or not _reaches(work.call.principal, session, _REVOKE_ANY):
                raise SessionNotFoundError(session_id)
            return self._end(work, session)

    def revoke_own(self, *, except_current: bool) -> int:
        """Ends the caller's sessions, or all but the one that asks; how many."""
        with self._transactions() as work:
            principal = work.call.principal
            user_id = _person(principal)
            if principal is None or user_id is None:
                return 0
            return self._end_all(work, user_id, spare=principal.session_id if except_current else None)

    def revoke_of_user(self, user_id: UUID) -> int:
        """Ends all sessions of a user; how many."""
        with self._transactions() as work:
            return self._end_all(work, user_id, spare=None)

    def _list(
        self, work: UnitOfWork, user_id: UUID, page_size: int, page_token: str, *, show_ended: bool
    ) -> tuple[Page[Session], str]:
        query = (str(work.tenant_id), "sessions", str(user_id), str(show_ended))
        page = SessionRepository(work).list_after(
            user_id,
            after(self._page_tokens, query, page_token),
            limit=page_size or DEFAULT_PAGE_SIZE,
            usable_at=None if show_ended else self._clock.now(),
        )
        return page, "" if page.next_key is None else self._page_tokens.write(query, page.next_key)

    def _end_all(self, work: UnitOfWork, user_id: UUID, *, spare: UUID | None) -> int:
        sessions = SessionRepository(work).list_of_user_for_update(user_id, usable_at=self._clock.now())
        ended = [self._end(work, session) for session in sessions if session.id != spare]
        return len(ended)

    def _end(self, work: UnitOfWork, session: Session) -> Session:
        now = self._clock.now()
        own = _person(work.call.principal) == session.user_id
        ended = session.ended(SessionEnd.SIGNED_OUT if own else SessionEnd.REVOKED, at=now)
        if ended is session:
            return session
        SessionRepository(work).save(ended)
        work.record(SessionRevoked.of(session, ended, at=now))
        revoke(work, Revoked.SESSION, session.id)
        return ended


def _person(principal: Principal | None) -> UUID | None:
    """The user who calls; None for anybody else."""
    return principal.id if principal is not None and principal.kind == SubjectKind.USER.value else None


def _reaches(principal: Principal | None, session: Session, permission: str) -> bool:
    return _person(principal) == session.user_id or (principal is not None and principal.permissions.allows(permission))
