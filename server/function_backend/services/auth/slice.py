"""Wires the folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from function_backend.kernel.events import DomainEvent
from function_backend.kernel.slice import Slice
from function_backend.persistence.notifications import EPOCH_TOPIC
from function_backend.resources import Resources
from function_backend.services.auth.adapters.authenticator import ApiKeyAuthenticator
from function_backend.services.auth.convert.api_key import api_key_created, api_key_revoked
from function_backend.services.auth.convert.role import role_created, role_deleted, role_updated
from function_backend.services.auth.convert.role_binding import role_binding_created, role_binding_deleted
from function_backend.services.auth.convert.tenant import tenant_created
from function_backend.services.auth.domain.built_in_roles import BuiltInRoles
from function_backend.services.auth.domain.permission import PermissionCatalogue
from function_backend.services.auth.events.api_key import ApiKeyCreated, ApiKeyRevoked
from function_backend.services.auth.events.role import RoleCreated, RoleDeleted, RoleUpdated
from function_backend.services.auth.events.role_binding import RoleBindingCreated, RoleBindingDeleted
from function_backend.services.auth.events.tenant import TenantCreated
from function_backend.services.auth.service.api_keys import ApiKeyService
from function_backend.services.auth.service.guards import RoleGuards
from function_backend.services.auth.service.permissions import PermissionService
from function_backend.services.auth.service.revocation import REVOCATION_TOPIC
from function_backend.services.auth.service.role_bindings import RoleBindingService
from function_backend.services.auth.service.roles import RoleService
from function_backend.services.auth.service.tenants import TenantService
from function_backend.services.auth.servicer.api_key import ApiKeyServicer
from function_backend.services.auth.servicer.permission import PermissionServicer
from function_backend.services.auth.servicer.role import RoleServicer
from function_backend.services.auth.servicer.role_binding import RoleBindingServicer
from function_backend.services.auth.servicer.tenant import TenantServicer

EVENT_PAYLOADS: Mapping[type[DomainEvent], Callable[[Any], bytes]] = {
    TenantCreated: tenant_created,
    ApiKeyCreated: api_key_created,
    ApiKeyRevoked: api_key_revoked,
    RoleCreated: role_created,
    RoleUpdated: role_updated,
    RoleDeleted: role_deleted,
    RoleBindingCreated: role_binding_created,
    RoleBindingDeleted: role_binding_deleted,
}
"""How the events look outside; the first tenant is recorded before any slice is built."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthSettings:
    """How long a worker relies on what it knows of a key."""

    remembered_keys: int = 10_000
    """Verified keys that one worker remembers."""
    remembered_for: timedelta = timedelta(minutes=1)
    """After this a key is verified again even if nothing was revoked."""

    def __post_init__(self) -> None:
        if self.remembered_keys < 1:
            raise ValueError("remembered_keys must be at least 1")
        if self.remembered_for <= timedelta():
            raise ValueError("remembered_for must be more than 0")


def build(resources: Resources, settings: AuthSettings) -> Slice:
    """The servicers of tenants and keys, and the authenticator that knows the keys."""
    authenticator = ApiKeyAuthenticator(
        resources.transactions,
        resources.clock,
        epoch_age=resources.epoch_age,
        remembered_keys=settings.remembered_keys,
        remembered_seconds=settings.remembered_for.total_seconds(),
    )
    catalogue = PermissionCatalogue(resources.permission_catalogue, resources.methods)
    tenants = TenantService(
        transactions=resources.transactions,
        clock=resources.clock,
        page_tokens=resources.page_tokens,
        catalogue=catalogue,
    )
    api_keys = ApiKeyService(
        transactions=resources.transactions,
        clock=resources.clock,
        page_tokens=resources.page_tokens,
        catalogue=catalogue,
    )
    built_in = BuiltInRoles(catalogue)
    guards = RoleGuards(built_in, resources.clock, resources.transactions)
    permissions = PermissionService(
        transactions=resources.transactions,
        page_tokens=resources.page_tokens,
        catalogue=catalogue,
        built_in=built_in,
    )
    roles = RoleService(
        transactions=resources.transactions,
        clock=resources.clock,
        page_tokens=resources.page_tokens,
        catalogue=catalogue,
        built_in=built_in,
        guards=guards,
    )
    role_bindings = RoleBindingService(
        transactions=resources.transactions,
        clock=resources.clock,
        page_tokens=resources.page_tokens,
        built_in=built_in,
        guards=guards,
    )
    return Slice(
        name="auth",
        servicers={
            "function.auth.v1.TenantService": TenantServicer(tenants),
            "function.auth.v1.ApiKeyService": ApiKeyServicer(api_keys),
            "function.auth.v1.PermissionService": PermissionServicer(permissions),
            "function.auth.v1.RoleService": RoleServicer(roles),
            "function.auth.v1.RoleBindingService": RoleBindingServicer(role_bindings),
        },
        event_payloads=EVENT_PAYLOADS,
        invalidations={REVOCATION_TOPIC: authenticator.forget, EPOCH_TOPIC: authenticator.forget},
        cache_resets=(authenticator.forget,),
        caches={"api keys": authenticator.cache},
        authenticator=authenticator,
    )
