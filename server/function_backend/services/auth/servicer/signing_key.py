"""Signing keys over gRPC."""

from __future__ import annotations

from function.auth.v1 import signing_key_service_pb2 as wire
from function_backend.kernel.call import Call
from function_backend.kernel.clock import Clock
from function_backend.kernel.identifiers import parse_id
from function_backend.services.auth.convert.signing_key import signing_key
from function_backend.services.auth.service.signing_keys import SigningKeyService


class SigningKeyServicer:
    """`function.auth.v1.SigningKeyService`."""

    def __init__(self, service: SigningKeyService, clock: Clock) -> None:
        self._service = service
        self._clock = clock

    def ListSigningKeys(self, request: wire.ListSigningKeysRequest, context: Call) -> wire.ListSigningKeysResponse:
        page, token = self._service.list(request.page_size, request.page_token)
        now = self._clock.now()
        return wire.ListSigningKeysResponse(
            signing_keys=[signing_key(each, now) for each in page.items], next_page_token=token
        )

    def RotateSigningKey(self, request: wire.RotateSigningKeyRequest, context: Call) -> wire.RotateSigningKeyResponse:
        made = self._service.rotate()
        return wire.RotateSigningKeyResponse(signing_key=signing_key(made, self._clock.now()))

    def RetireSigningKey(self, request: wire.RetireSigningKeyRequest, context: Call) -> wire.RetireSigningKeyResponse:
        retired = self._service.retire(parse_id(request.id))
        return wire.RetireSigningKeyResponse(signing_key=signing_key(retired, self._clock.now()))
