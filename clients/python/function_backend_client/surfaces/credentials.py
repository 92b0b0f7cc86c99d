"""Credentials: for services that check those of their own callers.

Written by make generate.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterable, Iterable, Iterator

from google.protobuf.duration_pb2 import Duration

from function.auth.v1 import credential_pb2, credential_service_pb2, credential_service_pb2_grpc
from function_backend_client import requests


class Credentials:
    """Credentials: for services that check those of their own callers.

    Every method raises FunctionBackendError where the service refuses.
    """

    def __init__(self, stub: credential_service_pb2_grpc.CredentialServiceStub) -> None:
        self._stub = stub

    def verify(
        self,
        *,
        bearer: str | None = None,
        certificate_pem: str | None = None,
        spiffe_id: str | None = None,
        permissions: Iterable[str] = (),
        audience: str = "",
        timeout: float | None = None,
    ) -> credential_service_pb2.VerifyCredentialResponse:
        """Says who is behind a credential and whether they hold the permissions asked for.

        A credential that is not valid is no failure: the answer says why. About credentials of other tenants the answer
        is the one for unknown ones, except for callers that hold `auth.credential.verify_any`.
        """
        request = credential_service_pb2.VerifyCredentialRequest(permissions=permissions, audience=audience)
        if bearer is not None:
            request.bearer = bearer
        if certificate_pem is not None:
            request.certificate_pem = certificate_pem
        if spiffe_id is not None:
            request.spiffe_id = spiffe_id
        return self._stub.VerifyCredential(request, timeout=timeout)

    def who_am_i(
        self,
        *,
        timeout: float | None = None,
    ) -> credential_pb2.CallerIdentity:
        """Says who the caller is, as this service sees it. Every credential may ask."""
        request = credential_service_pb2.WhoAmIRequest()
        return self._stub.WhoAmI(request, timeout=timeout).identity

    def list_revocations(
        self,
        *,
        cursor: int = 0,
        page_size: int = 0,
        timeout: float | None = None,
    ) -> credential_service_pb2.ListRevocationsResponse:
        """Returns what was revoked after a cursor, oldest first, for those who cannot keep a stream open.

        Only of the caller's tenant, except for callers that hold `auth.credential.verify_any`.
        """
        request = credential_service_pb2.ListRevocationsRequest(cursor=cursor, page_size=page_size)
        return self._stub.ListRevocations(request, timeout=timeout)

    def watch_revocations(
        self,
        *,
        cursor: int = 0,
        heartbeat: dt.timedelta | Duration | None = None,
        timeout: float | None = None,
    ) -> Iterator[credential_service_pb2.WatchRevocationsResponse]:
        """Tells what is revoked, as it happens: a message at once for every revocation, and one without any as often ….

        … as the caller asks, which promises that everything revoked before it was sent has been told. When the messages
        stop, so should the trust in what is remembered. The stream ends when the server goes away, the connection grows
        old or the caller's own credential stops working; go on with the last cursor then.
        """
        request = credential_service_pb2.WatchRevocationsRequest(cursor=cursor, heartbeat=requests.duration(heartbeat))
        return self._stub.WatchRevocations(request, timeout=timeout)


class AsyncCredentials:
    """As `Credentials`, with `await`."""

    def __init__(self, stub: credential_service_pb2_grpc.CredentialServiceAsyncStub) -> None:
        self._stub = stub

    async def verify(
        self,
        *,
        bearer: str | None = None,
        certificate_pem: str | None = None,
        spiffe_id: str | None = None,
        permissions: Iterable[str] = (),
        audience: str = "",
        timeout: float | None = None,
    ) -> credential_service_pb2.VerifyCredentialResponse:
        """Says who is behind a credential and whether they hold the permissions asked for.

        A credential that is not valid is no failure: the answer says why. About credentials of other tenants the answer
        is the one for unknown ones, except for callers that hold `auth.credential.verify_any`.
        """
        request = credential_service_pb2.VerifyCredentialRequest(permissions=permissions, audience=audience)
        if bearer is not None:
            request.bearer = bearer
        if certificate_pem is not None:
            request.certificate_pem = certificate_pem
        if spiffe_id is not None:
            request.spiffe_id = spiffe_id
        return await self._stub.VerifyCredential(request, timeout=timeout)

    async def who_am_i(
        self,
        *,
        timeout: float | None = None,
    ) -> credential_pb2.CallerIdentity:
        """Says who the caller is, as this service sees it. Every credential may ask."""
        request = credential_service_pb2.WhoAmIRequest()
        return (await self._stub.WhoAmI(request, timeout=timeout)).identity

    async def list_revocations(
        self,
        *,
        cursor: int = 0,
        page_size: int = 0,
        timeout: float | None = None,
    ) -> credential_service_pb2.ListRevocationsResponse:
        """Returns what was revoked after a cursor, oldest first, for those who cannot keep a stream open.

        Only of the caller's tenant, except for callers that hold `auth.credential.verify_any`.
        """
        request = credential_service_pb2.ListRevocationsRequest(cursor=cursor, page_size=page_size)
        return await self._stub.ListRevocations(request, timeout=timeout)

    def watch_revocations(
        self,
        *,
        cursor: int = 0,
        heartbeat: dt.timedelta | Duration | None = None,
        timeout: float | None = None,
    ) -> AsyncIterable[credential_service_pb2.WatchRevocationsResponse]:
        """Tells what is revoked, as it happens: a message at once for every revocation, and one without any as often ….

        … as the caller asks, which promises that everything revoked before it was sent has been told. When the messages
        stop, so should the trust in what is remembered. The stream ends when the server goes away, the connection grows
        old or the caller's own credential stops working; go on with the last cursor then.
        """
        request = credential_service_pb2.WatchRevocationsRequest(cursor=cursor, heartbeat=requests.duration(heartbeat))
        return self._stub.WatchRevocations(request, timeout=timeout)
