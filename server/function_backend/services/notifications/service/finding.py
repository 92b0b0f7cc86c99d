"""Finding what the use cases share: who calls, categories, and the size of pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from function_backend.services.notifications.domain.category import GENERAL, Category, built_in_category
from function_backend.services.notifications.errors import CategoryNotFoundError
from function_backend.services.notifications.repository.preference import CategoryRepository

if TYPE_CHECKING:
    from function_backend.persistence.unit_of_work import UnitOfWork

DEFAULT_PAGE_SIZE = 50
TOPIC = "notifications"
"""Tells senders that something is due."""


def caller_of(work: UnitOfWork) -> str:
    """Who calls, as people and audit records name it."""
    principal = work.call.principal
    return "" if principal is None else principal.actor


def category_named(work: UnitOfWork, name: str) -> Category:
    """The category, of the service or of the tenant."""
    found = built_in_category(name) or CategoryRepository(work).find(name)
    if found is None:
        raise CategoryNotFoundError(name)
    return found


def category_of_template(work: UnitOfWork, name: str) -> Category:
    """The category of a template; the general one where its own was deleted."""
    found = built_in_category(name) or CategoryRepository(work).find(name)
    return found or category_named(work, GENERAL)
