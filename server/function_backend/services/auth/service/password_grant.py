"""`password`: a person signs in with a first-party client (RFC 6749 section 4.3)."""

from __future__ import annotations

from function_backend.kernel.clock import Clock
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.auth.domain.grant import Granted, GrantRequest
from function_backend.services.auth.domain.tenant_settings import Grant
from function_backend.services.auth.errors.oauth import OAuthInvalidRequestError
from function_backend.services.auth.ports import PasswordAttempt, PasswordSignIn
from function_backend.services.auth.service.access_tokens import AccessTokens, require_allowed
from function_backend.services.auth.service.anonymous import work_as_user
from function_backend.services.auth.service.client_authentication import ClientAuthentication
from function_backend.services.auth.service.session_opening import Entry, open_session
from function_backend.services.auth.service.tenant_policy import TenantPolicy
from function_backend.services.auth.service.user_notices import UserNotices


class PasswordGrant:
    """The grant."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        clock: Clock,
        clients: ClientAuthentication,
        policy: TenantPolicy,
        tokens: AccessTokens,
        sign_in: PasswordSignIn,
        notices: UserNotices,
    ) -> None:
        self._transactions = transactions
        self._clock = clock
        self._clients = clients
        self._policy = policy
        self._tokens = tokens
        self._sign_in = sign_in
        self._notices = notices

    def grant(self, request: GrantRequest) -> Granted:
        """Tokens and a session for whoever signs in; a failed sign-in raises its own reasons."""
        if not request.username or not request.password:
            raise OAuthInvalidRequestError("username and password are needed.")
        proof = self._clients.check(request.client)
        wanted = self._tokens.wanted(request.scope, request.audience)
        with self._transactions() as work:
            client = self._clients.confirm(work, proof)
            rules = self._policy.of(work)
            require_allowed(rules, Grant.PASSWORD)
        # Outside of any transaction: it takes long, and no connection is to wait for it.
        signed_in = self._sign_in.sign_in(
            PasswordAttempt(
                login=request.username,
                password=request.password,
                otp=request.otp,
                client_address=request.origin.address,
            )
        )
        work_as_user(client.tenant_id, signed_in.user_id)
        entry = Entry(signed_in=signed_in, client=client, origin=request.origin, wanted=wanted, grant=Grant.PASSWORD)
        with self._transactions() as work:
            opened = open_session(work, entry, rules, at=self._clock.now(), notices=self._notices)
        claims = self._tokens.for_session(opened.session, wanted, lifetime=rules.access_token_lifetime)
        return self._tokens.sign(claims, refresh_token=opened.refresh_token)
