"""Binding names in certificates to service accounts."""

from __future__ import annotations

from uuid import UUID

from function_backend.kernel.clock import Clock
from function_backend.kernel.identifiers import new_id
from function_backend.kernel.pagination import Page, PageTokens
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.auth.domain.access_claims import SubjectKind
from function_backend.services.auth.domain.certificate_identity import CertificateIdentity, CertificateName
from function_backend.services.auth.errors.api_key import ApiKeyOwnerNotFoundError
from function_backend.services.auth.errors.certificate_identity import CertificateIdentityNotFoundError
from function_backend.services.auth.events.certificate_identity import (
    CertificateIdentityCreated,
    CertificateIdentityDeleted,
)
from function_backend.services.auth.ports import SubjectStates
from function_backend.services.auth.repository.certificate_identity import CertificateIdentityRepository
from function_backend.services.auth.service.paging import DEFAULT_PAGE_SIZE, after
from function_backend.services.auth.service.revocation import Revoked, revoke


class CertificateIdentityService:
    """The use cases of certificate identities."""

    def __init__(
        self, *, transactions: Transactions, clock: Clock, page_tokens: PageTokens, subjects: SubjectStates
    ) -> None:
        self._transactions = transactions
        self._clock = clock
        self._page_tokens = page_tokens
        self._subjects = subjects

    def create(self, name: CertificateName, service_account_id: UUID, *, tenant_id: UUID | None) -> CertificateIdentity:
        """A new identity, of another tenant when one is given."""
        with self._transactions() as work:
            tenant = tenant_id or work.tenant_id
            kind = SubjectKind.SERVICE_ACCOUNT
            if not self._subjects.is_active(work.driver, tenant, kind, service_account_id):
                raise ApiKeyOwnerNotFoundError(f"{kind.value}:{service_account_id}")
            identity = CertificateIdentity(
                id=new_id(),
                tenant_id=tenant,
                name=name,
                service_account_id=service_account_id,
                created_at=self._clock.now(),
                creator="" if work.call.principal is None else work.call.principal.actor,
            )
            CertificateIdentityRepository(work).add(identity)
            work.record(CertificateIdentityCreated.of(identity))
        return identity

    def list(self, page_size: int, page_token: str) -> tuple[Page[CertificateIdentity], str]:
        """A page of the tenant's identities in order of id, and the token of the next one."""
        with self._transactions.reading() as work:
            query = (str(work.tenant_id), "certificate_identities")
            key = after(self._page_tokens, query, page_token)
            page = CertificateIdentityRepository(work).list_after(key, limit=page_size or DEFAULT_PAGE_SIZE)
        return page, "" if page.next_key is None else self._page_tokens.write(query, page.next_key)

    def delete(self, identity_id: UUID) -> CertificateIdentity:
        """The identity that was; every worker refuses its certificates within a second."""
        with self._transactions() as work:
            gone = CertificateIdentityRepository(work).remove(identity_id)
            if gone is None:
                raise CertificateIdentityNotFoundError(identity_id)
            work.record(CertificateIdentityDeleted.of(gone, at=self._clock.now()))
            revoke(work, Revoked.CERTIFICATE, identity_id)
        return gone
