"""Creating, reading, changing and deleting groups."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from function_backend.kernel.clock import Clock
from function_backend.kernel.identifiers import new_id
from function_backend.kernel.pagination import Page, PageTokens
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.auth.domain.card import CARD_FIELDS, Card
from function_backend.services.auth.domain.checks import Checks
from function_backend.services.auth.domain.group import Group, Member, MemberKind
from function_backend.services.auth.errors.group import GroupEtagMismatchError, GroupNotFoundError
from function_backend.services.auth.events.group import GroupCreated, GroupDeleted, GroupUpdated
from function_backend.services.auth.repository.group import GroupRepository
from function_backend.services.auth.repository.group_member import GroupMemberRepository
from function_backend.services.auth.service.paging import DEFAULT_PAGE_SIZE, after
from function_backend.services.auth.service.revocation import Revoked, revoke


class Groups:
    """The use cases of groups as such."""

    def __init__(self, *, transactions: Transactions, clock: Clock, page_tokens: PageTokens) -> None:
        self._transactions = transactions
        self._clock = clock
        self._page_tokens = page_tokens

    def create(self, card: Card, checks: Checks) -> Group:
        """A new group without members."""
        checked = card.checked(checks, "group")
        checks.complete()
        now = self._clock.now()
        group = Group(id=new_id(), version=1, card=checked, created_at=now, updated_at=now)
        with self._transactions() as work:
            GroupRepository(work).add(group)
            work.record(GroupCreated.of(None, group))
        return group

    def get(self, group_id: UUID) -> Group:
        """The group."""
        with self._transactions.reading() as work:
            group = GroupRepository(work).find(group_id)
        if group is None:
            raise GroupNotFoundError(group_id)
        return group

    def list(self, page_size: int, page_token: str) -> tuple[Page[Group], str]:
        """A page of the groups in order of id, and the token of the next one."""
        with self._transactions.reading() as work:
            query = (str(work.tenant_id), "groups")
            page = GroupRepository(work).list_after(
                after(self._page_tokens, query, page_token), limit=page_size or DEFAULT_PAGE_SIZE
            )
        return page, "" if page.next_key is None else self._page_tokens.write(query, page.next_key)

    def update(self, group_id: UUID, card: Card, checks: Checks, *, mask: Sequence[str], etag: str) -> Group:
        """The changed group; nothing is written when nothing differs."""
        fields = card.masked(checks, mask)
        checked = card.checked(checks, "group", fields)
        checks.complete()
        with self._transactions() as work:
            group = lock_group(work, group_id, etag=etag)
            wanted = group.card.with_fields(checked, fields)
            differing = tuple(name for name in CARD_FIELDS if getattr(wanted, name) != getattr(group.card, name))
            if not differing:
                return group
            changed = group.with_card(wanted, at=self._clock.now())
            GroupRepository(work).save(changed)
            work.record(GroupUpdated.of_fields(group, changed, fields=differing))
        return changed

    def delete(self, group_id: UUID, *, etag: str) -> Group:
        """The group as it was; its members lose what they held by it within a second."""
        with self._transactions() as work:
            group = lock_group(work, group_id, etag=etag)
            GroupMemberRepository(work).remove_everywhere(Member(MemberKind.GROUP, group_id))
            GroupRepository(work).delete(group_id)
            work.record(GroupDeleted.of_last(group, at=self._clock.now()))
            revoke(work, Revoked.TENANT, work.tenant_id)
        return group


def lock_group(work: UnitOfWork, group_id: UUID, *, etag: str = "") -> Group:
    """The group, locked until the transaction ends; GroupEtagMismatchError when the caller expects another version."""
    group = GroupRepository(work).find_for_update(group_id)
    if group is None:
        raise GroupNotFoundError(group_id)
    if etag and etag != group.etag:
        raise GroupEtagMismatchError(group_id, group.etag)
    return group
