"""`google.protobuf.Struct` as the variables of a template."""

from __future__ import annotations

from google.protobuf import struct_pb2

from function_backend.kernel.errors import FieldViolation, invalid_fields
from function_backend.services.notifications.domain.template import Json

_LARGEST = 64 * 1024
_DEEPEST = 16
_SCALARS = ("string_value", "number_value", "bool_value")


def read_variables(struct: struct_pb2.Struct, path: str) -> dict[str, Json]:
    """The variables. INVALID_ARGUMENT when they are too large, too deep, or not JSON."""
    if struct.ByteSize() > _LARGEST:
        raise invalid_fields(FieldViolation(path, f"has more than {_LARGEST} bytes"))
    return {key: _read(value, f"{path}.{key}", 1) for key, value in struct.fields.items()}


def _read(value: struct_pb2.Value, path: str, depth: int) -> Json:
    if depth > _DEEPEST:
        raise invalid_fields(FieldViolation(path, f"is nested more than {_DEEPEST} deep"))
    kind = value.WhichOneof("kind")
    if kind in _SCALARS:
        scalar: Json = getattr(value, kind)
        return scalar
    if kind == "struct_value":
        return {key: _read(item, path, depth + 1) for key, item in value.struct_value.fields.items()}
    if kind == "list_value":
        return [_read(item, path, depth + 1) for item in value.list_value.values]
    if kind is None:
        raise invalid_fields(FieldViolation(path, "has no value; write null"))
    return None
