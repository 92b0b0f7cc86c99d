"""Protects the gRPC service of somebody else: who calls, and may they?

guard = Protection(connect("backend:50051", api_key="fbk_…"), permissions={"/shop.v1.Orders/Get": "order.read"})
server = grpc.server(pool, interceptors=[guard])
"""

from function_backend_client.server.aio_protection import AsyncProtection
from function_backend_client.server.caller import Caller, current_caller
from function_backend_client.server.protection import Protection
from function_backend_client.server.rules import PUBLIC, SIGNED_IN, Anywhere, Related, Rule, Scope, Somewhere
from function_backend_client.server.settings import ProtectionSettings

__all__ = [
    "PUBLIC",
    "SIGNED_IN",
    "Anywhere",
    "AsyncProtection",
    "Caller",
    "Protection",
    "ProtectionSettings",
    "Related",
    "Rule",
    "Scope",
    "Somewhere",
    "current_caller",
]
