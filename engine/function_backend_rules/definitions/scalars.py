"""What a text of a file means in a field that is no text: truth values, numbers, enums, times and free JSON."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import cast

from google.protobuf import struct_pb2, timestamp_pb2
from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor

from function_backend_rules.cel.names import nearest
from function_backend_rules.definitions.enum_names import number_of, short_names
from function_backend_rules.definitions.nodes import Mapping, Node, Scalar, Sequence, told

_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)", re.ASCII)
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)
_NOT_FINITE = {".nan": '"NaN"', ".inf": '"Infinity"', "+.inf": '"Infinity"', "-.inf": '"-Infinity"'}
_LIKE_TRUE = {"true", "yes", "on", "y", "1"}
_LIKE_FALSE = {"false", "no", "off", "n", "0"}
_LIMITS = {
    FieldDescriptor.CPPTYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.CPPTYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.CPPTYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.CPPTYPE_UINT64: (0, 2**64 - 1),
}
_MAX_SAFE_INTEGER = 2**53 - 1
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class ScalarRefusedError(ValueError):
    """A value does not fit its field."""

    def __init__(self, node: Node, message: str, suggestion: str | None = None, path: str = "") -> None:
        super().__init__(message)
        self.node = node
        self.message = message
        self.suggestion = suggestion
        self.path = path
        """From the field on, such as `.company.status`."""


def text_of(node: Node) -> str:
    """The text of a field that is one: whatever stands there, as it stands there.

    Raises:
        ScalarRefusedError: it is a list or a mapping, or holds half a character.
    """
    if not isinstance(node, Scalar):
        raise ScalarRefusedError(node, f"a text is expected here, and this is {told(node)}", "put quotes around it")
    try:
        node.text.encode()
    except UnicodeEncodeError:
        message = "the text holds half a character: \\ud800 to \\udfff stand in pairs"
        raise ScalarRefusedError(node, message) from None
    return node.text


def bool_of(node: Node) -> bool:
    """A truth value.

    Raises:
        ScalarRefusedError: it is none.
    """
    if isinstance(node, Scalar) and node.text in {"true", "false"}:
        return node.text == "true"
    like = node.text.lower() if isinstance(node, Scalar) else ""
    hint = "write true" if like in _LIKE_TRUE else "write false" if like in _LIKE_FALSE else None
    raise ScalarRefusedError(node, f"true or false is expected here, and this is {told(node)}", hint)


def integer_of(node: Node, field: FieldDescriptor) -> int:
    """A whole number within the range of its field.

    Raises:
        ScalarRefusedError: it is none.
    """
    text = node.text if isinstance(node, Scalar) else ""
    if not _DECIMAL.fullmatch(text):
        raise ScalarRefusedError(node, f"a whole number is expected here, and this is {told(node)}", _decimal(text))
    low, high = _LIMITS[field.cpp_type]
    # No number of a field has so many digits, and Python refuses to read very long ones.
    if len(text) > 25 or not low <= int(text) <= high:  # noqa: PLR2004
        raise ScalarRefusedError(node, f"{told(node)} is not between {low} and {high}")
    return int(text)


def _decimal(text: str) -> str | None:
    if len(text) > 25:  # noqa: PLR2004 - as above
        return None
    try:
        return f"write {int(text, 0)}"
    except ValueError:
        return f"write {int(text)}" if text.isascii() and text.isdecimal() else None


def enum_of(node: Node, field: FieldDescriptor) -> int:
    """The number of an enum's value.

    Raises:
        ScalarRefusedError: it is none.
    """
    text = node.text if isinstance(node, Scalar) else ""
    enum = cast("EnumDescriptor", field.enum_type)
    number = number_of(enum, text)
    if number is None:
        known = short_names(enum)
        hint = nearest(text.lower(), known) or f"one of {', '.join(known)}"
        raise ScalarRefusedError(node, f"{told(node)} is no {field.name.replace('_', ' ')}", hint)
    return number


def timestamp_of(node: Node) -> timestamp_pb2.Timestamp:
    """A point in time.

    Raises:
        ScalarRefusedError: it is none.
    """
    moment = timestamp_pb2.Timestamp()
    text = node.text if isinstance(node, Scalar) else ""
    try:
        moment.FromJsonString(text)
    except (ValueError, OverflowError):
        hint = f"{text}T00:00:00Z" if _DAY.fullmatch(text) else "such as 2026-01-31T12:00:00Z"
        raise ScalarRefusedError(node, f"{told(node)} is no time with a time zone", hint) from None
    return moment


def struct_of(node: Node) -> struct_pb2.Struct:
    """A mapping of free JSON.

    Raises:
        ScalarRefusedError: it is none.
    """
    if not isinstance(node, Mapping):
        raise ScalarRefusedError(node, f"a mapping is expected here, and this is {told(node)}")
    return struct_pb2.Struct(fields=dict(_entries(node)))


def value_of(node: Node) -> struct_pb2.Value:
    """Free JSON. Without quotes, `null`, `true`, `false` and the numbers of JSON are what they look like.

    All else is text, such as `on`, `NO`, `0o14`, `1_000` and `2026-01-31`: YAML has several answers to these.

    Raises:
        ScalarRefusedError: JSON has no such value.
    """
    if isinstance(node, Mapping):
        return struct_pb2.Value(struct_value=struct_of(node))
    if isinstance(node, Sequence):
        return struct_pb2.Value(list_value=struct_pb2.ListValue(values=_items(node)))
    text = text_of(node)
    if not node.plain or not is_special(text):
        return struct_pb2.Value(string_value=text)
    if text.lower() in _NOT_FINITE:
        raise ScalarRefusedError(node, f"JSON has no number {text}", f"write {_NOT_FINITE[text.lower()]}")
    if text in {"true", "false"}:
        return struct_pb2.Value(bool_value=text == "true")
    if not _NUMBER.fullmatch(text):
        return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
    return struct_pb2.Value(number_value=_number(node))


def is_special(text: str) -> bool:
    """Whether a text means something else than itself in free JSON, where it stands without quotes."""
    if text in {"", "~", "null", "true", "false"} or text.lower() in _NOT_FINITE:
        return True
    return _NUMBER.fullmatch(text) is not None


def _number(node: Scalar) -> float:
    number = float(node.text)
    if number in {float("inf"), float("-inf")}:
        raise ScalarRefusedError(node, f"{told(node)} is out of range")
    if _DECIMAL.fullmatch(node.text) and abs(number) > _MAX_SAFE_INTEGER:
        message = f"{told(node)} has more digits than a number of JSON keeps"
        raise ScalarRefusedError(node, message, "write it in quotes, as JSON does for 64 bits")
    return number


def _entries(node: Mapping) -> Iterator[tuple[str, struct_pb2.Value]]:
    seen: dict[str, Scalar] = {}
    for key, value in node.entries:
        name = text_of(key)
        if name in seen:
            raise ScalarRefusedError(key, f"{name!r} is there twice, first in line {seen[name].place.line}")
        seen[name] = key
        yield name, _inside(f".{name}", value_of, value)


def _items(node: Sequence) -> Iterator[struct_pb2.Value]:
    for number, item in enumerate(node.items):
        yield _inside(f"[{number}]", value_of, item)


def _inside(step: str, read: Callable[[Node], struct_pb2.Value], node: Node) -> struct_pb2.Value:
    try:
        return read(node)
    except ScalarRefusedError as error:
        raise ScalarRefusedError(error.node, error.message, error.suggestion, step + error.path) from None
