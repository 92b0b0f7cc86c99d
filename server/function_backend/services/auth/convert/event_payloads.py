"""How the events of the folder look outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from function_backend.kernel.events import DomainEvent
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
    client_refused,
)
from function_backend.services.auth.convert.data_key import data_key_rotated
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
from function_backend.services.auth.events.client_credential import (
    ClientCredentialCreated,
    ClientCredentialRevoked,
    ClientRefused,
)
from function_backend.services.auth.events.data_key import DataKeyRotated
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
    DataKeyRotated: data_key_rotated,
    KeysRewrapped: keys_rewrapped,
    ClientCredentialCreated: client_credential_created,
    ClientCredentialRevoked: client_credential_revoked,
    ClientRefused: client_refused,
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
"""The message of each event, in bytes; the first tenant is recorded before any slice is built."""
