"""`google.protobuf.Struct` as plain JSON values."""

from __future__ import annotations

from google.protobuf import struct_pb2

from function_backend.services.company.domain.attributes import MAX_DEPTH, Json
from function_backend.services.company.domain.checks import Checks

_SCALARS = ("string_value", "number_value", "bool_value")


def read_struct(checks: Checks, path: str, struct: struct_pb2.Struct) -> dict[str, Json]:
    """The struct as JSON. Deeper than attributes may be it is not followed: the check of the depth sees enough."""
    return {key: _read(checks, f"{path}.{key}", value, 2) for key, value in struct.fields.items()}


def _read(checks: Checks, path: str, value: struct_pb2.Value, depth: int) -> Json:
    kind = value.WhichOneof("kind")
    if kind in _SCALARS:
        scalar: Json = getattr(value, kind)
        return scalar
    if kind == "struct_value":
        fields = value.struct_value.fields if depth <= MAX_DEPTH else {}
        return {key: _read(checks, path, item, depth + 1) for key, item in fields.items()}
    if kind == "list_value":
        items = value.list_value.values if depth <= MAX_DEPTH else ()
        return [_read(checks, path, item, depth + 1) for item in items]
    if kind is None:
        checks.refuse(path, "has no value; write null")
    return None
