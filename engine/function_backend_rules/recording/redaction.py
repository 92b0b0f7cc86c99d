"""Leaves out of what is kept what the contract calls sensitive."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from function.common.v1 import options_pb2


def redacted(value: Any) -> tuple[Any, bool]:
    """The value with sensitive fields empty, and whether any was filled; the value itself when none was."""
    if isinstance(value, Message):
        if not _leads_to_sensitive(value.DESCRIPTOR):
            return value, False
        copy = type(value)()
        copy.CopyFrom(value)
        return (copy, True) if _empty(copy) else (value, False)
    if isinstance(value, Mapping):
        items = {key: redacted(item) for key, item in value.items()}
        changed = any(was for _, was in items.values())
        return ({key: item for key, (item, _) in items.items()}, True) if changed else (value, False)
    if isinstance(value, str | bytes) or not hasattr(value, "__iter__"):
        return value, False
    found = [redacted(item) for item in value]
    return ([item for item, _ in found], True) if any(was for _, was in found) else (value, False)


def _empty(message: Message) -> bool:
    """Empties the sensitive fields of the message and of those in it; whether any was filled."""
    emptied = False
    for field, value in message.ListFields():
        if _is_sensitive(field):
            message.ClearField(field.name)
            emptied = True
        elif field.message_type is not None and _leads_to_sensitive(field.message_type):
            for inner in _messages(field, value):
                emptied |= _empty(inner)
    return emptied


def _messages(field: FieldDescriptor, value: Any) -> list[Message]:
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        return [value[key] for key in value if isinstance(value[key], Message)]
    return list(value) if field.is_repeated else [value]


@cache
def _leads_to_sensitive(descriptor: Descriptor) -> bool:
    waiting, seen = [descriptor], {descriptor.full_name}
    while waiting:
        for field in waiting.pop().fields:
            if _is_sensitive(field):
                return True
            inner = field.message_type
            if inner is not None and inner.full_name not in seen:
                seen.add(inner.full_name)
                waiting.append(inner)
    return False


def _is_sensitive(field: FieldDescriptor) -> bool:
    sensitive: bool = field.GetOptions().Extensions[options_pb2.sensitive]
    return sensitive
