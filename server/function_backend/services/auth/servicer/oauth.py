"""Tokens over gRPC."""

from __future__ import annotations

from dataclasses import dataclass

from function.auth.v1 import oauth_service_pb2
from function_backend.kernel.call import Call
from function_backend.services.auth.convert import oauth as convert
from function_backend.services.auth.service.devices import DeviceService
from function_backend.services.auth.service.introspection import IntrospectionService
from function_backend.services.auth.service.publication import Publication
from function_backend.services.auth.service.token_endpoint import TokenEndpoint
from function_backend.services.auth.service.token_revocation import TokenRevocation


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthUseCases:
    """What the methods do."""

    tokens: TokenEndpoint
    introspection: IntrospectionService
    revocation: TokenRevocation
    devices: DeviceService
    publication: Publication


class OAuthServicer:
    """`function.auth.v1.OAuthService`."""

    def __init__(self, use_cases: OAuthUseCases, *, issuer: str, device_page: str) -> None:
        self._use = use_cases
        self._issuer = issuer
        self._device_page = device_page

    def Token(self, request: oauth_service_pb2.TokenRequest, context: Call) -> oauth_service_pb2.TokenResponse:
        return convert.granted(self._use.tokens.grant(convert.grant_request(request, context)))

    def Introspect(
        self, request: oauth_service_pb2.IntrospectRequest, context: Call
    ) -> oauth_service_pb2.IntrospectResponse:
        found = self._use.introspection.introspect(
            request.token, convert.presented_client(request), bearer=request.bearer
        )
        return convert.introspection(found, issuer=self._issuer)

    def Revoke(self, request: oauth_service_pb2.RevokeRequest, context: Call) -> oauth_service_pb2.RevokeResponse:
        self._use.revocation.revoke(request.token, convert.presented_client(request))
        return oauth_service_pb2.RevokeResponse()

    def AuthorizeDevice(
        self, request: oauth_service_pb2.AuthorizeDeviceRequest, context: Call
    ) -> oauth_service_pb2.AuthorizeDeviceResponse:
        waits = self._use.devices.authorize(
            convert.presented_client(request, tenant=request.tenant),
            scope=request.scope,
            audience=convert.audience(request),
            origin=convert.origin(context),
        )
        return convert.device_waits(waits, page=self._device_page)

    def GetDeviceRequest(
        self, request: oauth_service_pb2.GetDeviceRequestRequest, context: Call
    ) -> oauth_service_pb2.GetDeviceRequestResponse:
        return convert.device_request(self._use.devices.get(request.user_code))

    def ApproveDevice(
        self, request: oauth_service_pb2.ApproveDeviceRequest, context: Call
    ) -> oauth_service_pb2.ApproveDeviceResponse:
        approved = self._use.devices.approve(request.user_code)
        return oauth_service_pb2.ApproveDeviceResponse(client_id=approved.client_id, scopes=sorted(approved.scopes))

    def DenyDevice(
        self, request: oauth_service_pb2.DenyDeviceRequest, context: Call
    ) -> oauth_service_pb2.DenyDeviceResponse:
        denied = self._use.devices.deny(request.user_code)
        return oauth_service_pb2.DenyDeviceResponse(client_id=denied.client_id)

    def GetDiscovery(
        self, request: oauth_service_pb2.GetDiscoveryRequest, context: Call
    ) -> oauth_service_pb2.GetDiscoveryResponse:
        return convert.discovery(self._use.publication.discovery())

    def GetJwks(self, request: oauth_service_pb2.GetJwksRequest, context: Call) -> oauth_service_pb2.GetJwksResponse:
        return convert.jwks(self._use.publication.jwks())
