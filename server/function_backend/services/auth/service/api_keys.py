"""Creating, reading and revoking API keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from function_backend.kernel.clock import Clock
from function_backend.kernel.identifiers import new_id
from function_backend.kernel.pagination import Page, PageTokens
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.auth.domain.access_claims import SubjectKind
from function_backend.services.auth.domain.api_key import ApiKey, KeyOwner, KeyWish, SeenKey
from function_backend.services.auth.domain.key_text import mint
from function_backend.services.auth.domain.permission import PermissionCatalogue
from function_backend.services.auth.errors.api_key import ApiKeyNotFoundError
from function_backend.services.auth.events.api_key import ApiKeyCreated, ApiKeyRevoked
from function_backend.services.auth.ports import AdministratorGuard
from function_backend.services.auth.repository.api_key import ApiKeyRepository
from function_backend.services.auth.service.granting import (
    KeyOwners,
    require_future,
    require_known,
)
from function_backend.services.auth.service.guards import refuse_escalation
from function_backend.services.auth.service.paging import DEFAULT_PAGE_SIZE, after
from function_backend.services.auth.service.revocation import Revoked, revoke
from function_backend.services.auth.service.user_notices import UserNotices

_MOST_OF_OWNER = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key; the secret is nowhere else."""

    api_key: ApiKey
    secret: str = field(repr=False)


class ApiKeyService:
    """The use cases of API keys."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        clock: Clock,
        page_tokens: PageTokens,
        catalogue: PermissionCatalogue,
        owners: KeyOwners,
        administrators: AdministratorGuard,
        notices: UserNotices,
    ) -> None:
        self._transactions = transactions
        self._clock = clock
        self._page_tokens = page_tokens
        self._catalogue = catalogue
        self._owners = owners
        self._administrators = administrators
        self._notices = notices

    def create(self, wish: KeyWish) -> NewKey:
        """A new key of the caller's tenant, with no permission that the caller lacks."""
        now = self._clock.now()
        require_known(wish.permissions, self._catalogue)
        require_future(wish.expires_at, now)
        with self._transactions() as work:
            principal = work.call.principal
            refuse_escalation(principal, wish.permissions)
            self._owners.require(work, wish.owner)
            api_key = ApiKey(
                id=new_id(),
                tenant_id=work.tenant_id,
                display_name=wish.display_name,
                permissions=frozenset(wish.permissions),
                rate_limit_per_second=wish.rate_limit_per_second,
                created_at=now,
                creator="" if principal is None else principal.actor,
                expires_at=wish.expires_at,
                owner=wish.owner,
                max_calls_per_day=wish.max_calls_per_day,
            )
            text = mint(api_key.id)
            ApiKeyRepository(work).add(api_key, digest=text.digest)
            work.record(ApiKeyCreated.of(api_key))
            if wish.owner is not None and wish.owner.kind is SubjectKind.USER:
                self._notices.tell_of_key(work, wish.owner.id, key_id=api_key.id, name=api_key.display_name, at=now)
        return NewKey(api_key=api_key, secret=text.text)

    def get(self, api_key_id: UUID) -> SeenKey:
        """The key with its uses."""
        with self._transactions.reading() as work:
            found = ApiKeyRepository(work).find(api_key_id, today=self._clock.now().date())
        if found is None:
            raise ApiKeyNotFoundError(api_key_id)
        return found

    def list(
        self, page_size: int, page_token: str, *, show_revoked: bool, owner: KeyOwner | None = None
    ) -> tuple[Page[SeenKey], str]:
        """A page of the tenant's keys in order of id, and the token of the next one."""
        now = self._clock.now()
        with self._transactions.reading() as work:
            query = (str(work.tenant_id), "api_keys", str(show_revoked), str(owner or ""))
            page = ApiKeyRepository(work).list_after(
                after(self._page_tokens, query, page_token),
                limit=page_size or DEFAULT_PAGE_SIZE,
                usable_at=None if show_revoked else now,
                owner=owner,
                today=now.date(),
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
            keys.save(revoked)
            self._administrators.refuse_if_nobody_is_left(work)
            work.record(ApiKeyRevoked.of(api_key, revoked, at=now))
            revoke(work, Revoked.API_KEY, api_key_id)
        return revoked

    def revoke_all_of(self, owner: KeyOwner) -> int:
        """How many keys of the owner worked until now; every worker refuses them within a second."""
        now = self._clock.now()
        with self._transactions() as work:
            keys = ApiKeyRepository(work)
            found = keys.find_working_for_update(owner, limit=_MOST_OF_OWNER)
            for api_key in found:
                revoked = api_key.revoke(at=now)
                keys.save(revoked)
                work.record(ApiKeyRevoked.of(api_key, revoked, at=now))
            if found:
                self._administrators.refuse_if_nobody_is_left(work)
                # Whatever is remembered of the owner goes, its keys with it: one revocation instead of one per key.
                revoke(work, Revoked.SUBJECT, owner.id)
        return len(found)
