"""Looking into a token, for somebody who was given one (RFC 7662)."""

from __future__ import annotations

from function_backend.kernel.call import current_call
from function_backend.kernel.clock import Clock
from function_backend.kernel.errors import UnauthenticatedError
from function_backend.kernel.identity import Authenticator
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.auth.domain.access_claims import SubjectKind
from function_backend.services.auth.domain.grant import Introspection, PresentedClient
from function_backend.services.auth.domain.key_text import digest
from function_backend.services.auth.domain.secret_text import REFRESH_TOKEN, looks_right
from function_backend.services.auth.errors.oauth import OAuthInvalidClientError, OAuthInvalidRequestError
from function_backend.services.auth.repository.refresh_token import Place, RefreshTokenRepository, find_place
from function_backend.services.auth.repository.session import SessionRepository
from function_backend.services.auth.service.access_tokens import AccessTokens
from function_backend.services.auth.service.client_authentication import ClientAuthentication
from function_backend.services.auth.service.grant_ports import SubjectStates
from function_backend.services.auth.service.token_standing import TokenStanding


class IntrospectionService:
    """Says what tokens say, and whether they hold."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        clock: Clock,
        clients: ClientAuthentication,
        tokens: AccessTokens,
        standing: TokenStanding,
        states: SubjectStates,
        authenticator: Authenticator,
    ) -> None:
        self._transactions = transactions
        self._clock = clock
        self._clients = clients
        self._tokens = tokens
        self._standing = standing
        self._states = states
        self._authenticator = authenticator

    def introspect(self, token: str, client: PresentedClient, *, bearer: str = "") -> Introspection | None:
        """What the token says; None when it is not good, or of another tenant than the caller's."""
        if not token:
            raise OAuthInvalidRequestError("token is missing.")
        if bearer and (client.client_id or self._clients.proves_itself(client)):
            raise OAuthInvalidRequestError("Authenticate in one way: as a client or with a bearer token.")
        proof = None
        if bearer:
            self._enter(bearer)
        else:
            proof = self._clients.check(client)
            if proof.client.account_id is None:
                # A name alone proves nothing.
                raise OAuthInvalidClientError
        is_refresh_token = looks_right(token, REFRESH_TOKEN)
        place = None
        if is_refresh_token:
            place = self._transactions.without_tenant(lambda driver: find_place(driver, digest(token)))
        # On the primary: a replica may not have heard of a revocation yet.
        with self._transactions() as work:
            if proof is not None:
                self._clients.confirm(work, proof)
            return self._refresh_token(work, place) if is_refresh_token else self._access_token(work, token)

    def _enter(self, bearer: str) -> None:
        call = current_call.get()
        try:
            principal = self._authenticator.authenticate(bearer)
        except UnauthenticatedError:
            raise OAuthInvalidClientError from None
        if call is not None:
            call.principal = principal

    def _access_token(self, work: UnitOfWork, token: str) -> Introspection | None:
        claims = self._tokens.read(token)
        if claims is None or not self._standing.stands(work, claims):
            return None
        return Introspection(
            kind="Bearer",
            client_id=claims.client_id,
            subject=claims.subject,
            tenant_id=claims.tenant_id,
            scopes=claims.scopes,
            audience=claims.audience,
            issued_at=claims.issued_at,
            expires_at=claims.expires_at,
            token_id=claims.token_id,
            session_id=claims.session_id,
            actors=claims.actors,
            authentication_methods=claims.authentication_methods,
            authenticated_at=claims.authenticated_at,
        )

    def _refresh_token(self, work: UnitOfWork, place: Place | None) -> Introspection | None:
        if place is None or place.tenant_id != work.tenant_id:
            return None
        now = self._clock.now()
        token, session = (
            RefreshTokenRepository(work).find(place.token_id),
            SessionRepository(work).find(place.session_id),
        )
        if token is None or session is None or token.spent_at is not None:
            return None
        if token.expires_at <= now or session.is_over(now):
            return None
        if not self._states.is_active(work, SubjectKind.USER, session.user_id):
            return None
        return Introspection(
            kind="refresh_token",
            client_id=token.client_id,
            subject=f"{SubjectKind.USER.value}:{session.user_id}",
            tenant_id=work.tenant_id,
            scopes=token.scopes,
            audience=token.audience,
            issued_at=token.created_at,
            expires_at=min(token.expires_at, session.idle_expires_at),
            token_id=token.id,
            session_id=session.id,
            authentication_methods=session.authentication_methods,
            authenticated_at=session.authenticated_at,
        )
