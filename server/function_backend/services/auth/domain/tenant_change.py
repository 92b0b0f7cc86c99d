"""Changing a tenant: which fields, to what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from function_backend.services.auth.domain.tenant import Tenant
from function_backend.services.auth.domain.tenant_settings import FIELDS, TenantSettings

_NAME = "display_name"
_SETTINGS = "settings"
_EVERYTHING = "*"
_PATHS = {_NAME: (_NAME,), _SETTINGS: FIELDS, _EVERYTHING: (_NAME, *FIELDS)} | {
    f"{_SETTINGS}.{field}": (field,) for field in FIELDS
}


class UnknownPathError(ValueError):
    """The mask names what is not a field that can be set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantDraft:
    """New values for some fields of a tenant."""

    display_name: str
    settings: TenantSettings

    def applied_to(self, tenant: Tenant, mask: Sequence[str]) -> tuple[str, TenantSettings]:
        """The name for people and the decisions with the fields that the mask names, or else the populated ones, set.

        A name that is set to nothing becomes the short name. Raises UnknownPathError.
        """
        fields: set[str] = set()
        for path in mask:
            if path not in _PATHS:
                raise UnknownPathError(path)
            fields.update(_PATHS[path])
        if not mask:
            fields = {name for name in FIELDS if getattr(self.settings, name) is not None}
            fields |= {_NAME} if self.display_name else set()
        name = (self.display_name or tenant.name) if _NAME in fields else tenant.display_name
        decided = {field: getattr(self.settings, field) for field in fields if field != _NAME}
        return name, replace(tenant.settings, **decided)
