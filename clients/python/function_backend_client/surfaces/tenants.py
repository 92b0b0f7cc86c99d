"""Tenants of this installation. Written by make generate."""

from __future__ import annotations

from function.auth.v1 import tenant_pb2, tenant_service_pb2, tenant_service_pb2_grpc
from function_backend_client import requests
from function_backend_client.pages import AsyncPager, Page, Pager


class Tenants:
    """Tenants of this installation. Every method raises FunctionBackendError where the service refuses."""

    def __init__(self, stub: tenant_service_pb2_grpc.TenantServiceStub) -> None:
        self._stub = stub

    def create(
        self,
        name: str,
        *,
        display_name: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> tenant_service_pb2.CreateTenantResponse:
        """Creates a tenant and its first API key, which administers it."""
        request = tenant_service_pb2.CreateTenantRequest(
            name=name,
            display_name=display_name,
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return self._stub.CreateTenant(request, timeout=timeout)

    def get(
        self,
        tenant_id: str = "",
        *,
        timeout: float | None = None,
    ) -> tenant_pb2.Tenant:
        """Returns a tenant: the caller's own, or any for callers that hold `auth.tenant.list`."""
        request = tenant_service_pb2.GetTenantRequest(id=tenant_id)
        return self._stub.GetTenant(request, timeout=timeout).tenant

    def list(
        self,
        *,
        page_size: int = 0,
        page_token: str = "",
        timeout: float | None = None,
    ) -> Pager[tenant_pb2.Tenant]:
        """Returns all tenants in order of id, page by page."""
        request = tenant_service_pb2.ListTenantsRequest(page_size=page_size, page_token=page_token)

        def fetch(token: str) -> Page[tenant_pb2.Tenant]:
            response = self._stub.ListTenants(requests.at_page(request, token), timeout=timeout)
            return Page(response.tenants, response.next_page_token)

        return Pager(fetch, page_token)


class AsyncTenants:
    """As `Tenants`, with `await`."""

    def __init__(self, stub: tenant_service_pb2_grpc.TenantServiceAsyncStub) -> None:
        self._stub = stub

    async def create(
        self,
        name: str,
        *,
        display_name: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> tenant_service_pb2.CreateTenantResponse:
        """Creates a tenant and its first API key, which administers it."""
        request = tenant_service_pb2.CreateTenantRequest(
            name=name,
            display_name=display_name,
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return await self._stub.CreateTenant(request, timeout=timeout)

    async def get(
        self,
        tenant_id: str = "",
        *,
        timeout: float | None = None,
    ) -> tenant_pb2.Tenant:
        """Returns a tenant: the caller's own, or any for callers that hold `auth.tenant.list`."""
        request = tenant_service_pb2.GetTenantRequest(id=tenant_id)
        return (await self._stub.GetTenant(request, timeout=timeout)).tenant

    def list(
        self,
        *,
        page_size: int = 0,
        page_token: str = "",
        timeout: float | None = None,
    ) -> AsyncPager[tenant_pb2.Tenant]:
        """Returns all tenants in order of id, page by page."""
        request = tenant_service_pb2.ListTenantsRequest(page_size=page_size, page_token=page_token)

        async def fetch(token: str) -> Page[tenant_pb2.Tenant]:
            response = await self._stub.ListTenants(requests.at_page(request, token), timeout=timeout)
            return Page(response.tenants, response.next_page_token)

        return AsyncPager(fetch, page_token)
