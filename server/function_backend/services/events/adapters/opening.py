"""Events with what the contract marks as sensitive, for the callers who may see that."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from function_backend.events.log import LoggedEvent, opened
from function_backend.kernel.identity import Principal
from function_backend.persistence.unit_of_work import UnitOfWork
from function_backend.vault.errors import SecretLostError
from function_backend.vault.masking import sensitive_permission

_log = logging.getLogger(__name__)


def sees_whole(principal: Principal, event: LoggedEvent) -> bool:
    """Whether the caller may see all of the event; the permission counts for a whole tenant alone."""
    return bool(event.sealed) and principal.permissions.allows(sensitive_permission(event.type))


def opened_for(work: UnitOfWork, principal: Principal, events: Sequence[LoggedEvent]) -> list[LoggedEvent]:
    """The events as the caller may see them. Raises MasterKeyMissingError."""
    return [as_far_as_possible(work, event) if sees_whole(principal, event) else event for event in events]


def as_far_as_possible(work: UnitOfWork, event: LoggedEvent) -> LoggedEvent:
    """The whole event; without what is sensitive when that opens for nobody any more. Raises MasterKeyMissingError."""
    try:
        return opened(work, event)
    except SecretLostError:
        _log.warning("what is sealed of event %s cannot be opened any more", event.id)
        return event
