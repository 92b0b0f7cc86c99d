"""API keys of the caller's tenant. Written by make generate."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from google.protobuf.timestamp_pb2 import Timestamp

from function.auth.v1 import api_key_pb2, api_key_service_pb2, api_key_service_pb2_grpc
from function_backend_client import requests
from function_backend_client.pages import AsyncPager, Page, Pager


class ApiKeys:
    """API keys of the caller's tenant. Every method raises FunctionBackendError where the service refuses."""

    def __init__(self, stub: api_key_service_pb2_grpc.ApiKeyServiceStub) -> None:
        self._stub = stub

    def create(
        self,
        display_name: str,
        permissions: Iterable[str],
        *,
        rate_limit_per_second: int = 0,
        expire_time: dt.datetime | Timestamp | None = None,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> api_key_service_pb2.CreateApiKeyResponse:
        """Creates a key. It can carry only permissions that the caller holds."""
        request = api_key_service_pb2.CreateApiKeyRequest(
            display_name=display_name,
            permissions=permissions,
            rate_limit_per_second=rate_limit_per_second,
            expire_time=requests.timestamp(expire_time),
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return self._stub.CreateApiKey(request, timeout=timeout)

    def get(
        self,
        api_key_id: str,
        *,
        timeout: float | None = None,
    ) -> api_key_pb2.ApiKey:
        """Returns a key without its secret."""
        request = api_key_service_pb2.GetApiKeyRequest(id=api_key_id)
        return self._stub.GetApiKey(request, timeout=timeout).api_key

    def list(
        self,
        *,
        page_size: int = 0,
        page_token: str = "",
        show_revoked: bool = False,
        timeout: float | None = None,
    ) -> Pager[api_key_pb2.ApiKey]:
        """Returns the keys in order of id, page by page."""
        request = api_key_service_pb2.ListApiKeysRequest(
            page_size=page_size, page_token=page_token, show_revoked=show_revoked
        )

        def fetch(token: str) -> Page[api_key_pb2.ApiKey]:
            response = self._stub.ListApiKeys(requests.at_page(request, token), timeout=timeout)
            return Page(response.api_keys, response.next_page_token)

        return Pager(fetch, page_token)

    def revoke(
        self,
        api_key_id: str,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> api_key_pb2.ApiKey:
        """Revokes a key. Every worker refuses it within a second. Revoking a revoked key changes nothing."""
        request = api_key_service_pb2.RevokeApiKeyRequest(
            id=api_key_id, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return self._stub.RevokeApiKey(request, timeout=timeout).api_key


class AsyncApiKeys:
    """As `ApiKeys`, with `await`."""

    def __init__(self, stub: api_key_service_pb2_grpc.ApiKeyServiceAsyncStub) -> None:
        self._stub = stub

    async def create(
        self,
        display_name: str,
        permissions: Iterable[str],
        *,
        rate_limit_per_second: int = 0,
        expire_time: dt.datetime | Timestamp | None = None,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> api_key_service_pb2.CreateApiKeyResponse:
        """Creates a key. It can carry only permissions that the caller holds."""
        request = api_key_service_pb2.CreateApiKeyRequest(
            display_name=display_name,
            permissions=permissions,
            rate_limit_per_second=rate_limit_per_second,
            expire_time=requests.timestamp(expire_time),
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return await self._stub.CreateApiKey(request, timeout=timeout)

    async def get(
        self,
        api_key_id: str,
        *,
        timeout: float | None = None,
    ) -> api_key_pb2.ApiKey:
        """Returns a key without its secret."""
        request = api_key_service_pb2.GetApiKeyRequest(id=api_key_id)
        return (await self._stub.GetApiKey(request, timeout=timeout)).api_key

    def list(
        self,
        *,
        page_size: int = 0,
        page_token: str = "",
        show_revoked: bool = False,
        timeout: float | None = None,
    ) -> AsyncPager[api_key_pb2.ApiKey]:
        """Returns the keys in order of id, page by page."""
        request = api_key_service_pb2.ListApiKeysRequest(
            page_size=page_size, page_token=page_token, show_revoked=show_revoked
        )

        async def fetch(token: str) -> Page[api_key_pb2.ApiKey]:
            response = await self._stub.ListApiKeys(requests.at_page(request, token), timeout=timeout)
            return Page(response.api_keys, response.next_page_token)

        return AsyncPager(fetch, page_token)

    async def revoke(
        self,
        api_key_id: str,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> api_key_pb2.ApiKey:
        """Revokes a key. Every worker refuses it within a second. Revoking a revoked key changes nothing."""
        request = api_key_service_pb2.RevokeApiKeyRequest(
            id=api_key_id, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return (await self._stub.RevokeApiKey(request, timeout=timeout)).api_key
