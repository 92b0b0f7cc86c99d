"""Which fields of a role a change sets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from function_backend.kernel.errors import FieldViolation, invalid_fields
from function_backend.services.auth.domain.role import RoleContent

_EVERYTHING = "*"
_FIELDS: Mapping[str, Callable[[RoleContent], dict[str, Any]]] = {
    "name": lambda content: {"name": content.name},
    "description": lambda content: {"description": content.description},
    "permissions": lambda content: {"permissions": content.permissions},
    "inherited_role_ids": lambda content: {"inherited": content.inherited},
    "step_up": lambda content: {"step_up": content.step_up},
}


def changed(content: RoleContent, wish: RoleContent, mask: Sequence[str]) -> RoleContent:
    """The content with the fields of the mask as the wish has them; without a mask, with those that it has.

    INVALID_ARGUMENT for a path that is no field, and for a role without a name.
    """
    unknown = sorted(set(mask) - _FIELDS.keys() - {_EVERYTHING})
    if unknown:
        fields = ", ".join(_FIELDS)
        raise invalid_fields(FieldViolation("update_mask", f"'{unknown[0][:64]}' is not a field; there are {fields}"))
    paths = _FIELDS.keys() if _EVERYTHING in mask else mask or [path for path in _FIELDS if _has(wish, path)]
    values: dict[str, Any] = {}
    for path in paths:
        values |= _FIELDS[path](wish)
    return checked(replace(content, **values))


def checked(content: RoleContent) -> RoleContent:
    """The content itself; INVALID_ARGUMENT when it has no name."""
    if not content.name:
        raise invalid_fields(FieldViolation("role.name", "must not be empty"))
    return content


def _has(wish: RoleContent, path: str) -> bool:
    return any(bool(value) for value in _FIELDS[path](wish).values())
