"""Which permissions there are, and what somebody may have meant who writes another."""

from __future__ import annotations

from difflib import get_close_matches

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
    }
)
"""What reaches beyond the caller's own tenant; the key of a new tenant does not carry it."""

HELD_BY_ALL = frozenset({"auth.self.*"})
"""What every credential may do, however narrow it is: ask about itself."""


class PermissionCatalogue:
    """The permissions that the methods of all services declare, and the branches they form."""

    def __init__(self, names: frozenset[str]) -> None:
        self._names = names
        branches = {name[:dot] for name in names for dot in range(len(name)) if name[dot] == "."}
        self._known = names | {f"{branch}.*" for branch in branches} | {EVERYTHING}

    def knows(self, pattern: str) -> bool:
        """Whether the pattern grants anything that exists."""
        return pattern in self._known

    def nearest(self, pattern: str) -> str | None:
        """The permission that is written most like this one; None when none comes close."""
        found = get_close_matches(pattern, sorted(self._known), n=1, cutoff=0.5)
        return found[0] if found else None

    def of_a_tenant(self) -> frozenset[str]:
        """Everything that stays within one tenant, by branches where possible, so that new methods are included."""
        return frozenset(self._widest(name) for name in self._names - PLATFORM)

    def _widest(self, name: str) -> str:
        parts = name.split(".")
        for count in range(1, len(parts)):
            branch = ".".join(parts[:count]) + "."
            if not any(platform.startswith(branch) for platform in PLATFORM):
                return f"{branch}*"
        return name
