"""Looking up what stands behind access tokens."""

from __future__ import annotations

from dataclasses import dataclass

from function_backend.kernel.identity import PermissionSet, Principal
from function_backend.persistence.unit_of_work import Transactions
from function_backend.persistence.wire import Driver
from function_backend.services.auth.adapters.credential_memory import Remembered
from function_backend.services.auth.adapters.standing import (
    Standings,
    narrowed,
    with_what_all_hold,
    with_what_people_hold,
)
from function_backend.services.auth.domain.access_claims import AccessClaims, SubjectKind
from function_backend.services.auth.domain.credential import CredentialKind, FoundCredential, Standing
from function_backend.services.auth.domain.entitlement import NOTHING, Entitlement
from function_backend.services.auth.ports import TokenReader

_KEY_SQL = """
    select permissions, revoked_at is null and (expires_at is null or expires_at > now()), owner_kind, owner_id
    from find_api_key_behind_token(%s, %s)
"""
_JWT = "eyJ"
_DOTS = 2


def looks_like_token(text: str) -> bool:
    """Whether the text has the form of a signed JWT, whose header begins with a brace."""
    return text.startswith(_JWT) and text.count(".") == _DOTS


@dataclass(frozen=True, slots=True)
class TokenLookup:
    """Reads access tokens and asks for session, subject and tenant behind them."""

    transactions: Transactions
    reader: TokenReader
    standings: Standings

    def find(self, token: str, *, audience: str | None = None) -> Remembered:
        """The token with what stands behind it. Raises as `TokenReader.read`."""
        claims = self.reader.read(token, audience=audience)
        standing, entitlement = self.transactions.without_tenant(lambda driver: self._stand(driver, claims))
        return Remembered(_found(claims, standing, entitlement), asked_at=0.0)

    def _stand(self, driver: Driver, claims: AccessClaims) -> tuple[Standing, Entitlement]:
        if self.standings.sessions.is_token_revoked(driver, claims.tenant_id, claims.token_id):
            return Standing.REVOKED, NOTHING
        if claims.session_id is not None:
            standing = self.standings.of_session(driver, claims.tenant_id, claims.session_id)
            if standing is not Standing.GOOD:
                return standing, NOTHING
        if claims.subject_kind is SubjectKind.API_KEY:
            return self._stand_on_key(driver, claims)
        standing, held = self.standings.of_subject(driver, claims.tenant_id, claims.subject_kind, claims.subject_id)
        if claims.subject_kind is SubjectKind.USER and standing is Standing.GOOD:
            methods = claims.authentication_methods
            held = self.standings.of_sign_in(driver, claims.tenant_id, held, methods=methods)
            held = with_what_people_hold(held)
        return standing, held

    def _stand_on_key(self, driver: Driver, claims: AccessClaims) -> tuple[Standing, Entitlement]:
        """A token that was given in exchange for a key stands and falls with it."""
        row = driver.execute(_KEY_SQL, (claims.tenant_id, claims.subject_id)).fetchone()
        if row is None or not row[1]:
            return Standing.REVOKED, NOTHING
        patterns, _, owner_kind, owner_id = row
        if owner_id is None:
            return self.standings.of_tenant(driver, claims.tenant_id), Entitlement(
                permissions=PermissionSet(frozenset(patterns))
            )
        standing, entitlement = self.standings.of_subject(driver, claims.tenant_id, SubjectKind(owner_kind), owner_id)
        return standing, narrowed(entitlement, frozenset(patterns))


def _found(claims: AccessClaims, standing: Standing, entitlement: Entitlement) -> FoundCredential:
    held = narrowed(entitlement, claims.scopes) if claims.scopes else entitlement
    principal = Principal(
        claims.subject_kind.value,
        claims.subject_id,
        claims.tenant_id,
        with_what_all_hold(held.permissions),
        scoped=held.scoped,
        conditional=held.conditional,
        roles=held.roles,
        actors=claims.actors,
        session_id=claims.session_id,
        authentication_methods=claims.authentication_methods,
        authenticated_at=claims.authenticated_at,
    )
    names = {claims.tenant_id, claims.subject_id, claims.token_id}
    if claims.session_id is not None:
        names.add(claims.session_id)
    return FoundCredential(
        kind=CredentialKind.ACCESS_TOKEN,
        id=claims.token_id,
        principal=principal,
        standing=standing,
        expires_at=claims.expires_at,
        client_id=claims.client_id,
        audience=claims.audience,
        names=frozenset(names),
    )
