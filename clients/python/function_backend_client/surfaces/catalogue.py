"""The typed methods of a client by the names of its attributes. Written by make generate."""

from __future__ import annotations

import grpc
from grpc import aio

from function.auth.v1 import api_key_service_pb2_grpc, tenant_service_pb2_grpc
from function_backend_client.surfaces.api_keys import ApiKeys, AsyncApiKeys
from function_backend_client.surfaces.tenants import AsyncTenants, Tenants


class Surfaces:
    """The typed methods of a client."""

    def __init__(self, channel: grpc.Channel) -> None:
        self.api_keys = ApiKeys(api_key_service_pb2_grpc.ApiKeyServiceStub(channel))
        self.tenants = Tenants(tenant_service_pb2_grpc.TenantServiceStub(channel))


class AsyncSurfaces:
    """The typed methods of an asynchronous client."""

    def __init__(self, channel: aio.Channel) -> None:
        self.api_keys = AsyncApiKeys(api_key_service_pb2_grpc.ApiKeyServiceStub(channel))
        self.tenants = AsyncTenants(tenant_service_pb2_grpc.TenantServiceStub(channel))
