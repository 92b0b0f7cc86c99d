"""Making access tokens: whom they are for, what they are narrowed to, how long they live."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from function_backend.kernel.clock import Clock
from function_backend.kernel.identifiers import new_id
from function_backend.services.auth.domain.access_claims import AccessClaims, SubjectKind
from function_backend.services.auth.domain.grant import Granted, Wanted
from function_backend.services.auth.domain.permission import PermissionCatalogue
from function_backend.services.auth.domain.policies import GrantRules
from function_backend.services.auth.domain.scope import ScopeError, read_scopes
from function_backend.services.auth.domain.session import Session
from function_backend.services.auth.domain.tenant_settings import Grant, TenantRules
from function_backend.services.auth.errors.credential import CredentialExpiredError, CredentialInvalidError
from function_backend.services.auth.errors.oauth import (
    OAuthInvalidScopeError,
    OAuthInvalidTargetError,
    OAuthUnauthorizedClientError,
)
from function_backend.services.auth.ports import TokenIssuer, TokenReader

_PRINTABLE = re.compile(r"[\x21-\x7e]{1,100}")


class AccessTokens:
    """Makes and reads access tokens."""

    def __init__(
        self,
        *,
        issuer: TokenIssuer,
        reader: TokenReader,
        clock: Clock,
        rules: GrantRules,
        catalogue: PermissionCatalogue,
    ) -> None:
        self._issuer = issuer
        self._reader = reader
        self._clock = clock
        self._rules = rules
        self._catalogue = catalogue

    def scopes(self, text: str) -> frozenset[str]:
        """The scopes of the parameter; none for an empty one. Raises OAuthInvalidScopeError."""
        try:
            found = read_scopes(text)
        except ScopeError as error:
            raise OAuthInvalidScopeError(f"scope {error}.") from None
        for name in sorted(found):
            if not self._catalogue.knows(name):
                like = self._catalogue.nearest(name)
                hint = f"; did you mean '{like}'?" if like else "."
                raise OAuthInvalidScopeError(f"'{name}' is not a permission{hint}")
        return found

    def wanted(self, scope: str, audience: Collection[str]) -> Wanted:
        """What the parameters ask for. Raises OAuthInvalidScopeError, OAuthInvalidTargetError."""
        for name in audience:
            if name not in self._rules.audiences:
                shown = f"'{name}'" if _PRINTABLE.fullmatch(name) else "What was asked for"
                raise OAuthInvalidTargetError(f"{shown} is not an audience of this service.")
        return Wanted(scopes=self.scopes(scope), audience=tuple(sorted(set(audience))))

    def for_account(self, account_id: UUID, tenant_id: UUID, wanted: Wanted, *, lifetime: timedelta) -> AccessClaims:
        """The claims of a token for a service account."""
        now = self._now()
        return AccessClaims(
            token_id=new_id(),
            tenant_id=tenant_id,
            subject_kind=SubjectKind.SERVICE_ACCOUNT,
            subject_id=account_id,
            client_id=str(account_id),
            audience=wanted.audience or (self._rules.audience,),
            scopes=wanted.scopes,
            issued_at=now,
            expires_at=now + lifetime,
        )

    def for_session(self, session: Session, wanted: Wanted, *, lifetime: timedelta) -> AccessClaims:
        """The claims of a token for the person of the session; it does not outlive the session."""
        now = self._now()
        return AccessClaims(
            token_id=new_id(),
            tenant_id=session.tenant_id,
            subject_kind=SubjectKind.USER,
            subject_id=session.user_id,
            client_id=session.client_id,
            audience=wanted.audience or (self._rules.audience,),
            scopes=wanted.scopes,
            issued_at=now,
            expires_at=min(now + lifetime, session.expires_at),
            session_id=session.id,
            authentication_methods=session.authentication_methods,
            authenticated_at=session.authenticated_at,
        )

    def sign(self, claims: AccessClaims, *, refresh_token: str = "", issued_token_type: str = "") -> Granted:
        """The token with what is said about it. Not inside a transaction: a signing key may have to be fetched."""
        return Granted(
            access_token=self._issuer.issue(claims),
            expires_in=int((claims.expires_at - claims.issued_at).total_seconds()),
            scopes=claims.scopes,
            refresh_token=refresh_token,
            issued_token_type=issued_token_type,
        )

    def read(self, token: str) -> AccessClaims | None:
        """The claims of a token of this installation for any of its audiences; None when it is none, or has expired."""
        for audience in (self._rules.audience, *sorted(self._rules.further_audiences)):
            try:
                return self._reader.read(token, audience=audience)
            except CredentialExpiredError:
                return None
            except CredentialInvalidError:
                continue
        return None

    def _now(self) -> datetime:
        # Claims are whole seconds: what is stored with the token is to say the same as the token.
        return self._clock.now().replace(microsecond=0)


def require_allowed(rules: TenantRules, grant: Grant) -> None:
    """Raises OAuthUnauthorizedClientError when the tenant does not allow the grant."""
    if grant not in rules.allowed_grants:
        raise OAuthUnauthorizedClientError(f"The tenant does not allow the grant '{grant.value}'.")
