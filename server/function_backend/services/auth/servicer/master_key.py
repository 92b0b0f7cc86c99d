"""Master keys over gRPC."""

from __future__ import annotations

from function.auth.v1 import master_key_service_pb2 as wire
from function_backend.kernel.call import Call
from function_backend.services.auth.service.master_keys import MasterKeyService


class MasterKeyServicer:
    """`function.auth.v1.MasterKeyService`."""

    def __init__(self, service: MasterKeyService) -> None:
        self._service = service

    def RewrapKeys(self, request: wire.RewrapKeysRequest, context: Call) -> wire.RewrapKeysResponse:
        done = self._service.rewrap(request.batch_size)
        return wire.RewrapKeysResponse(master_key_id=done.master_key_id, rewrapped=done.count, remaining=done.remaining)
