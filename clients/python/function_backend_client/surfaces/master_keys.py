"""The master keys, which are in the settings and nowhere else, and what they wrap.

Written by make generate.
"""

from __future__ import annotations

from function.auth.v1 import master_key_service_pb2, master_key_service_pb2_grpc
from function_backend_client import requests


class MasterKeys:
    """The master keys, which are in the settings and nowhere else, and what they wrap.

    Every method raises FunctionBackendError where the service refuses.
    """

    def __init__(self, stub: master_key_service_pb2_grpc.MasterKeyServiceStub) -> None:
        self._stub = stub

    def rewrap_keys(
        self,
        *,
        batch_size: int = 0,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> master_key_service_pb2.RewrapKeysResponse:
        """Wraps keys that an older master key has wrapped by the current one, the first of the settings: data keys ….

        … of tenants and private signing keys. One call does one batch; repeat it until `remaining` is 0, then the older
        master key can be taken out of the settings. Everything is served meanwhile.
        """
        request = master_key_service_pb2.RewrapKeysRequest(
            batch_size=batch_size, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return self._stub.RewrapKeys(request, timeout=timeout)


class AsyncMasterKeys:
    """As `MasterKeys`, with `await`."""

    def __init__(self, stub: master_key_service_pb2_grpc.MasterKeyServiceAsyncStub) -> None:
        self._stub = stub

    async def rewrap_keys(
        self,
        *,
        batch_size: int = 0,
        request_id: str | None = None,
        validate_only: bool = False,
        timeout: float | None = None,
    ) -> master_key_service_pb2.RewrapKeysResponse:
        """Wraps keys that an older master key has wrapped by the current one, the first of the settings: data keys ….

        … of tenants and private signing keys. One call does one batch; repeat it until `remaining` is 0, then the older
        master key can be taken out of the settings. Everything is served meanwhile.
        """
        request = master_key_service_pb2.RewrapKeysRequest(
            batch_size=batch_size, request_id=requests.new_request_id(request_id), validate_only=validate_only
        )
        return await self._stub.RewrapKeys(request, timeout=timeout)
