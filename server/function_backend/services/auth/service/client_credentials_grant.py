"""`client_credentials`: a service account gets a token for itself (RFC 6749 section 4.4)."""

from __future__ import annotations

from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.auth.domain.grant import Granted, GrantRequest
from function_backend.services.auth.domain.tenant_settings import Grant
from function_backend.services.auth.errors.oauth import OAuthUnauthorizedClientError
from function_backend.services.auth.events.access_token import AccessTokenIssued
from function_backend.services.auth.service.access_tokens import AccessTokens, require_allowed
from function_backend.services.auth.service.client_authentication import ClientAuthentication
from function_backend.services.auth.service.tenant_policy import TenantPolicy


class ClientCredentialsGrant:
    """The grant."""

    def __init__(
        self, *, transactions: Transactions, clients: ClientAuthentication, policy: TenantPolicy, tokens: AccessTokens
    ) -> None:
        self._transactions = transactions
        self._clients = clients
        self._policy = policy
        self._tokens = tokens

    def grant(self, request: GrantRequest) -> Granted:
        """A token for the service account that the client has proven to be."""
        proof = self._clients.check(request.client)
        account_id = proof.client.account_id
        if account_id is None:
            raise OAuthUnauthorizedClientError("Only a service account gets a token for itself.")
        wanted = self._tokens.wanted(request.scope, request.audience)
        with self._transactions() as work:
            self._clients.confirm(work, proof)
            rules = self._policy.of(work)
            require_allowed(rules, Grant.CLIENT_CREDENTIALS)
            claims = self._tokens.for_account(account_id, work.tenant_id, wanted, lifetime=rules.access_token_lifetime)
            work.record(AccessTokenIssued.of(claims, grant_type=Grant.CLIENT_CREDENTIALS.value))
        return self._tokens.sign(claims)
