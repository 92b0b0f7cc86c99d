"""Giving a token back before it expires (RFC 7009)."""

from __future__ import annotations

from function_backend.kernel.clock import Clock
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.auth.domain.access_claims import AccessClaims
from function_backend.services.auth.domain.grant import Client, PresentedClient
from function_backend.services.auth.domain.key_text import digest
from function_backend.services.auth.domain.policies import GrantRules
from function_backend.services.auth.domain.secret_text import REFRESH_TOKEN, looks_right
from function_backend.services.auth.domain.session import SessionEnd
from function_backend.services.auth.errors.oauth import (
    OAuthInvalidClientError,
    OAuthInvalidRequestError,
    OAuthUnauthorizedClientError,
)
from function_backend.services.auth.events.access_token import AccessTokenRevoked
from function_backend.services.auth.repository.refresh_token import (
    RefreshTokenRepository,
    RevokedAccessTokenRepository,
    find_place,
)
from function_backend.services.auth.repository.session import SessionRepository
from function_backend.services.auth.service.access_tokens import AccessTokens
from function_backend.services.auth.service.anonymous import work_in
from function_backend.services.auth.service.client_authentication import ClientAuthentication, Proof
from function_backend.services.auth.service.revocation import Revoked, revoke
from function_backend.services.auth.service.session_ending import end_session


class TokenRevocation:
    """Revokes tokens of the client that got them."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        clock: Clock,
        clients: ClientAuthentication,
        tokens: AccessTokens,
        rules: GrantRules,
    ) -> None:
        self._transactions = transactions
        self._clock = clock
        self._clients = clients
        self._tokens = tokens
        self._rules = rules

    def revoke(self, token: str, client: PresentedClient) -> None:
        """Ends the token: a refresh token with its session. One that is not good is no error.

        Raises OAuthUnauthorizedClientError when another client got the token.
        """
        if not token:
            raise OAuthInvalidRequestError("token is missing.")
        proof = self._proof(client)
        if looks_right(token, REFRESH_TOKEN):
            self._refresh_token(token, client, proof)
        else:
            self._access_token(token, client, proof)

    def _proof(self, client: PresentedClient) -> Proof | None:
        """The proof of a client that has one; None for the first-party client, which only has its name."""
        if self._clients.proves_itself(client):
            return self._clients.check(client)
        if client.client_id not in self._rules.first_party_clients:
            raise OAuthInvalidClientError
        return None

    def _refresh_token(self, text: str, client: PresentedClient, proof: Proof | None) -> None:
        place = self._transactions.without_tenant(lambda driver: find_place(driver, digest(text)))
        if place is None or (proof is not None and proof.client.tenant_id != place.tenant_id):
            return
        if proof is None:
            work_in(place.tenant_id)
        now = self._clock.now()
        with self._transactions() as work:
            if proof is not None:
                self._clients.confirm(work, proof)
            sessions = SessionRepository(work)
            session, token = (
                sessions.find_for_update(place.session_id),
                RefreshTokenRepository(work).find(place.token_id),
            )
            if session is None or token is None or session.revoked_at is not None:
                return
            _require_same(token.client_id, client, None if proof is None else proof.client)
            end_session(work, session, SessionEnd.SIGNED_OUT, at=now)

    def _access_token(self, text: str, client: PresentedClient, proof: Proof | None) -> None:
        claims = self._tokens.read(text)
        if claims is None or (proof is not None and proof.client.tenant_id != claims.tenant_id):
            return
        _require_same(claims.client_id, client, None if proof is None else proof.client)
        if proof is None:
            work_in(claims.tenant_id)
        self._end_access_token(claims, proof)

    def _end_access_token(self, claims: AccessClaims, proof: Proof | None) -> None:
        now = self._clock.now()
        with self._transactions() as work:
            if proof is not None:
                self._clients.confirm(work, proof)
            if RevokedAccessTokenRepository(work).add(claims.token_id, expires_at=claims.expires_at, at=now):
                work.record(AccessTokenRevoked.of(claims, revoker=claims.client_id, at=now))
                revoke(work, Revoked.ACCESS_TOKEN, claims.token_id)


def _require_same(owner: str, presented: PresentedClient, proven: Client | None) -> None:
    if owner != (presented.client_id if proven is None else proven.id):
        raise OAuthUnauthorizedClientError("Another client got this token.")
