"""Wires the folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

from function_backend.kernel.events import DomainEvent
from function_backend.kernel.secret import Secret
from function_backend.kernel.slice import Slice
from function_backend.persistence.notifications import EPOCH_TOPIC
from function_backend.resources import Resources
from function_backend.services.auth.adapters.authenticator import ApiKeyAuthenticator
from function_backend.services.auth.adapters.master_keys import MasterKeys
from function_backend.services.auth.convert.api_key import api_key_created, api_key_revoked
from function_backend.services.auth.convert.tenant import tenant_created
from function_backend.services.auth.domain.discovery import check_issuer
from function_backend.services.auth.domain.permission import PermissionCatalogue
from function_backend.services.auth.domain.tenant_settings import (
    LONGEST_ACCESS_TOKEN,
    SHORTEST_ACCESS_TOKEN,
    TenantRules,
)
from function_backend.services.auth.events.api_key import ApiKeyCreated, ApiKeyRevoked
from function_backend.services.auth.events.tenant import TenantCreated
from function_backend.services.auth.service.api_keys import ApiKeyService
from function_backend.services.auth.service.revocation import REVOCATION_TOPIC
from function_backend.services.auth.service.tenant_policy import TENANT_TOPIC, TenantPolicy
from function_backend.services.auth.service.tenants import TenantService
from function_backend.services.auth.servicer.api_key import ApiKeyServicer
from function_backend.services.auth.servicer.tenant import TenantServicer

EVENT_PAYLOADS: Mapping[type[DomainEvent], Callable[[Any], bytes]] = {
    TenantCreated: tenant_created,
    ApiKeyCreated: api_key_created,
    ApiKeyRevoked: api_key_revoked,
}
"""How the events look outside; the first tenant is recorded before any slice is built."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthSettings:
    """How long a worker relies on what it knows of a key."""

    remembered_keys: int = 10_000
    """Verified keys that one worker remembers."""
    remembered_for: timedelta = timedelta(minutes=1)
    """After this a key is verified again even if nothing was revoked."""

    master_keys: tuple[Secret, ...] = field(default=(), repr=False)
    """Keys that wrap all other keys, each as `<id>:<32 bytes in base64>`; the first wraps, the others still unwrap. The
    same on every server. With the embedded PostgreSQL one is made at the first start and kept in the data folder."""
    issuer: str = "http://127.0.0.1:9464"
    """Who issues tokens (`iss`): the URL below which callers find the discovery document."""
    audience: str = "function-backend"
    """Whom tokens are for when nothing else is asked for (`aud`), and what tokens for this service must name."""
    access_token_lifetime: timedelta = timedelta(minutes=10)
    """How long a token is good where its tenant has decided nothing; an hour at most."""
    token_leeway: timedelta = timedelta(seconds=30)
    """By how much clocks may differ: so long a token is accepted after its end and before its beginning."""
    signing_algorithm: Literal["ES256", "EdDSA"] = "ES256"
    """What new signing keys sign with."""
    signing_key_lifetime: timedelta = timedelta(days=30)
    """After so long a signing key is replaced by itself; 0 for by command only."""
    signing_key_lead: timedelta = timedelta(minutes=15)
    """How long a new signing key is published before it signs: longer than anybody keeps the JWKS document."""

    def __post_init__(self) -> None:
        if self.remembered_keys < 1:
            raise ValueError("remembered_keys must be at least 1")
        if self.remembered_for <= timedelta():
            raise ValueError("remembered_for must be more than 0")
        MasterKeys.parse(self.master_keys)
        check_issuer(self.issuer)
        if not self.audience:
            raise ValueError("audience must not be empty")
        if not SHORTEST_ACCESS_TOKEN <= self.access_token_lifetime <= LONGEST_ACCESS_TOKEN:
            raise ValueError("access_token_lifetime must lie between 1m and 1h")
        if not timedelta() <= self.token_leeway <= timedelta(minutes=5):
            raise ValueError("token_leeway must lie between 0 and 5m")
        if self.signing_key_lifetime and self.signing_key_lifetime < timedelta(hours=1):
            raise ValueError("signing_key_lifetime must be at least 1h, or 0 for by command only")
        if not timedelta() <= self.signing_key_lead <= timedelta(days=7):
            raise ValueError("signing_key_lead must lie between 0 and 7d")


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
    policy = TenantPolicy(TenantRules(access_token_lifetime=settings.access_token_lifetime))
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
    return Slice(
        name="auth",
        servicers={
            "function.auth.v1.TenantService": TenantServicer(tenants),
            "function.auth.v1.ApiKeyService": ApiKeyServicer(api_keys),
        },
        event_payloads=EVENT_PAYLOADS,
        invalidations={
            REVOCATION_TOPIC: authenticator.forget,
            EPOCH_TOPIC: authenticator.forget,
            TENANT_TOPIC: policy.forget,
        },
        cache_resets=(authenticator.forget, policy.forget),
        caches={"api keys": authenticator.cache, "tenant rules": policy.cache},
        authenticator=authenticator,
    )
