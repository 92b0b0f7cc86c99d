"""Secrets and public keys with which service accounts get tokens.

Written by make generate.
"""

from __future__ import annotations

import datetime as dt

from google.protobuf.timestamp_pb2 import Timestamp

from function.auth.v1 import client_credential_pb2, client_credential_service_pb2, client_credential_service_pb2_grpc
from function_backend_client import requests
from function_backend_client.pages import AsyncPager, Page, Pager


class ClientCredentials:
    """Secrets and public keys with which service accounts get tokens.

    Every method raises FunctionBackendError where the service refuses.
    """

    def __init__(self, stub: client_credential_service_pb2_grpc.ClientCredentialServiceStub) -> None:
        self._stub = stub

    def create_client_secret(
        self,
        client_id: str,
        *,
        display_name: str = "",
        expire_time: dt.datetime | Timestamp | None = None,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> client_credential_service_pb2.CreateClientSecretResponse:
        """Creates a secret of a service account that may not do more than the caller."""
        request = client_credential_service_pb2.CreateClientSecretRequest(
            client_id=client_id,
            display_name=display_name,
            expire_time=requests.timestamp(expire_time),
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return self._stub.CreateClientSecret(request, timeout=timeout)

    def add_public_key(
        self,
        client_id: str,
        public_jwk: str,
        *,
        display_name: str = "",
        expire_time: dt.datetime | Timestamp | None = None,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> client_credential_pb2.ClientCredential:
        """Adds a public key to a service account that may not do more than the caller.

        The private key stays where it was made.
        """
        request = client_credential_service_pb2.AddPublicKeyRequest(
            client_id=client_id,
            public_jwk=public_jwk,
            display_name=display_name,
            expire_time=requests.timestamp(expire_time),
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return self._stub.AddPublicKey(request, timeout=timeout).credential

    def list(
        self,
        client_id: str,
        *,
        page_size: int = 0,
        page_token: str = "",
        show_revoked: bool = False,
        timeout: float | None = None,
    ) -> Pager[client_credential_pb2.ClientCredential]:
        """Returns the credentials of a service account, without secrets, in order of id, page by page."""
        request = client_credential_service_pb2.ListClientCredentialsRequest(
            client_id=client_id, page_size=page_size, page_token=page_token, show_revoked=show_revoked
        )

        def fetch(token: str) -> Page[client_credential_pb2.ClientCredential]:
            response = self._stub.ListClientCredentials(requests.at_page(request, token), timeout=timeout)
            return Page(response.credentials, response.next_page_token)

        return Pager(fetch, page_token)

    def revoke(
        self,
        client_credential_id: str,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> client_credential_pb2.ClientCredential:
        """Revokes a credential: no token is handed out for it any more. Revoking a revoked one changes nothing."""
        request = client_credential_service_pb2.RevokeClientCredentialRequest(
            id=client_credential_id, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return self._stub.RevokeClientCredential(request, timeout=timeout).credential


class AsyncClientCredentials:
    """As `ClientCredentials`, with `await`."""

    def __init__(self, stub: client_credential_service_pb2_grpc.ClientCredentialServiceAsyncStub) -> None:
        self._stub = stub

    async def create_client_secret(
        self,
        client_id: str,
        *,
        display_name: str = "",
        expire_time: dt.datetime | Timestamp | None = None,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> client_credential_service_pb2.CreateClientSecretResponse:
        """Creates a secret of a service account that may not do more than the caller."""
        request = client_credential_service_pb2.CreateClientSecretRequest(
            client_id=client_id,
            display_name=display_name,
            expire_time=requests.timestamp(expire_time),
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return await self._stub.CreateClientSecret(request, timeout=timeout)

    async def add_public_key(
        self,
        client_id: str,
        public_jwk: str,
        *,
        display_name: str = "",
        expire_time: dt.datetime | Timestamp | None = None,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> client_credential_pb2.ClientCredential:
        """Adds a public key to a service account that may not do more than the caller.

        The private key stays where it was made.
        """
        request = client_credential_service_pb2.AddPublicKeyRequest(
            client_id=client_id,
            public_jwk=public_jwk,
            display_name=display_name,
            expire_time=requests.timestamp(expire_time),
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return (await self._stub.AddPublicKey(request, timeout=timeout)).credential

    def list(
        self,
        client_id: str,
        *,
        page_size: int = 0,
        page_token: str = "",
        show_revoked: bool = False,
        timeout: float | None = None,
    ) -> AsyncPager[client_credential_pb2.ClientCredential]:
        """Returns the credentials of a service account, without secrets, in order of id, page by page."""
        request = client_credential_service_pb2.ListClientCredentialsRequest(
            client_id=client_id, page_size=page_size, page_token=page_token, show_revoked=show_revoked
        )

        async def fetch(token: str) -> Page[client_credential_pb2.ClientCredential]:
            response = await self._stub.ListClientCredentials(requests.at_page(request, token), timeout=timeout)
            return Page(response.credentials, response.next_page_token)

        return AsyncPager(fetch, page_token)

    async def revoke(
        self,
        client_credential_id: str,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> client_credential_pb2.ClientCredential:
        """Revokes a credential: no token is handed out for it any more. Revoking a revoked one changes nothing."""
        request = client_credential_service_pb2.RevokeClientCredentialRequest(
            id=client_credential_id, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return (await self._stub.RevokeClientCredential(request, timeout=timeout)).credential
