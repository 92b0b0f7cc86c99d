"""Looking at sessions and ending them."""

from __future__ import annotations

from uuid import UUID

from function_backend.kernel.clock import Clock
from function_backend.kernel.identity import Principal
from function_backend.kernel.pagination import Page, PageTokens
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.auth.domain.session import Session
from function_backend.services.auth.errors.session import SessionNotFoundError
from function_backend.services.auth.repository.session import SessionRepository
from function_backend.services.auth.service.paging import DEFAULT_PAGE_SIZE, after
from function_backend.services.auth.service.session_ending import StoredSessionEnd, end_session, ended_by, person

_READ_ANY = "auth.user_session.read"
_REVOKE_ANY = "auth.user_session.revoke"


class SessionService:
    """The use cases of sessions. They begin at the token endpoint."""

    def __init__(self, *, transactions: Transactions, clock: Clock, page_tokens: PageTokens) -> None:
        self._transactions = transactions
        self._clock = clock
        self._page_tokens = page_tokens
        self._ending = StoredSessionEnd(clock)

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
            principal = work.call.principal
            if principal is None:
                return Page([], None), ""
            # Others than people have none, and hear like people that a page token is not theirs.
            return self._list(work, principal.id, page_size, page_token, show_ended=show_ended)

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
            return end_session(work, session, ended_by(work.call.principal, session), at=self._clock.now())

    def revoke_own(self, *, except_current: bool) -> int:
        """Ends the caller's sessions, or all but the one that asks; how many."""
        with self._transactions() as work:
            principal = work.call.principal
            user_id = person(principal)
            if principal is None or user_id is None:
                return 0
            return self._ending.count_ended(work, user_id, spare=principal.session_id if except_current else None)

    def revoke_of_user(self, user_id: UUID) -> int:
        """Ends all sessions of a user; how many."""
        with self._transactions() as work:
            return self._ending.count_ended(work, user_id, spare=None)

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


def _reaches(principal: Principal | None, session: Session, permission: str) -> bool:
    return person(principal) == session.user_id or (principal is not None and principal.permissions.allows(permission))
