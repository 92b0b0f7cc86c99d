"""The roles that every tenant has. What they grant follows from the catalogue, so that new methods find their place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from function_backend.kernel.identity import PermissionSet
from function_backend.services.auth.domain.permission import PLATFORM, Permission, PermissionCatalogue
from function_backend.services.auth.domain.role import Role, RoleContent

OWNER_ONLY = frozenset({"auth.tenant.delete", "auth.tenant.export", "auth.tenant.suspend"})
"""What ends or carries away a whole tenant: administrators do not have it."""

# Nothing but a log grows by it, and still it is no reading: what is reported is the word of who reports it.
_RECORD = ".record"
_EXPORT = ".export"
# What tells of people in events: whoever only reads, reads who did what, and not who these are.
_SENSITIVE = ".sensitive.read"
_OWN = "auth."
_ABOUT_PEOPLE = (_OWN, "audit.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPermission:
    """A permission, and the built-in roles that carry it, by name."""

    permission: Permission
    built_in_roles: tuple[str, ...]


class BuiltInRoles:
    """The built-in roles with what they grant under a catalogue."""

    def __init__(self, catalogue: PermissionCatalogue) -> None:
        self._roles: dict[UUID, Role] = {}
        for number, (name, (description, permissions_of)) in enumerate(_DEFINITIONS.items(), start=1):
            content = RoleContent(name=name, description=description, permissions=permissions_of(catalogue))
            role_id = UUID(f"00000000-0000-8000-8000-{number:012x}")
            self._roles[role_id] = Role(id=role_id, content=content, revision=0)
        self._names = frozenset(_DEFINITIONS)
        self._administration = frozenset(
            name
            for name in catalogue.names - PLATFORM - OWNER_ONLY
            if name.startswith(_OWN) and not name.endswith(_SENSITIVE)
        )

    @property
    def by_id(self) -> Mapping[UUID, Role]:
        """The roles by their fixed ids, in the order of these."""
        return self._roles

    @property
    def administration(self) -> frozenset[str]:
        """What makes an administrator: everything about who may do what in the tenant."""
        return self._administration

    def has_name(self, name: str) -> bool:
        """Whether a built-in role has the name."""
        return name in self._names

    def named(self, name: str) -> Role:
        """The role with the name; KeyError when there is none."""
        return {role.name: role for role in self._roles.values()}[name]

    def listed(self, permission: Permission) -> ListedPermission:
        """The permission with the roles that carry it."""
        roles = self._roles.values()
        carriers = [role.name for role in roles if PermissionSet(role.content.permissions).allows(permission.name)]
        return ListedPermission(permission=permission, built_in_roles=tuple(carriers))


def _owner(catalogue: PermissionCatalogue) -> frozenset[str]:
    return catalogue.of_a_tenant()


def _administrator(catalogue: PermissionCatalogue) -> frozenset[str]:
    return catalogue.in_branches(catalogue.names - PLATFORM - OWNER_ONLY)


def _editor(catalogue: PermissionCatalogue) -> frozenset[str]:
    return catalogue.in_branches(
        frozenset(name for name in catalogue.names - PLATFORM if not name.startswith(_ABOUT_PEOPLE))
    )


# By name and not by branches: a branch would take in what is not for readers as soon as a key was made from it.
def _viewer(catalogue: PermissionCatalogue) -> frozenset[str]:
    return frozenset(
        found.name for found in catalogue.permissions if _is_reading(found) and not found.name.startswith(_ABOUT_PEOPLE)
    )


def _auditor(catalogue: PermissionCatalogue) -> frozenset[str]:
    return frozenset(found.name for found in catalogue.permissions if _is_reading(found))


def _is_reading(permission: Permission) -> bool:
    name = permission.name
    return (
        permission.only_reads
        and name not in PLATFORM | OWNER_ONLY
        and not name.endswith((_EXPORT, _RECORD, _SENSITIVE))
    )


_DEFINITIONS: Mapping[str, tuple[str, Callable[[PermissionCatalogue], frozenset[str]]]] = {
    "owner": ("Everything within the tenant.", _owner),
    "administrator": (
        "Everything within the tenant, except what ends the tenant or carries it away as a whole.",
        _administrator,
    ),
    "editor": ("Reads and changes the data of all services, and nothing about who may do what or did what.", _editor),
    "viewer": ("Reads the data of all services.", _viewer),
    "auditor": ("Reads everything, also who may do what and who did what, and changes nothing.", _auditor),
}
