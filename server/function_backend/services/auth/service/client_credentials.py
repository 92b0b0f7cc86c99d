"""Creating, reading and revoking the credentials of service accounts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from function_backend.kernel.clock import Clock
from function_backend.kernel.identifiers import new_id
from function_backend.kernel.pagination import Page, PageTokens
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.auth.domain.access_claims import SubjectKind
from function_backend.services.auth.domain.client_credential import MOST_USABLE, ClientCredential, CredentialKind
from function_backend.services.auth.domain.public_jwk import PublicJwkError, read_public_jwk
from function_backend.services.auth.domain.secret_text import CLIENT_SECRET, mint
from function_backend.services.auth.errors.api_key import expiry_in_the_past
from function_backend.services.auth.errors.client_credential import (
    ClientCredentialNotFoundError,
    ClientNotFoundError,
    TooManyClientCredentialsError,
    public_jwk_refused,
)
from function_backend.services.auth.events.client_credential import ClientCredentialCreated, ClientCredentialRevoked
from function_backend.services.auth.ports import Entitlements
from function_backend.services.auth.repository.client_credential import ClientCredentialRepository
from function_backend.services.auth.service.grant_ports import SubjectStates
from function_backend.services.auth.service.guards import refuse_escalation
from function_backend.services.auth.service.paging import DEFAULT_PAGE_SIZE, after


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialWish:
    """What a caller wants of a new credential."""

    client_id: UUID
    display_name: str
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSecret:
    """A credential; the secret is nowhere else."""

    credential: ClientCredential
    secret: str = field(repr=False)


class ClientCredentialService:
    """The use cases of client credentials."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        clock: Clock,
        page_tokens: PageTokens,
        states: SubjectStates,
        entitlements: Entitlements,
    ) -> None:
        self._transactions = transactions
        self._clock = clock
        self._page_tokens = page_tokens
        self._states = states
        self._entitlements = entitlements

    def create_secret(self, wish: CredentialWish) -> NewSecret:
        """A new secret of a service account that may not do more than the caller."""
        self._check(wish)
        text = mint(CLIENT_SECRET)
        with self._transactions() as work:
            credential = self._new(work, wish, CredentialKind.SECRET)
            self._add(work, credential, digest=text.digest)
        return NewSecret(credential=credential, secret=text.text)

    def add_public_key(self, wish: CredentialWish, public_jwk: str) -> ClientCredential:
        """A new public key of a service account that may not do more than the caller."""
        self._check(wish)
        try:
            jwk = read_public_jwk(public_jwk)
        except PublicJwkError as error:
            raise public_jwk_refused(str(error)) from None
        with self._transactions() as work:
            credential = self._new(work, wish, CredentialKind.PUBLIC_KEY, jwk=(jwk.key_id, jwk.algorithm, jwk.text))
            self._add(work, credential, digest=None)
        return credential

    def list(
        self, client_id: UUID, page_size: int, page_token: str, *, show_revoked: bool
    ) -> tuple[Page[ClientCredential], str]:
        """A page of the account's credentials in order of id, and the token of the next one."""
        with self._transactions.reading() as work:
            query = (str(work.tenant_id), "client_credentials", str(client_id), str(show_revoked))
            page = ClientCredentialRepository(work).list_after(
                client_id,
                after(self._page_tokens, query, page_token),
                limit=page_size or DEFAULT_PAGE_SIZE,
                usable_at=None if show_revoked else self._clock.now(),
            )
        return page, "" if page.next_key is None else self._page_tokens.write(query, page.next_key)

    def revoke(self, credential_id: UUID) -> ClientCredential:
        """The revoked credential; the next request with it is refused."""
        now = self._clock.now()
        with self._transactions() as work:
            credentials = ClientCredentialRepository(work)
            credential = credentials.find_for_update(credential_id)
            if credential is None:
                raise ClientCredentialNotFoundError(credential_id)
            revoked = credential.revoke(at=now)
            if revoked is credential:
                return credential
            credentials.revoke(revoked)
            # Nobody remembers a credential: it is read for every token. So there is no cache to tell.
            work.record(ClientCredentialRevoked.of(credential, revoked, at=now))
        return revoked

    def _check(self, wish: CredentialWish) -> None:
        if wish.expires_at is not None and wish.expires_at <= self._clock.now():
            raise expiry_in_the_past()

    def _new(
        self, work: UnitOfWork, wish: CredentialWish, kind: CredentialKind, *, jwk: tuple[str, str, str] = ("", "", "")
    ) -> ClientCredential:
        key_id, algorithm, text = jwk
        principal = work.call.principal
        return ClientCredential(
            id=new_id(),
            tenant_id=work.tenant_id,
            client_id=wish.client_id,
            kind=kind,
            display_name=wish.display_name,
            created_at=self._clock.now(),
            creator="" if principal is None else principal.actor,
            expires_at=wish.expires_at,
            key_id=key_id,
            algorithm=algorithm,
            public_jwk=text,
        )

    def _add(self, work: UnitOfWork, credential: ClientCredential, *, digest: bytes | None) -> None:
        client_id = credential.client_id
        if not self._states.is_active(work, SubjectKind.SERVICE_ACCOUNT, client_id):
            raise ClientNotFoundError(client_id)
        self._refuse_escalation(work, client_id)
        credentials = ClientCredentialRepository(work)
        if credentials.count_usable(client_id, at=self._clock.now()) >= MOST_USABLE:
            raise TooManyClientCredentialsError(MOST_USABLE)
        credentials.add(credential, digest=digest)
        work.record(ClientCredentialCreated.of(credential))

    def _refuse_escalation(self, work: UnitOfWork, client_id: UUID) -> None:
        """Whoever holds a credential of an account may do what the account may."""
        found = self._entitlements.find(work.driver, work.tenant_id, SubjectKind.SERVICE_ACCOUNT, client_id)
        principal = work.call.principal
        refuse_escalation(principal, found.permissions.patterns)
        for held in found.scoped:
            refuse_escalation(principal, held.permissions.patterns, held.scope)
        for conditional in found.conditional:
            refuse_escalation(principal, conditional.permissions.patterns, conditional.scope)
