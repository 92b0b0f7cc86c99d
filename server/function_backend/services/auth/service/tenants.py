"""Creating and reading tenants."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from function_backend.kernel.clock import Clock
from function_backend.kernel.identifiers import new_id
from function_backend.kernel.identity import Principal
from function_backend.kernel.pagination import Page, PageTokens
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.auth.domain.api_key import ApiKey
from function_backend.services.auth.domain.key_text import mint
from function_backend.services.auth.domain.permission import PermissionCatalogue
from function_backend.services.auth.domain.tenant import Tenant
from function_backend.services.auth.errors.tenant import TenantNotFoundError
from function_backend.services.auth.events.api_key import ApiKeyCreated
from function_backend.services.auth.events.tenant import TenantCreated
from function_backend.services.auth.repository.api_key import ApiKeyRepository
from function_backend.services.auth.repository.tenant import TenantRepository
from function_backend.services.auth.service.paging import DEFAULT_PAGE_SIZE, after

_LIST_ALL = "auth.tenant.list"
_FIRST_KEY = "Administration"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTenant:
    """A tenant and the key that administers it; the secret is nowhere else."""

    tenant: Tenant
    api_key: ApiKey
    secret: str = field(repr=False)


class TenantService:
    """The use cases of tenants."""

    def __init__(
        self, *, transactions: Transactions, clock: Clock, page_tokens: PageTokens, catalogue: PermissionCatalogue
    ) -> None:
        self._transactions = transactions
        self._clock = clock
        self._page_tokens = page_tokens
        self._catalogue = catalogue

    def create(self, name: str, display_name: str) -> NewTenant:
        """A new tenant with a key for everything that stays within it."""
        with self._transactions() as work:
            return make_tenant(
                work, name=name, display_name=display_name, permissions=self._catalogue.of_a_tenant(), clock=self._clock
            )

    def get(self, tenant_id: UUID | None) -> Tenant:
        """The caller's own tenant, or any other for callers that may list them all."""
        with self._transactions.reading() as work:
            wanted = tenant_id or work.tenant_id
            if wanted != work.tenant_id and not _may_see_all(work.call.principal):
                raise TenantNotFoundError(wanted)
            tenant = TenantRepository(work).find(wanted)
        if tenant is None:
            raise TenantNotFoundError(wanted)
        return tenant

    def list(self, page_size: int, page_token: str) -> tuple[Page[Tenant], str]:
        """A page of all tenants in order of id, and the token of the next one."""
        with self._transactions.reading() as work:
            query = (str(work.tenant_id), "tenants")
            key = after(self._page_tokens, query, page_token)
            page = TenantRepository(work).list_after(key, limit=page_size or DEFAULT_PAGE_SIZE)
        return page, "" if page.next_key is None else self._page_tokens.write(query, page.next_key)


def make_tenant(
    work: UnitOfWork, *, name: str, display_name: str, permissions: frozenset[str], clock: Clock
) -> NewTenant:
    """Stores a new tenant and its first key with what happened; TenantNameTakenError when the name is taken."""
    now = clock.now()
    tenant = Tenant(id=new_id(), name=name, display_name=display_name or name, created_at=now)
    api_key = ApiKey(
        id=new_id(),
        tenant_id=tenant.id,
        display_name=_FIRST_KEY,
        permissions=permissions,
        rate_limit_per_second=0,
        created_at=now,
        creator="" if work.call.principal is None else work.call.principal.actor,
    )
    text = mint(api_key.id)
    TenantRepository(work).add(tenant)
    ApiKeyRepository(work).add_first(api_key, digest=text.digest)
    work.record(TenantCreated.of(tenant), ApiKeyCreated.of(api_key))
    return NewTenant(tenant=tenant, api_key=api_key, secret=text.text)


def _may_see_all(principal: Principal | None) -> bool:
    return principal is not None and principal.permissions.allows(_LIST_ALL)
