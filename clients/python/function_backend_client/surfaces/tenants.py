"""Tenants of this installation.

Written by make generate.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable, Iterator

from function.auth.v1 import tenant_pb2, tenant_service_pb2, tenant_service_pb2_grpc
from function_backend_client import requests
from function_backend_client.pages import AsyncPager, Page, Pager


class Tenants:
    """Tenants of this installation.

    They form a tree: organisations, and projects below them, on at most five levels. Every method raises
    FunctionBackendError where the service refuses.
    """

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
        """Creates an organisation, which stands below no other tenant, and its first API key, which administers it."""
        request = tenant_service_pb2.CreateTenantRequest(
            name=name,
            display_name=display_name,
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return self._stub.CreateTenant(request, timeout=timeout)

    def create_child(
        self,
        name: str,
        *,
        parent_id: str = "",
        display_name: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> tenant_service_pb2.CreateChildTenantResponse:
        """Creates a tenant below another one, and its first API key, which administers it.

        The one above it can suspend, export and delete it, and cannot see what is in it otherwise.
        """
        request = tenant_service_pb2.CreateChildTenantRequest(
            parent_id=parent_id,
            name=name,
            display_name=display_name,
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return self._stub.CreateChildTenant(request, timeout=timeout)

    def get(
        self,
        tenant_id: str = "",
        *,
        timeout: float | None = None,
    ) -> tenant_pb2.Tenant:
        """Returns a tenant: the caller's own, one below it, or any for callers that hold `auth.tenant.list`."""
        request = tenant_service_pb2.GetTenantRequest(id=tenant_id)
        return self._stub.GetTenant(request, timeout=timeout).tenant

    def list(
        self,
        *,
        page_size: int = 0,
        page_token: str = "",
        show_deleted: bool = False,
        timeout: float | None = None,
    ) -> Pager[tenant_pb2.Tenant]:
        """Returns all tenants in order of id, page by page."""
        request = tenant_service_pb2.ListTenantsRequest(
            page_size=page_size, page_token=page_token, show_deleted=show_deleted
        )

        def fetch(token: str) -> Page[tenant_pb2.Tenant]:
            response = self._stub.ListTenants(requests.at_page(request, token), timeout=timeout)
            return Page(response.tenants, response.next_page_token)

        return Pager(fetch, page_token)

    def list_child(
        self,
        *,
        page_size: int = 0,
        page_token: str = "",
        show_deleted: bool = False,
        parent_id: str = "",
        timeout: float | None = None,
    ) -> Pager[tenant_pb2.Tenant]:
        """Returns the tenants directly below a tenant in order of id, page by page."""
        request = tenant_service_pb2.ListChildTenantsRequest(
            page_size=page_size, page_token=page_token, show_deleted=show_deleted, parent_id=parent_id
        )

        def fetch(token: str) -> Page[tenant_pb2.Tenant]:
            response = self._stub.ListChildTenants(requests.at_page(request, token), timeout=timeout)
            return Page(response.tenants, response.next_page_token)

        return Pager(fetch, page_token)

    def update(
        self,
        tenant: tenant_pb2.Tenant,
        *,
        fields: Iterable[str] | str | None = None,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> tenant_pb2.Tenant:
        """Changes the fields of a tenant that `update_mask` names and leaves the others.

        Nothing is written when nothing differs. New settings count on every worker within a few seconds.
        """
        request = tenant_service_pb2.UpdateTenantRequest(
            tenant=tenant,
            update_mask=requests.field_mask(fields),
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return self._stub.UpdateTenant(request, timeout=timeout).tenant

    def suspend(
        self,
        tenant_id: str,
        *,
        etag: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> tenant_pb2.Tenant:
        """Suspends a tenant and with it all below it: every worker refuses their callers within a second.

        Nobody suspends its own tenant, one above it, or the tenant `default`. Suspending a suspended tenant changes
        nothing.
        """
        request = tenant_service_pb2.SuspendTenantRequest(
            id=tenant_id, etag=etag, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return self._stub.SuspendTenant(request, timeout=timeout).tenant

    def resume(
        self,
        tenant_id: str,
        *,
        etag: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> tenant_pb2.Tenant:
        """Lets the callers of a suspended tenant in again. Resuming an active tenant changes nothing."""
        request = tenant_service_pb2.ResumeTenantRequest(
            id=tenant_id, etag=etag, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return self._stub.ResumeTenant(request, timeout=timeout).tenant

    def export(
        self,
        tenant_id: str = "",
        *,
        batch_size: int = 0,
        resume_token: str = "",
        timeout: float | None = None,
    ) -> Iterator[tenant_service_pb2.ExportTenantResponse]:
        """Returns everything that this service keeps about the callers of a tenant, as records in batches, without ….

        … secrets and hashes of secrets. Every message carries a token with which a broken stream goes on after it. That
        the export was begun is in the audit trail.
        """
        request = tenant_service_pb2.ExportTenantRequest(id=tenant_id, batch_size=batch_size, resume_token=resume_token)
        return self._stub.ExportTenant(request, timeout=timeout)

    def delete(
        self,
        tenant_id: str,
        name: str,
        *,
        etag: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> tenant_pb2.Tenant:
        """Deletes a suspended tenant for good: destroys the key that its secrets are encrypted with, its API keys ….

        … and other credentials. Its name stays taken and its audit trail stays.
        """
        request = tenant_service_pb2.DeleteTenantRequest(
            id=tenant_id,
            etag=etag,
            name=name,
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return self._stub.DeleteTenant(request, timeout=timeout).tenant


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
        """Creates an organisation, which stands below no other tenant, and its first API key, which administers it."""
        request = tenant_service_pb2.CreateTenantRequest(
            name=name,
            display_name=display_name,
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return await self._stub.CreateTenant(request, timeout=timeout)

    async def create_child(
        self,
        name: str,
        *,
        parent_id: str = "",
        display_name: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> tenant_service_pb2.CreateChildTenantResponse:
        """Creates a tenant below another one, and its first API key, which administers it.

        The one above it can suspend, export and delete it, and cannot see what is in it otherwise.
        """
        request = tenant_service_pb2.CreateChildTenantRequest(
            parent_id=parent_id,
            name=name,
            display_name=display_name,
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return await self._stub.CreateChildTenant(request, timeout=timeout)

    async def get(
        self,
        tenant_id: str = "",
        *,
        timeout: float | None = None,
    ) -> tenant_pb2.Tenant:
        """Returns a tenant: the caller's own, one below it, or any for callers that hold `auth.tenant.list`."""
        request = tenant_service_pb2.GetTenantRequest(id=tenant_id)
        return (await self._stub.GetTenant(request, timeout=timeout)).tenant

    def list(
        self,
        *,
        page_size: int = 0,
        page_token: str = "",
        show_deleted: bool = False,
        timeout: float | None = None,
    ) -> AsyncPager[tenant_pb2.Tenant]:
        """Returns all tenants in order of id, page by page."""
        request = tenant_service_pb2.ListTenantsRequest(
            page_size=page_size, page_token=page_token, show_deleted=show_deleted
        )

        async def fetch(token: str) -> Page[tenant_pb2.Tenant]:
            response = await self._stub.ListTenants(requests.at_page(request, token), timeout=timeout)
            return Page(response.tenants, response.next_page_token)

        return AsyncPager(fetch, page_token)

    def list_child(
        self,
        *,
        page_size: int = 0,
        page_token: str = "",
        show_deleted: bool = False,
        parent_id: str = "",
        timeout: float | None = None,
    ) -> AsyncPager[tenant_pb2.Tenant]:
        """Returns the tenants directly below a tenant in order of id, page by page."""
        request = tenant_service_pb2.ListChildTenantsRequest(
            page_size=page_size, page_token=page_token, show_deleted=show_deleted, parent_id=parent_id
        )

        async def fetch(token: str) -> Page[tenant_pb2.Tenant]:
            response = await self._stub.ListChildTenants(requests.at_page(request, token), timeout=timeout)
            return Page(response.tenants, response.next_page_token)

        return AsyncPager(fetch, page_token)

    async def update(
        self,
        tenant: tenant_pb2.Tenant,
        *,
        fields: Iterable[str] | str | None = None,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> tenant_pb2.Tenant:
        """Changes the fields of a tenant that `update_mask` names and leaves the others.

        Nothing is written when nothing differs. New settings count on every worker within a few seconds.
        """
        request = tenant_service_pb2.UpdateTenantRequest(
            tenant=tenant,
            update_mask=requests.field_mask(fields),
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return (await self._stub.UpdateTenant(request, timeout=timeout)).tenant

    async def suspend(
        self,
        tenant_id: str,
        *,
        etag: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> tenant_pb2.Tenant:
        """Suspends a tenant and with it all below it: every worker refuses their callers within a second.

        Nobody suspends its own tenant, one above it, or the tenant `default`. Suspending a suspended tenant changes
        nothing.
        """
        request = tenant_service_pb2.SuspendTenantRequest(
            id=tenant_id, etag=etag, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return (await self._stub.SuspendTenant(request, timeout=timeout)).tenant

    async def resume(
        self,
        tenant_id: str,
        *,
        etag: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> tenant_pb2.Tenant:
        """Lets the callers of a suspended tenant in again. Resuming an active tenant changes nothing."""
        request = tenant_service_pb2.ResumeTenantRequest(
            id=tenant_id, etag=etag, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return (await self._stub.ResumeTenant(request, timeout=timeout)).tenant

    def export(
        self,
        tenant_id: str = "",
        *,
        batch_size: int = 0,
        resume_token: str = "",
        timeout: float | None = None,
    ) -> AsyncIterable[tenant_service_pb2.ExportTenantResponse]:
        """Returns everything that this service keeps about the callers of a tenant, as records in batches, without ….

        … secrets and hashes of secrets. Every message carries a token with which a broken stream goes on after it. That
        the export was begun is in the audit trail.
        """
        request = tenant_service_pb2.ExportTenantRequest(id=tenant_id, batch_size=batch_size, resume_token=resume_token)
        return self._stub.ExportTenant(request, timeout=timeout)

    async def delete(
        self,
        tenant_id: str,
        name: str,
        *,
        etag: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> tenant_pb2.Tenant:
        """Deletes a suspended tenant for good: destroys the key that its secrets are encrypted with, its API keys ….

        … and other credentials. Its name stays taken and its audit trail stays.
        """
        request = tenant_service_pb2.DeleteTenantRequest(
            id=tenant_id,
            etag=etag,
            name=name,
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return (await self._stub.DeleteTenant(request, timeout=timeout)).tenant
