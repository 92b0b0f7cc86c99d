"""Credentials of service accounts over gRPC."""

from __future__ import annotations

from function.auth.v1 import client_credential_service_pb2
from function_backend.kernel.call import Call
from function_backend.kernel.identifiers import parse_id
from function_backend.services.auth.convert.client_credential import client_credential, credential_wish
from function_backend.services.auth.service.client_credentials import ClientCredentialService


class ClientCredentialServicer:
    """`function.auth.v1.ClientCredentialService`."""

    def __init__(self, service: ClientCredentialService) -> None:
        self._service = service

    def CreateClientSecret(
        self, request: client_credential_service_pb2.CreateClientSecretRequest, context: Call
    ) -> client_credential_service_pb2.CreateClientSecretResponse:
        made = self._service.create_secret(credential_wish(request))
        return client_credential_service_pb2.CreateClientSecretResponse(
            credential=client_credential(made.credential), secret=made.secret
        )

    def AddPublicKey(
        self, request: client_credential_service_pb2.AddPublicKeyRequest, context: Call
    ) -> client_credential_service_pb2.AddPublicKeyResponse:
        added = self._service.add_public_key(credential_wish(request), request.public_jwk)
        return client_credential_service_pb2.AddPublicKeyResponse(credential=client_credential(added))

    def ListClientCredentials(
        self, request: client_credential_service_pb2.ListClientCredentialsRequest, context: Call
    ) -> client_credential_service_pb2.ListClientCredentialsResponse:
        page, token = self._service.list(
            parse_id(request.client_id), request.page_size, request.page_token, show_revoked=request.show_revoked
        )
        return client_credential_service_pb2.ListClientCredentialsResponse(
            credentials=map(client_credential, page.items), next_page_token=token
        )

    def RevokeClientCredential(
        self, request: client_credential_service_pb2.RevokeClientCredentialRequest, context: Call
    ) -> client_credential_service_pb2.RevokeClientCredentialResponse:
        revoked = self._service.revoke(parse_id(request.id))
        return client_credential_service_pb2.RevokeClientCredentialResponse(credential=client_credential(revoked))
