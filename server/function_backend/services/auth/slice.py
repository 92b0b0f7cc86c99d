"""Wires the folder."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

from function_backend.events.audit import audit_record_table
from function_backend.kernel.clock import Clock
from function_backend.kernel.events import DomainEvent
from function_backend.kernel.secret import Secret
from function_backend.kernel.slice import Chore, Slice
from function_backend.persistence.notifications import EPOCH_TOPIC
from function_backend.persistence.wire import Driver
from function_backend.resources import Resources
from function_backend.services.auth.adapters.master_keys import MasterKeys
from function_backend.services.auth.adapters.password_hashing import Argon2Cost
from function_backend.services.auth.adapters.session_uses import SessionUses
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
from function_backend.services.auth.convert.client_credential import (
    client_credential_created,
    client_credential_revoked,
)
from function_backend.services.auth.convert.oauth import (
    access_token_issued,
    access_token_revoked,
    device_authorization_created,
    device_authorization_decided,
)
from function_backend.services.auth.convert.people_events import PEOPLE_EVENT_PAYLOADS
from function_backend.services.auth.convert.relation_schema import relation_schema_written
from function_backend.services.auth.convert.relationship import relationships_changed
from function_backend.services.auth.convert.role import role_created, role_deleted, role_updated
from function_backend.services.auth.convert.role_binding import role_binding_created, role_binding_deleted
from function_backend.services.auth.convert.session import session_created, session_refreshed, session_revoked
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
from function_backend.services.auth.events.access_token import AccessTokenIssued, AccessTokenRevoked
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
from function_backend.services.auth.events.client_credential import ClientCredentialCreated, ClientCredentialRevoked
from function_backend.services.auth.events.device_authorization import (
    DeviceAuthorizationCreated,
    DeviceAuthorizationDecided,
)
from function_backend.services.auth.events.relation_schema import RelationSchemaWritten
from function_backend.services.auth.events.relationship import RelationshipsChanged
from function_backend.services.auth.events.role import RoleCreated, RoleDeleted, RoleUpdated
from function_backend.services.auth.events.role_binding import RoleBindingCreated, RoleBindingDeleted
from function_backend.services.auth.events.session import SessionCreated, SessionRefreshed, SessionRevoked
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
from function_backend.services.auth.repository.session import purge_grants
from function_backend.services.auth.repository.table_export import TableExport
from function_backend.services.auth.repository.user_shredding import shred_user_secrets
from function_backend.services.auth.service.api_key_changes import ApiKeyChanges
from function_backend.services.auth.service.api_key_import import FOREIGN_PREFIX_TOPIC, ApiKeyImport
from function_backend.services.auth.service.api_keys import ApiKeyService
from function_backend.services.auth.service.certificate_identities import CertificateIdentityService
from function_backend.services.auth.service.checking import check_credentials
from function_backend.services.auth.service.grant_ports import GrantRules
from function_backend.services.auth.service.grants import GrantNeeds, open_grants
from function_backend.services.auth.service.guards import RoleGuards
from function_backend.services.auth.service.keys import KeyPolicy, open_keys
from function_backend.services.auth.service.people import SignInPolicy, Surroundings, open_people
from function_backend.services.auth.service.permission_checks import PermissionChecks
from function_backend.services.auth.service.permissions import PermissionService
from function_backend.services.auth.service.permitted_lists import PermittedLists
from function_backend.services.auth.service.relation_plans import RelationPlans
from function_backend.services.auth.service.relation_schemas import RelationSchemas
from function_backend.services.auth.service.relationships import Relationships
from function_backend.services.auth.service.revocation import REVOCATION_TOPIC, TOLD_EPOCH_TOPIC
from function_backend.services.auth.service.role_bindings import RoleBindingService
from function_backend.services.auth.service.roles import RoleService
from function_backend.services.auth.service.session_ending import StoredSessionEnd
from function_backend.services.auth.service.signing_keys import SIGNING_KEY_TOPIC
from function_backend.services.auth.service.tenant_export import ExportTenant, TenantExporter
from function_backend.services.auth.service.tenant_life import TenantLife, TenantShredder
from function_backend.services.auth.service.tenant_policy import TENANT_TOPIC, TenantPolicy
from function_backend.services.auth.service.tenants import TenantService
from function_backend.services.auth.servicer.api_key import ApiKeyServicer
from function_backend.services.auth.servicer.certificate_identity import CertificateIdentityServicer
from function_backend.services.auth.servicer.client_credential import ClientCredentialServicer
from function_backend.services.auth.servicer.credential import CredentialServicer
from function_backend.services.auth.servicer.group import GroupServicer
from function_backend.services.auth.servicer.master_key import MasterKeyServicer
from function_backend.services.auth.servicer.oauth import OAuthServicer, OAuthUseCases
from function_backend.services.auth.servicer.permission import PermissionServicer
from function_backend.services.auth.servicer.permission_check import PermissionCheckServicer
from function_backend.services.auth.servicer.relation_schema import RelationSchemaServicer
from function_backend.services.auth.servicer.relationship import RelationshipServicer
from function_backend.services.auth.servicer.role import RoleServicer
from function_backend.services.auth.servicer.role_binding import RoleBindingServicer
from function_backend.services.auth.servicer.second_factor import SecondFactorServicer
from function_backend.services.auth.servicer.service_account import ServiceAccountServicer
from function_backend.services.auth.servicer.session import SessionServicer
from function_backend.services.auth.servicer.signing_key import SigningKeyServicer
from function_backend.services.auth.servicer.tenant import TenantServicer, TenantUseCases
from function_backend.services.auth.servicer.user import UserServicer, UserUseCases
from function_backend.services.auth.tables.api_key import api_key_table
from function_backend.services.auth.tables.client_credential import client_credential_table
from function_backend.services.auth.tables.group import auth_group_table
from function_backend.services.auth.tables.service_account import service_account_table
from function_backend.services.auth.tables.session import session_table
from function_backend.services.auth.tables.tenant import tenant_table
from function_backend.services.auth.tables.user import auth_user_table

_KEY_CHORE_SECONDS = 15.0
_PURGE_SECONDS = 60.0
_SESSION_USES_SECONDS = 10.0
_ENDED_SESSIONS_KEPT = timedelta(days=30)
"""How long people see that there was a session, after it would have ended by itself."""
_MOST_NICE = 19

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
    ClientCredentialCreated: client_credential_created,
    ClientCredentialRevoked: client_credential_revoked,
    SessionCreated: session_created,
    SessionRefreshed: session_refreshed,
    SessionRevoked: session_revoked,
    AccessTokenIssued: access_token_issued,
    AccessTokenRevoked: access_token_revoked,
    DeviceAuthorizationCreated: device_authorization_created,
    DeviceAuthorizationDecided: device_authorization_decided,
    **PEOPLE_EVENT_PAYLOADS,
    RoleCreated: role_created,
    RoleUpdated: role_updated,
    RoleDeleted: role_deleted,
    RoleBindingCreated: role_binding_created,
    RoleBindingDeleted: role_binding_deleted,
    RelationSchemaWritten: relation_schema_written,
    RelationshipsChanged: relationships_changed,
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
        "client_credential",
        client_credential_table,
        [column.name for column in client_credential_table.columns if column.name not in {"tenant_id", "digest"}],
    ),
    TableExport(
        "session",
        session_table,
        [column.name for column in session_table.columns if column.name != "tenant_id"],
    ),
    TableExport(
        "user", auth_user_table, [column.name for column in auth_user_table.columns if column.name != "tenant_id"]
    ),
    TableExport(
        "service_account",
        service_account_table,
        [column.name for column in service_account_table.columns if column.name != "tenant_id"],
    ),
    TableExport(
        "group", auth_group_table, [column.name for column in auth_group_table.columns if column.name != "tenant_id"]
    ),
    TableExport(
        "audit_record",
        audit_record_table,
        [column.name for column in audit_record_table.columns if column.name != "tenant_id"],
        key="seq",
    ),
)
"""What an export of a tenant holds, in this order; each part of the slice adds its own, without secrets."""

TENANT_SHREDDERS: tuple[TenantShredder, ...] = (shred_user_secrets,)
"""What destroys the secrets of a deleted tenant, beside its data key and its API keys."""


FURTHER_PERMISSION = re.compile(r"[a-z][a-z0-9_]*([.][a-z][a-z0-9_]*)+")
"""How a permission of another service is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthSettings:
    """What can be set about credentials, tokens, passwords and sign-ins."""

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

    first_party_clients: tuple[str, ...] = ("function-backend-cli",)
    """Clients that people sign in with (`password`, device authorisation) and that hold no secret, by `client_id`."""
    further_audiences: tuple[str, ...] = ()
    """Other services that tokens may be asked for, by the names under which they check `aud`."""
    refresh_retry_window: timedelta = timedelta(seconds=10)
    """How long a refresh token that was just used is answered once more, for a client that lost the answer, as long as
    what it was answered with was not used; 0 for never. Any other second use ends the session."""
    device_code_lifetime: timedelta = timedelta(minutes=10)
    """How long a device waits for a person to let it in."""
    device_poll_interval: timedelta = timedelta(seconds=5)
    """How long a device waits between two questions."""
    device_page: str = ""
    """URL of the page on which people type the code of a device; `<issuer>/device` when empty."""
    argon2_memory_kib: int = 19_456
    """Memory of one password hash in KiB. Passwords hashed at another cost are hashed again at the next sign-in."""
    argon2_passes: int = 2
    """Passes over that memory."""
    argon2_lanes: int = 1
    """Lanes of it that can be computed side by side."""
    hashing_threads: int = 1
    """Threads of a worker for hashing passwords."""
    hashing_queue: int = 3
    """Sign-ins of a worker that may wait for one of them; further ones are refused with HASHING_OVERLOADED. Together
    with the threads less than `server.threads`, so that other calls keep some."""
    hashing_niceness: int = 10
    """How far these threads give way to others on Linux: 0 for not at all, 19 at most."""
    sign_in_delay_after: int = 5
    """Failed sign-ins of one user before further ones are delayed."""
    sign_in_address_delay_after: int = 50
    """Failed sign-ins from one address before further ones are delayed."""
    sign_in_first_delay: timedelta = timedelta(seconds=1)
    """The first such delay; every further failure doubles it."""
    sign_in_longest_delay: timedelta = timedelta(minutes=5)
    """The longest such delay."""
    sign_in_forget_after: timedelta = timedelta(hours=1)
    """After so long without a failure the earlier ones are forgotten."""
    lockout_after: int = 10
    """Failed sign-ins in a row that lock a user out."""
    lockout_for: timedelta = timedelta(minutes=15)
    """For how long."""
    remembered_relation_schemas: int = 200
    """Versions of relation schemas that one worker keeps ready for checks."""
    decision_sample_rate: float = 0.0
    """Share of permission checks, from 0 to 1, that are recorded although nobody asked for it."""
    decisions_kept_for: timedelta = timedelta(days=30)
    """After this a recorded decision is removed."""

    def __post_init__(self) -> None:
        self._check_sign_in()
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
        self._check_grants()
        self._check_relations()

    def _check_relations(self) -> None:
        if self.remembered_relation_schemas < 1:
            raise ValueError("remembered_relation_schemas must be at least 1")
        if not 0 <= self.decision_sample_rate <= 1:
            raise ValueError("decision_sample_rate must be from 0 to 1")
        if self.decisions_kept_for <= timedelta():
            raise ValueError("decisions_kept_for must be more than 0")

    def _check_grants(self) -> None:
        if not timedelta() <= self.refresh_retry_window <= timedelta(minutes=1):
            raise ValueError("refresh_retry_window must lie between 0 and 1m")
        if not timedelta(minutes=1) <= self.device_code_lifetime <= timedelta(hours=1):
            raise ValueError("device_code_lifetime must lie between 1m and 1h")
        if not timedelta(seconds=1) <= self.device_poll_interval <= timedelta(minutes=1):
            raise ValueError("device_poll_interval must lie between 1s and 1m")

    @property
    def grant_rules(self) -> GrantRules:
        """What they say about grants."""
        return GrantRules(
            issuer=self.issuer,
            audience=self.audience,
            further_audiences=frozenset(self.further_audiences),
            first_party_clients=frozenset(self.first_party_clients),
            retry_window=self.refresh_retry_window,
            device_lifetime=self.device_code_lifetime,
            device_interval=self.device_poll_interval,
            device_page=self.device_page or f"{self.issuer}/device",
        )

    def _check_sign_in(self) -> None:
        for name in (
            "hashing_threads",
            "sign_in_delay_after",
            "sign_in_address_delay_after",
            "lockout_after",
        ):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1")
        if self.hashing_queue < 0:
            raise ValueError("hashing_queue must not be negative")
        if not 0 <= self.hashing_niceness <= _MOST_NICE:
            raise ValueError(f"hashing_niceness must lie between 0 and {_MOST_NICE}")
        for name in ("sign_in_first_delay", "sign_in_longest_delay", "sign_in_forget_after", "lockout_for"):
            if getattr(self, name) <= timedelta():
                raise ValueError(f"{name} must be more than 0")
        _ = self.sign_in_policy

    @property
    def sign_in_policy(self) -> SignInPolicy:
        """What they say about passwords and sign-ins."""
        return SignInPolicy(
            cost=Argon2Cost(memory_kib=self.argon2_memory_kib, passes=self.argon2_passes, lanes=self.argon2_lanes),
            hashing_threads=self.hashing_threads,
            hashing_queue=self.hashing_queue,
            hashing_niceness=self.hashing_niceness,
            delay_after=self.sign_in_delay_after,
            address_delay_after=self.sign_in_address_delay_after,
            first_delay=self.sign_in_first_delay,
            longest_delay=self.sign_in_longest_delay,
            forget_after=self.sign_in_forget_after,
            lockout_after=self.lockout_after,
            lockout_for=self.lockout_for,
            issuer=self.audience,
        )

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
    guards = RoleGuards(built_in, resources.clock, resources.transactions)
    rules = TenantRules(access_token_lifetime=settings.access_token_lifetime)
    policy = TenantPolicy(rules)
    keys = open_keys(resources, settings.key_policy)
    entitlements = EntitlementRepository(built_in.by_id, now=resources.clock.now)
    people = open_people(
        resources,
        settings.sign_in_policy,
        Surroundings(
            secret_box=keys.vault,
            policies=policy,
            entitlements=entitlements,
            grants=guards,
            administrators=guards,
            sessions=StoredSessionEnd(resources.clock),
        ),
    )
    session_uses = SessionUses(resources.clock)
    checking = check_credentials(
        resources,
        reader=keys.reader,
        entitlements=entitlements,
        remembered=settings.remembered_keys,
        remembered_for=settings.remembered_for,
        note_session=session_uses.note,
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
    plans = RelationPlans(size=settings.remembered_relation_schemas)
    grant_rules = settings.grant_rules
    grants = open_grants(
        resources,
        grant_rules,
        GrantNeeds(
            issuer=keys.issuer,
            reader=keys.reader,
            keys=keys.ring,
            sign_in=people.sign_in,
            entitlements=entitlements,
            policy=policy,
            catalogue=catalogue,
            authenticator=authenticator,
        ),
    )
    plans = RelationPlans(size=settings.remembered_relation_schemas)
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
            "function.auth.v1.ClientCredentialService": ClientCredentialServicer(grants.client_credentials),
            "function.auth.v1.SessionService": SessionServicer(grants.sessions),
            "function.auth.v1.OAuthService": OAuthServicer(
                OAuthUseCases(
                    tokens=grants.tokens,
                    introspection=grants.introspection,
                    revocation=grants.revocation,
                    devices=grants.devices,
                    publication=grants.publication,
                ),
                issuer=grant_rules.issuer,
                device_page=grant_rules.device_page,
            ),
            "function.auth.v1.UserService": UserServicer(
                UserUseCases(
                    users=people.users,
                    states=people.states,
                    invitations=people.invitations,
                    passwords=people.passwords,
                    importing=people.importing,
                ),
                resources.clock,
            ),
            "function.auth.v1.SecondFactorService": SecondFactorServicer(people.second_factors, resources.clock),
            "function.auth.v1.ServiceAccountService": ServiceAccountServicer(people.service_accounts),
            "function.auth.v1.GroupService": GroupServicer(people.groups, people.memberships),
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
            **_relation_servicers(resources, settings, plans),
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
        # Not the told epochs: a worker that heard one through Redis may have lost the revocation before it.
        pushed=frozenset({REVOCATION_TOPIC}),
        cache_resets=(authenticator.forget, policy.forget, keys.forget),
        caches={
            "credentials": authenticator.cache,
            "tenant rules": policy.cache,
            "data keys": keys.vault.cache,
            "relation schemas": plans.statistics,
        },
        chores=(
            Chore(_KEY_CHORE_SECONDS, keys.signing_keys.rotate_when_due),
            Chore(_SESSION_USES_SECONDS, session_uses.write),
            Chore(_PURGE_SECONDS, lambda driver: _purge(driver, resources.clock)),
            Chore(_PURGE_SECONDS, people.purge),
            *checking.chores,
        ),
        authenticator=authenticator,
        endings=(checking.feed.end,),
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


def _purge(driver: Driver, clock: Clock) -> int:
    now = clock.now()
    return purge_grants(driver, expired_before=now, sessions_over_before=now - _ENDED_SESSIONS_KEPT)


def each_of(*hear: Callable[[str], None]) -> Callable[[str], None]:
    """One function that hands what was heard to each of these."""

    def all_of_them(text: str) -> None:
        for each in hear:
            each(text)

    return all_of_them
