"""Tenants on the wire."""

from __future__ import annotations

from function.auth.v1 import auth_events_pb2, tenant_pb2
from function_backend.services.auth.convert.values import timestamp
from function_backend.services.auth.domain.tenant import Tenant
from function_backend.services.auth.events.tenant import TenantCreated


def tenant(value: Tenant) -> tenant_pb2.Tenant:
    """The tenant as callers see it."""
    return tenant_pb2.Tenant(
        id=str(value.id),
        name=value.name,
        display_name=value.display_name,
        create_time=timestamp(value.created_at),
    )


def tenant_created(event: TenantCreated) -> bytes:
    """The event's message."""
    return auth_events_pb2.TenantCreated(tenant=tenant(event.tenant)).SerializeToString()
