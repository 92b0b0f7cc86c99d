"""What the use cases of webhooks share."""

from __future__ import annotations

from uuid import UUID

from function_backend.kernel.identity import Principal
from function_backend.persistence.unit_of_work import UnitOfWork
from function_backend.services.webhooks.domain.endpoint import Endpoint
from function_backend.services.webhooks.errors import (
    EndpointDisabledError,
    EndpointEtagMismatchError,
    EndpointNotFoundError,
)
from function_backend.services.webhooks.repository.endpoint import EndpointRepository

DEFAULT_PAGE_SIZE = 50


def endpoint_of(work: UnitOfWork, endpoint_id: UUID, *, lock: bool = False, etag: str = "") -> Endpoint:
    """The endpoint; locked until the transaction ends when it is to be changed."""
    found = EndpointRepository(work).find(endpoint_id, lock=lock)
    if found is None:
        raise EndpointNotFoundError(endpoint_id)
    if etag and etag != found.etag:
        raise EndpointEtagMismatchError(found)
    return found


def enabled_endpoint(work: UnitOfWork, endpoint_id: UUID, *, lock: bool = False) -> Endpoint:
    """The endpoint, to which something is delivered."""
    found = endpoint_of(work, endpoint_id, lock=lock)
    if not found.enabled:
        raise EndpointDisabledError(endpoint_id)
    return found


def caller_of(work: UnitOfWork) -> Principal:
    """Who calls."""
    principal = work.call.principal
    if principal is None:
        raise RuntimeError("a unit of work has a caller")
    return principal
