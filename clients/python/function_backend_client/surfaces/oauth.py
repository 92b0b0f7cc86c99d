"""Tokens: getting, exchanging, looking into and revoking them.

Written by make generate.
"""

from __future__ import annotations

from collections.abc import Iterable

from function.auth.v1 import oauth_service_pb2, oauth_service_pb2_grpc
from function_backend_client import requests


class OAuth:
    """Tokens: getting, exchanging, looking into and revoking them.

    Every method raises FunctionBackendError where the service refuses.
    """

    def __init__(self, stub: oauth_service_pb2_grpc.OAuthServiceStub) -> None:
        self._stub = stub

    def token(
        self,
        grant_type: str,
        *,
        client_id: str = "",
        client_secret: str = "",
        client_assertion_type: str = "",
        client_assertion: str = "",
        scope: str = "",
        audience: Iterable[str] = (),
        resource: Iterable[str] = (),
        tenant: str = "",
        username: str = "",
        password: str = "",
        otp: str = "",
        refresh_token: str = "",
        subject_token: str = "",
        subject_token_type: str = "",
        actor_token: str = "",
        actor_token_type: str = "",
        requested_token_type: str = "",
        device_code: str = "",
        timeout: float | None = None,
    ) -> oauth_service_pb2.TokenResponse:
        """Hands out tokens for a grant: `client_credentials`, `password`, `refresh_token` ….

        … `urn:ietf:params:oauth:grant-type:token-exchange` (RFC 8693) or `urn:ietf:params:oauth:grant-type:device_code`
        (RFC 8628).
        """
        request = oauth_service_pb2.TokenRequest(
            grant_type=grant_type,
            client_id=client_id,
            client_secret=client_secret,
            client_assertion_type=client_assertion_type,
            client_assertion=client_assertion,
            scope=scope,
            audience=audience,
            resource=resource,
            tenant=tenant,
            username=username,
            password=password,
            otp=otp,
            refresh_token=refresh_token,
            subject_token=subject_token,
            subject_token_type=subject_token_type,
            actor_token=actor_token,
            actor_token_type=actor_token_type,
            requested_token_type=requested_token_type,
            device_code=device_code,
        )
        return self._stub.Token(request, timeout=timeout)

    def introspect(
        self,
        token: str,
        *,
        token_type_hint: str = "",
        client_id: str = "",
        client_secret: str = "",
        client_assertion_type: str = "",
        client_assertion: str = "",
        bearer: str = "",
        timeout: float | None = None,
    ) -> oauth_service_pb2.IntrospectResponse:
        """Says whether a token is good right now, and what it says (RFC 7662).

        A token of another tenant is not. The caller authenticates as a client, or by a token or API key of its own.
        """
        request = oauth_service_pb2.IntrospectRequest(
            token=token,
            token_type_hint=token_type_hint,
            client_id=client_id,
            client_secret=client_secret,
            client_assertion_type=client_assertion_type,
            client_assertion=client_assertion,
            bearer=bearer,
        )
        return self._stub.Introspect(request, timeout=timeout)

    def revoke(
        self,
        token: str,
        *,
        token_type_hint: str = "",
        client_id: str = "",
        client_secret: str = "",
        client_assertion_type: str = "",
        client_assertion: str = "",
        timeout: float | None = None,
    ) -> None:
        """Revokes a token (RFC 7009): a refresh token with its whole session, an access token alone.

        A token that is unknown or over is no error.
        """
        request = oauth_service_pb2.RevokeRequest(
            token=token,
            token_type_hint=token_type_hint,
            client_id=client_id,
            client_secret=client_secret,
            client_assertion_type=client_assertion_type,
            client_assertion=client_assertion,
        )
        self._stub.Revoke(request, timeout=timeout)

    def authorize_device(
        self,
        client_id: str,
        *,
        client_secret: str = "",
        client_assertion_type: str = "",
        client_assertion: str = "",
        scope: str = "",
        audience: Iterable[str] = (),
        resource: Iterable[str] = (),
        tenant: str = "",
        timeout: float | None = None,
    ) -> oauth_service_pb2.AuthorizeDeviceResponse:
        """Begins a device authorisation (RFC 8628): the device shows the user code, and asks `Token` with the device ….

        … code until a person has agreed.
        """
        request = oauth_service_pb2.AuthorizeDeviceRequest(
            client_id=client_id,
            client_secret=client_secret,
            client_assertion_type=client_assertion_type,
            client_assertion=client_assertion,
            scope=scope,
            audience=audience,
            resource=resource,
            tenant=tenant,
        )
        return self._stub.AuthorizeDevice(request, timeout=timeout)

    def get_device_request(
        self,
        user_code: str,
        *,
        timeout: float | None = None,
    ) -> oauth_service_pb2.GetDeviceRequestResponse:
        """Returns what a device that shows this user code asks for, so that a person can look before agreeing."""
        request = oauth_service_pb2.GetDeviceRequestRequest(user_code=user_code)
        return self._stub.GetDeviceRequest(request, timeout=timeout)

    def approve_device(
        self,
        user_code: str,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> oauth_service_pb2.ApproveDeviceResponse:
        """Lets a device in, in the name of the caller, who must be a person.

        The device gets no more than the caller's own credential allows.
        """
        request = oauth_service_pb2.ApproveDeviceRequest(
            user_code=user_code, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return self._stub.ApproveDevice(request, timeout=timeout)

    def deny_device(
        self,
        user_code: str,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> oauth_service_pb2.DenyDeviceResponse:
        """Refuses a device."""
        request = oauth_service_pb2.DenyDeviceRequest(
            user_code=user_code, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return self._stub.DenyDevice(request, timeout=timeout)

    def get_discovery(
        self,
        *,
        timeout: float | None = None,
    ) -> oauth_service_pb2.GetDiscoveryResponse:
        """Returns the metadata of the authorisation server (RFC 8414)."""
        request = oauth_service_pb2.GetDiscoveryRequest()
        return self._stub.GetDiscovery(request, timeout=timeout)

    def get_jwks(
        self,
        *,
        timeout: float | None = None,
    ) -> oauth_service_pb2.GetJwksResponse:
        """Returns the public keys that access tokens are verified with (RFC 7517)."""
        request = oauth_service_pb2.GetJwksRequest()
        return self._stub.GetJwks(request, timeout=timeout)


class AsyncOAuth:
    """As `OAuth`, with `await`."""

    def __init__(self, stub: oauth_service_pb2_grpc.OAuthServiceAsyncStub) -> None:
        self._stub = stub

    async def token(
        self,
        grant_type: str,
        *,
        client_id: str = "",
        client_secret: str = "",
        client_assertion_type: str = "",
        client_assertion: str = "",
        scope: str = "",
        audience: Iterable[str] = (),
        resource: Iterable[str] = (),
        tenant: str = "",
        username: str = "",
        password: str = "",
        otp: str = "",
        refresh_token: str = "",
        subject_token: str = "",
        subject_token_type: str = "",
        actor_token: str = "",
        actor_token_type: str = "",
        requested_token_type: str = "",
        device_code: str = "",
        timeout: float | None = None,
    ) -> oauth_service_pb2.TokenResponse:
        """Hands out tokens for a grant: `client_credentials`, `password`, `refresh_token` ….

        … `urn:ietf:params:oauth:grant-type:token-exchange` (RFC 8693) or `urn:ietf:params:oauth:grant-type:device_code`
        (RFC 8628).
        """
        request = oauth_service_pb2.TokenRequest(
            grant_type=grant_type,
            client_id=client_id,
            client_secret=client_secret,
            client_assertion_type=client_assertion_type,
            client_assertion=client_assertion,
            scope=scope,
            audience=audience,
            resource=resource,
            tenant=tenant,
            username=username,
            password=password,
            otp=otp,
            refresh_token=refresh_token,
            subject_token=subject_token,
            subject_token_type=subject_token_type,
            actor_token=actor_token,
            actor_token_type=actor_token_type,
            requested_token_type=requested_token_type,
            device_code=device_code,
        )
        return await self._stub.Token(request, timeout=timeout)

    async def introspect(
        self,
        token: str,
        *,
        token_type_hint: str = "",
        client_id: str = "",
        client_secret: str = "",
        client_assertion_type: str = "",
        client_assertion: str = "",
        bearer: str = "",
        timeout: float | None = None,
    ) -> oauth_service_pb2.IntrospectResponse:
        """Says whether a token is good right now, and what it says (RFC 7662).

        A token of another tenant is not. The caller authenticates as a client, or by a token or API key of its own.
        """
        request = oauth_service_pb2.IntrospectRequest(
            token=token,
            token_type_hint=token_type_hint,
            client_id=client_id,
            client_secret=client_secret,
            client_assertion_type=client_assertion_type,
            client_assertion=client_assertion,
            bearer=bearer,
        )
        return await self._stub.Introspect(request, timeout=timeout)

    async def revoke(
        self,
        token: str,
        *,
        token_type_hint: str = "",
        client_id: str = "",
        client_secret: str = "",
        client_assertion_type: str = "",
        client_assertion: str = "",
        timeout: float | None = None,
    ) -> None:
        """Revokes a token (RFC 7009): a refresh token with its whole session, an access token alone.

        A token that is unknown or over is no error.
        """
        request = oauth_service_pb2.RevokeRequest(
            token=token,
            token_type_hint=token_type_hint,
            client_id=client_id,
            client_secret=client_secret,
            client_assertion_type=client_assertion_type,
            client_assertion=client_assertion,
        )
        await self._stub.Revoke(request, timeout=timeout)

    async def authorize_device(
        self,
        client_id: str,
        *,
        client_secret: str = "",
        client_assertion_type: str = "",
        client_assertion: str = "",
        scope: str = "",
        audience: Iterable[str] = (),
        resource: Iterable[str] = (),
        tenant: str = "",
        timeout: float | None = None,
    ) -> oauth_service_pb2.AuthorizeDeviceResponse:
        """Begins a device authorisation (RFC 8628): the device shows the user code, and asks `Token` with the device ….

        … code until a person has agreed.
        """
        request = oauth_service_pb2.AuthorizeDeviceRequest(
            client_id=client_id,
            client_secret=client_secret,
            client_assertion_type=client_assertion_type,
            client_assertion=client_assertion,
            scope=scope,
            audience=audience,
            resource=resource,
            tenant=tenant,
        )
        return await self._stub.AuthorizeDevice(request, timeout=timeout)

    async def get_device_request(
        self,
        user_code: str,
        *,
        timeout: float | None = None,
    ) -> oauth_service_pb2.GetDeviceRequestResponse:
        """Returns what a device that shows this user code asks for, so that a person can look before agreeing."""
        request = oauth_service_pb2.GetDeviceRequestRequest(user_code=user_code)
        return await self._stub.GetDeviceRequest(request, timeout=timeout)

    async def approve_device(
        self,
        user_code: str,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> oauth_service_pb2.ApproveDeviceResponse:
        """Lets a device in, in the name of the caller, who must be a person.

        The device gets no more than the caller's own credential allows.
        """
        request = oauth_service_pb2.ApproveDeviceRequest(
            user_code=user_code, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return await self._stub.ApproveDevice(request, timeout=timeout)

    async def deny_device(
        self,
        user_code: str,
        *,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> oauth_service_pb2.DenyDeviceResponse:
        """Refuses a device."""
        request = oauth_service_pb2.DenyDeviceRequest(
            user_code=user_code, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return await self._stub.DenyDevice(request, timeout=timeout)

    async def get_discovery(
        self,
        *,
        timeout: float | None = None,
    ) -> oauth_service_pb2.GetDiscoveryResponse:
        """Returns the metadata of the authorisation server (RFC 8414)."""
        request = oauth_service_pb2.GetDiscoveryRequest()
        return await self._stub.GetDiscovery(request, timeout=timeout)

    async def get_jwks(
        self,
        *,
        timeout: float | None = None,
    ) -> oauth_service_pb2.GetJwksResponse:
        """Returns the public keys that access tokens are verified with (RFC 7517)."""
        request = oauth_service_pb2.GetJwksRequest()
        return await self._stub.GetJwks(request, timeout=timeout)
