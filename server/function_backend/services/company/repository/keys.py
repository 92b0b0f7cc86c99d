"""Identifiers as `company_identifier` keeps them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from function_backend.services.company.domain.identifiers import Identifier, identifier_key


class StoredKey(NamedTuple):
    """A row's key within the tenant."""

    scheme: str
    value: str
    scope: str
    is_unique: bool
    """Whether another company cannot have it."""


def unique_keys(identifiers: Iterable[Identifier]) -> tuple[StoredKey, ...]:
    """The keys of those identifiers that one company only may have."""
    keys = [identifier_key(identifier) for identifier in identifiers]
    return tuple([StoredKey(*key) for key in keys if key.unique])


def stored_keys(company_id: UUID, identifiers: Iterable[Identifier]) -> list[StoredKey]:
    """The keys of a company's identifiers, each once: two issuers' worth of the same number may be one key."""
    keys: dict[StoredKey, None] = {}
    for identifier in identifiers:
        scheme, value, scope, unique = identifier_key(identifier)
        # The company itself as the scope: the one unique index then lets other companies have the value too.
        keys[StoredKey(scheme, value, scope if unique else str(company_id), unique)] = None
    return list(keys)
