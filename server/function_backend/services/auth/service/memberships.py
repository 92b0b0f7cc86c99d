"""Putting users, service accounts and groups into groups."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from function_backend.kernel.clock import Clock
from function_backend.kernel.errors import NotFoundError
from function_backend.kernel.pagination import Page, PageTokens
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.auth.domain.group import DEEPEST, MOST_MEMBERS, Group, Member, MemberKind
from function_backend.services.auth.errors.group import (
    GroupCycleError,
    GroupFullError,
    GroupNotFoundError,
    GroupTooDeepError,
)
from function_backend.services.auth.errors.service_account import ServiceAccountNotFoundError
from function_backend.services.auth.errors.user import UserNotFoundError
from function_backend.services.auth.events.group import MembersAdded, MembershipEvent, MembersRemoved
from function_backend.services.auth.repository.group import GroupRepository
from function_backend.services.auth.repository.group_member import GroupMemberRepository
from function_backend.services.auth.repository.service_account import ServiceAccountRepository
from function_backend.services.auth.repository.user import UserRepository
from function_backend.services.auth.service.groups import lock_group
from function_backend.services.auth.service.paging import DEFAULT_PAGE_SIZE, after
from function_backend.services.auth.service.revocation import Revoked, revoke
from function_backend.services.auth.service.standing import Standing

_MOST_NOTIFIED = 16
"""Beyond so many subjects the whole tenant is asked for again, with one notification."""

_Existing = Callable[[UnitOfWork, Sequence[UUID]], set[UUID]]
_KINDS: dict[MemberKind, tuple[_Existing, Callable[[UUID], NotFoundError]]] = {
    MemberKind.USER: (lambda work, ids: UserRepository(work).existing(ids), UserNotFoundError),
    MemberKind.SERVICE_ACCOUNT: (
        lambda work, ids: ServiceAccountRepository(work).existing(ids),
        ServiceAccountNotFoundError,
    ),
    MemberKind.GROUP: (lambda work, ids: GroupRepository(work).existing(ids), GroupNotFoundError),
}


class Memberships:
    """The use cases of who is in which group."""

    def __init__(
        self, *, transactions: Transactions, clock: Clock, page_tokens: PageTokens, standing: Standing
    ) -> None:
        self._transactions = transactions
        self._clock = clock
        self._page_tokens = page_tokens
        self._standing = standing

    def add(self, group_id: UUID, members: Sequence[Member]) -> tuple[Group, int]:
        """The group, and how many of the members are new in it.

        Whoever adds must hold what the group grants. Raises GroupCycleError, GroupTooDeepError or GroupFullError.
        """
        nested = sorted(member.id for member in members if member.kind is MemberKind.GROUP)
        with self._transactions() as work:
            stored = GroupMemberRepository(work)
            if nested:
                stored.hold_nesting()
            group = lock_group(work, group_id)
            self._standing.require_over_group(work, group_id)
            _require_existing(work, members)
            if nested:
                _require_nestable(stored, group_id, nested)
            principal = work.call.principal
            by = "" if principal is None else principal.actor
            added = stored.add(group_id, members, at=self._clock.now(), by=by)
            if not added:
                return group, 0
            if stored.count(group_id) > MOST_MEMBERS:
                raise GroupFullError
            return self._changed(work, group, added, MembersAdded), len(added)

    def remove(self, group_id: UUID, members: Sequence[Member]) -> tuple[Group, int]:
        """The group, and how many of the members were in it."""
        with self._transactions() as work:
            group = lock_group(work, group_id)
            removed = GroupMemberRepository(work).remove(group_id, members)
            if not removed:
                return group, 0
            return self._changed(work, group, removed, MembersRemoved), len(removed)

    def list(self, group_id: UUID, page_size: int, page_token: str) -> tuple[Page[Member], str]:
        """A page of the direct members in order of kind and id, and the token of the next one."""
        with self._transactions.reading() as work:
            if GroupRepository(work).find(group_id) is None:
                raise GroupNotFoundError(group_id)
            query = (str(work.tenant_id), "members", str(group_id))
            key = self._page_tokens.read(query, page_token)
            page = GroupMemberRepository(work).list_after(group_id, key, limit=page_size or DEFAULT_PAGE_SIZE)
        return page, "" if page.next_key is None else self._page_tokens.write(query, page.next_key)

    def list_groups_of(
        self, member: Member, page_size: int, page_token: str, *, only_direct: bool
    ) -> tuple[Page[Group], str]:
        """A page of the groups that the member is in, in order of id, and the token of the next one."""
        with self._transactions.reading() as work:
            _require_found(work, member)
            query = (str(work.tenant_id), "groups_of", member.kind.value, str(member.id), str(only_direct))
            page = GroupRepository(work).list_of(
                member,
                after(self._page_tokens, query, page_token),
                limit=page_size or DEFAULT_PAGE_SIZE,
                only_direct=only_direct,
            )
        return page, "" if page.next_key is None else self._page_tokens.write(query, page.next_key)

    def _changed(
        self, work: UnitOfWork, group: Group, members: Sequence[Member], event: type[MembershipEvent]
    ) -> Group:
        changed = group.changed(at=self._clock.now())
        GroupRepository(work).save(changed)
        work.record(event.of_members(group, changed, members=tuple(members)))
        if len(members) > _MOST_NOTIFIED or any(member.kind is MemberKind.GROUP for member in members):
            revoke(work, Revoked.TENANT, work.tenant_id)
        else:
            for member in members:
                revoke(work, Revoked.SUBJECT, member.id)
        return changed


def _require_existing(work: UnitOfWork, members: Sequence[Member]) -> None:
    """A member that does not exist would be a door left open for whoever gets that id. Locks in one order."""
    for kind in MemberKind:
        wanted = [member.id for member in members if member.kind is kind]
        if not wanted:
            continue
        existing, not_found = _KINDS[kind]
        found = existing(work, wanted)
        missing = next((member_id for member_id in wanted if member_id not in found), None)
        if missing is not None:
            raise not_found(missing)


def _require_found(work: UnitOfWork, member: Member) -> None:
    """As `_require_existing` for one member, without locking it."""
    found: object
    match member.kind:
        case MemberKind.USER:
            found = UserRepository(work).find(member.id)
        case MemberKind.SERVICE_ACCOUNT:
            found = ServiceAccountRepository(work).find(member.id)
        case MemberKind.GROUP:
            found = GroupRepository(work).find(member.id)
    if found is None:
        raise _KINDS[member.kind][1](member.id)


def _require_nestable(stored: GroupMemberRepository, group_id: UUID, nested: Sequence[UUID]) -> None:
    around = stored.groups_of(Member(MemberKind.GROUP, group_id)) | {group_id}
    _, above = stored.depths(group_id)
    for member_id in nested:
        if member_id in around:
            raise GroupCycleError(group_id, member_id)
        below, _ = stored.depths(member_id)
        if above + below > DEEPEST:
            raise GroupTooDeepError
