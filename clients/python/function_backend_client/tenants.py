"""Tenants through either client."""

from __future__ import annotations

from function.auth.v1 import tenant_pb2, tenant_service_pb2, tenant_service_pb2_grpc
from function_backend_client import requests
from function_backend_client.pages import AsyncPager, Page, Pager


class Tenants:
    """The tenants of the installation. Every method raises FunctionBackendError where the service refuses."""

    def __init__(self, stub: tenant_service_pb2_grpc.TenantServiceStub) -> None:
        self._stub = stub

    def create(
        self,
        name: str,
        *,
        display_name: str = "",
        validate_only: bool = False,
        request_id: str | None = None,
        timeout: float | None = None,
    ) -> tenant_service_pb2.CreateTenantResponse:
        """Creates a tenant and its first key; `secret` is shown this once."""
        request = requests.create_tenant(
            name, display_name=display_name, validate_only=validate_only, request_id=request_id
        )
        return self._stub.CreateTenant(request, timeout)

    def get(self, tenant_id: str = "", *, timeout: float | None = None) -> tenant_pb2.Tenant:
        """A tenant; the caller's own without an id."""
        return self._stub.GetTenant(tenant_service_pb2.GetTenantRequest(id=tenant_id), timeout).tenant

    def list(
        self, *, page_size: int = 0, page_token: str = "", timeout: float | None = None
    ) -> Pager[tenant_pb2.Tenant]:
        """All tenants in order of id."""

        def fetch(token: str) -> Page[tenant_pb2.Tenant]:
            request = tenant_service_pb2.ListTenantsRequest(page_size=page_size, page_token=token)
            response = self._stub.ListTenants(request, timeout)
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
        validate_only: bool = False,
        request_id: str | None = None,
        timeout: float | None = None,
    ) -> tenant_service_pb2.CreateTenantResponse:
        """Creates a tenant and its first key; `secret` is shown this once."""
        request = requests.create_tenant(
            name, display_name=display_name, validate_only=validate_only, request_id=request_id
        )
        return await self._stub.CreateTenant(request, timeout=timeout)

    async def get(self, tenant_id: str = "", *, timeout: float | None = None) -> tenant_pb2.Tenant:
        """A tenant; the caller's own without an id."""
        request = tenant_service_pb2.GetTenantRequest(id=tenant_id)
        return (await self._stub.GetTenant(request, timeout=timeout)).tenant

    def list(
        self, *, page_size: int = 0, page_token: str = "", timeout: float | None = None
    ) -> AsyncPager[tenant_pb2.Tenant]:
        """All tenants in order of id."""

        async def fetch(token: str) -> Page[tenant_pb2.Tenant]:
            request = tenant_service_pb2.ListTenantsRequest(page_size=page_size, page_token=token)
            response = await self._stub.ListTenants(request, timeout=timeout)
            return Page(response.tenants, response.next_page_token)

        return AsyncPager(fetch, page_token)
