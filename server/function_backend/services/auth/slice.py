"""Wires the folder."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

from function_backend.events.audit import audit_record_table
from function_backend.kernel.events import DomainEvent
from function_backend.kernel.secret import Secret
from function_backend.kernel.slice import Chore, Slice
from function_backend.persistence.notifications import EPOCH_TOPIC
from function_backend.resources import Resources
from function_backend.services.auth.adapters.master_keys import MasterKeys
from function_backend.services.auth.adapters.states import Subjects
from function_backend.services.auth.convert.api_key import (
    api_key_created,
    api_key_imported,
    api_key_rerolled,
    api_key_revoked,
    api_key_updated,
)
from function_backend.services.auth.convert.certificate_identity import (
    certificate_identity_created,
    certificate_identity_deleted,
)
from function_backend.services.auth.convert.role import role_created, role_deleted, role_updated
from function_backend.services.auth.convert.role_binding import role_binding_created, role_binding_deleted
from function_backend.services.auth.convert.signing_key import (
    keys_rewrapped,
    signing_key_created,
    signing_key_retired,
)
from function_backend.services.auth.convert.tenant import (
    tenant_created,
    tenant_deleted,
    tenant_exported,
    tenant_resumed,
    tenant_suspended,
    tenant_updated,
)
from function_backend.services.auth.domain.built_in_roles import BuiltInRoles
from function_backend.services.auth.domain.discovery import check_issuer
from function_backend.services.auth.domain.permission import PermissionCatalogue
from function_backend.services.auth.domain.tenant_settings import (
    LONGEST_ACCESS_TOKEN,
    SHORTEST_ACCESS_TOKEN,
    TenantRules,
)
from function_backend.services.auth.events.api_key import (
    ApiKeyCreated,
    ApiKeyImported,
    ApiKeyRerolled,
    ApiKeyRevoked,
    ApiKeyUpdated,
)
from function_backend.services.auth.events.certificate_identity import (
    CertificateIdentityCreated,
    CertificateIdentityDeleted,
)
from function_backend.services.auth.events.role import RoleCreated, RoleDeleted, RoleUpdated
from function_backend.services.auth.events.role_binding import RoleBindingCreated, RoleBindingDeleted
from function_backend.services.auth.events.signing_key import KeysRewrapped, SigningKeyCreated, SigningKeyRetired
from function_backend.services.auth.events.tenant import (
    TenantCreated,
    TenantDeleted,
    TenantExported,
    TenantResumed,
    TenantSuspended,
    TenantUpdated,
)
from function_backend.services.auth.repository.entitlement import EntitlementRepository
from function_backend.services.auth.repository.table_export import TableExport
from function_backend.services.auth.service.api_key_changes import ApiKeyChanges
from function_backend.services.auth.service.api_key_import import FOREIGN_PREFIX_TOPIC, ApiKeyImport
from function_backend.services.auth.service.api_keys import ApiKeyService
from function_backend.services.auth.service.certificate_identities import CertificateIdentityService
from function_backend.services.auth.service.checking import check_credentials
from function_backend.services.auth.service.guards import RoleGuards
from function_backend.services.auth.service.keys import KeyPolicy, open_keys
from function_backend.services.auth.service.permissions import PermissionService
from function_backend.services.auth.service.revocation import REVOCATION_TOPIC, TOLD_EPOCH_TOPIC
from function_backend.services.auth.service.role_bindings import RoleBindingService
from function_backend.services.auth.service.roles import RoleService
from function_backend.services.auth.service.signing_keys import SIGNING_KEY_TOPIC
from function_backend.services.auth.service.tenant_export import ExportTenant, TenantExporter
from function_backend.services.auth.service.tenant_life import TenantLife, TenantShredder
from function_backend.services.auth.service.tenant_policy import TENANT_TOPIC, TenantPolicy
from function_backend.services.auth.service.tenants import TenantService
from function_backend.services.auth.servicer.api_key import ApiKeyServicer
from function_backend.services.auth.servicer.certificate_identity import CertificateIdentityServicer
from function_backend.services.auth.servicer.credential import CredentialServicer
from function_backend.services.auth.servicer.master_key import MasterKeyServicer
from function_backend.services.auth.servicer.permission import PermissionServicer
from function_backend.services.auth.servicer.role import RoleServicer
from function_backend.services.auth.servicer.role_binding import RoleBindingServicer
from function_backend.services.auth.servicer.signing_key import SigningKeyServicer
from function_backend.services.auth.servicer.tenant import TenantServicer, TenantUseCases
from function_backend.services.auth.tables.api_key import api_key_table
from function_backend.services.auth.tables.tenant import tenant_table

_KEY_CHORE_SECONDS = 15.0

EVENT_PAYLOADS: Mapping[type[DomainEvent], Callable[[Any], bytes]] = {
    TenantCreated: tenant_created,
    ApiKeyCreated: api_key_created,
    ApiKeyRevoked: api_key_revoked,
    ApiKeyUpdated: api_key_updated,
    ApiKeyRerolled: api_key_rerolled,
    ApiKeyImported: api_key_imported,
    CertificateIdentityCreated: certificate_identity_created,
    CertificateIdentityDeleted: certificate_identity_deleted,
    TenantUpdated: tenant_updated,
    TenantSuspended: tenant_suspended,
    TenantResumed: tenant_resumed,
    TenantExported: tenant_exported,
    TenantDeleted: tenant_deleted,
    SigningKeyCreated: signing_key_created,
    SigningKeyRetired: signing_key_retired,
    KeysRewrapped: keys_rewrapped,
    RoleCreated: role_created,
    RoleUpdated: role_updated,
    RoleDeleted: role_deleted,
    RoleBindingCreated: role_binding_created,
    RoleBindingDeleted: role_binding_deleted,
}
"""How the events look outside; the first tenant is recorded before any slice is built."""

TENANT_EXPORTERS: tuple[TenantExporter, ...] = (
    TableExport("tenant", tenant_table, [column.name for column in tenant_table.columns], key="tenant_id"),
    TableExport(
        "api_key",
        api_key_table,
        [
            column.name
            for column in api_key_table.columns
            if column.name not in {"tenant_id", "digest", "previous_digest"}
        ],
    ),
    TableExport(
        "audit_record",
        audit_record_table,
        [column.name for column in audit_record_table.columns if column.name != "tenant_id"],
        key="seq",
    ),
)
"""What an export of a tenant holds, in this order; each part of the slice adds its own, without secrets."""

TENANT_SHREDDERS: tuple[TenantShredder, ...] = ()
"""What destroys the secrets of a deleted tenant, beside its data key and its API keys."""


FURTHER_PERMISSION = re.compile(r"[a-z][a-z0-9_]*([.][a-z][a-z0-9_]*)+")
"""How a permission of another service is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthSettings:
    """How long a worker relies on what it knows of a key."""

    remembered_keys: int = 10_000
    """Verified keys that one worker remembers."""
    remembered_for: timedelta = timedelta(minutes=1)
    """After this a key is verified again even if nothing was revoked."""
    further_permissions: tuple[str, ...] = ()
    """Permissions that other services ask for, such as `note.read`; roles and keys may carry them as well."""

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
        for permission in self.further_permissions:
            if not FURTHER_PERMISSION.fullmatch(permission):
                raise ValueError(f"further_permissions: {permission!r} is no permission such as note.read")
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

    @property
    def key_policy(self) -> KeyPolicy:
        """What they say about keys and tokens."""
        return KeyPolicy(
            master_keys=self.master_keys,
            issuer=self.issuer,
            audience=self.audience,
            leeway=self.token_leeway,
            algorithm=self.signing_algorithm,
            lifetime=self.signing_key_lifetime,
            lead=self.signing_key_lead,
        )


