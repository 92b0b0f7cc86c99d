"""Between the values and types of the conformance cases, which are messages, and those of the engine."""

from __future__ import annotations

from typing import Any

from function_backend_rules.cel import values
from tests.rules_engine import canonical
from tests.rules_engine.canonical import Canonical
from tests.rules_engine.conformance import spec

_NUMBERS = {"int64_value": "int", "uint64_value": "uint", "string_value": "string", "bytes_value": "bytes"}
_PRIMITIVES = {1: "bool", 2: "int", 3: "uint", 4: "double", 5: "string", 6: "bytes"}
_WELL_KNOWN = {1: "any", 2: "timestamp", 3: "duration"}


def expected(value: Any) -> Canonical:  # noqa: PLR0911 - a cel.expr.Value; one line for each kind
    """The canonical form of a `cel.expr.Value`."""
    kind = value.WhichOneof("kind")
    held = getattr(value, kind) if kind else None
    if kind in _NUMBERS:
        return Canonical(_NUMBERS[kind], held)
    match kind:
        case "null_value":
            return canonical.NULL
        case "bool_value":
            return Canonical("bool", held)
        case "double_value":
            return canonical.double(value.double_value)
        case "enum_value":
            return Canonical("int", value.enum_value.value)
        case "type_value":
            return Canonical("type", held)
        case "list_value":
            return canonical.listed(expected(item) for item in value.list_value.values)
        case "map_value":
            entries = value.map_value.entries
            return canonical.mapped((expected(entry.key), expected(entry.value)) for entry in entries)
        case "object_value":
            return canonical.message(_unpacked(value.object_value))
    raise ValueError(f"a case expects a value without a kind: {value}")


def bound(value: Any) -> object:  # noqa: PLR0911 - a cel.expr.Value; one line for each kind
    """The run-time value of the engine for a `cel.expr.Value` that a variable is bound to."""
    kind = value.WhichOneof("kind")
    match kind:
        case "null_value":
            return None
        case "uint64_value":
            return values.UInt(value.uint64_value)
        case "list_value":
            return [bound(item) for item in value.list_value.values]
        case "map_value":
            return {bound(entry.key): bound(entry.value) for entry in value.map_value.entries}
        case "object_value":
            return _run_time(_unpacked(value.object_value))
        case "type_value":
            return values.TypeValue(value.type_value)
    held: object = getattr(value, kind)
    return held


def _unpacked(packed: Any) -> Any:
    return spec.message_class(packed.type_url.rpartition("/")[2]).FromString(packed.value)


def _run_time(message: Any) -> object:
    found = canonical.message(message)
    if found.kind == "timestamp":
        return values.Timestamp(found.content)
    return values.Duration(found.content) if found.kind == "duration" else message


def type_text(declared: Any) -> str:  # noqa: PLR0911 - a cel.expr.Type; one line for each kind
    """The text of a `cel.expr.Type`, as an environment takes it and as a checked expression gives it."""
    kind = declared.WhichOneof("type_kind")
    match kind:
        case "primitive":
            return _PRIMITIVES[declared.primitive]
        case "wrapper":
            return f"wrapper({_PRIMITIVES[declared.wrapper]})"
        case "well_known":
            return _WELL_KNOWN[declared.well_known]
        case "list_type":
            return f"list({type_text(declared.list_type.elem_type)})"
        case "map_type":
            key, item = declared.map_type.key_type, declared.map_type.value_type
            return f"map({type_text(key)}, {type_text(item)})"
        case "null":
            return "null_type"
        case "type":
            return f"type({type_text(declared.type)})" if declared.type.WhichOneof("type_kind") else "type"
        case "abstract_type":
            inside = ", ".join(map(type_text, declared.abstract_type.parameter_types))
            return f"{declared.abstract_type.name}({inside})"
    # A message by its name, a type parameter by its letter; dyn and error say what they are.
    return str(getattr(declared, kind)) if kind in {"message_type", "type_param"} else str(kind)
