"""Creating, reading, changing and deleting service accounts."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from function_backend.kernel.clock import Clock
from function_backend.kernel.identifiers import new_id
from function_backend.kernel.pagination import Page, PageTokens
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.auth.domain.access_claims import SubjectKind
from function_backend.services.auth.domain.card import CARD_FIELDS, Card
from function_backend.services.auth.domain.checks import Checks
from function_backend.services.auth.domain.group import Member, MemberKind
from function_backend.services.auth.domain.service_account import ServiceAccount, ServiceAccountState
from function_backend.services.auth.errors.service_account import (
    ServiceAccountEtagMismatchError,
    ServiceAccountNotFoundError,
)
from function_backend.services.auth.events.service_account import (
    ServiceAccountCreated,
    ServiceAccountDeleted,
    ServiceAccountDisabled,
    ServiceAccountEnabled,
    ServiceAccountUpdated,
)
from function_backend.services.auth.repository.group_member import GroupMemberRepository
from function_backend.services.auth.repository.service_account import ServiceAccountRepository
from function_backend.services.auth.service.paging import DEFAULT_PAGE_SIZE, after
from function_backend.services.auth.service.revocation import Revoked, revoke
from function_backend.services.auth.service.standing import Standing


class ServiceAccounts:
    """The use cases of service accounts."""

    def __init__(
        self, *, transactions: Transactions, clock: Clock, page_tokens: PageTokens, standing: Standing
    ) -> None:
        self._transactions = transactions
        self._clock = clock
        self._page_tokens = page_tokens
        self._standing = standing

    def create(self, card: Card, checks: Checks) -> ServiceAccount:
        """A new service account, which is active and has no credential yet."""
        checked = card.checked(checks, "service_account")
        checks.complete()
        now = self._clock.now()
        account = ServiceAccount(
            id=new_id(),
            version=1,
            card=checked,
            state=ServiceAccountState.ACTIVE,
            created_at=now,
            updated_at=now,
        )
        with self._transactions() as work:
            ServiceAccountRepository(work).add(account)
            work.record(ServiceAccountCreated.of(None, account))
        return account

    def get(self, account_id: UUID) -> ServiceAccount:
        """The service account."""
        with self._transactions.reading() as work:
            account = ServiceAccountRepository(work).find(account_id)
        if account is None:
            raise ServiceAccountNotFoundError(account_id)
        return account

    def list(
        self, page_size: int, page_token: str, *, states: Sequence[ServiceAccountState]
    ) -> tuple[Page[ServiceAccount], str]:
        """A page of the service accounts in order of id, and the token of the next one."""
        with self._transactions.reading() as work:
            query = (str(work.tenant_id), "service_accounts", ",".join(sorted(state.value for state in states)))
            page = ServiceAccountRepository(work).list_after(
                after(self._page_tokens, query, page_token), limit=page_size or DEFAULT_PAGE_SIZE, states=states
            )
        return page, "" if page.next_key is None else self._page_tokens.write(query, page.next_key)

    def update(self, account_id: UUID, card: Card, checks: Checks, *, mask: Sequence[str], etag: str) -> ServiceAccount:
        """The changed service account; nothing is written when nothing differs."""
        fields = card.masked(checks, mask)
        checked = card.checked(checks, "service_account", fields)
        checks.complete()
        with self._transactions() as work:
            account = self._lock(work, account_id, etag)
            wanted = account.card.with_fields(checked, fields)
            differing = tuple(name for name in CARD_FIELDS if getattr(wanted, name) != getattr(account.card, name))
            if not differing:
                return account
            changed = account.with_card(wanted, at=self._clock.now())
            ServiceAccountRepository(work).save(changed)
            work.record(ServiceAccountUpdated.of_fields(account, changed, fields=differing))
        return changed

    def delete(self, account_id: UUID, *, etag: str) -> ServiceAccount:
        """The service account as it was; every credential of it is refused within a second."""
        with self._transactions() as work:
            account = self._lock(work, account_id, etag)
            GroupMemberRepository(work).remove_everywhere(Member(MemberKind.SERVICE_ACCOUNT, account_id))
            ServiceAccountRepository(work).delete(account_id)
            work.record(ServiceAccountDeleted.of_last(account, at=self._clock.now()))
            revoke(work, Revoked.SUBJECT, account_id)
        return account

    def disable(self, account_id: UUID, *, etag: str) -> ServiceAccount:
        """The disabled service account; every credential of it is refused within a second."""
        return self._set_state(account_id, ServiceAccountState.DISABLED, etag, ServiceAccountDisabled)

    def enable(self, account_id: UUID, *, etag: str) -> ServiceAccount:
        """The enabled service account."""
        return self._set_state(account_id, ServiceAccountState.ACTIVE, etag, ServiceAccountEnabled)

    def _set_state(
        self,
        account_id: UUID,
        state: ServiceAccountState,
        etag: str,
        event: type[ServiceAccountDisabled | ServiceAccountEnabled],
    ) -> ServiceAccount:
        with self._transactions() as work:
            account = self._lock(work, account_id, etag)
            changed = account.in_state(state, at=self._clock.now())
            if changed is account:
                return account
            ServiceAccountRepository(work).save(changed)
            work.record(event.of(account, changed))
            revoke(work, Revoked.SUBJECT, account_id)
        return changed

    def _lock(self, work: UnitOfWork, account_id: UUID, etag: str) -> ServiceAccount:
        account = ServiceAccountRepository(work).find_for_update(account_id)
        if account is None:
            raise ServiceAccountNotFoundError(account_id)
        if etag and etag != account.etag:
            raise ServiceAccountEtagMismatchError(account_id, account.etag)
        self._standing.require_over(work, SubjectKind.SERVICE_ACCOUNT, account_id)
        return account
