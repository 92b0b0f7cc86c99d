"""Sessions, client credentials and grants, put together."""

from __future__ import annotations

from dataclasses import dataclass

from function_backend.kernel.identity import Authenticator
from function_backend.resources import Resources
from function_backend.services.auth.domain.permission import PermissionCatalogue
from function_backend.services.auth.domain.policies import GrantRules
from function_backend.services.auth.domain.tenant_settings import Grant
from function_backend.services.auth.ports import Entitlements, PasswordSignIn, TokenIssuer, TokenReader
from function_backend.services.auth.repository.subject_state import StoredSubjectStates
from function_backend.services.auth.service.access_tokens import AccessTokens
from function_backend.services.auth.service.client_authentication import ClientAuthentication
from function_backend.services.auth.service.client_credentials import ClientCredentialService
from function_backend.services.auth.service.client_credentials_grant import ClientCredentialsGrant
from function_backend.services.auth.service.device_grant import DeviceGrant
from function_backend.services.auth.service.devices import DeviceService
from function_backend.services.auth.service.exchange_grant import ExchangeGrant
from function_backend.services.auth.service.introspection import IntrospectionService
from function_backend.services.auth.service.password_grant import PasswordGrant
from function_backend.services.auth.service.publication import Publication, PublicKeys
from function_backend.services.auth.service.refresh_grant import RefreshGrant
from function_backend.services.auth.service.sessions import SessionService
from function_backend.services.auth.service.tenant_policy import TenantPolicy
from function_backend.services.auth.service.token_endpoint import TokenEndpoint
from function_backend.services.auth.service.token_revocation import TokenRevocation
from function_backend.services.auth.service.token_standing import TokenStanding
from function_backend.services.auth.service.user_notices import UserNotices


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantNeeds:
    """What the other parts of the slice supply."""

    issuer: TokenIssuer
    reader: TokenReader
    keys: PublicKeys
    sign_in: PasswordSignIn
    entitlements: Entitlements
    policy: TenantPolicy
    catalogue: PermissionCatalogue
    notices: UserNotices
    authenticator: Authenticator


@dataclass(frozen=True, slots=True, kw_only=True)
class Grants:
    """The use cases."""

    tokens: TokenEndpoint
    introspection: IntrospectionService
    revocation: TokenRevocation
    devices: DeviceService
    publication: Publication
    sessions: SessionService
    client_credentials: ClientCredentialService


def open_grants(resources: Resources, rules: GrantRules, needs: GrantNeeds) -> Grants:
    """The use cases of one worker."""
    transactions, clock, policy = resources.transactions, resources.clock, needs.policy
    states = StoredSubjectStates()
    standing = TokenStanding(clock=clock, states=states)
    clients = ClientAuthentication(transactions=transactions, clock=clock, states=states, rules=rules)
    tokens = AccessTokens(issuer=needs.issuer, reader=needs.reader, clock=clock, rules=rules, catalogue=needs.catalogue)
    endpoint = TokenEndpoint(
        {
            Grant.CLIENT_CREDENTIALS: ClientCredentialsGrant(
                transactions=transactions, clients=clients, policy=policy, tokens=tokens
            ),
            Grant.PASSWORD: PasswordGrant(
                transactions=transactions,
                clock=clock,
                clients=clients,
                policy=policy,
                tokens=tokens,
                sign_in=needs.sign_in,
                notices=needs.notices,
            ),
            Grant.REFRESH_TOKEN: RefreshGrant(
                transactions=transactions,
                clock=clock,
                clients=clients,
                policy=policy,
                tokens=tokens,
                states=states,
                rules=rules,
            ),
            Grant.TOKEN_EXCHANGE: ExchangeGrant(
                transactions=transactions,
                clock=clock,
                clients=clients,
                policy=policy,
                tokens=tokens,
                standing=standing,
            ),
            Grant.DEVICE_CODE: DeviceGrant(
                transactions=transactions,
                clock=clock,
                clients=clients,
                policy=policy,
                tokens=tokens,
                states=states,
                rules=rules,
                notices=needs.notices,
            ),
        }
    )
    return Grants(
        tokens=endpoint,
        introspection=IntrospectionService(
            transactions=transactions,
            clock=clock,
            clients=clients,
            tokens=tokens,
            standing=standing,
            states=states,
            authenticator=needs.authenticator,
        ),
        revocation=TokenRevocation(transactions=transactions, clock=clock, clients=clients, tokens=tokens, rules=rules),
        devices=DeviceService(
            transactions=transactions,
            clock=clock,
            clients=clients,
            policy=policy,
            tokens=tokens,
            entitlements=needs.entitlements,
            rules=rules,
        ),
        publication=Publication(needs.keys, issuer=rules.issuer),
        sessions=SessionService(transactions=transactions, clock=clock, page_tokens=resources.page_tokens),
        client_credentials=ClientCredentialService(
            transactions=transactions,
            clock=clock,
            page_tokens=resources.page_tokens,
            states=states,
            entitlements=needs.entitlements,
        ),
    )
