"""Finding what a subject may do, before or after its tenant is known."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from function_backend.kernel.conditions import ALWAYS, GrantCondition
from function_backend.kernel.identity import (
    ConditionalPermissions,
    PermissionSet,
    ResourceScope,
    ScopedPermissions,
)
from function_backend.kernel.step_up import StepUp
from function_backend.persistence.wire import Driver
from function_backend.services.auth.domain.access_claims import SubjectKind
from function_backend.services.auth.domain.entitlement import Entitlement
from function_backend.services.auth.domain.role import Role
from function_backend.services.auth.repository.condition import read_condition, read_scope
from function_backend.services.auth.repository.role import read_step_up

_log = logging.getLogger(__name__)

_FIND_SQL = """
    select role_id, bound, name, permissions, second_factor, max_age_seconds,
        resource_type, resource_id, labels, expires_at, condition
    from find_grants(%s, %s, %s, %s)
"""


class _Terms(NamedTuple):
    """Under which terms permissions are held; those of equal terms are held together."""

    scope: ResourceScope | None
    condition: GrantCondition
    step_up: StepUp | None


class EntitlementRepository:
    """Asks the one function of the definer that sees roles and bindings of every tenant."""

    def __init__(self, built_in: Mapping[UUID, Role], *, now: Callable[[], datetime]) -> None:
        self._built_in = built_in
        self._now = now

    def find(self, driver: Driver, tenant_id: UUID, kind: SubjectKind, subject_id: UUID) -> Entitlement:
        """The permissions of a user or a service account, its groups' included, at this moment.

        Asked before a tenant is set, through a function of the definer; an unknown subject may do nothing.
        """
        return self._found(driver, tenant_id, kind.value, subject_id)

    def find_of_group(self, driver: Driver, tenant_id: UUID, group_id: UUID) -> Entitlement:
        """What every member of the group may do because of that, by the groups around it too."""
        return self._found(driver, tenant_id, "group", group_id)

    def _found(self, driver: Driver, tenant_id: UUID, kind: str, subject_id: UUID) -> Entitlement:
        held: dict[_Terms, set[str]] = {}
        roles: set[str] = set()
        for row in driver.execute(_FIND_SQL, (tenant_id, kind, subject_id, self._now())):
            role_id, bound, name, permissions, *terms = row
            built_in = self._built_in.get(role_id)
            if built_in is not None:
                name, permissions = built_in.name, built_in.content.permissions
            if name is None:
                continue  # The role of a release that is gone, or deleted since.
            found = _terms(*terms)
            if found is None:
                continue
            if bound:
                roles.add(name)
            held.setdefault(found, set()).update(permissions)
        return _assembled(held, roles)


def _terms(
    second_factor: bool,  # noqa: FBT001  the columns of a row, in their order
    max_age_seconds: int | None,
    resource_type: str,
    resource_id: UUID | None,
    labels: Mapping[str, str],
    expires_at: datetime | None,
    condition: Mapping[str, Any],
) -> _Terms | None:
    try:
        asked = read_condition(condition, expires_at)
    except (KeyError, ValueError):
        # A time zone that this machine lacks, for example: what cannot be checked is not granted.
        _log.warning("a role binding is left out: its condition cannot be read")
        return None
    step_up = read_step_up(max_age_seconds, second_factor=second_factor)
    return _Terms(read_scope(resource_type, resource_id, labels), asked, step_up)


def _assembled(held: Mapping[_Terms, set[str]], roles: set[str]) -> Entitlement:
    everywhere = PermissionSet(frozenset())
    scoped: list[ScopedPermissions] = []
    conditional: list[ConditionalPermissions] = []
    for terms, patterns in held.items():
        permissions = PermissionSet(frozenset(patterns))
        if terms.condition != ALWAYS or terms.step_up is not None:
            condition = None if terms.condition == ALWAYS else terms.condition
            conditional.append(
                ConditionalPermissions(
                    permissions=permissions, scope=terms.scope, condition=condition, step_up=terms.step_up
                )
            )
        elif terms.scope is None:
            everywhere = permissions
        else:
            scoped.append(ScopedPermissions(permissions, terms.scope))
    return Entitlement(
        permissions=everywhere, scoped=tuple(scoped), roles=tuple(sorted(roles)), conditional=tuple(conditional)
    )
