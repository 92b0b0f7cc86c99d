"""What an expression may say about a message, from its descriptor."""

from __future__ import annotations

from collections.abc import Iterator

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from tests.rules_engine.differential import vocabulary
from tests.rules_engine.differential.expressions import Names

_F = FieldDescriptor
_KINDS = {
    _F.CPPTYPE_BOOL: "bool",
    _F.CPPTYPE_INT32: "int",
    _F.CPPTYPE_INT64: "int",
    _F.CPPTYPE_ENUM: "int",
    _F.CPPTYPE_UINT32: "uint",
    _F.CPPTYPE_UINT64: "uint",
    _F.CPPTYPE_FLOAT: "double",
    _F.CPPTYPE_DOUBLE: "double",
}
_WELL_KNOWN = {
    "google.protobuf.Timestamp": "timestamp",
    "google.protobuf.Duration": "duration",
    "google.protobuf.BoolValue": "wrapped(bool)",
    "google.protobuf.Int64Value": "wrapped(int)",
    "google.protobuf.UInt64Value": "wrapped(uint)",
    "google.protobuf.DoubleValue": "wrapped(double)",
    "google.protobuf.StringValue": "wrapped(string)",
}
_DEPTH = 2
_STRUCT = (
    "has({0}.a)",
    "({0}.a == 1.0)",
    "({0}.a == 'x')",
    "({0}.b == true)",
    "('b' in {0})",
    "({0}.a != null)",
    "({0}.a > 0.5)",
    "{0}.exists(k, k == 'a')",
)


def kind(field: FieldDescriptor) -> str:
    """The type that CEL has for a value of a scalar field."""
    if field.cpp_type == _F.CPPTYPE_STRING:
        return "bytes" if field.type == _F.TYPE_BYTES else "string"
    return _KINDS[field.cpp_type]


def names(message: Descriptor, variable: str, depth: int = 0) -> Names:
    """What a message in a variable has."""
    leaves: dict[str, list[str]] = {}
    collections: list[tuple[str, str]] = []
    for field in message.fields:
        path = f"{variable}.{field.name}"
        leaves.setdefault("bool", []).append(f"has({path})")
        if field.is_repeated and field.message_type is not None and not field.message_type.GetOptions().map_entry:
            collections.append((path, field.message_type.full_name))
            leaves.setdefault("int", []).append(f"size({path})")
        for found, text in _leaves(field, path):
            leaves.setdefault(found, []).append(text)
        if field.message_type is not None and _is_nested(field) and depth < _DEPTH:
            inner = names(field.message_type, path, depth + 1)
            collections += inner.collections
            for found, texts in inner.leaves.items():
                leaves.setdefault(found, []).extend(texts)
    return Names(leaves, collections)


def elements(message: Descriptor) -> dict[str, Names]:
    """What the elements of repeated messages have, for a variable `v`, however deep they are."""
    found: dict[str, Names] = {}
    todo = [message]
    while todo:
        for field in todo.pop().fields:
            inner = field.message_type
            if inner is None or inner.full_name in found or inner.GetOptions().map_entry:
                continue
            if inner.full_name not in _WELL_KNOWN and inner.full_name != "google.protobuf.Struct":
                found[inner.full_name] = names(inner, "v", _DEPTH)
                todo.append(inner)
    return found


def _leaves(field: FieldDescriptor, path: str) -> Iterator[tuple[str, str]]:
    if field.message_type is None:
        found = kind(field)
        yield (f"list({found})" if field.is_repeated else found), path
        if not field.is_repeated:
            parent, _, name = path.rpartition(".")
            yield found, f"{parent}.?{name}.orValue({vocabulary.LITERALS[found][1]})"
    elif field.message_type.GetOptions().map_entry:
        key, value = (field.message_type.fields_by_name[name] for name in ("key", "value"))
        if value.message_type is None:
            yield f"map({kind(key)}, {kind(value)})", path
        yield "int", f"size({path})"
    elif field.message_type.full_name == "google.protobuf.Struct":
        yield from ((vocabulary.MAY_FAIL, text.format(path)) for text in _STRUCT)
    elif not field.is_repeated and field.message_type.full_name in _WELL_KNOWN:
        yield _WELL_KNOWN[field.message_type.full_name], path


def _is_nested(field: FieldDescriptor) -> bool:
    return (
        field.message_type is not None
        and not field.is_repeated
        and field.message_type.full_name not in _WELL_KNOWN
        and field.message_type.full_name != "google.protobuf.Struct"
    )
