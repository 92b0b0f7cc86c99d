"""Which companies a permission is held for, when it is not held for all of the tenant's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from function_backend.kernel.identity import Principal, ResourceScope

RESOURCE_TYPE = "company"
"""What the scopes of companies are called in roles."""


@dataclass(frozen=True, slots=True)
class CompanyScope:
    """The companies with one of the ids, or with all labels of one of the sets. It may hold none."""

    ids: tuple[UUID, ...]
    labels: tuple[tuple[tuple[str, str], ...], ...]

    def includes(self, company_id: UUID | None, labels: Mapping[str, str]) -> bool:
        """Whether the company is one of them; without an id, one that does not exist yet."""
        if company_id is not None and company_id in self.ids:
            return True
        return any(all(labels.get(key) == value for key, value in wanted) for wanted in self.labels)

    @property
    def key(self) -> tuple[str, ...]:
        """Tells it from other scopes, for page tokens: a page belongs to what its reader may see."""
        ids = map(str, self.ids)
        labels = (part for wanted in self.labels for pair in (("labels", str(len(wanted))), *wanted) for part in pair)
        return ("ids", str(len(self.ids)), *ids, *labels)


def scope_of(principal: Principal | None, permission: str) -> CompanyScope | None:
    """The companies for which the caller holds the permission; None for all.

    The pipeline has let the caller in, so whoever holds nothing for some companies only holds it for all.
    """
    if principal is None or not principal.scoped:
        return None
    scopes = principal.scopes_of(permission, RESOURCE_TYPE)
    return None if scopes is None else _joined(scopes)


def _joined(scopes: Sequence[ResourceScope]) -> CompanyScope | None:
    if any(scope.resource_id is None and not scope.labels for scope in scopes):
        return None
    ids = {scope.resource_id for scope in scopes if scope.resource_id is not None}
    labels = {tuple(sorted(scope.labels)) for scope in scopes if scope.resource_id is None}
    return CompanyScope(tuple(sorted(ids)), tuple(sorted(labels)))
