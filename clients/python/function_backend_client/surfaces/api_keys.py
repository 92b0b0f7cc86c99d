"""API keys of the caller's tenant.

Written by make generate.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from google.protobuf.duration_pb2 import Duration
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
        owner: str = "",
        max_calls_per_day: int = 0,
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
            owner=owner,
            max_calls_per_day=max_calls_per_day,
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
        owner: str = "",
        timeout: float | None = None,
    ) -> Pager[api_key_pb2.ApiKey]:
        """Returns the keys in order of id, page by page."""
        request = api_key_service_pb2.ListApiKeysRequest(
            page_size=page_size, page_token=page_token, show_revoked=show_revoked, owner=owner
        )

        def fetch(token: str) -> Page[api_key_pb2.ApiKey]:
            response = self._stub.ListApiKeys(requests.at_page(request, token), timeout=timeout)
            return Page(response.api_keys, response.next_page_token)

        return Pager(fetch, page_token)

    def update(
        self,
        api_key: api_key_service_pb2.ApiKeyChange,
        *,
        fields: Iterable[str] | str | None = None,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> api_key_pb2.ApiKey:
        """Changes a key's name, permissions, limits and expiry.

        It can be given only permissions that the caller holds; those it has already may stay.
        """
        request = api_key_service_pb2.UpdateApiKeyRequest(
            api_key=api_key,
            update_mask=requests.field_mask(fields),
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return self._stub.UpdateApiKey(request, timeout=timeout).api_key

    def reroll(
        self,
        api_key_id: str,
        *,
        etag: str = "",
        overlap: dt.timedelta | Duration | None = None,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> api_key_service_pb2.RerollApiKeyResponse:
        """Gives a key a new secret; its id, permissions and counters stay.

        The secret before works for as long as the caller says, and one before that ends at once.
        """
        request = api_key_service_pb2.RerollApiKeyRequest(
            id=api_key_id,
            etag=etag,
            overlap=requests.duration(overlap),
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return self._stub.RerollApiKey(request, timeout=timeout)

    def import_(
        self,
        api_keys: Iterable[api_key_service_pb2.ForeignApiKey],
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> api_key_service_pb2.ImportApiKeysResponse:
        """Takes over keys of another system by their SHA-256, so that they go on working.

        Each row has its own outcome: good rows are stored whatever becomes of the others.
        """
        request = api_key_service_pb2.ImportApiKeysRequest(
            api_keys=api_keys, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return self._stub.ImportApiKeys(request, timeout=timeout)

    def revoke_api_keys_of_owner(
        self,
        owner: str,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> api_key_service_pb2.RevokeApiKeysOfOwnerResponse:
        """Revokes all keys of an owner.

        Every worker refuses them within a second. An owner without keys is none's failure: the answer is 0.
        """
        request = api_key_service_pb2.RevokeApiKeysOfOwnerRequest(
            owner=owner, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return self._stub.RevokeApiKeysOfOwner(request, timeout=timeout)

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
        owner: str = "",
        max_calls_per_day: int = 0,
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
            owner=owner,
            max_calls_per_day=max_calls_per_day,
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
        owner: str = "",
        timeout: float | None = None,
    ) -> AsyncPager[api_key_pb2.ApiKey]:
        """Returns the keys in order of id, page by page."""
        request = api_key_service_pb2.ListApiKeysRequest(
            page_size=page_size, page_token=page_token, show_revoked=show_revoked, owner=owner
        )

        async def fetch(token: str) -> Page[api_key_pb2.ApiKey]:
            response = await self._stub.ListApiKeys(requests.at_page(request, token), timeout=timeout)
            return Page(response.api_keys, response.next_page_token)

        return AsyncPager(fetch, page_token)

    async def update(
        self,
        api_key: api_key_service_pb2.ApiKeyChange,
        *,
        fields: Iterable[str] | str | None = None,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> api_key_pb2.ApiKey:
        """Changes a key's name, permissions, limits and expiry.

        It can be given only permissions that the caller holds; those it has already may stay.
        """
        request = api_key_service_pb2.UpdateApiKeyRequest(
            api_key=api_key,
            update_mask=requests.field_mask(fields),
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return (await self._stub.UpdateApiKey(request, timeout=timeout)).api_key

    async def reroll(
        self,
        api_key_id: str,
        *,
        etag: str = "",
        overlap: dt.timedelta | Duration | None = None,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> api_key_service_pb2.RerollApiKeyResponse:
        """Gives a key a new secret; its id, permissions and counters stay.

        The secret before works for as long as the caller says, and one before that ends at once.
        """
        request = api_key_service_pb2.RerollApiKeyRequest(
            id=api_key_id,
            etag=etag,
            overlap=requests.duration(overlap),
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return await self._stub.RerollApiKey(request, timeout=timeout)

    async def import_(
        self,
        api_keys: Iterable[api_key_service_pb2.ForeignApiKey],
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> api_key_service_pb2.ImportApiKeysResponse:
        """Takes over keys of another system by their SHA-256, so that they go on working.

        Each row has its own outcome: good rows are stored whatever becomes of the others.
        """
        request = api_key_service_pb2.ImportApiKeysRequest(
            api_keys=api_keys, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return await self._stub.ImportApiKeys(request, timeout=timeout)

    async def revoke_api_keys_of_owner(
        self,
        owner: str,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> api_key_service_pb2.RevokeApiKeysOfOwnerResponse:
        """Revokes all keys of an owner.

        Every worker refuses them within a second. An owner without keys is none's failure: the answer is 0.
        """
        request = api_key_service_pb2.RevokeApiKeysOfOwnerRequest(
            owner=owner, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return await self._stub.RevokeApiKeysOfOwner(request, timeout=timeout)

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
