"""Changing a key: which fields, to what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from function_backend.services.auth.domain.api_key import ApiKey

FIELDS = ("display_name", "permissions", "rate_limit_per_second", "max_calls_per_day", "expire_time")
"""The fields that can be changed, by their names in the contract."""

_ATTRIBUTES = {"expire_time": "expires_at"}


class UnknownFieldError(ValueError):
    """A path of a mask is not a field that can be changed."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyValues:
    """New values for a key."""

    display_name: str
    permissions: tuple[str, ...]
    rate_limit_per_second: int
    max_calls_per_day: int
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class KeyChange:
    """New values for some fields of a key, the others being left alone."""

    fields: frozenset[str]
    values: KeyValues

    @property
    def permissions(self) -> tuple[str, ...] | None:
        """The new permissions; None when they are not to change."""
        return self.values.permissions if "permissions" in self.fields else None

    @property
    def expires_at(self) -> datetime | None:
        """The new expiry; None when it is not to change, or to go."""
        return self.values.expires_at if "expire_time" in self.fields else None

    def applied_to(self, api_key: ApiKey, *, at: datetime) -> ApiKey:
        """The changed key; the same one when nothing differs."""
        wanted: dict[str, Any] = {_ATTRIBUTES.get(name, name): self._value(name) for name in self.fields}
        changed = {name: value for name, value in wanted.items() if getattr(api_key, name) != value}
        if not changed:
            return api_key
        return replace(api_key, **changed, updated_at=at, revision=api_key.revision + 1)

    def _value(self, name: str) -> object:
        value = getattr(self.values, _ATTRIBUTES.get(name, name))
        return frozenset(value) if name == "permissions" else value


def read_change(paths: Sequence[str], values: KeyValues) -> KeyChange:
    """The change that the mask asks for: the fields named, all with `*`, the populated ones when it names none.

    Raises UnknownFieldError for a path that is not one.
    """
    if not paths:
        return KeyChange(frozenset(name for name in FIELDS if getattr(values, _ATTRIBUTES.get(name, name))), values)
    if list(paths) == ["*"]:
        return KeyChange(frozenset(FIELDS), values)
    for path in paths:
        if path not in FIELDS:
            raise UnknownFieldError(path)
    return KeyChange(frozenset(paths), values)
