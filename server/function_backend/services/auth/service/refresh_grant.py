"""`refresh_token`: the next pair of tokens of a session (RFC 6749 section 6), each refresh token good once.

A spent token that comes again means that two hold it, and nobody can tell which is the thief: the session ends. One
case is told apart. A client whose answer was lost on the way asks again, within seconds, and the token that would have
followed was never used: it is answered once more, and what the lost answer held is worth nothing from then on. Should
somebody else have read that answer, the first use of it ends the session.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from function_backend.kernel.clock import Clock
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.auth.domain.access_claims import SubjectKind
from function_backend.services.auth.domain.grant import Granted, GrantRequest, Wanted
from function_backend.services.auth.domain.key_text import digest
from function_backend.services.auth.domain.policies import GrantRules
from function_backend.services.auth.domain.scope import narrowed, narrowed_audience
from function_backend.services.auth.domain.secret_text import REFRESH_TOKEN, looks_right
from function_backend.services.auth.domain.session import RefreshToken, Session, SessionEnd
from function_backend.services.auth.domain.tenant_settings import Grant, TenantRules
from function_backend.services.auth.errors.oauth import (
    OAuthInvalidGrantError,
    OAuthInvalidRequestError,
    OAuthInvalidScopeError,
    OAuthInvalidTargetError,
)
from function_backend.services.auth.events.session import SessionRefreshed
from function_backend.services.auth.repository.refresh_token import Place, RefreshTokenRepository, find_place
from function_backend.services.auth.repository.session import SessionRepository
from function_backend.services.auth.service.access_tokens import AccessTokens, require_allowed
from function_backend.services.auth.service.anonymous import work_as_user, work_in
from function_backend.services.auth.service.client_authentication import ClientAuthentication, Proof
from function_backend.services.auth.service.grant_ports import SubjectStates
from function_backend.services.auth.service.session_ending import end_session
from function_backend.services.auth.service.session_opening import add_link
from function_backend.services.auth.service.tenant_policy import TenantPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class _Next:
    """What a refresh leads to."""

    session: Session
    wanted: Wanted
    refresh_token: str
    rules: TenantRules


class RefreshGrant:
    """The grant."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        clock: Clock,
        clients: ClientAuthentication,
        policy: TenantPolicy,
        tokens: AccessTokens,
        states: SubjectStates,
        rules: GrantRules,
    ) -> None:
        self._transactions = transactions
        self._clock = clock
        self._clients = clients
        self._policy = policy
        self._tokens = tokens
        self._states = states
        self._rules = rules

    def grant(self, request: GrantRequest) -> Granted:
        """The next pair. Raises OAuthInvalidGrantError for a token that is not good, whatever the cause."""
        if not request.refresh_token:
            raise OAuthInvalidRequestError("refresh_token is missing.")
        asked = self._tokens.wanted(request.scope, request.audience)
        proof = self._clients.check(request.client) if self._clients.proves_itself(request.client) else None
        place = self._find(request.refresh_token)
        if place is None or (proof is not None and proof.client.tenant_id != place.tenant_id):
            raise _refused()
        if proof is None:
            work_in(place.tenant_id)
        with self._transactions() as work:
            if proof is not None:
                self._clients.confirm(work, proof)
            found = self._refresh(work, place, request, proof, asked)
        if found is None:
            # Only now: the end of the session is committed.
            raise _refused()
        claims = self._tokens.for_session(found.session, found.wanted, lifetime=found.rules.access_token_lifetime)
        return self._tokens.sign(claims, refresh_token=found.refresh_token)

    def _find(self, text: str) -> Place | None:
        if not looks_right(text, REFRESH_TOKEN):
            return None
        place = self._transactions.without_tenant(lambda driver: find_place(driver, digest(text)))
        return place if place is not None and place.tenant_is_active else None

    def _refresh(
        self, work: UnitOfWork, place: Place, request: GrantRequest, proof: Proof | None, asked: Wanted
    ) -> _Next | None:
        """The next pair; None when the token was used before, and the session has been ended for it."""
        now = self._clock.now()
        sessions, chain = SessionRepository(work), RefreshTokenRepository(work)
        session, token = sessions.find_for_update(place.session_id), chain.find(place.token_id)
        if session is None or token is None or session.is_over(now) or token.expires_at <= now:
            raise _refused()
        self._require_owner(token, request, proof)
        successor = None if token.successor_id is None else chain.find(token.successor_id)
        repeated = token.spent_at is not None
        if repeated and not self._may_repeat(token, successor, now):
            end_session(work, session, SessionEnd.TOKEN_REUSED, at=now)
            return None
        rules = self._policy.of(work)
        require_allowed(rules, Grant.REFRESH_TOKEN)
        if not self._states.is_active(work, SubjectKind.USER, session.user_id):
            raise _refused()
        if proof is None:
            work_as_user(session.tenant_id, session.user_id)
        wanted = self._narrow(asked, token)
        held = Wanted(scopes=token.scopes, audience=token.audience)
        next_id, text = add_link(work, session, client_id=token.client_id, wanted=held, rules=rules, at=now)
        chain.spend(token.id, successor_id=next_id, at=token.spent_at or now)
        if successor is not None:
            chain.spend(successor.id, successor_id=None, at=now)
        used = session.used(at=now)
        sessions.save(used)
        work.record(SessionRefreshed.of(session, used, repeated=repeated))
        return _Next(session=used, wanted=wanted, refresh_token=text, rules=rules)

    def _require_owner(self, token: RefreshToken, request: GrantRequest, proof: Proof | None) -> None:
        """A token belongs to the client that got it; one that can prove itself must."""
        if proof is not None:
            if proof.client.id != token.client_id:
                raise _refused()
        elif token.client_id not in self._rules.first_party_clients or request.client.client_id not in (
            "",
            token.client_id,
        ):
            raise _refused()

    def _narrow(self, asked: Wanted, token: RefreshToken) -> Wanted:
        scopes = narrowed(asked.scopes, token.scopes)
        if scopes is None:
            raise OAuthInvalidScopeError("scope is wider than what was granted.")
        audience = narrowed_audience(asked.audience, token.audience or (self._rules.audience,))
        if audience is None:
            raise OAuthInvalidTargetError("audience is wider than what was granted.")
        return Wanted(scopes=scopes, audience=audience)

    def _may_repeat(self, token: RefreshToken, successor: RefreshToken | None, now: datetime) -> bool:
        return (
            token.spent_at is not None
            and now - token.spent_at <= self._rules.retry_window
            and successor is not None
            and successor.spent_at is None
        )


def _refused() -> OAuthInvalidGrantError:
    return OAuthInvalidGrantError("The refresh token is not valid.")
