"""Data keys over gRPC."""

from __future__ import annotations

from function.auth.v1 import data_key_service_pb2 as wire
from function_backend.kernel.call import Call
from function_backend.services.auth.convert.data_key import data_key
from function_backend.services.auth.convert.values import optional_id
from function_backend.services.auth.service.data_keys import DataKeyService


class DataKeyServicer:
    """`function.auth.v1.DataKeyService`."""

    def __init__(self, service: DataKeyService) -> None:
        self._service = service

    def RotateDataKey(self, request: wire.RotateDataKeyRequest, context: Call) -> wire.RotateDataKeyResponse:
        key, job_id = self._service.rotate(optional_id(request.tenant_id))
        return wire.RotateDataKeyResponse(data_key=data_key(key), operation=f"operations/{job_id}")

    def GetDataKey(self, request: wire.GetDataKeyRequest, context: Call) -> wire.GetDataKeyResponse:
        return wire.GetDataKeyResponse(data_key=data_key(self._service.get(optional_id(request.tenant_id))))
