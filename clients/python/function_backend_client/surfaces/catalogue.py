"""The typed methods of a client by the names of its attributes. Written by make generate."""

from __future__ import annotations

import grpc
from grpc import aio

from function.audit.v1 import audit_service_pb2_grpc
from function.auth.v1 import (
    api_key_service_pb2_grpc,
    certificate_identity_service_pb2_grpc,
    client_credential_service_pb2_grpc,
    credential_service_pb2_grpc,
    data_key_service_pb2_grpc,
    group_service_pb2_grpc,
    master_key_service_pb2_grpc,
    oauth_service_pb2_grpc,
    permission_check_service_pb2_grpc,
    permission_service_pb2_grpc,
    relation_schema_service_pb2_grpc,
    relationship_service_pb2_grpc,
    role_binding_service_pb2_grpc,
    role_service_pb2_grpc,
    second_factor_service_pb2_grpc,
    service_account_service_pb2_grpc,
    session_service_pb2_grpc,
    signing_key_service_pb2_grpc,
    tenant_service_pb2_grpc,
    user_service_pb2_grpc,
)
from function.events.v1 import dead_letter_service_pb2_grpc
from function.notifications.v1 import notification_service_pb2_grpc
from function.webhooks.v1 import webhook_service_pb2_grpc
from function_backend_client.surfaces.api_keys import ApiKeys, AsyncApiKeys
from function_backend_client.surfaces.audit import AsyncAudit, Audit
from function_backend_client.surfaces.bindings import AsyncBindings, Bindings
from function_backend_client.surfaces.certificate_identities import AsyncCertificateIdentities, CertificateIdentities
from function_backend_client.surfaces.checks import AsyncChecks, Checks
from function_backend_client.surfaces.client_credentials import AsyncClientCredentials, ClientCredentials
from function_backend_client.surfaces.credentials import AsyncCredentials, Credentials
from function_backend_client.surfaces.data_keys import AsyncDataKeys, DataKeys
from function_backend_client.surfaces.dead_letters import AsyncDeadLetters, DeadLetters
from function_backend_client.surfaces.groups import AsyncGroups, Groups
from function_backend_client.surfaces.master_keys import AsyncMasterKeys, MasterKeys
from function_backend_client.surfaces.notifications import AsyncNotifications, Notifications
from function_backend_client.surfaces.oauth import AsyncOAuth, OAuth
from function_backend_client.surfaces.permissions import AsyncPermissions, Permissions
from function_backend_client.surfaces.relation_schemas import AsyncRelationSchemas, RelationSchemas
from function_backend_client.surfaces.relationships import AsyncRelationships, Relationships
from function_backend_client.surfaces.roles import AsyncRoles, Roles
from function_backend_client.surfaces.second_factor import AsyncSecondFactor, SecondFactor
from function_backend_client.surfaces.service_accounts import AsyncServiceAccounts, ServiceAccounts
from function_backend_client.surfaces.sessions import AsyncSessions, Sessions
from function_backend_client.surfaces.signing_keys import AsyncSigningKeys, SigningKeys
from function_backend_client.surfaces.tenants import AsyncTenants, Tenants
from function_backend_client.surfaces.users import AsyncUsers, Users
from function_backend_client.surfaces.webhooks import AsyncWebhooks, Webhooks


