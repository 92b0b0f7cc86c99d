"""Tenants over gRPC."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from function.auth.v1 import tenant_service_pb2 as wire
from function_backend.kernel.call import Call
from function_backend.kernel.identifiers import parse_id
from function_backend.services.auth.convert.api_key import api_key
from function_backend.services.auth.convert.tenant import export_records, tenant, tenant_draft
from function_backend.services.auth.convert.values import optional_id
from function_backend.services.auth.domain.tenant_settings import TenantRules
from function_backend.services.auth.service.tenant_export import ExportTenant
from function_backend.services.auth.service.tenant_life import TenantLife
from function_backend.services.auth.service.tenants import TenantService


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantUseCases:
    """What the servicer calls."""

    tenants: TenantService
    life: TenantLife
    exporting: ExportTenant


class TenantServicer:
    """`function.auth.v1.TenantService`."""

    def __init__(self, use_cases: TenantUseCases, default: TenantRules) -> None:
        """`default` is what holds where a tenant has decided nothing."""
        self._do = use_cases
        self._default = default

    def CreateTenant(self, request: wire.CreateTenantRequest, context: Call) -> wire.CreateTenantResponse:
        made = self._do.tenants.create(request.name, request.display_name)
        return wire.CreateTenantResponse(
            tenant=tenant(made.tenant, self._default), api_key=api_key(made.api_key), secret=made.secret
        )

    def CreateChildTenant(
        self, request: wire.CreateChildTenantRequest, context: Call
    ) -> wire.CreateChildTenantResponse:
        made = self._do.tenants.create_child(optional_id(request.parent_id), request.name, request.display_name)
        return wire.CreateChildTenantResponse(
            tenant=tenant(made.tenant, self._default), api_key=api_key(made.api_key), secret=made.secret
        )

    def GetTenant(self, request: wire.GetTenantRequest, context: Call) -> wire.GetTenantResponse:
        found = self._do.tenants.get(optional_id(request.id))
        return wire.GetTenantResponse(tenant=tenant(found, self._default))

    def ListTenants(self, request: wire.ListTenantsRequest, context: Call) -> wire.ListTenantsResponse:
        page, token = self._do.tenants.list(request.page_size, request.page_token, show_deleted=request.show_deleted)
        found = [tenant(each, self._default) for each in page.items]
        return wire.ListTenantsResponse(tenants=found, next_page_token=token)

    def ListChildTenants(self, request: wire.ListChildTenantsRequest, context: Call) -> wire.ListChildTenantsResponse:
        page, token = self._do.tenants.list_children(
            optional_id(request.parent_id), request.page_size, request.page_token, show_deleted=request.show_deleted
        )
        found = [tenant(each, self._default) for each in page.items]
        return wire.ListChildTenantsResponse(tenants=found, next_page_token=token)

    def UpdateTenant(self, request: wire.UpdateTenantRequest, context: Call) -> wire.UpdateTenantResponse:
        changed = self._do.tenants.update(
            optional_id(request.tenant.id),
            tenant_draft(request),
            mask=request.update_mask.paths,
            etag=request.tenant.etag,
        )
        return wire.UpdateTenantResponse(tenant=tenant(changed, self._default))

    def SuspendTenant(self, request: wire.SuspendTenantRequest, context: Call) -> wire.SuspendTenantResponse:
        suspended = self._do.life.suspend(parse_id(request.id), etag=request.etag)
        return wire.SuspendTenantResponse(tenant=tenant(suspended, self._default))

    def ResumeTenant(self, request: wire.ResumeTenantRequest, context: Call) -> wire.ResumeTenantResponse:
        resumed = self._do.life.resume(parse_id(request.id), etag=request.etag)
        return wire.ResumeTenantResponse(tenant=tenant(resumed, self._default))

    def ExportTenant(self, request: wire.ExportTenantRequest, context: Call) -> Iterator[wire.ExportTenantResponse]:
        batches = self._do.exporting.export(
            optional_id(request.id), batch_size=request.batch_size, resume_token=request.resume_token, call=context
        )
        return (
            wire.ExportTenantResponse(records=export_records(batch.records), resume_token=batch.resume_token)
            for batch in batches
        )

    def DeleteTenant(self, request: wire.DeleteTenantRequest, context: Call) -> wire.DeleteTenantResponse:
        deleted = self._do.life.delete(parse_id(request.id), name=request.name, etag=request.etag)
        return wire.DeleteTenantResponse(tenant=tenant(deleted, self._default))
