"""A message with a field of every kind, made at run time: what the contract of the service has no use for is in it too.

Its fields are named after their types. Some have names that mean something in Python.
"""

from __future__ import annotations

import functools
from typing import Any

from google.protobuf import (  # noqa: F401 - their files in the pool
    descriptor_pb2,
    descriptor_pool,
    duration_pb2,
    message_factory,
    struct_pb2,
    timestamp_pb2,
    wrappers_pb2,
)

NAME = "exam.v1.Specimen"
_FIELD = descriptor_pb2.FieldDescriptorProto
_SCALARS = {
    "bool": _FIELD.TYPE_BOOL,
    "int32": _FIELD.TYPE_INT32,
    "int64": _FIELD.TYPE_INT64,
    "sint32": _FIELD.TYPE_SINT32,
    "uint32": _FIELD.TYPE_UINT32,
    "uint64": _FIELD.TYPE_UINT64,
    "fixed64": _FIELD.TYPE_FIXED64,
    "float": _FIELD.TYPE_FLOAT,
    "double": _FIELD.TYPE_DOUBLE,
    "string": _FIELD.TYPE_STRING,
    "bytes": _FIELD.TYPE_BYTES,
}
_MESSAGES = {
    "timestamp": ".google.protobuf.Timestamp",
    "duration": ".google.protobuf.Duration",
    "struct": ".google.protobuf.Struct",
    "bool_value": ".google.protobuf.BoolValue",
    "int_value": ".google.protobuf.Int64Value",
    "uint_value": ".google.protobuf.UInt64Value",
    "double_value": ".google.protobuf.DoubleValue",
    "string_value": ".google.protobuf.StringValue",
    "child": f".{NAME}",
}
_MAPS = (("string", "string"), ("string", "int64"), ("int64", "string"), ("bool", "double"), ("uint64", "int64"))
# Words of Python that are none of CEL, and a name that looks as if somebody had generated it.
_HARD_NAMES = {
    "class": "int64",
    "lambda": "string",
    "None": "bool",
    "_fast_1": "int64",
    "self": "string",
    "ctx": "int64",
}


@functools.cache
def specimen_class() -> Any:
    """The class of the message, from the default pool."""
    pool = descriptor_pool.Default()
    try:
        found = pool.FindMessageTypeByName(NAME)
    except KeyError:
        pool.AddSerializedFile(_file().SerializeToString())
        found = pool.FindMessageTypeByName(NAME)
    return message_factory.GetMessageClass(found)


def _file() -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(name="exam/v1/specimen.proto", package="exam.v1", syntax="proto3")
    for name in ("duration", "struct", "timestamp", "wrappers"):
        file.dependency.append(f"google/protobuf/{name}.proto")
    colour = file.enum_type.add(name="Colour")
    for number, value in enumerate(("COLOUR_UNSPECIFIED", "RED", "GREEN", "BLUE")):
        colour.value.add(name=value, number=number)
    message = file.message_type.add(name="Specimen")
    for name, kind in _SCALARS.items():
        _add(message, f"single_{name}", kind)
        _add(message, f"repeated_{name}", kind, repeated=True)
    for name, type_name in _MESSAGES.items():
        _add(message, name, _FIELD.TYPE_MESSAGE, type_name=type_name)
    _add(message, "children", _FIELD.TYPE_MESSAGE, type_name=f".{NAME}", repeated=True)
    _add(message, "colour", _FIELD.TYPE_ENUM, type_name=".exam.v1.Colour")
    _add(message, "colours", _FIELD.TYPE_ENUM, type_name=".exam.v1.Colour", repeated=True)
    for name, scalar in _HARD_NAMES.items():
        _add(message, name, _SCALARS[scalar])
    for key, value in _MAPS:
        _add_map(message, key, value)
    message.oneof_decl.add(name="choice")
    for name in ("int64", "string"):
        _add(message, f"choice_{name}", _SCALARS[name]).oneof_index = 0
    optional = _add(message, "optional_int64", _FIELD.TYPE_INT64)
    message.oneof_decl.add(name="_optional_int64")
    optional.oneof_index, optional.proto3_optional = 1, True
    return file


def _add(
    message: descriptor_pb2.DescriptorProto,
    name: str,
    kind: descriptor_pb2.FieldDescriptorProto.Type.ValueType,
    *,
    type_name: str = "",
    repeated: bool = False,
) -> descriptor_pb2.FieldDescriptorProto:
    label = _FIELD.LABEL_REPEATED if repeated else _FIELD.LABEL_OPTIONAL
    return message.field.add(
        name=name, number=len(message.field) + 1, type=kind, label=label, type_name=type_name or None
    )


def _add_map(message: descriptor_pb2.DescriptorProto, key: str, value: str) -> None:
    name = f"map_{key}_{value}"
    entry = message.nested_type.add(name=name.title().replace("_", "") + "Entry")
    entry.options.map_entry = True
    _add(entry, "key", _SCALARS[key])
    _add(entry, "value", _SCALARS[value])
    _add(message, name, _FIELD.TYPE_MESSAGE, type_name=f".{NAME}.{entry.name}", repeated=True)
