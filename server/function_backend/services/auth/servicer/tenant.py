"""Tenants over gRPC."""

from __future__ import annotations

from function.auth.v1 import tenant_service_pb2
from function_backend.kernel.call import Call
from function_backend.services.auth.convert.api_key import api_key
from function_backend.services.auth.convert.tenant import tenant
from function_backend.services.auth.convert.values import optional_id
from function_backend.services.auth.service.tenants import TenantService


class TenantServicer:
    """`function.auth.v1.TenantService`."""

    def __init__(self, service: TenantService) -> None:
        self._service = service

    def CreateTenant(
        self, request: tenant_service_pb2.CreateTenantRequest, context: Call
    ) -> tenant_service_pb2.CreateTenantResponse:
        made = self._service.create(request.name, request.display_name)
        return tenant_service_pb2.CreateTenantResponse(
            tenant=tenant(made.tenant), api_key=api_key(made.api_key), secret=made.secret
        )

    def GetTenant(
        self, request: tenant_service_pb2.GetTenantRequest, context: Call
    ) -> tenant_service_pb2.GetTenantResponse:
        found = self._service.get(optional_id(request.id))
        return tenant_service_pb2.GetTenantResponse(tenant=tenant(found))

    def ListTenants(
        self, request: tenant_service_pb2.ListTenantsRequest, context: Call
    ) -> tenant_service_pb2.ListTenantsResponse:
        page, token = self._service.list(request.page_size, request.page_token)
        return tenant_service_pb2.ListTenantsResponse(tenants=map(tenant, page.items), next_page_token=token)
