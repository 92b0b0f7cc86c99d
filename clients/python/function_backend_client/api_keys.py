"""API keys through either client."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from function.auth.v1 import api_key_pb2, api_key_service_pb2, api_key_service_pb2_grpc
from function_backend_client import requests
from function_backend_client.pages import AsyncPager, Page, Pager


class ApiKeys:
    """The API keys of the caller's tenant. Every method raises FunctionBackendError where the service refuses."""

    def __init__(self, stub: api_key_service_pb2_grpc.ApiKeyServiceStub) -> None:
        self._stub = stub

    def create(
        self,
        display_name: str,
        permissions: Iterable[str],
        *,
        rate_limit_per_second: int = 0,
        expire_time: dt.datetime | None = None,
        validate_only: bool = False,
        request_id: str | None = None,
        timeout: float | None = None,
    ) -> api_key_service_pb2.CreateApiKeyResponse:
        """Creates a key with permissions such as `company.read` or `company.*`; `secret` is shown this once."""
        request = requests.create_api_key(
            display_name,
            permissions,
            rate_limit_per_second=rate_limit_per_second,
            expire_time=expire_time,
            validate_only=validate_only,
            request_id=request_id,
        )
        return self._stub.CreateApiKey(request, timeout)

    def get(self, api_key_id: str, *, timeout: float | None = None) -> api_key_pb2.ApiKey:
        """A key without its secret."""
        return self._stub.GetApiKey(api_key_service_pb2.GetApiKeyRequest(id=api_key_id), timeout).api_key

    def list(
        self, *, show_revoked: bool = False, page_size: int = 0, page_token: str = "", timeout: float | None = None
    ) -> Pager[api_key_pb2.ApiKey]:
        """The keys in order of id."""

        def fetch(token: str) -> Page[api_key_pb2.ApiKey]:
            request = api_key_service_pb2.ListApiKeysRequest(
                page_size=page_size, page_token=token, show_revoked=show_revoked
            )
            response = self._stub.ListApiKeys(request, timeout)
            return Page(response.api_keys, response.next_page_token)

        return Pager(fetch, page_token)

    def revoke(
        self,
        api_key_id: str,
        *,
        validate_only: bool = False,
        request_id: str | None = None,
        timeout: float | None = None,
    ) -> api_key_pb2.ApiKey:
        """Revokes a key: within a second it is refused everywhere."""
        request = api_key_service_pb2.RevokeApiKeyRequest(
            id=api_key_id, validate_only=validate_only, request_id=requests.new_request_id(request_id)
        )
        return self._stub.RevokeApiKey(request, timeout).api_key


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
        expire_time: dt.datetime | None = None,
        validate_only: bool = False,
        request_id: str | None = None,
        timeout: float | None = None,
    ) -> api_key_service_pb2.CreateApiKeyResponse:
        """Creates a key with permissions such as `company.read` or `company.*`; `secret` is shown this once."""
        request = requests.create_api_key(
            display_name,
            permissions,
            rate_limit_per_second=rate_limit_per_second,
            expire_time=expire_time,
            validate_only=validate_only,
            request_id=request_id,
        )
        return await self._stub.CreateApiKey(request, timeout=timeout)

    async def get(self, api_key_id: str, *, timeout: float | None = None) -> api_key_pb2.ApiKey:
        """A key without its secret."""
        request = api_key_service_pb2.GetApiKeyRequest(id=api_key_id)
        return (await self._stub.GetApiKey(request, timeout=timeout)).api_key

    def list(
        self, *, show_revoked: bool = False, page_size: int = 0, page_token: str = "", timeout: float | None = None
    ) -> AsyncPager[api_key_pb2.ApiKey]:
        """The keys in order of id."""

        async def fetch(token: str) -> Page[api_key_pb2.ApiKey]:
            request = api_key_service_pb2.ListApiKeysRequest(
                page_size=page_size, page_token=token, show_revoked=show_revoked
            )
            response = await self._stub.ListApiKeys(request, timeout=timeout)
            return Page(response.api_keys, response.next_page_token)

        return AsyncPager(fetch, page_token)

    async def revoke(
        self,
        api_key_id: str,
        *,
        validate_only: bool = False,
        request_id: str | None = None,
        timeout: float | None = None,
    ) -> api_key_pb2.ApiKey:
        """Revokes a key: within a second it is refused everywhere."""
        request = api_key_service_pb2.RevokeApiKeyRequest(
            id=api_key_id, validate_only=validate_only, request_id=requests.new_request_id(request_id)
        )
        return (await self._stub.RevokeApiKey(request, timeout=timeout)).api_key
