"""Creating, reading and changing tenants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from function_backend.kernel.clock import Clock
from function_backend.kernel.identifiers import new_id
from function_backend.kernel.pagination import Page, PageTokens
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.auth.domain.api_key import ApiKey
from function_backend.services.auth.domain.key_text import mint
from function_backend.services.auth.domain.permission import PermissionCatalogue
from function_backend.services.auth.domain.tenant import DEEPEST_LEVEL, Tenant
from function_backend.services.auth.domain.tenant_change import TenantDraft, UnknownPathError
from function_backend.services.auth.errors.tenant import TenantTreeTooDeepError, unknown_path
from function_backend.services.auth.events.api_key import ApiKeyCreated
from function_backend.services.auth.events.tenant import TenantCreated, TenantUpdated
from function_backend.services.auth.repository.api_key import ApiKeyRepository
from function_backend.services.auth.repository.tenant import TenantRepository
from function_backend.services.auth.service.paging import DEFAULT_PAGE_SIZE, after
from function_backend.services.auth.service.revocation import Revoked, revoke
from function_backend.services.auth.service.tenant_policy import TENANT_TOPIC
from function_backend.services.auth.service.tenant_reach import locked, reached

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
        """A new organisation with a key for everything that stays within it."""
        with self._transactions() as work:
            return make_tenant(
                work, name=name, display_name=display_name, permissions=self._catalogue.of_a_tenant(), clock=self._clock
            )

    def create_child(self, parent_id: UUID | None, name: str, display_name: str) -> NewTenant:
        """A new tenant below another one, with a key for what stays within it as far as the caller holds it."""
        with self._transactions() as work:
            parent = locked(work, parent_id, etag="")
            if parent.level >= DEEPEST_LEVEL:
                raise TenantTreeTooDeepError(parent.id, DEEPEST_LEVEL)
            principal = work.call.principal
            held = frozenset(
                pattern
                for pattern in self._catalogue.of_a_tenant()
                if principal is not None and principal.permissions.covers(pattern)
            )
            return make_tenant(
                work, name=name, display_name=display_name, permissions=held, clock=self._clock, parent=parent
            )

    def get(self, tenant_id: UUID | None) -> Tenant:
        """The caller's own tenant, one below it, or any for callers that may list them all."""
        with self._transactions.reading() as work:
            return reached(work, tenant_id)

    def list(self, page_size: int, page_token: str, *, show_deleted: bool = False) -> tuple[Page[Tenant], str]:
        """A page of all tenants in order of id, and the token of the next one."""
        with self._transactions.reading() as work:
            query = (str(work.tenant_id), "tenants", str(show_deleted))
            key = after(self._page_tokens, query, page_token)
            page = TenantRepository(work).list_after(
                key, limit=page_size or DEFAULT_PAGE_SIZE, with_deleted=show_deleted
            )
        return page, "" if page.next_key is None else self._page_tokens.write(query, page.next_key)

    def list_children(
        self, parent_id: UUID | None, page_size: int, page_token: str, *, show_deleted: bool
    ) -> tuple[Page[Tenant], str]:
        """A page of the tenants directly below one, in order of id, and the token of the next one."""
        with self._transactions.reading() as work:
            parent = reached(work, parent_id)
            query = (str(work.tenant_id), "child_tenants", str(parent.id), str(show_deleted))
            page = TenantRepository(work).list_after(
                after(self._page_tokens, query, page_token),
                limit=page_size or DEFAULT_PAGE_SIZE,
                parent_id=parent.id,
                with_deleted=show_deleted,
            )
        return page, "" if page.next_key is None else self._page_tokens.write(query, page.next_key)

    def update(self, tenant_id: UUID | None, draft: TenantDraft, *, mask: Sequence[str], etag: str) -> Tenant:
        """The changed tenant. Nothing is written when nothing differs."""
        now = self._clock.now()
        with self._transactions() as work:
            tenant = locked(work, tenant_id, etag=etag)
            try:
                display_name, settings = draft.applied_to(tenant, mask)
            except UnknownPathError as error:
                raise unknown_path(str(error)) from None
            changed = tenant.changed(display_name=display_name, settings=settings, at=now)
            if changed is tenant:
                return tenant
            TenantRepository(work).save(changed)
            work.record(TenantUpdated.of(tenant, changed, at=now))
            work.notify(TENANT_TOPIC, str(changed.id))
            if changed.settings.second_factor_required != tenant.settings.second_factor_required:
                # What is remembered of a person's token depends on it.
                revoke(work, Revoked.TENANT, changed.id)
        return changed


def make_tenant(
    work: UnitOfWork,
    *,
    name: str,
    display_name: str,
    permissions: frozenset[str],
    clock: Clock,
    parent: Tenant | None = None,
) -> NewTenant:
    """Stores a new tenant and its first key with what happened; TenantNameTakenError when the name is taken."""
    now = clock.now()
    tenant = Tenant(
        id=new_id(),
        name=name,
        display_name=display_name or name,
        created_at=now,
        ancestors=() if parent is None else (*parent.ancestors, parent.id),
    )
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
