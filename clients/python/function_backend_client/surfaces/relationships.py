"""Relationships between objects of other services, under the relation schema of the caller's tenant.

Written by make generate.
"""

from __future__ import annotations

from collections.abc import Iterable

from function.auth.v1 import relationship_pb2, relationship_service_pb2, relationship_service_pb2_grpc
from function_backend_client import requests
from function_backend_client.pages import AsyncPager, Page, Pager


class Relationships:
    """Relationships between objects of other services, under the relation schema of the caller's tenant.

    Every method raises FunctionBackendError where the service refuses.
    """

    def __init__(self, stub: relationship_service_pb2_grpc.RelationshipServiceStub) -> None:
        self._stub = stub

    def write(
        self,
        updates: Iterable[relationship_pb2.RelationshipUpdate],
        *,
        preconditions: Iterable[relationship_pb2.Precondition] = (),
        reason: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> relationship_service_pb2.WriteRelationshipsResponse:
        """Writes and removes up to 1,000 relationships in one transaction: all of it happens or nothing."""
        request = relationship_service_pb2.WriteRelationshipsRequest(
            updates=updates,
            preconditions=preconditions,
            reason=reason,
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return self._stub.WriteRelationships(request, timeout=timeout)

    def delete(
        self,
        filter: relationship_pb2.RelationshipFilter,
        *,
        preconditions: Iterable[relationship_pb2.Precondition] = (),
        limit: int = 0,
        reason: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> relationship_service_pb2.DeleteRelationshipsResponse:
        """Removes the relationships that fit a filter, up to a limit: repeat the call until it says that none is ….

        … left.
        """
        request = relationship_service_pb2.DeleteRelationshipsRequest(
            filter=filter,
            preconditions=preconditions,
            limit=limit,
            reason=reason,
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return self._stub.DeleteRelationships(request, timeout=timeout)

    def read(
        self,
        filter: relationship_pb2.RelationshipFilter,
        *,
        page_size: int = 0,
        page_token: str = "",
        timeout: float | None = None,
    ) -> Pager[relationship_pb2.Relationship]:
        """Returns the relationships that fit a filter in a fixed order, page by page; also those that have expired ….

        … and were not removed yet.
        """
        request = relationship_service_pb2.ReadRelationshipsRequest(
            filter=filter, page_size=page_size, page_token=page_token
        )

        def fetch(token: str) -> Page[relationship_pb2.Relationship]:
            response = self._stub.ReadRelationships(requests.at_page(request, token), timeout=timeout)
            return Page(response.relationships, response.next_page_token)

        return Pager(fetch, page_token)


class AsyncRelationships:
    """As `Relationships`, with `await`."""

    def __init__(self, stub: relationship_service_pb2_grpc.RelationshipServiceAsyncStub) -> None:
        self._stub = stub

    async def write(
        self,
        updates: Iterable[relationship_pb2.RelationshipUpdate],
        *,
        preconditions: Iterable[relationship_pb2.Precondition] = (),
        reason: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> relationship_service_pb2.WriteRelationshipsResponse:
        """Writes and removes up to 1,000 relationships in one transaction: all of it happens or nothing."""
        request = relationship_service_pb2.WriteRelationshipsRequest(
            updates=updates,
            preconditions=preconditions,
            reason=reason,
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return await self._stub.WriteRelationships(request, timeout=timeout)

    async def delete(
        self,
        filter: relationship_pb2.RelationshipFilter,
        *,
        preconditions: Iterable[relationship_pb2.Precondition] = (),
        limit: int = 0,
        reason: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> relationship_service_pb2.DeleteRelationshipsResponse:
        """Removes the relationships that fit a filter, up to a limit: repeat the call until it says that none is ….

        … left.
        """
        request = relationship_service_pb2.DeleteRelationshipsRequest(
            filter=filter,
            preconditions=preconditions,
            limit=limit,
            reason=reason,
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return await self._stub.DeleteRelationships(request, timeout=timeout)

    def read(
        self,
        filter: relationship_pb2.RelationshipFilter,
        *,
        page_size: int = 0,
        page_token: str = "",
        timeout: float | None = None,
    ) -> AsyncPager[relationship_pb2.Relationship]:
        """Returns the relationships that fit a filter in a fixed order, page by page; also those that have expired ….

        … and were not removed yet.
        """
        request = relationship_service_pb2.ReadRelationshipsRequest(
            filter=filter, page_size=page_size, page_token=page_token
        )

        async def fetch(token: str) -> Page[relationship_pb2.Relationship]:
            response = await self._stub.ReadRelationships(requests.at_page(request, token), timeout=timeout)
            return Page(response.relationships, response.next_page_token)

        return AsyncPager(fetch, page_token)
