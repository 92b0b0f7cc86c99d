"""Service accounts of the caller's tenant.

Written by make generate.
"""

from __future__ import annotations

from collections.abc import Iterable

from function.auth.v1 import service_account_pb2, service_account_service_pb2, service_account_service_pb2_grpc
from function_backend_client import requests
from function_backend_client.pages import AsyncPager, Page, Pager


class ServiceAccounts:
    """Service accounts of the caller's tenant.

    Whoever acts on one must hold every permission that it holds. Every method raises FunctionBackendError where the
    service refuses.
    """

    def __init__(self, stub: service_account_service_pb2_grpc.ServiceAccountServiceStub) -> None:
        self._stub = stub

    def create(
        self,
        service_account: service_account_pb2.ServiceAccount,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> service_account_pb2.ServiceAccount:
        """Creates a service account, which is active and has no credential yet."""
        request = service_account_service_pb2.CreateServiceAccountRequest(
            service_account=service_account, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return self._stub.CreateServiceAccount(request, timeout=timeout).service_account

    def get(
        self,
        service_account_id: str,
        *,
        timeout: float | None = None,
    ) -> service_account_pb2.ServiceAccount:
        """Returns a service account."""
        request = service_account_service_pb2.GetServiceAccountRequest(id=service_account_id)
        return self._stub.GetServiceAccount(request, timeout=timeout).service_account

    def list(
        self,
        *,
        page_size: int = 0,
        page_token: str = "",
        states: Iterable[service_account_pb2.ServiceAccountState.ValueType] = (),
        timeout: float | None = None,
    ) -> Pager[service_account_pb2.ServiceAccount]:
        """Returns the service accounts in order of id, page by page."""
        request = service_account_service_pb2.ListServiceAccountsRequest(
            page_size=page_size, page_token=page_token, states=states
        )

        def fetch(token: str) -> Page[service_account_pb2.ServiceAccount]:
            response = self._stub.ListServiceAccounts(requests.at_page(request, token), timeout=timeout)
            return Page(response.service_accounts, response.next_page_token)

        return Pager(fetch, page_token)

    def update(
        self,
        service_account: service_account_pb2.ServiceAccount,
        *,
        fields: Iterable[str] | str | None = None,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> service_account_pb2.ServiceAccount:
        """Changes the fields that `update_mask` names and leaves the others.

        Nothing is written when nothing differs.
        """
        request = service_account_service_pb2.UpdateServiceAccountRequest(
            service_account=service_account,
            update_mask=requests.field_mask(fields),
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return self._stub.UpdateServiceAccount(request, timeout=timeout).service_account

    def delete(
        self,
        service_account_id: str,
        *,
        etag: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> service_account_pb2.ServiceAccount:
        """Deletes a service account with its memberships. Every credential of it is refused within a second."""
        request = service_account_service_pb2.DeleteServiceAccountRequest(
            id=service_account_id,
            etag=etag,
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return self._stub.DeleteServiceAccount(request, timeout=timeout).service_account

    def disable(
        self,
        service_account_id: str,
        *,
        etag: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> service_account_pb2.ServiceAccount:
        """Disables a service account: every credential of it is refused within a second.

        Disabling a disabled one changes nothing.
        """
        request = service_account_service_pb2.DisableServiceAccountRequest(
            id=service_account_id,
            etag=etag,
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return self._stub.DisableServiceAccount(request, timeout=timeout).service_account

    def enable(
        self,
        service_account_id: str,
        *,
        etag: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> service_account_pb2.ServiceAccount:
        """Enables a disabled service account. Enabling an active one changes nothing."""
        request = service_account_service_pb2.EnableServiceAccountRequest(
            id=service_account_id,
            etag=etag,
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return self._stub.EnableServiceAccount(request, timeout=timeout).service_account


class AsyncServiceAccounts:
    """As `ServiceAccounts`, with `await`."""

    def __init__(self, stub: service_account_service_pb2_grpc.ServiceAccountServiceAsyncStub) -> None:
        self._stub = stub

    async def create(
        self,
        service_account: service_account_pb2.ServiceAccount,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> service_account_pb2.ServiceAccount:
        """Creates a service account, which is active and has no credential yet."""
        request = service_account_service_pb2.CreateServiceAccountRequest(
            service_account=service_account, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return (await self._stub.CreateServiceAccount(request, timeout=timeout)).service_account

    async def get(
        self,
        service_account_id: str,
        *,
        timeout: float | None = None,
    ) -> service_account_pb2.ServiceAccount:
        """Returns a service account."""
        request = service_account_service_pb2.GetServiceAccountRequest(id=service_account_id)
        return (await self._stub.GetServiceAccount(request, timeout=timeout)).service_account

    def list(
        self,
        *,
        page_size: int = 0,
        page_token: str = "",
        states: Iterable[service_account_pb2.ServiceAccountState.ValueType] = (),
        timeout: float | None = None,
    ) -> AsyncPager[service_account_pb2.ServiceAccount]:
        """Returns the service accounts in order of id, page by page."""
        request = service_account_service_pb2.ListServiceAccountsRequest(
            page_size=page_size, page_token=page_token, states=states
        )

        async def fetch(token: str) -> Page[service_account_pb2.ServiceAccount]:
            response = await self._stub.ListServiceAccounts(requests.at_page(request, token), timeout=timeout)
            return Page(response.service_accounts, response.next_page_token)

        return AsyncPager(fetch, page_token)

    async def update(
        self,
        service_account: service_account_pb2.ServiceAccount,
        *,
        fields: Iterable[str] | str | None = None,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> service_account_pb2.ServiceAccount:
        """Changes the fields that `update_mask` names and leaves the others.

        Nothing is written when nothing differs.
        """
        request = service_account_service_pb2.UpdateServiceAccountRequest(
            service_account=service_account,
            update_mask=requests.field_mask(fields),
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return (await self._stub.UpdateServiceAccount(request, timeout=timeout)).service_account

    async def delete(
        self,
        service_account_id: str,
        *,
        etag: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> service_account_pb2.ServiceAccount:
        """Deletes a service account with its memberships. Every credential of it is refused within a second."""
        request = service_account_service_pb2.DeleteServiceAccountRequest(
            id=service_account_id,
            etag=etag,
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return (await self._stub.DeleteServiceAccount(request, timeout=timeout)).service_account

    async def disable(
        self,
        service_account_id: str,
        *,
        etag: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> service_account_pb2.ServiceAccount:
        """Disables a service account: every credential of it is refused within a second.

        Disabling a disabled one changes nothing.
        """
        request = service_account_service_pb2.DisableServiceAccountRequest(
            id=service_account_id,
            etag=etag,
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return (await self._stub.DisableServiceAccount(request, timeout=timeout)).service_account

    async def enable(
        self,
        service_account_id: str,
        *,
        etag: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> service_account_pb2.ServiceAccount:
        """Enables a disabled service account. Enabling an active one changes nothing."""
        request = service_account_service_pb2.EnableServiceAccountRequest(
            id=service_account_id,
            etag=etag,
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return (await self._stub.EnableServiceAccount(request, timeout=timeout)).service_account