class Surfaces:
    """The typed methods of a client."""

    def __init__(self, channel: grpc.Channel) -> None:
        self.api_keys = ApiKeys(api_key_service_pb2_grpc.ApiKeyServiceStub(channel))
        self.audit = Audit(audit_service_pb2_grpc.AuditServiceStub(channel))
        self.bindings = Bindings(role_binding_service_pb2_grpc.RoleBindingServiceStub(channel))
        self.certificate_identities = CertificateIdentities(
            certificate_identity_service_pb2_grpc.CertificateIdentityServiceStub(channel)
        )
        self.checks = Checks(permission_check_service_pb2_grpc.PermissionCheckServiceStub(channel))
        self.client_credentials = ClientCredentials(
            client_credential_service_pb2_grpc.ClientCredentialServiceStub(channel)
        )
        self.credentials = Credentials(credential_service_pb2_grpc.CredentialServiceStub(channel))
        self.data_keys = DataKeys(data_key_service_pb2_grpc.DataKeyServiceStub(channel))
        self.dead_letters = DeadLetters(dead_letter_service_pb2_grpc.DeadLetterServiceStub(channel))
        self.groups = Groups(group_service_pb2_grpc.GroupServiceStub(channel))
        self.master_keys = MasterKeys(master_key_service_pb2_grpc.MasterKeyServiceStub(channel))
        self.notifications = Notifications(notification_service_pb2_grpc.NotificationServiceStub(channel))
        self.oauth = OAuth(oauth_service_pb2_grpc.OAuthServiceStub(channel))
        self.permissions = Permissions(permission_service_pb2_grpc.PermissionServiceStub(channel))
        self.relation_schemas = RelationSchemas(relation_schema_service_pb2_grpc.RelationSchemaServiceStub(channel))
        self.relationships = Relationships(relationship_service_pb2_grpc.RelationshipServiceStub(channel))
        self.roles = Roles(role_service_pb2_grpc.RoleServiceStub(channel))
        self.second_factor = SecondFactor(second_factor_service_pb2_grpc.SecondFactorServiceStub(channel))
        self.service_accounts = ServiceAccounts(service_account_service_pb2_grpc.ServiceAccountServiceStub(channel))
        self.sessions = Sessions(session_service_pb2_grpc.SessionServiceStub(channel))
        self.signing_keys = SigningKeys(signing_key_service_pb2_grpc.SigningKeyServiceStub(channel))
        self.tenants = Tenants(tenant_service_pb2_grpc.TenantServiceStub(channel))
        self.users = Users(user_service_pb2_grpc.UserServiceStub(channel))
        self.webhooks = Webhooks(webhook_service_pb2_grpc.WebhookServiceStub(channel))


class AsyncSurfaces:
    """The typed methods of an asynchronous client."""

    def __init__(self, channel: aio.Channel) -> None:
        self.api_keys = AsyncApiKeys(api_key_service_pb2_grpc.ApiKeyServiceStub(channel))
        self.audit = AsyncAudit(audit_service_pb2_grpc.AuditServiceStub(channel))
        self.bindings = AsyncBindings(role_binding_service_pb2_grpc.RoleBindingServiceStub(channel))
        self.certificate_identities = AsyncCertificateIdentities(
            certificate_identity_service_pb2_grpc.CertificateIdentityServiceStub(channel)
        )
        self.checks = AsyncChecks(permission_check_service_pb2_grpc.PermissionCheckServiceStub(channel))
        self.client_credentials = AsyncClientCredentials(
            client_credential_service_pb2_grpc.ClientCredentialServiceStub(channel)
        )
        self.credentials = AsyncCredentials(credential_service_pb2_grpc.CredentialServiceStub(channel))
        self.data_keys = AsyncDataKeys(data_key_service_pb2_grpc.DataKeyServiceStub(channel))
        self.dead_letters = AsyncDeadLetters(dead_letter_service_pb2_grpc.DeadLetterServiceStub(channel))
        self.groups = AsyncGroups(group_service_pb2_grpc.GroupServiceStub(channel))
        self.master_keys = AsyncMasterKeys(master_key_service_pb2_grpc.MasterKeyServiceStub(channel))
        self.notifications = AsyncNotifications(notification_service_pb2_grpc.NotificationServiceStub(channel))
        self.oauth = AsyncOAuth(oauth_service_pb2_grpc.OAuthServiceStub(channel))
        self.permissions = AsyncPermissions(permission_service_pb2_grpc.PermissionServiceStub(channel))
        self.relation_schemas = AsyncRelationSchemas(
            relation_schema_service_pb2_grpc.RelationSchemaServiceStub(channel)
        )
        self.relationships = AsyncRelationships(relationship_service_pb2_grpc.RelationshipServiceStub(channel))
        self.roles = AsyncRoles(role_service_pb2_grpc.RoleServiceStub(channel))
        self.second_factor = AsyncSecondFactor(second_factor_service_pb2_grpc.SecondFactorServiceStub(channel))
        self.service_accounts = AsyncServiceAccounts(
            service_account_service_pb2_grpc.ServiceAccountServiceStub(channel)
        )
        self.sessions = AsyncSessions(session_service_pb2_grpc.SessionServiceStub(channel))
        self.signing_keys = AsyncSigningKeys(signing_key_service_pb2_grpc.SigningKeyServiceStub(channel))
        self.tenants = AsyncTenants(tenant_service_pb2_grpc.TenantServiceStub(channel))
        self.users = AsyncUsers(user_service_pb2_grpc.UserServiceStub(channel))
        self.webhooks = AsyncWebhooks(webhook_service_pb2_grpc.WebhookServiceStub(channel))