def build(resources: Resources, settings: AuthSettings) -> Slice:
    """The servicers of the folder, and the authenticator that knows all credentials."""
    names = resources.permission_catalogue | frozenset(settings.further_permissions)
    catalogue = PermissionCatalogue(names, resources.methods)
    built_in = BuiltInRoles(catalogue)
    guards = RoleGuards(built_in, resources.clock)
    rules = TenantRules(access_token_lifetime=settings.access_token_lifetime)
    policy = TenantPolicy(rules)
    keys = open_keys(resources, settings.key_policy)
    checking = check_credentials(
        resources,
        reader=keys.reader,
        entitlements=EntitlementRepository(built_in.by_id, now=resources.clock.now),
        remembered=settings.remembered_keys,
        remembered_for=settings.remembered_for,
    )
    authenticator = checking.authenticator
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
        subjects=Subjects(),
        administrators=guards,
    )
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
            "function.auth.v1.TenantService": TenantServicer(
                TenantUseCases(
                    tenants=tenants,
                    life=TenantLife(
                        transactions=resources.transactions, clock=resources.clock, shredders=TENANT_SHREDDERS
                    ),
                    exporting=ExportTenant(
                        transactions=resources.transactions,
                        clock=resources.clock,
                        page_tokens=resources.page_tokens,
                        exporters=TENANT_EXPORTERS,
                    ),
                ),
                rules,
            ),
            "function.auth.v1.SigningKeyService": SigningKeyServicer(keys.signing_keys, resources.clock),
            "function.auth.v1.MasterKeyService": MasterKeyServicer(keys.master_keys),
            "function.auth.v1.ApiKeyService": ApiKeyServicer(
                api_keys,
                ApiKeyChanges(
                    transactions=resources.transactions,
                    clock=resources.clock,
                    catalogue=catalogue,
                    administrators=guards,
                ),
                ApiKeyImport(
                    transactions=resources.transactions,
                    clock=resources.clock,
                    catalogue=catalogue,
                    subjects=Subjects(),
                ),
            ),
            "function.auth.v1.CertificateIdentityService": CertificateIdentityServicer(
                CertificateIdentityService(
                    transactions=resources.transactions,
                    clock=resources.clock,
                    page_tokens=resources.page_tokens,
                    subjects=Subjects(),
                )
            ),
            "function.auth.v1.CredentialService": CredentialServicer(checking.credentials, checking.revocations),
            "function.auth.v1.PermissionService": PermissionServicer(permissions),
            "function.auth.v1.RoleService": RoleServicer(roles),
            "function.auth.v1.RoleBindingService": RoleBindingServicer(role_bindings),
        },
        event_payloads=EVENT_PAYLOADS,
        invalidations={
            REVOCATION_TOPIC: each_of(authenticator.forget_revoked, keys.revoked, checking.feed.wake),
            TOLD_EPOCH_TOPIC: authenticator.hear_epoch,
            EPOCH_TOPIC: each_of(authenticator.find_epoch, keys.forget, checking.feed.wake),
            FOREIGN_PREFIX_TOPIC: checking.lookup.hear_prefix,
            TENANT_TOPIC: policy.forget,
            SIGNING_KEY_TOPIC: keys.ring.forget,
        },
        cache_resets=(authenticator.forget, policy.forget, keys.forget),
        caches={
            "credentials": authenticator.cache,
            "tenant rules": policy.cache,
            "data keys": keys.vault.cache,
        },
        chores=(Chore(_KEY_CHORE_SECONDS, keys.signing_keys.rotate_when_due), *checking.chores),
        authenticator=authenticator,
        endings=(checking.feed.end,),
    )


def each_of(*hear: Callable[[str], None]) -> Callable[[str], None]:
    """One function that hands what was heard to each of these."""

    def all_of_them(text: str) -> None:
        for each in hear:
            each(text)

    return all_of_them
