"""Finding what a use case is about."""

from __future__ import annotations

from function_backend.persistence.unit_of_work import UnitOfWork
from function_backend.services.rules.domain.definition import RegisteredDefinition
from function_backend.services.rules.domain.version import Version
from function_backend.services.rules.errors import (
    DefinitionNotFoundError,
    VersionEtagMismatchError,
    VersionNotFoundError,
)
from function_backend.services.rules.repository.definition import DefinitionRepository
from function_backend.services.rules.repository.version import VersionRepository

DEFAULT_PAGE_SIZE = 50
TOPIC = "rules"
"""The topic of change notifications: `tenant/name` for what is in force of one decision."""


def definition_named(work: UnitOfWork, name: str, *, lock: bool = False) -> RegisteredDefinition:
    """The decision; DefinitionNotFoundError when there is none."""
    found = DefinitionRepository(work).find(name, lock=lock)
    if found is None:
        raise DefinitionNotFoundError(name)
    return found


def version_of(work: UnitOfWork, definition: RegisteredDefinition, number: int, *, etag: str = "") -> Version:
    """The version, with 0 the latest one; VersionNotFoundError when there is none.

    VersionEtagMismatchError when the caller expects another state of it.
    """
    found = VersionRepository(work).find(definition.id, number)
    if found is None:
        raise VersionNotFoundError(definition.name, number)
    if etag and etag != found.etag:
        raise VersionEtagMismatchError(found)
    return found


def caller_of(work: UnitOfWork) -> str:
    """Who is calling, as the history names it."""
    return "" if work.call.principal is None else work.call.principal.actor
