"""Granting roles and taking them away."""

from __future__ import annotations

from uuid import UUID

from function_backend.kernel.clock import Clock
from function_backend.kernel.identifiers import new_id
from function_backend.kernel.pagination import Page, PageTokens
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.auth.domain.built_in_roles import BuiltInRoles
from function_backend.services.auth.domain.role_binding import (
    MOST_BINDINGS,
    BindingWish,
    Holder,
    HolderKind,
    RoleBinding,
)
from function_backend.services.auth.domain.role_graph import RoleGraph
from function_backend.services.auth.errors.role import RoleLimitReachedError, RoleNotFoundError
from function_backend.services.auth.errors.role_binding import (
    RoleBindingNotFoundError,
    RoleSubjectNotFoundError,
    binding_without_future,
)
from function_backend.services.auth.events.role_binding import RoleBindingCreated, RoleBindingDeleted
from function_backend.services.auth.repository.role import RoleRepository
from function_backend.services.auth.repository.role_binding import BindingFilter, RoleBindingRepository
from function_backend.services.auth.repository.subjects import SubjectDirectory
from function_backend.services.auth.service.guards import RoleGuards, refuse_escalation
from function_backend.services.auth.service.paging import DEFAULT_PAGE_SIZE, after
from function_backend.services.auth.service.revocation import Revoked, revoke


class RoleBindingService:
    """The use cases of role bindings."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        clock: Clock,
        page_tokens: PageTokens,
        built_in: BuiltInRoles,
        guards: RoleGuards,
    ) -> None:
        self._transactions = transactions
        self._clock = clock
        self._page_tokens = page_tokens
        self._built_in = built_in
        self._guards = guards

    def create(self, wish: BindingWish) -> RoleBinding:
        """The new binding, of a role that grants nothing which the caller lacks in its scope."""
        now = self._clock.now()
        if wish.expires_at is not None and wish.expires_at <= now:
            raise binding_without_future()
        with self._transactions() as work:
            roles = RoleRepository(work)
            # What the role grants must not change between the look at it and the commit.
            roles.lock()
            graph = RoleGraph(self._built_in.by_id, roles.all())
            if wish.role_id not in graph:
                raise RoleNotFoundError(wish.role_id)
            refuse_escalation(work.call.principal, graph.effective(wish.role_id), wish.scope)
            if not SubjectDirectory(work).exists(wish.holder):
                raise RoleSubjectNotFoundError(wish.holder.name)
            bindings = RoleBindingRepository(work)
            if bindings.count_of(wish.holder, at=now) >= MOST_BINDINGS:
                raise RoleLimitReachedError("roles of one subject", MOST_BINDINGS)
            binding = RoleBinding(id=new_id(), wish=wish, granter=_actor(work), created_at=now)
            bindings.add(binding)
            work.record(RoleBindingCreated.of(binding))
            _revoke(work, wish)
        return binding

    def get(self, binding_id: UUID) -> RoleBinding:
        """The binding, also an expired or a deleted one."""
        with self._transactions.reading() as work:
            binding = RoleBindingRepository(work).find(binding_id)
        if binding is None:
            raise RoleBindingNotFoundError(binding_id)
        return binding

    def list(
        self,
        page_size: int,
        page_token: str,
        *,
        filter: BindingFilter,
        show_ended: bool,
    ) -> tuple[Page[RoleBinding], str]:
        """A page of the bindings that fit in order of id, and the token of the next one."""
        with self._transactions.reading() as work:
            query = (str(work.tenant_id), "role_bindings", repr(filter), str(show_ended))
            wanted = filter if show_ended else filter.counting(self._clock.now())
            page = RoleBindingRepository(work).list_after(
                after(self._page_tokens, query, page_token), limit=page_size or DEFAULT_PAGE_SIZE, filter=wanted
            )
        return page, "" if page.next_key is None else self._page_tokens.write(query, page.next_key)

    def delete(self, binding_id: UUID, *, reason: str) -> RoleBinding:
        """The deleted binding; every worker honours it within a second."""
        now = self._clock.now()
        with self._transactions() as work:
            RoleRepository(work).lock()
            bindings = RoleBindingRepository(work)
            binding = bindings.find_for_update(binding_id)
            if binding is None:
                raise RoleBindingNotFoundError(binding_id)
            gone = binding.delete(at=now, by=_actor(work), reason=reason)
            if gone is binding:
                return binding
            bindings.delete(gone)
            self._keep_administrators(work, binding)
            work.record(RoleBindingDeleted.of(binding, gone, at=now))
            _revoke(work, binding.wish)
        return gone

    def _keep_administrators(self, work: UnitOfWork, gone: RoleBinding) -> None:
        if not gone.lasts():
            return
        administering = self._guards.administering(RoleGraph(self._built_in.by_id, RoleRepository(work).all()))
        if gone.wish.role_id in administering:
            self._guards.refuse_if_nobody_is_left(work)


def _revoke(work: UnitOfWork, wish: BindingWish) -> None:
    holder: Holder = wish.holder
    if holder.kind is HolderKind.GROUP:
        # Its members are not named one by one: whoever remembers anything of the role asks again.
        revoke(work, Revoked.ROLE, wish.role_id)
    else:
        revoke(work, Revoked.SUBJECT, holder.id)


def _actor(work: UnitOfWork) -> str:
    principal = work.call.principal
    return "" if principal is None else principal.actor
