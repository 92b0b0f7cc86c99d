"""`google.protobuf.Struct` as plain JSON values, and back."""

from __future__ import annotations

from collections.abc import Mapping

from google.protobuf import struct_pb2

from function_backend.services.auth.domain.attributes import DEEPEST, Json
from function_backend.services.auth.domain.checks import Checks

_SCALARS = ("string_value", "number_value", "bool_value")


def read_struct(checks: Checks, path: str, struct: struct_pb2.Struct) -> dict[str, Json]:
    """The struct as JSON. Deeper than attributes may be it is not followed: the check of the depth sees enough."""
    return {key: _read(checks, f"{path}.{key}", value, 2) for key, value in struct.fields.items()}


def struct(values: Mapping[str, Json]) -> struct_pb2.Struct | None:
    """The JSON as a struct; None stays absent for nothing."""
    if not values:
        return None
    made = struct_pb2.Struct()
    made.update(dict(values))
    return made


def _read(checks: Checks, path: str, value: struct_pb2.Value, depth: int) -> Json:
    kind = value.WhichOneof("kind")
    if kind in _SCALARS:
        scalar: Json = getattr(value, kind)
        return scalar
    if kind == "struct_value":
        fields = value.struct_value.fields if depth <= DEEPEST else {}
        return {key: _read(checks, path, item, depth + 1) for key, item in fields.items()}
    if kind == "list_value":
        items = value.list_value.values if depth <= DEEPEST else ()
        return [_read(checks, path, item, depth + 1) for item in items]
    if kind is None:
        checks.refuse(path, "has no value; write null")
    return None
