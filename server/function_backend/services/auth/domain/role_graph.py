"""What roles inherit, as a whole: what each grants in the end, and whether the whole is still sound."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple
from uuid import UUID

from function_backend.kernel.identity import PermissionSet
from function_backend.services.auth.domain.role import Role

DEEPEST = 8
"""Through how many steps roles may inherit."""


class DescribedRole(NamedTuple):
    """A role, and all that it grants, inherited permissions included."""

    role: Role
    effective: frozenset[str]


class RoleGraph:
    """The roles of a tenant with the built-in ones."""

    def __init__(self, built_in: Mapping[UUID, Role], own: Iterable[Role]) -> None:
        self._roles = {**built_in, **{role.id: role for role in own}}

    def __contains__(self, role_id: object) -> bool:
        """Whether there is such a role."""
        return role_id in self._roles

    def __getitem__(self, role_id: UUID) -> Role:
        """The role; KeyError when there is none."""
        return self._roles[role_id]

    @property
    def own(self) -> list[Role]:
        """The roles that the tenant has made."""
        return [role for role in self._roles.values() if not role.built_in]

    def with_role(self, role: Role) -> RoleGraph:
        """The roles with this one in the place of what had its id."""
        return RoleGraph({**self._roles, role.id: role}, ())

    def without(self, role_id: UUID) -> RoleGraph:
        """The roles without this one."""
        return RoleGraph({found: role for found, role in self._roles.items() if found != role_id}, ())

    def heirs(self, role_id: UUID) -> list[UUID]:
        """The roles that inherit it themselves, not through others."""
        return [role.id for role in self._roles.values() if role_id in role.content.inherited]

    def effective(self, role_id: UUID) -> frozenset[str]:
        """All patterns that the role grants, inherited ones included."""
        patterns: set[str] = set()
        for found in self._reached(role_id):
            patterns |= self._roles[found].content.permissions
        return frozenset(patterns)

    def described(self, role: Role) -> DescribedRole:
        """The role with all that it grants."""
        return DescribedRole(role, self.effective(role.id))

    def granting(self, permissions: frozenset[str]) -> frozenset[UUID]:
        """The roles that grant all of these permissions."""
        return frozenset(role_id for role_id in self._roles if _grants_all(self.effective(role_id), permissions))

    def inherits_itself(self, role_id: UUID) -> bool:
        """Whether the role reaches itself."""
        return any(role_id in self._reached(inherited) for inherited in self._roles[role_id].content.inherited)

    def depth(self) -> int:
        """The most steps through which a role inherits; the roles must not inherit themselves."""
        known: dict[UUID, int] = {}

        def steps(role_id: UUID) -> int:
            if role_id not in known:
                role = self._roles.get(role_id)
                inherited = () if role is None else role.content.inherited
                known[role_id] = max((1 + steps(each) for each in inherited), default=0)
            return known[role_id]

        return max(map(steps, self._roles), default=0)

    def _reached(self, role_id: UUID) -> set[UUID]:
        """The role and all that it inherits, each once."""
        reached: set[UUID] = set()
        waiting = [role_id]
        while waiting:
            found = waiting.pop()
            if found not in reached and found in self._roles:
                reached.add(found)
                waiting.extend(self._roles[found].content.inherited)
        return reached


def _grants_all(patterns: frozenset[str], permissions: frozenset[str]) -> bool:
    return all(map(PermissionSet(patterns).allows, permissions))
