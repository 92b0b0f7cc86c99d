"""Which Python values are lists, maps and messages of the language."""

from __future__ import annotations

from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct
from google.rpc.error_details_pb2 import ErrorInfo

from function_backend_rules.cel.values import Duration, OptionalValue, Timestamp, TypeValue, UInt

_SAMPLE = FileDescriptorProto()
LISTS = frozenset({list, type(_SAMPLE.dependency), type(_SAMPLE.message_type)})
"""list and the containers of repeated fields."""
MAPS = frozenset({dict, type(Struct().fields), type(ErrorInfo().metadata)})
"""dict and the containers of map fields."""
NUMBERS = frozenset({int, UInt, float})
PLAIN = frozenset({type(None), bool, int, UInt, float, str, bytes, Timestamp, Duration, TypeValue})
"""What equals by `==` when both are of the same of these."""

_NAMES: dict[type, str] = {
    type(None): "null_type",
    bool: "bool",
    int: "int",
    UInt: "uint",
    float: "double",
    str: "string",
    bytes: "bytes",
    Timestamp: "google.protobuf.Timestamp",
    Duration: "google.protobuf.Duration",
    TypeValue: "type",
    OptionalValue: "optional_type",
}


def kind_name(value: object) -> str:
    """What `type(value)` is called.

    Raises:
        TypeError: it is not a value of the language.
    """
    name = _NAMES.get(type(value))
    if name is not None:
        return name
    if type(value) in LISTS:
        return "list"
    if type(value) in MAPS:
        return "map"
    if isinstance(value, Message):
        return str(value.DESCRIPTOR.full_name)
    raise TypeError(f"{type(value).__name__} is not a value of the language")
