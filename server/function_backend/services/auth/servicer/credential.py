"""Credentials and revocations over gRPC."""

from __future__ import annotations

from function.auth.v1 import credential_service_pb2
from function_backend.kernel.call import Call
from function_backend.kernel.identity import Principal
from function_backend.kernel.stream import OpenStream, keeps_no_thread
from function_backend.services.auth.adapters.credential_memory import Remembered
from function_backend.services.auth.convert.credential import (
    caller_identity,
    duration,
    heartbeat,
    listed_revocations,
    told_revocations,
)
from function_backend.services.auth.service.credentials import CredentialService, Verdict
from function_backend.services.auth.service.revocations import RevocationService

_MOST_SHOWN = 16
"""Answers that are kept for one credential: as many sets of permissions as are asked for again and again."""


class CredentialServicer:
    """`function.auth.v1.CredentialService`."""

    def __init__(self, credentials: CredentialService, revocations: RevocationService) -> None:
        self._credentials = credentials
        self._revocations = revocations

    def VerifyCredential(
        self, request: credential_service_pb2.VerifyCredentialRequest, context: Call
    ) -> bytes | credential_service_pb2.VerifyCredentialResponse:
        verdict = self._verdict(request, context)
        failure, remembered, principal = verdict.failure, verdict.remembered, verdict.principal
        if remembered is None or principal is None:
            return credential_service_pb2.VerifyCredentialResponse(
                reason="" if failure is None else failure.reason, message="" if failure is None else failure.message
            )
        # A message in two parts, one behind the other, is the message: what changes with each answer comes last.
        span = credential_service_pb2.VerifyCredentialResponse(remember_for=duration(verdict.remember_for))
        return _shown(remembered, principal, tuple(request.permissions)) + span.SerializeToString()

    def WhoAmI(
        self, request: credential_service_pb2.WhoAmIRequest, context: Call
    ) -> credential_service_pb2.WhoAmIResponse:
        remembered = self._credentials.who_am_i(context.credential)
        principal = context.principal or remembered.found.principal
        return credential_service_pb2.WhoAmIResponse(
            identity=caller_identity(remembered.found, principal, remaining=remembered.remaining())
        )

    def ListRevocations(
        self, request: credential_service_pb2.ListRevocationsRequest, context: Call
    ) -> credential_service_pb2.ListRevocationsResponse:
        page = self._revocations.list(context.principal, cursor=request.cursor, page_size=request.page_size)
        return listed_revocations(page)

    @keeps_no_thread
    def WatchRevocations(
        self, request: credential_service_pb2.WatchRevocationsRequest, context: Call, stream: OpenStream
    ) -> None:
        self._revocations.watch(
            context.principal,
            stream,
            credential=context.credential,
            cursor=request.cursor,
            heartbeat=heartbeat(request),
            write=told_revocations,
        )

    def _verdict(self, request: credential_service_pb2.VerifyCredentialRequest, context: Call) -> Verdict:
        caller = context.principal
        if request.bearer:
            return self._credentials.verify(request.bearer, audience=request.audience, caller=caller)
        if request.spiffe_id:
            return self._credentials.verify_spiffe_id(request.spiffe_id, caller=caller)
        return self._credentials.verify_certificate(request.certificate_pem, caller=caller)


def _shown(remembered: Remembered, principal: Principal, asked: tuple[str, ...]) -> bytes:
    """Who it is and which of the permissions it has; made once where it does not change from call to call."""
    remaining = remembered.remaining()
    lasting = remaining is None and principal is remembered.principal
    shown = remembered.shown.get(asked) if lasting else None
    if shown is None:
        allows = principal.permissions.allows
        shown = credential_service_pb2.VerifyCredentialResponse(
            valid=True,
            identity=caller_identity(remembered.found, principal, remaining=remaining),
            permissions={permission: allows(permission) for permission in asked},
        ).SerializeToString()
        if lasting and len(remembered.shown) < _MOST_SHOWN:
            remembered.shown[asked] = shown
    return shown
