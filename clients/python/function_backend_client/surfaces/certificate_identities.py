"""Which service account a client certificate stands for.

Written by make generate.
"""

from __future__ import annotations

from function.auth.v1 import (
    certificate_identity_pb2,
    certificate_identity_service_pb2,
    certificate_identity_service_pb2_grpc,
)
from function_backend_client import requests
from function_backend_client.pages import AsyncPager, Page, Pager


class CertificateIdentities:
    """Which service account a client certificate stands for.

    It counts where the server verifies client certificates, for calls that carry no `authorization`. Every method
    raises FunctionBackendError where the service refuses.
    """

    def __init__(self, stub: certificate_identity_service_pb2_grpc.CertificateIdentityServiceStub) -> None:
        self._stub = stub

    def create(
        self,
        name_kind: certificate_identity_pb2.CertificateNameKind.ValueType,
        name: str,
        *,
        service_account_id: str,
        tenant_id: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> certificate_identity_pb2.CertificateIdentity:
        """Binds a name in certificates to a service account.

        All tenants trust the same authorities, so a name belongs to one tenant alone, and only callers who reach beyond
        their tenant may give it away.
        """
        request = certificate_identity_service_pb2.CreateCertificateIdentityRequest(
            name_kind=name_kind,
            name=name,
            service_account_id=service_account_id,
            tenant_id=tenant_id,
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return self._stub.CreateCertificateIdentity(request, timeout=timeout).certificate_identity

    def list(
        self,
        *,
        page_size: int = 0,
        page_token: str = "",
        timeout: float | None = None,
    ) -> Pager[certificate_identity_pb2.CertificateIdentity]:
        """Returns the identities of the caller's tenant in order of id, page by page."""
        request = certificate_identity_service_pb2.ListCertificateIdentitiesRequest(
            page_size=page_size, page_token=page_token
        )

        def fetch(token: str) -> Page[certificate_identity_pb2.CertificateIdentity]:
            response = self._stub.ListCertificateIdentities(requests.at_page(request, token), timeout=timeout)
            return Page(response.certificate_identities, response.next_page_token)

        return Pager(fetch, page_token)

    def delete(
        self,
        certificate_identity_id: str,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> certificate_identity_pb2.CertificateIdentity:
        """Takes a binding of the caller's tenant away. Every worker refuses the certificate within a second."""
        request = certificate_identity_service_pb2.DeleteCertificateIdentityRequest(
            id=certificate_identity_id, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return self._stub.DeleteCertificateIdentity(request, timeout=timeout).certificate_identity


class AsyncCertificateIdentities:
    """As `CertificateIdentities`, with `await`."""

    def __init__(self, stub: certificate_identity_service_pb2_grpc.CertificateIdentityServiceAsyncStub) -> None:
        self._stub = stub

    async def create(
        self,
        name_kind: certificate_identity_pb2.CertificateNameKind.ValueType,
        name: str,
        *,
        service_account_id: str,
        tenant_id: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> certificate_identity_pb2.CertificateIdentity:
        """Binds a name in certificates to a service account.

        All tenants trust the same authorities, so a name belongs to one tenant alone, and only callers who reach beyond
        their tenant may give it away.
        """
        request = certificate_identity_service_pb2.CreateCertificateIdentityRequest(
            name_kind=name_kind,
            name=name,
            service_account_id=service_account_id,
            tenant_id=tenant_id,
            request_id=requests.new_request_id(request_id),
            validate_only=validate_only,
        )
        return (await self._stub.CreateCertificateIdentity(request, timeout=timeout)).certificate_identity

    def list(
        self,
        *,
        page_size: int = 0,
        page_token: str = "",
        timeout: float | None = None,
    ) -> AsyncPager[certificate_identity_pb2.CertificateIdentity]:
        """Returns the identities of the caller's tenant in order of id, page by page."""
        request = certificate_identity_service_pb2.ListCertificateIdentitiesRequest(
            page_size=page_size, page_token=page_token
        )

        async def fetch(token: str) -> Page[certificate_identity_pb2.CertificateIdentity]:
            response = await self._stub.ListCertificateIdentities(requests.at_page(request, token), timeout=timeout)
            return Page(response.certificate_identities, response.next_page_token)

        return AsyncPager(fetch, page_token)

    async def delete(
        self,
        certificate_identity_id: str,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> certificate_identity_pb2.CertificateIdentity:
        """Takes a binding of the caller's tenant away. Every worker refuses the certificate within a second."""
        request = certificate_identity_service_pb2.DeleteCertificateIdentityRequest(
            id=certificate_identity_id, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return (await self._stub.DeleteCertificateIdentity(request, timeout=timeout)).certificate_identity
