"""Creating, reading and revoking API keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from function_backend.kernel.clock import Clock
from function_backend.kernel.identifiers import new_id
from function_backend.kernel.identity import Principal
from function_backend.kernel.pagination import Page, PageTokens
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.auth.domain.api_key import ApiKey, KeyWish
from function_backend.services.auth.domain.key_text import mint
from function_backend.services.auth.domain.permission import PermissionCatalogue
from function_backend.services.auth.errors.api_key import ApiKeyNotFoundError, expiry_in_the_past
from function_backend.services.auth.errors.permission import PermissionEscalationError, unknown_permissions
from function_backend.services.auth.events.api_key import ApiKeyCreated, ApiKeyRevoked
from function_backend.services.auth.repository.api_key import ApiKeyRepository
from function_backend.services.auth.service.paging import DEFAULT_PAGE_SIZE, after
from function_backend.services.auth.service.revocation import Revoked, revoke


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key; the secret is nowhere else."""

    api_key: ApiKey
    secret: str = field(repr=False)


class ApiKeyService:
    """The use cases of API keys."""

    def __init__(
        self, *, transactions: Transactions, clock: Clock, page_tokens: PageTokens, catalogue: PermissionCatalogue
    ) -> None:
        self._transactions = transactions
        self._clock = clock
        self._page_tokens = page_tokens
        self._catalogue = catalogue

    def create(self, wish: KeyWish) -> NewKey:
        """A new key of the caller's tenant, with no permission that the caller lacks."""
        now = self._clock.now()
        self._check(wish, now)
        with self._transactions() as work:
            principal = work.call.principal
            _refuse_escalation(wish, principal)
            api_key = ApiKey(
                id=new_id(),
                tenant_id=work.tenant_id,
                display_name=wish.display_name,
                permissions=frozenset(wish.permissions),
                rate_limit_per_second=wish.rate_limit_per_second,
                created_at=now,
                creator="" if principal is None else principal.actor,
                expires_at=wish.expires_at,
            )
            text = mint(api_key.id)
            ApiKeyRepository(work).add(api_key, digest=text.digest)
            work.record(ApiKeyCreated.of(api_key))
        return NewKey(api_key=api_key, secret=text.text)

    def get(self, api_key_id: UUID) -> ApiKey:
        """The key."""
        with self._transactions.reading() as work:
            api_key = ApiKeyRepository(work).find(api_key_id)
        if api_key is None:
            raise ApiKeyNotFoundError(api_key_id)
        return api_key

    def list(self, page_size: int, page_token: str, *, show_revoked: bool) -> tuple[Page[ApiKey], str]:
        """A page of the tenant's keys in order of id, and the token of the next one."""
        with self._transactions.reading() as work:
            query = (str(work.tenant_id), "api_keys", str(show_revoked))
            page = ApiKeyRepository(work).list_after(
                after(self._page_tokens, query, page_token),
                limit=page_size or DEFAULT_PAGE_SIZE,
                usable_at=None if show_revoked else self._clock.now(),
            )
        return page, "" if page.next_key is None else self._page_tokens.write(query, page.next_key)

    def revoke(self, api_key_id: UUID) -> ApiKey:
        """The revoked key; every worker refuses it within a second."""
        now = self._clock.now()
        with self._transactions() as work:
            keys = ApiKeyRepository(work)
            api_key = keys.find_for_update(api_key_id)
            if api_key is None:
                raise ApiKeyNotFoundError(api_key_id)
            revoked = api_key.revoke(at=now)
            if revoked is api_key:
                return api_key
            keys.revoke(revoked)
            work.record(ApiKeyRevoked.of(api_key, revoked, at=now))
            revoke(work, Revoked.API_KEY, api_key_id)
        return revoked

    def _check(self, wish: KeyWish, now: datetime) -> None:
        unknown = [
            (place, name, self._catalogue.nearest(name))
            for place, name in enumerate(wish.permissions)
            if not self._catalogue.knows(name)
        ]
        if unknown:
            raise unknown_permissions(unknown)
        if wish.expires_at is not None and wish.expires_at <= now:
            raise expiry_in_the_past()


def _refuse_escalation(wish: KeyWish, principal: Principal | None) -> None:
    for permission in wish.permissions:
        if principal is None or not principal.permissions.covers(permission):
            raise PermissionEscalationError(permission)
