"""The RPCs of `grpc.health.v1`, answered from `Health`."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from google.protobuf import descriptor_pool, message_factory
from grpc_health.v1 import health_pb2

from function_backend.runtime.health import Health, Send, Status

SERVICE = "grpc.health.v1.Health"
_THREADS = 2

# The published types know nothing of List yet.
_find = descriptor_pool.Default().FindMessageTypeByName
_ListRequest: Any = message_factory.GetMessageClass(_find("grpc.health.v1.HealthListRequest"))
_ListResponse: Any = message_factory.GetMessageClass(_find("grpc.health.v1.HealthListResponse"))


def health_handlers(health: Health) -> grpc.GenericRpcHandler:
    """The service, to be added to a server. It asks for no credential and uses no thread of the server.

    A server whose threads are all busy is healthy: a probe that had to wait for one would say otherwise.
    """

    def check(request: health_pb2.HealthCheckRequest, context: grpc.ServicerContext) -> Status:
        status = health.status(request.service)
        if status is None:
            context.abort(grpc.StatusCode.NOT_FOUND, "This service is not served here; List names those that are.")
        return status

    def list_all(_: object, __: grpc.ServicerContext) -> dict[str, Status]:
        return health.statuses()

    def watch(request: health_pb2.HealthCheckRequest, context: grpc.ServicerContext, send: Send) -> None:
        health.watch(request.service, context, send)

    # gRPC hands such a handler a function to send with, and takes its thread back at once.
    watch.experimental_non_blocking = True  # type: ignore[attr-defined]
    pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="health")
    behaviours: tuple[Any, ...] = (check, list_all, watch)
    for behaviour in behaviours:
        behaviour.experimental_thread_pool = pool
    request = health_pb2.HealthCheckRequest.FromString
    return grpc.method_handlers_generic_handler(
        SERVICE,
        {
            "Check": grpc.unary_unary_rpc_method_handler(
                check, request_deserializer=request, response_serializer=_response
            ),
            "List": grpc.unary_unary_rpc_method_handler(
                list_all, request_deserializer=_ListRequest.FromString, response_serializer=_list_response
            ),
            "Watch": grpc.unary_stream_rpc_method_handler(
                watch, request_deserializer=request, response_serializer=_response
            ),
        },
    )


def _response(status: Status) -> bytes:
    return health_pb2.HealthCheckResponse(status=status).SerializeToString()


def _list_response(statuses: dict[str, Status]) -> bytes:
    response = _ListResponse()
    for service, status in statuses.items():
        response.statuses[service].status = status
    serialised: bytes = response.SerializeToString()
    return serialised
