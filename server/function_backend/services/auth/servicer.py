"""Tenants and API keys over gRPC."""

from __future__ import annotations

from function.auth.v1 import api_key_service_pb2, tenant_service_pb2
from function_backend.kernel.call import Call
from function_backend.kernel.identifiers import parse_id
from function_backend.services.auth import convert
from function_backend.services.auth.service.api_keys import ApiKeyService
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
            tenant=convert.tenant(made.tenant), api_key=convert.api_key(made.api_key), secret=made.secret
        )

    def GetTenant(
        self, request: tenant_service_pb2.GetTenantRequest, context: Call
    ) -> tenant_service_pb2.GetTenantResponse:
        tenant = self._service.get(convert.optional_id(request.id))
        return tenant_service_pb2.GetTenantResponse(tenant=convert.tenant(tenant))

    def ListTenants(
        self, request: tenant_service_pb2.ListTenantsRequest, context: Call
    ) -> tenant_service_pb2.ListTenantsResponse:
        page, token = self._service.list(request.page_size, request.page_token)
        return tenant_service_pb2.ListTenantsResponse(tenants=map(convert.tenant, page.items), next_page_token=token)


class ApiKeyServicer:
    """`function.auth.v1.ApiKeyService`."""

    def __init__(self, service: ApiKeyService) -> None:
        self._service = service

    def CreateApiKey(
        self, request: api_key_service_pb2.CreateApiKeyRequest, context: Call
    ) -> api_key_service_pb2.CreateApiKeyResponse:
        made = self._service.create(convert.key_wish(request))
        return api_key_service_pb2.CreateApiKeyResponse(api_key=convert.api_key(made.api_key), secret=made.secret)

    def GetApiKey(
        self, request: api_key_service_pb2.GetApiKeyRequest, context: Call
    ) -> api_key_service_pb2.GetApiKeyResponse:
        api_key = self._service.get(parse_id(request.id))
        return api_key_service_pb2.GetApiKeyResponse(api_key=convert.api_key(api_key))

    def ListApiKeys(
        self, request: api_key_service_pb2.ListApiKeysRequest, context: Call
    ) -> api_key_service_pb2.ListApiKeysResponse:
        page, token = self._service.list(request.page_size, request.page_token, show_revoked=request.show_revoked)
        return api_key_service_pb2.ListApiKeysResponse(api_keys=map(convert.api_key, page.items), next_page_token=token)

    def RevokeApiKey(
        self, request: api_key_service_pb2.RevokeApiKeyRequest, context: Call
    ) -> api_key_service_pb2.RevokeApiKeyResponse:
        api_key = self._service.revoke(parse_id(request.id))
        return api_key_service_pb2.RevokeApiKeyResponse(api_key=convert.api_key(api_key))
