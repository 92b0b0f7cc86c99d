"""The relation schema of the caller's tenant and its versions.

Written by make generate.
"""

from __future__ import annotations

from function.auth.v1 import relation_schema_pb2, relation_schema_service_pb2, relation_schema_service_pb2_grpc
from function_backend_client import requests
from function_backend_client.pages import AsyncPager, Page, Pager


class RelationSchemas:
    """The relation schema of the caller's tenant and its versions.

    The language is described in `docs/relationships.md`. Every method raises FunctionBackendError where the service
    refuses.
    """

    def __init__(self, stub: relation_schema_service_pb2_grpc.RelationSchemaServiceStub) -> None:
        self._stub = stub

    def write(
        self,
        text: str,
        *,
        etag: str = "",
        reason: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> relation_schema_service_pb2.WriteSchemaResponse:
        """Writes a new version of the schema, which counts from the commit on.

        A schema that says the same as the current version makes no new one.
        """
        request = relation_schema_service_pb2.WriteSchemaRequest(
            text=text,
            etag=etag,
            reason=reason,
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return self._stub.WriteSchema(request, timeout=timeout)

    def read(
        self,
        *,
        version: int = 0,
        etag: str = "",
        timeout: float | None = None,
    ) -> relation_schema_pb2.RelationSchema:
        """Returns the current version, or the one asked for."""
        request = relation_schema_service_pb2.ReadSchemaRequest(version=version, etag=etag)
        return self._stub.ReadSchema(request, timeout=timeout).schema

    def list_schema_versions(
        self,
        *,
        page_size: int = 0,
        page_token: str = "",
        timeout: float | None = None,
    ) -> Pager[relation_schema_pb2.RelationSchema]:
        """Returns all versions without their texts, latest first, page by page."""
        request = relation_schema_service_pb2.ListSchemaVersionsRequest(page_size=page_size, page_token=page_token)

        def fetch(token: str) -> Page[relation_schema_pb2.RelationSchema]:
            response = self._stub.ListSchemaVersions(requests.at_page(request, token), timeout=timeout)
            return Page(response.schemas, response.next_page_token)

        return Pager(fetch, page_token)

    def diff(
        self,
        *,
        from_version: int = 0,
        to_version: int = 0,
        text: str = "",
        timeout: float | None = None,
    ) -> relation_schema_service_pb2.DiffSchemaResponse:
        """Returns what differs between two versions, or between a version and a text that was not written yet."""
        request = relation_schema_service_pb2.DiffSchemaRequest(
            from_version=from_version, to_version=to_version, text=text
        )
        return self._stub.DiffSchema(request, timeout=timeout)


class AsyncRelationSchemas:
    """As `RelationSchemas`, with `await`."""

    def __init__(self, stub: relation_schema_service_pb2_grpc.RelationSchemaServiceAsyncStub) -> None:
        self._stub = stub

    async def write(
        self,
        text: str,
        *,
        etag: str = "",
        reason: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> relation_schema_service_pb2.WriteSchemaResponse:
        """Writes a new version of the schema, which counts from the commit on.

        A schema that says the same as the current version makes no new one.
        """
        request = relation_schema_service_pb2.WriteSchemaRequest(
            text=text,
            etag=etag,
            reason=reason,
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return await self._stub.WriteSchema(request, timeout=timeout)

    async def read(
        self,
        *,
        version: int = 0,
        etag: str = "",
        timeout: float | None = None,
    ) -> relation_schema_pb2.RelationSchema:
        """Returns the current version, or the one asked for."""
        request = relation_schema_service_pb2.ReadSchemaRequest(version=version, etag=etag)
        return (await self._stub.ReadSchema(request, timeout=timeout)).schema

    def list_schema_versions(
        self,
        *,
        page_size: int = 0,
        page_token: str = "",
        timeout: float | None = None,
    ) -> AsyncPager[relation_schema_pb2.RelationSchema]:
        """Returns all versions without their texts, latest first, page by page."""
        request = relation_schema_service_pb2.ListSchemaVersionsRequest(page_size=page_size, page_token=page_token)

        async def fetch(token: str) -> Page[relation_schema_pb2.RelationSchema]:
            response = await self._stub.ListSchemaVersions(requests.at_page(request, token), timeout=timeout)
            return Page(response.schemas, response.next_page_token)

        return AsyncPager(fetch, page_token)

    async def diff(
        self,
        *,
        from_version: int = 0,
        to_version: int = 0,
        text: str = "",
        timeout: float | None = None,
    ) -> relation_schema_service_pb2.DiffSchemaResponse:
        """Returns what differs between two versions, or between a version and a text that was not written yet."""
        request = relation_schema_service_pb2.DiffSchemaRequest(
            from_version=from_version, to_version=to_version, text=text
        )
        return await self._stub.DiffSchema(request, timeout=timeout)
