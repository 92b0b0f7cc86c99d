"""What the benchmarks of auth need in a new installation: service accounts, users, tokens."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import grpc

from bench.service import Service
from function.auth.v1 import (
    api_key_service_pb2,
    api_key_service_pb2_grpc,
    client_credential_service_pb2,
    client_credential_service_pb2_grpc,
    oauth_service_pb2,
    oauth_service_pb2_grpc,
    role_binding_pb2,
    role_binding_service_pb2,
    role_binding_service_pb2_grpc,
    role_service_pb2,
    role_service_pb2_grpc,
    service_account_pb2,
    service_account_service_pb2,
    service_account_service_pb2_grpc,
    tenant_service_pb2,
    tenant_service_pb2_grpc,
    user_pb2,
    user_service_pb2,
    user_service_pb2_grpc,
)

PASSWORD = "correct horse battery staple 7"  # noqa: S105 - of a user that lives as long as a benchmark
_PATIENCE = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A service account with a secret."""

    id: str
    secret: str = field(repr=False)

    def grant(self) -> oauth_service_pb2.TokenRequest:
        """Its request for a token."""
        return oauth_service_pb2.TokenRequest(
            grant_type="client_credentials", client_id=self.id, client_secret=self.secret
        )


def password_grant(user: str) -> oauth_service_pb2.TokenRequest:
    """The request of a user with PASSWORD for a session."""
    return oauth_service_pb2.TokenRequest(
        grant_type="password",
        client_id="function-backend-cli",
        tenant="default",
        username=user,
        password=PASSWORD,
    )


class Scene:
    """Makes them, with the administrator's key."""

    def __init__(self, service: Service) -> None:
        self._channel = grpc.insecure_channel(service.address)
        self._metadata = (("authorization", f"Bearer {service.api_key}"),)

    def close(self) -> None:
        """Ends the connection."""
        self._channel.close()

    def _call(self, method: Any, request: Any) -> Any:  # noqa: ANN401 - of any service
        return method(request, metadata=self._metadata, timeout=_PATIENCE)

    def tenant(self) -> tenant_service_pb2.GetTenantResponse:
        """The caller's tenant."""
        stub = tenant_service_pb2_grpc.TenantServiceStub(self._channel)
        answer: tenant_service_pb2.GetTenantResponse = self._call(stub.GetTenant, tenant_service_pb2.GetTenantRequest())
        return answer

    def api_key(self, *permissions: str) -> api_key_service_pb2.CreateApiKeyResponse:
        """A key with these permissions."""
        stub = api_key_service_pb2_grpc.ApiKeyServiceStub(self._channel)
        request = api_key_service_pb2.CreateApiKeyRequest(display_name="bench", permissions=permissions)
        answer: api_key_service_pb2.CreateApiKeyResponse = self._call(stub.CreateApiKey, request)
        return answer

    def revoke(self, key_id: str) -> None:
        """Revokes a key."""
        stub = api_key_service_pb2_grpc.ApiKeyServiceStub(self._channel)
        self._call(stub.RevokeApiKey, api_key_service_pb2.RevokeApiKeyRequest(id=key_id))

    def client(self, name: str, *, role: str) -> Client:
        """A service account that holds the built-in role everywhere in the tenant."""
        accounts = service_account_service_pb2_grpc.ServiceAccountServiceStub(self._channel)
        request = service_account_service_pb2.CreateServiceAccountRequest(
            service_account=service_account_pb2.ServiceAccount(name=name)
        )
        account = self._call(accounts.CreateServiceAccount, request).service_account
        self.bind(role, account.id)
        credentials = client_credential_service_pb2_grpc.ClientCredentialServiceStub(self._channel)
        made = self._call(
            credentials.CreateClientSecret,
            client_credential_service_pb2.CreateClientSecretRequest(client_id=account.id),
        )
        return Client(id=account.id, secret=made.secret)

    def bind(self, role: str, service_account_id: str) -> None:
        """Binds a built-in role to a service account, for the whole tenant."""
        roles = role_service_pb2_grpc.RoleServiceStub(self._channel)
        listed = self._call(roles.ListRoles, role_service_pb2.ListRolesRequest()).roles
        [role_id] = [each.id for each in listed if each.name == role]
        stub = role_binding_service_pb2_grpc.RoleBindingServiceStub(self._channel)
        subject = role_binding_pb2.RoleSubject(
            kind=role_binding_pb2.ROLE_SUBJECT_KIND_SERVICE_ACCOUNT, id=service_account_id
        )
        request = role_binding_service_pb2.CreateRoleBindingRequest(role_id=role_id, subject=subject, reason="bench")
        self._call(stub.CreateRoleBinding, request)

    def user(self, name: str) -> str:
        """The id of an active user with PASSWORD."""
        stub = user_service_pb2_grpc.UserServiceStub(self._channel)
        request = user_service_pb2.CreateUserRequest(user=user_pb2.User(user_name=name), password=PASSWORD)
        made: user_service_pb2.CreateUserResponse = self._call(stub.CreateUser, request)
        return made.user.id

    def token(self, request: oauth_service_pb2.TokenRequest) -> oauth_service_pb2.TokenResponse:
        """The answer of the token endpoint."""
        stub = oauth_service_pb2_grpc.OAuthServiceStub(self._channel)
        return stub.Token(request, timeout=_PATIENCE)
