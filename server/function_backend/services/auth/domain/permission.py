"""Which permissions there are, and what somebody may have meant who writes another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from function_backend.kernel.declared_method import DeclaredMethod
from function_backend.kernel.identity import PermissionSet

EVERYTHING = "*"

PLATFORM = frozenset(
    {
        "auth.tenant.create",
        "auth.tenant.list",
        "auth.certificate_identity.create",
        "auth.credential.verify_any",
        "auth.signing_key.read",
        "auth.signing_key.rotate",
        "auth.signing_key.retire",
        "auth.master_key.rewrap",
        "jobs.installation.read",
        "jobs.installation.manage",
        "jobs.schedule.read",
        "jobs.schedule.manage",
        "audit.key.rotate",
    }
)
"""What reaches beyond the caller's own tenant; the key of a new tenant does not carry it."""

HELD_BY_ALL = frozenset({"auth.self.read"})
"""What every credential may do, however narrow it is: ask about itself."""

HELD_BY_PEOPLE = frozenset({"auth.self.*"})
"""What people may do who have signed in, whatever their roles: see to their sessions, password and second factor. Not
what is narrowed or made for them, such as their keys: whoever finds one is not to take over its owner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """A permission and the methods that ask for it."""

    name: str
    uses: tuple[DeclaredMethod, ...]
    """In order of their paths."""

    @property
    def only_reads(self) -> bool:
        """Whether all of its methods only read; what no method is known to use counts as more than that."""
        return bool(self.uses) and all(method.only_reads for method in self.uses)

    @property
    def platform(self) -> bool:
        """Whether it reaches beyond the caller's own tenant."""
        return self.name in PLATFORM


class PermissionCatalogue:
    """The permissions that the methods of all services declare, and the branches they form."""

    def __init__(self, names: frozenset[str], methods: Iterable[DeclaredMethod] = ()) -> None:
        """`methods` are those that ask for the permissions, where that is known."""
        self._names = names
        branches = {name[:dot] for name in names for dot in range(len(name)) if name[dot] == "."}
        self._known = names | {f"{branch}.*" for branch in branches} | {EVERYTHING}
        uses: dict[str, list[DeclaredMethod]] = {name: [] for name in names}
        for method in sorted(methods, key=lambda method: method.path):
            for permission in (method.permission, *method.wider_permissions):
                if permission in uses:
                    uses[permission].append(method)
        self._permissions = tuple(Permission(name=name, uses=tuple(uses[name])) for name in sorted(names))

    @property
    def names(self) -> frozenset[str]:
        """The names of all permissions."""
        return self._names

    @property
    def permissions(self) -> tuple[Permission, ...]:
        """All permissions, in order of their names."""
        return self._permissions

    def knows(self, pattern: str) -> bool:
        """Whether the pattern grants anything that exists."""
        return pattern in self._known

    def nearest(self, pattern: str) -> str | None:
        """The permission that is written most like this one; None when none comes close."""
        found = get_close_matches(pattern, sorted(self._known), n=1, cutoff=0.5)
        return found[0] if found else None

    def granted(self, patterns: Iterable[str]) -> frozenset[str]:
        """The permissions that the patterns grant, by their names."""
        allows = PermissionSet(frozenset(patterns)).allows
        return frozenset(filter(allows, self._names))

    def of_a_tenant(self) -> frozenset[str]:
        """Everything that stays within one tenant, by branches where possible, so that new methods are included."""
        return self.in_branches(self._names - PLATFORM)

    def in_branches(self, names: frozenset[str]) -> frozenset[str]:
        """Patterns that grant these permissions and none of the others, as wide as can be."""
        others = self._names - names
        return frozenset(_widest(name, others) for name in names)


def _widest(name: str, others: frozenset[str]) -> str:
    parts = name.split(".")
    for count in range(1, len(parts)):
        branch = ".".join(parts[:count]) + "."
        if not any(other.startswith(branch) for other in others):
            return f"{branch}*"
    return name
