"""Creating, reading, changing and deleting roles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from function_backend.kernel.clock import Clock
from function_backend.kernel.identifiers import new_id
from function_backend.kernel.pagination import Page, PageTokens
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.auth.domain.built_in_roles import BuiltInRoles
from function_backend.services.auth.domain.permission import PermissionCatalogue
from function_backend.services.auth.domain.role import MOST_ROLES, Role, RoleContent
from function_backend.services.auth.domain.role_changes import changed, checked
from function_backend.services.auth.domain.role_graph import DEEPEST, DescribedRole, RoleGraph
from function_backend.services.auth.errors.role import (
    RoleBuiltInError,
    RoleCycleError,
    RoleEtagMismatchError,
    RoleInUseError,
    RoleLimitReachedError,
    RoleNameTakenError,
    RoleNotFoundError,
    RoleTooDeepError,
    unknown_role_permissions,
)
from function_backend.services.auth.events.role import RoleCreated, RoleDeleted, RoleUpdated
from function_backend.services.auth.events.role_binding import RoleBindingDeleted
from function_backend.services.auth.repository.role import RoleRepository
from function_backend.services.auth.repository.role_binding import RoleBindingRepository
from function_backend.services.auth.service.guards import RoleGuards, refuse_escalation
from function_backend.services.auth.service.paging import DEFAULT_PAGE_SIZE, after
from function_backend.services.auth.service.revocation import Revoked, revoke

_WITH_ROLE = "The role was deleted."


class RoleService:
    """The use cases of roles."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        clock: Clock,
        page_tokens: PageTokens,
        catalogue: PermissionCatalogue,
        built_in: BuiltInRoles,
        guards: RoleGuards,
    ) -> None:
        self._transactions = transactions
        self._clock = clock
        self._page_tokens = page_tokens
        self._catalogue = catalogue
        self._built_in = built_in
        self._guards = guards

    def create(self, content: RoleContent) -> DescribedRole:
        """A new role of the caller's tenant, which grants nothing that the caller lacks."""
        self._check(checked(content))
        now = self._clock.now()
        with self._transactions() as work:
            principal = work.call.principal
            roles = RoleRepository(work)
            graph = self._locked(roles)
            if len(graph.own) >= MOST_ROLES:
                raise RoleLimitReachedError("roles", MOST_ROLES)
            role = Role(
                id=new_id(),
                content=content,
                revision=1,
                created_at=now,
                updated_at=now,
                creator="" if principal is None else principal.actor,
            )
            described = self._sound(work, graph.with_role(role), role)
            # Nobody has the role yet, so there is nothing that a worker could have wrong.
            roles.add(role)
            work.record(RoleCreated.of(role, at=now))
        return described

    def get(self, role_id: UUID) -> DescribedRole:
        """The role."""
        with self._transactions.reading() as work:
            graph = self._graph(RoleRepository(work))
        return graph.described(_found(graph, role_id))

    def list(self, page_size: int, page_token: str) -> tuple[Page[DescribedRole], str]:
        """A page of the roles in order of id, and the token of the next one. The built-in ones have the lowest ids."""
        limit = page_size or DEFAULT_PAGE_SIZE
        with self._transactions.reading() as work:
            query = (str(work.tenant_id), "roles")
            last = after(self._page_tokens, query, page_token)
            graph = self._graph(RoleRepository(work))
        following = [role for role in (*self._built_in.by_id.values(), *graph.own) if last is None or role.id > last]
        shown = [graph.described(role) for role in following[:limit]]
        next_key = (str(shown[-1].role.id),) if len(following) > limit else None
        return Page(shown, next_key), "" if next_key is None else self._page_tokens.write(query, next_key)

    def update(self, role_id: UUID, wish: RoleContent, *, mask: Sequence[str], etag: str) -> DescribedRole:
        """The changed role. Whoever has it, or one that inherits it, may do what it now says within a second."""
        now = self._clock.now()
        with self._transactions() as work:
            roles = RoleRepository(work)
            graph = self._locked(roles)
            before = _changeable(graph, role_id, etag)
            content = changed(before.content, wish, mask)
            self._check(content, before=before.content)
            if content == before.content:
                return graph.described(before)
            role = replace(before, content=content, revision=before.revision + 1, updated_at=now)
            changed_graph = graph.with_role(role)
            described = self._sound(work, changed_graph, role)
            roles.save(before, role)
            self._keep_administrators(work, graph, changed_graph)
            work.record(RoleUpdated.of(before, role, at=now))
            revoke(work, Revoked.ROLE, role_id)
        return described

    def delete(self, role_id: UUID, *, etag: str, force: bool) -> int:
        """How many bindings went with the role. Without `force` a role that is bound stays."""
        now = self._clock.now()
        with self._transactions() as work:
            roles = RoleRepository(work)
            graph = self._locked(roles)
            role = _changeable(graph, role_id, etag)
            bound = RoleBindingRepository(work).counting_of_role(role_id, at=now)
            heirs = graph.heirs(role_id)
            if heirs or (bound and not force):
                raise RoleInUseError(role_id, bindings=len(bound), heirs=len(heirs))
            for binding in bound:
                gone = binding.delete(at=now, by=_actor(work), reason=_WITH_ROLE)
                RoleBindingRepository(work).delete(gone)
                work.record(RoleBindingDeleted.of(binding, gone, at=now))
            roles.remove(role)
            self._keep_administrators(work, graph, graph.without(role_id))
            work.record(RoleDeleted.of(role, at=now))
            revoke(work, Revoked.ROLE, role_id)
        return len(bound)

    def _check(self, content: RoleContent, *, before: RoleContent | None = None) -> None:
        known = frozenset() if before is None else before.permissions
        unknown = [
            (name, self._catalogue.nearest(name))
            for name in sorted(content.permissions - known)
            if not self._catalogue.knows(name)
        ]
        if unknown:
            raise unknown_role_permissions(unknown)
        renamed = before is None or content.name != before.name
        if renamed and self._built_in.has_name(content.name):
            raise RoleNameTakenError(content.name)

    def _sound(self, work: UnitOfWork, graph: RoleGraph, role: Role) -> DescribedRole:
        """The role as part of the graph that it would make; raises what is wrong with that."""
        for inherited in sorted(role.content.inherited):
            if inherited not in graph:
                raise RoleNotFoundError(inherited)
        if graph.inherits_itself(role.id):
            raise RoleCycleError(role.id)
        if graph.depth() > DEEPEST:
            raise RoleTooDeepError(DEEPEST)
        described = graph.described(role)
        refuse_escalation(work.call.principal, described.effective)
        return described

    def _keep_administrators(self, work: UnitOfWork, before: RoleGraph, after: RoleGraph) -> None:
        """Raises LastAdministratorError when the change takes away the last one; called after the change."""
        if self._guards.administering(before) - self._guards.administering(after):
            self._guards.refuse_if_nobody_is_left(work)

    def _graph(self, roles: RoleRepository) -> RoleGraph:
        return RoleGraph(self._built_in.by_id, roles.all())

    def _locked(self, roles: RoleRepository) -> RoleGraph:
        roles.lock()
        return self._graph(roles)


def _found(graph: RoleGraph, role_id: UUID) -> Role:
    if role_id not in graph:
        raise RoleNotFoundError(role_id)
    return graph[role_id]


def _changeable(graph: RoleGraph, role_id: UUID, etag: str) -> Role:
    role = _found(graph, role_id)
    if role.built_in:
        raise RoleBuiltInError(role_id, role.name)
    if etag and etag != role.etag:
        raise RoleEtagMismatchError(role_id, role.etag)
    return role


def _actor(work: UnitOfWork) -> str:
    principal = work.call.principal
    return "" if principal is None else principal.actor
