"""A contract of the tests: one service with all four shapes of RPC, and what is wrong with a few others."""

from __future__ import annotations

from typing import Any, TypeAlias

from buf.validate import validate_pb2
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from function.common.v1 import options_pb2

Request: TypeAlias = Any
"""A request of the service; its class exists at run time only."""
Response: TypeAlias = Any
"""A response of the service, as a message or as bytes."""

SERVICE = "function.echo.v1.EchoService"
_PACKAGE = "function.echo.v1"
_FIELD = descriptor_pb2.FieldDescriptorProto


def _file() -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(
        name="function/echo/v1/echo.proto",
        package=_PACKAGE,
        syntax="proto3",
        dependency=[
            "buf/validate/validate.proto",
            "function/common/v1/options.proto",
            "google/protobuf/timestamp.proto",
        ],
    )
    item = file.message_type.add(name="Item")
    _add(item, "text", 1, _FIELD.TYPE_STRING)
    _add(item, "data", 2, _FIELD.TYPE_BYTES)
    _add(item, "item", 3, _FIELD.TYPE_MESSAGE, type_name=f".{_PACKAGE}.Item")
    request = file.message_type.add(name="EchoRequest")
    text = _add(request, "text", 1, _FIELD.TYPE_STRING)
    text.options.Extensions[validate_pb2.field].string.max_len = 20
    _add(request, "request_id", 2, _FIELD.TYPE_STRING)
    _add(request, "validate_only", 3, _FIELD.TYPE_BOOL)
    _add(request, "items", 4, _FIELD.TYPE_MESSAGE, type_name=f".{_PACKAGE}.Item", repeated=True)
    _add_labels(request)
    unchecked = _add(request, "unchecked", 6, _FIELD.TYPE_MESSAGE, type_name=f".{_PACKAGE}.Item")
    unchecked.options.Extensions[validate_pb2.field].ignore = validate_pb2.IGNORE_ALWAYS
    _add(request, "number", 7, _FIELD.TYPE_DOUBLE)
    _add(request, "words", 8, _FIELD.TYPE_STRING, repeated=True)
    timed = file.message_type.add(name="Timed")
    at = _add(timed, "at", 1, _FIELD.TYPE_MESSAGE, type_name=".google.protobuf.Timestamp")
    at.options.Extensions[validate_pb2.field].timestamp.gt_now = True
    response = file.message_type.add(name="EchoResponse")
    _add(response, "text", 1, _FIELD.TYPE_STRING)
    secret = file.message_type.add(name="SecretResponse")
    _add(secret, "secret", 1, _FIELD.TYPE_STRING).options.debug_redact = True
    nested = file.message_type.add(name="NestedResponse")
    _add(nested, "inner", 1, _FIELD.TYPE_MESSAGE, type_name=f".{_PACKAGE}.SecretResponse")
    service = file.service.add(name="EchoService")
    _rpc(service, "Read", options_pb2.IDEMPOTENCY_NO_SIDE_EFFECTS)
    _rpc(service, "Write", options_pb2.IDEMPOTENCY_REQUEST_ID)
    _rpc(service, "MakeSecret", options_pb2.IDEMPOTENCY_REQUEST_ID, answer="NestedResponse")
    _rpc(service, "Watch", options_pb2.IDEMPOTENCY_NO_SIDE_EFFECTS, out=True)
    _rpc(service, "Collect", options_pb2.IDEMPOTENCY_IDEMPOTENT, into=True)
    _rpc(service, "Chat", options_pb2.IDEMPOTENCY_IDEMPOTENT, into=True, out=True)
    faulty = {
        "WithoutPolicy": None,
        "WithoutPermission": options_pb2.MethodPolicy(idempotency=options_pb2.IDEMPOTENCY_IDEMPOTENT),
        "WithoutIdempotency": options_pb2.MethodPolicy(permission="echo.write"),
        "WithoutRequestId": options_pb2.MethodPolicy(
            permission="echo.write", idempotency=options_pb2.IDEMPOTENCY_REQUEST_ID
        ),
    }
    for name, policy in faulty.items():
        service = file.service.add(name=name)
        method = service.method.add(name="Do", input_type=f".{_PACKAGE}.Item", output_type=f".{_PACKAGE}.Item")
        if policy is not None:
            method.options.Extensions[options_pb2.policy].CopyFrom(policy)
    return file


def _add(
    message: descriptor_pb2.DescriptorProto,
    name: str,
    number: int,
    kind: int,
    *,
    type_name: str = "",
    repeated: bool = False,
) -> descriptor_pb2.FieldDescriptorProto:
    field = message.field.add(name=name, number=number, type=kind)
    field.label = _FIELD.LABEL_REPEATED if repeated else _FIELD.LABEL_OPTIONAL
    if type_name:
        field.type_name = type_name
    return field


def _add_labels(message: descriptor_pb2.DescriptorProto) -> None:
    entry = message.nested_type.add(name="LabelsEntry")
    entry.options.map_entry = True
    _add(entry, "key", 1, _FIELD.TYPE_STRING)
    _add(entry, "value", 2, _FIELD.TYPE_STRING)
    _add(message, "labels", 5, _FIELD.TYPE_MESSAGE, type_name=f".{_PACKAGE}.{message.name}.LabelsEntry", repeated=True)


def _rpc(
    service: descriptor_pb2.ServiceDescriptorProto,
    name: str,
    idempotency: options_pb2.Idempotency.ValueType,
    *,
    answer: str = "EchoResponse",
    into: bool = False,
    out: bool = False,
) -> None:
    method = service.method.add(name=name, input_type=f".{_PACKAGE}.EchoRequest", output_type=f".{_PACKAGE}.{answer}")
    method.client_streaming = into
    method.server_streaming = out
    policy = method.options.Extensions[options_pb2.policy]
    policy.permission = "echo.read" if idempotency == options_pb2.IDEMPOTENCY_NO_SIDE_EFFECTS else "echo.write"
    policy.idempotency = idempotency


def _message(name: str) -> Any:  # noqa: ANN401 - classes that exist only at run time
    return message_factory.GetMessageClass(descriptor_pool.Default().FindMessageTypeByName(f"{_PACKAGE}.{name}"))


descriptor_pool.Default().AddSerializedFile(_file().SerializeToString())

Item: Any = _message("Item")
EchoRequest: Any = _message("EchoRequest")
EchoResponse: Any = _message("EchoResponse")
Timed: Any = _message("Timed")
NestedResponse: Any = _message("NestedResponse")
