"""Any definition at all, whether it makes sense or not."""

from __future__ import annotations

from typing import Any, cast

from google.protobuf import struct_pb2, timestamp_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from hypothesis import strategies as st

from function.rules.v1 import definition_pb2

TRICKY = st.sampled_from(
    [
        *(
            "true",
            "false",
            "null",
            "~",
            "on",
            "off",
            "yes",
            "NO",
            "y",
            "1_000",
            "0o14",
            "014",
            "0x1F",
            "1e3",
            "1.5",
            ".5",
        ),
        *(
            ".nan",
            "-.inf",
            "12:30",
            "2026-01-31",
            "2026-01-31T00:00:00Z",
            "<<",
            "=",
            "-",
            "*",
            "&a",
            "!x",
            "%a",
            "@",
            "`",
        ),
        *(
            "< 10",
            "[1..10)",
            "> 5, < 3",
            "- a",
            "? b",
            ": c",
            "a: b",
            "a #b",
            "# c",
            "'",
            '"',
            "{}",
            "[]",
            "|",
            ">",
            "---",
        ),
        *(
            "...",
            "a\nb",
            "\n",
            " \n",
            "\n a",
            "a\n",
            "a\n\n",
            "a \nb",
            " a",
            "a ",
            "\ta",
            "a\tb",
            "\r",
            "a\r\nb",
            "\x85",
            "\u2028",
        ),
        *("\ufeff", "\ufeffa", "\0", "\x7f", "é", "😀", "\u3000", "\\", "a\\nb", "  a\n b", "a\n  b\n", "a: |\n  b"),
    ]
)
TEXTS = TRICKY | st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | FINITE | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


def value(content: object) -> struct_pb2.Value:
    """Free JSON as a message."""
    if isinstance(content, dict):
        return struct_pb2.Value(struct_value=struct(content))
    if isinstance(content, list):
        return struct_pb2.Value(list_value=struct_pb2.ListValue(values=map(value, content)))
    if content is None:
        return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
    if isinstance(content, bool):
        return struct_pb2.Value(bool_value=content)
    if isinstance(content, str):
        return struct_pb2.Value(string_value=content)
    return struct_pb2.Value(number_value=cast("float", content))


def struct(content: dict[str, Any]) -> struct_pb2.Struct:
    """A mapping of free JSON as a message."""
    return struct_pb2.Struct(fields={key: value(each) for key, each in content.items()})


FREE: dict[str, st.SearchStrategy[Message]] = {
    "google.protobuf.Struct": st.dictionaries(TEXTS, VALUES, max_size=3).map(struct),
    "google.protobuf.Value": VALUES.map(value),
    "google.protobuf.Timestamp": st.builds(
        timestamp_pb2.Timestamp,
        seconds=st.integers(-62135596800, 253402300799),
        nanos=st.integers(0, 999_999_999),
    ),
}
SCALARS = {
    FieldDescriptor.CPPTYPE_STRING: TEXTS,
    FieldDescriptor.CPPTYPE_BOOL: st.booleans(),
    FieldDescriptor.CPPTYPE_INT32: st.integers(-(2**31), 2**31 - 1),
    FieldDescriptor.CPPTYPE_UINT32: st.integers(0, 2**32 - 1),
    # Of a newer contract as well.
    FieldDescriptor.CPPTYPE_ENUM: st.integers(0, 7),
}


@st.composite
def messages(draw: st.DrawFn, descriptor: Descriptor, kind: type[Message]) -> Message:
    """A message of a kind with any fields."""
    made = kind()
    for field in descriptor.fields:
        if not draw(st.booleans()):
            continue
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            getattr(made, field.name).update(draw(st.dictionaries(TEXTS, TEXTS, max_size=3)))
        elif field.is_repeated:
            getattr(made, field.name).extend(draw(st.lists(_single(field), max_size=3)))
        elif field.message_type is not None:
            inner = getattr(made, field.name)
            inner.SetInParent()
            inner.CopyFrom(draw(_single(field)))
        else:
            setattr(made, field.name, draw(_single(field)))
    return made


def _single(field: FieldDescriptor) -> st.SearchStrategy[Any]:
    if field.message_type is None:
        return SCALARS[field.cpp_type]
    if field.message_type.full_name in FREE:
        return FREE[field.message_type.full_name]
    return messages(field.message_type, getattr(definition_pb2, field.message_type.name))


DEFINITIONS = messages(definition_pb2.Definition.DESCRIPTOR, definition_pb2.Definition)
