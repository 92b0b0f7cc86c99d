"""Server reflection, v1 and v1alpha, so that grpcurl, buf curl and evans can do without the contract's files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import Descriptor, FieldDescriptor, FileDescriptor
from grpc_reflection.v1alpha import reflection, reflection_pb2

SERVICES = ("grpc.reflection.v1.ServerReflection", reflection.SERVICE_NAME)
_V1_FILE = "grpc/reflection/v1/reflection.proto"
_V1_PACKAGE = "grpc.reflection.v1"
_THREADS = 4

Responses = Iterator[reflection_pb2.ServerReflectionResponse]


def reflection_handlers(services: Iterable[str]) -> list[grpc.GenericRpcHandler]:
    """Both versions of the service, listing these services and themselves.

    A client may leave such a stream open while it thinks, so they get threads of their own; when those are all taken,
    a further reflection waits and nothing else does.
    """
    _publish_v1()
    servicer = reflection.ReflectionServicer((*services, *SERVICES), pool=_Contracts())
    pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="reflection")

    def info(requests: Iterator[reflection_pb2.ServerReflectionRequest], context: grpc.ServicerContext) -> Responses:
        responses: Responses = servicer.ServerReflectionInfo(requests, context)
        return responses

    info.experimental_thread_pool = pool  # type: ignore[attr-defined]
    # The two versions differ in the name of the package alone; on the wire they are the same.
    method = grpc.stream_stream_rpc_method_handler(
        info,
        request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
        response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    return [grpc.method_handlers_generic_handler(name, {"ServerReflectionInfo": method}) for name in SERVICES]


class _Contracts:
    """What is known of contracts, methods by their own names included: the pool finds no file by those."""

    def __init__(self) -> None:
        pool = descriptor_pool.Default()
        self._pool = pool
        self.FindFileByName: Callable[[str], FileDescriptor] = pool.FindFileByName
        self.FindMessageTypeByName: Callable[[str], Descriptor] = pool.FindMessageTypeByName
        self.FindExtensionByNumber: Callable[[Descriptor, int], FieldDescriptor] = pool.FindExtensionByNumber
        self.FindAllExtensions: Callable[[Descriptor], list[FieldDescriptor]] = pool.FindAllExtensions

    def FindFileContainingSymbol(self, symbol: str) -> FileDescriptor:  # noqa: N802  as the pool has it
        """The file that declares the symbol; KeyError when none does."""
        try:
            return self._pool.FindFileContainingSymbol(symbol)
        except KeyError:
            method = self._pool.FindMethodByName(symbol)
            return method.containing_service.file


def _publish_v1() -> None:
    """Puts the v1 file into the descriptor pool: grpcio-reflection ships none, and describing v1 would fail."""
    pool = descriptor_pool.Default()
    try:
        pool.FindFileByName(_V1_FILE)
    except KeyError:
        file = descriptor_pb2.FileDescriptorProto()
        reflection_pb2.DESCRIPTOR.CopyToProto(file)
        alpha = f".{file.package}."
        file.name, file.package = _V1_FILE, _V1_PACKAGE
        for message in file.message_type:
            # Even an empty name would turn a number into a reference.
            for field in (field for field in message.field if field.type_name):
                field.type_name = field.type_name.replace(alpha, f".{_V1_PACKAGE}.")
        for service in file.service:
            for rpc in service.method:
                rpc.input_type = rpc.input_type.replace(alpha, f".{_V1_PACKAGE}.")
                rpc.output_type = rpc.output_type.replace(alpha, f".{_V1_PACKAGE}.")
        pool.AddSerializedFile(file.SerializeToString())
