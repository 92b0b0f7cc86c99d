"""Whether what an access token says still holds: neither it, nor its session, nor its subject has been stopped."""

from __future__ import annotations

from function_backend.kernel.clock import Clock
from function_backend.persistence.unit_of_work import UnitOfWork
from function_backend.services.auth.domain.access_claims import AccessClaims, SubjectKind
from function_backend.services.auth.repository.refresh_token import RevokedAccessTokenRepository
from function_backend.services.auth.repository.session import SessionRepository
from function_backend.services.auth.service.grant_ports import SubjectStates

_ACCOUNTS = frozenset({SubjectKind.USER, SubjectKind.SERVICE_ACCOUNT})


class TokenStanding:
    """Asks the database, for those who use a token at the token endpoint and not for every call."""

    def __init__(self, *, clock: Clock, states: SubjectStates) -> None:
        self._clock = clock
        self._states = states

    def stands(self, work: UnitOfWork, claims: AccessClaims) -> bool:
        """Whether a token of the unit of work's tenant is still good."""
        if claims.tenant_id != work.tenant_id or claims.expires_at <= self._clock.now():
            return False
        if RevokedAccessTokenRepository(work).holds(claims.token_id):
            return False
        if claims.session_id is not None:
            session = SessionRepository(work).find(claims.session_id)
            if session is None or session.is_over(self._clock.now()) or session.user_id != claims.subject_id:
                return False
        return claims.subject_kind not in _ACCOUNTS or self._states.is_active(
            work, claims.subject_kind, claims.subject_id
        )
