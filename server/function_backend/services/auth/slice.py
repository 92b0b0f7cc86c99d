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
from function_backend.services.auth.convert.relation_schema import relation_schema_written
from function_backend.services.auth.convert.relationship import relationships_changed
from function_backend.services.auth.convert.tenant import tenant_created
from function_backend.services.auth.domain.permission import PermissionCatalogue
from function_backend.services.auth.events.api_key import ApiKeyCreated, ApiKeyRevoked
from function_backend.services.auth.events.relation_schema import RelationSchemaWritten
from function_backend.services.auth.events.relationship import RelationshipsChanged
from function_backend.services.auth.events.tenant import TenantCreated
from function_backend.services.auth.service.api_keys import ApiKeyService
from function_backend.services.auth.service.permission_checks import PermissionChecks
from function_backend.services.auth.service.permitted_lists import PermittedLists
from function_backend.services.auth.service.relation_plans import RelationPlans
from function_backend.services.auth.service.relation_schemas import RelationSchemas
from function_backend.services.auth.service.relationships import Relationships
from function_backend.services.auth.service.revocation import REVOCATION_TOPIC
from function_backend.services.auth.service.tenants import TenantService
from function_backend.services.auth.servicer.api_key import ApiKeyServicer
from function_backend.services.auth.servicer.permission_check import PermissionCheckServicer
from function_backend.services.auth.servicer.relation_schema import RelationSchemaServicer
from function_backend.services.auth.servicer.relationship import RelationshipServicer
from function_backend.services.auth.servicer.tenant import TenantServicer

EVENT_PAYLOADS: Mapping[type[DomainEvent], Callable[[Any], bytes]] = {
    TenantCreated: tenant_created,
    ApiKeyCreated: api_key_created,
    ApiKeyRevoked: api_key_revoked,
    RelationSchemaWritten: relation_schema_written,
    RelationshipsChanged: relationships_changed,
}
"""How the events look outside; the first tenant is recorded before any slice is built."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthSettings:
    """How long a worker relies on what it knows of a key."""

    remembered_keys: int = 10_000
    """Verified keys that one worker remembers."""
    remembered_for: timedelta = timedelta(minutes=1)
    """After this a key is verified again even if nothing was revoked."""
    remembered_relation_schemas: int = 200
    """Versions of relation schemas that one worker keeps ready for checks."""
    decision_sample_rate: float = 0.0
    """Share of permission checks, from 0 to 1, that are recorded although nobody asked for it."""
    decisions_kept_for: timedelta = timedelta(days=30)
    """After this a recorded decision is removed."""

    def __post_init__(self) -> None:
        if self.remembered_keys < 1:
            raise ValueError("remembered_keys must be at least 1")
        if self.remembered_for <= timedelta():
            raise ValueError("remembered_for must be more than 0")
        if self.remembered_relation_schemas < 1:
            raise ValueError("remembered_relation_schemas must be at least 1")
        if not 0 <= self.decision_sample_rate <= 1:
            raise ValueError("decision_sample_rate must be from 0 to 1")
        if self.decisions_kept_for <= timedelta():
            raise ValueError("decisions_kept_for must be more than 0")


def build(resources: Resources, settings: AuthSettings) -> Slice:
    """The servicers of tenants and keys, and the authenticator that knows the keys."""
    authenticator = ApiKeyAuthenticator(
        resources.transactions,
        resources.clock,
        epoch_age=resources.epoch_age,
        remembered_keys=settings.remembered_keys,
        remembered_seconds=settings.remembered_for.total_seconds(),
    )
    catalogue = PermissionCatalogue(resources.permission_catalogue)
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
    plans = RelationPlans(size=settings.remembered_relation_schemas)
    return Slice(
        name="auth",
        servicers={
            **_relation_servicers(resources, settings, plans),
            "function.auth.v1.TenantService": TenantServicer(tenants),
            "function.auth.v1.ApiKeyService": ApiKeyServicer(api_keys),
        },
        event_payloads=EVENT_PAYLOADS,
        invalidations={REVOCATION_TOPIC: authenticator.forget, EPOCH_TOPIC: authenticator.forget},
        cache_resets=(authenticator.forget,),
        caches={"api keys": authenticator.cache, "relation schemas": plans.statistics},
        authenticator=authenticator,
    )


def _relation_servicers(resources: Resources, settings: AuthSettings, plans: RelationPlans) -> dict[str, object]:
    """The servicers of relation schemas, relationships and permission checks."""
    transactions, clock, page_tokens = resources.transactions, resources.clock, resources.page_tokens
    checks = PermissionChecks(
        transactions=transactions,
        clock=clock,
        plans=plans,
        sample_rate=settings.decision_sample_rate,
        decisions_kept_for=settings.decisions_kept_for,
    )
    lists = PermittedLists(transactions=transactions, clock=clock, page_tokens=page_tokens, plans=plans)
    schemas = RelationSchemas(transactions=transactions, clock=clock, page_tokens=page_tokens)
    relationships = Relationships(transactions=transactions, clock=clock, page_tokens=page_tokens, plans=plans)
    return {
        "function.auth.v1.RelationSchemaService": RelationSchemaServicer(schemas),
        "function.auth.v1.RelationshipService": RelationshipServicer(relationships),
        "function.auth.v1.PermissionCheckService": PermissionCheckServicer(checks, lists),
    }
