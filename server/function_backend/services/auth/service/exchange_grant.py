"""Token exchange (RFC 8693): a service account acts for whoever's token it was given, with no more than that allows."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from function_backend.kernel.clock import Clock
from function_backend.kernel.identifiers import new_id
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.auth.domain.access_claims import AccessClaims, SubjectKind
from function_backend.services.auth.domain.grant import (
    ACCESS_TOKEN_TYPE,
    JWT_TYPE,
    MOST_ACTORS,
    Client,
    Granted,
    GrantRequest,
    Wanted,
)
from function_backend.services.auth.domain.scope import narrowed, narrowed_audience
from function_backend.services.auth.domain.tenant_settings import Grant, TenantRules
from function_backend.services.auth.errors.oauth import (
    OAuthInvalidGrantError,
    OAuthInvalidRequestError,
    OAuthInvalidScopeError,
    OAuthInvalidTargetError,
    OAuthUnauthorizedClientError,
)
from function_backend.services.auth.events.access_token import AccessTokenIssued
from function_backend.services.auth.service.access_tokens import AccessTokens, require_allowed
from function_backend.services.auth.service.client_authentication import ClientAuthentication
from function_backend.services.auth.service.tenant_policy import TenantPolicy
from function_backend.services.auth.service.token_standing import TokenStanding

_TYPES = frozenset({ACCESS_TOKEN_TYPE, JWT_TYPE})


class ExchangeGrant:
    """The grant."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        clock: Clock,
        clients: ClientAuthentication,
        policy: TenantPolicy,
        tokens: AccessTokens,
        standing: TokenStanding,
    ) -> None:
        self._transactions = transactions
        self._clock = clock
        self._clients = clients
        self._policy = policy
        self._tokens = tokens
        self._standing = standing

    def grant(self, request: GrantRequest) -> Granted:
        """A token for the subject of the token presented, in which the client stands as the one who acts."""
        _check_types(request)
        proof = self._clients.check(request.client)
        if proof.client.account_id is None:
            raise OAuthUnauthorizedClientError("Only a service account acts for others.")
        asked = self._tokens.wanted(request.scope, request.audience)
        subject = self._read("subject_token", request.subject_token, proof.client)
        actor = self._read("actor_token", request.actor_token, proof.client) if request.actor_token else None
        with self._transactions() as work:
            client = self._clients.confirm(work, proof)
            rules = self._policy.of(work)
            require_allowed(rules, Grant.TOKEN_EXCHANGE)
            self._require_standing(work, "subject_token", subject)
            if actor is not None:
                self._require_standing(work, "actor_token", actor)
            claims = self._claims(client, subject, actor, asked, rules)
            work.record(AccessTokenIssued.of(claims, grant_type=Grant.TOKEN_EXCHANGE.value))
        return self._tokens.sign(claims, issued_token_type=ACCESS_TOKEN_TYPE)

    def _read(self, name: str, token: str, client: Client) -> AccessClaims:
        claims = self._tokens.read(token)
        # A token of another tenant is as good as none.
        if claims is None or claims.tenant_id != client.tenant_id:
            raise _refused(name)
        return claims

    def _require_standing(self, work: UnitOfWork, name: str, claims: AccessClaims) -> None:
        if not self._standing.stands(work, claims):
            raise _refused(name)

    def _claims(
        self, client: Client, subject: AccessClaims, actor: AccessClaims | None, asked: Wanted, rules: TenantRules
    ) -> AccessClaims:
        scopes = narrowed(asked.scopes, subject.scopes)
        if scopes is None:
            raise OAuthInvalidScopeError("scope is wider than that of the subject_token.")
        audience = narrowed_audience(asked.audience, subject.audience)
        if audience is None:
            raise OAuthInvalidTargetError("audience is wider than that of the subject_token.")
        now = self._clock.now().replace(microsecond=0)
        return replace(
            subject,
            token_id=new_id(),
            client_id=client.id,
            scopes=scopes,
            audience=audience,
            actors=_chain(client, subject, actor),
            issued_at=now,
            expires_at=_expiry(now, subject, actor, rules),
        )


def _chain(client: Client, subject: AccessClaims, actor: AccessClaims | None) -> tuple[str, ...]:
    """Who acts, the nearest first: the client, or whoever its actor token stands for, and those who did before."""
    account = f"{SubjectKind.SERVICE_ACCOUNT.value}:{client.account_id}"
    acting = account
    if actor is not None:
        # Of another's token nobody knows how the client came by it.
        if actor.client_id != client.id and actor.subject != account:
            raise _refused("actor_token")
        acting = actor.subject
    if acting == subject.subject and not subject.actors:
        return ()
    chain = subject.actors if subject.actors[:1] == (acting,) else (acting, *subject.actors)
    if len(chain) > MOST_ACTORS:
        raise OAuthInvalidRequestError(f"At most {MOST_ACTORS} may act one for the other.")
    return chain


def _expiry(now: datetime, subject: AccessClaims, actor: AccessClaims | None, rules: TenantRules) -> datetime:
    ends = [now + rules.access_token_lifetime, subject.expires_at]
    if actor is not None:
        ends.append(actor.expires_at)
    return min(ends)


def _check_types(request: GrantRequest) -> None:
    if not request.subject_token:
        raise OAuthInvalidRequestError("subject_token is missing.")
    if request.subject_token_type not in _TYPES:
        raise OAuthInvalidRequestError("subject_token_type must be that of an access token.")
    if bool(request.actor_token) != bool(request.actor_token_type):
        raise OAuthInvalidRequestError("actor_token and actor_token_type belong together.")
    if request.actor_token and request.actor_token_type not in _TYPES:
        raise OAuthInvalidRequestError("actor_token_type must be that of an access token.")
    if request.requested_token_type and request.requested_token_type not in _TYPES:
        raise OAuthInvalidRequestError("requested_token_type must be that of an access token.")


def _refused(name: str) -> OAuthInvalidGrantError:
    return OAuthInvalidGrantError(f"The {name} is not valid.")
