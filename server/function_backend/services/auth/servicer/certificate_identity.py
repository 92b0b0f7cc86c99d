"""Certificate identities over gRPC."""

from __future__ import annotations

from function.auth.v1 import certificate_identity_service_pb2
from function_backend.kernel.call import Call
from function_backend.kernel.identifiers import parse_id
from function_backend.services.auth.convert.certificate_identity import certificate_identity, certificate_name
from function_backend.services.auth.convert.values import optional_id
from function_backend.services.auth.service.certificate_identities import CertificateIdentityService


class CertificateIdentityServicer:
    """`function.auth.v1.CertificateIdentityService`."""

    def __init__(self, service: CertificateIdentityService) -> None:
        self._service = service

    def CreateCertificateIdentity(
        self, request: certificate_identity_service_pb2.CreateCertificateIdentityRequest, context: Call
    ) -> certificate_identity_service_pb2.CreateCertificateIdentityResponse:
        made = self._service.create(
            certificate_name(request.name_kind, request.name),
            parse_id(request.service_account_id),
            tenant_id=optional_id(request.tenant_id),
        )
        return certificate_identity_service_pb2.CreateCertificateIdentityResponse(
            certificate_identity=certificate_identity(made)
        )

    def ListCertificateIdentities(
        self, request: certificate_identity_service_pb2.ListCertificateIdentitiesRequest, context: Call
    ) -> certificate_identity_service_pb2.ListCertificateIdentitiesResponse:
        page, token = self._service.list(request.page_size, request.page_token)
        return certificate_identity_service_pb2.ListCertificateIdentitiesResponse(
            certificate_identities=map(certificate_identity, page.items), next_page_token=token
        )

    def DeleteCertificateIdentity(
        self, request: certificate_identity_service_pb2.DeleteCertificateIdentityRequest, context: Call
    ) -> certificate_identity_service_pb2.DeleteCertificateIdentityResponse:
        gone = self._service.delete(parse_id(request.id))
        return certificate_identity_service_pb2.DeleteCertificateIdentityResponse(
            certificate_identity=certificate_identity(gone)
        )
