"""Data keys of the caller's tenant and of those below it.

Written by make generate.
"""

from __future__ import annotations

from function.auth.v1 import data_key_pb2, data_key_service_pb2, data_key_service_pb2_grpc
from function_backend_client import requests


class DataKeys:
    """Data keys of the caller's tenant and of those below it.

    `docs/encryption.md` says what is encrypted and how. Every method raises FunctionBackendError where the service
    refuses.
    """

    def __init__(self, stub: data_key_service_pb2_grpc.DataKeyServiceStub) -> None:
        self._stub = stub

    def rotate(
        self,
        *,
        tenant_id: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> data_key_service_pb2.RotateDataKeyResponse:
        """Gives a tenant a new data key.

        What is written from then on is encrypted under it; what was written before is encrypted anew by a job, while
        everything is served. The key before is dropped about a day after that is finished.
        """
        request = data_key_service_pb2.RotateDataKeyRequest(
            tenant_id=tenant_id, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return self._stub.RotateDataKey(request, timeout=timeout)

    def get(
        self,
        *,
        tenant_id: str = "",
        timeout: float | None = None,
    ) -> data_key_pb2.DataKey:
        """Returns the data key of a tenant, without its value, and how far everything is encrypted under it."""
        request = data_key_service_pb2.GetDataKeyRequest(tenant_id=tenant_id)
        return self._stub.GetDataKey(request, timeout=timeout).data_key


class AsyncDataKeys:
    """As `DataKeys`, with `await`."""

    def __init__(self, stub: data_key_service_pb2_grpc.DataKeyServiceAsyncStub) -> None:
        self._stub = stub

    async def rotate(
        self,
        *,
        tenant_id: str = "",
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> data_key_service_pb2.RotateDataKeyResponse:
        """Gives a tenant a new data key.

        What is written from then on is encrypted under it; what was written before is encrypted anew by a job, while
        everything is served. The key before is dropped about a day after that is finished.
        """
        request = data_key_service_pb2.RotateDataKeyRequest(
            tenant_id=tenant_id, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return await self._stub.RotateDataKey(request, timeout=timeout)

    async def get(
        self,
        *,
        tenant_id: str = "",
        timeout: float | None = None,
    ) -> data_key_pb2.DataKey:
        """Returns the data key of a tenant, without its value, and how far everything is encrypted under it."""
        request = data_key_service_pb2.GetDataKeyRequest(tenant_id=tenant_id)
        return (await self._stub.GetDataKey(request, timeout=timeout)).data_key
