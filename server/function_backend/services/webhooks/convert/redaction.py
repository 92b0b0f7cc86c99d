"""Leaving out what the contract marks as sensitive."""

from __future__ import annotations

from functools import lru_cache

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import DecodeError, Message

from function.common.v1 import options_pb2

_KNOWN_TYPES = 1_000


def redacted(empty: Message, payload: bytes) -> bytes:
    """The message, of the type of the empty one, without what is sensitive, however deep it lies.

    ValueError for bytes that are no such message.
    """
    if not _holds_sensitive(empty.DESCRIPTOR):
        return payload
    try:
        empty.ParseFromString(payload)
    except DecodeError as error:
        raise ValueError(f"the payload is no {empty.DESCRIPTOR.full_name}") from error
    _clear(empty)
    return empty.SerializeToString()


def _clear(message: Message) -> None:
    message.DiscardUnknownFields()
    for field, value in message.ListFields():
        if is_sensitive(field):
            message.ClearField(field.name)
        elif field.message_type is None or not _holds_sensitive(field.message_type):
            continue
        elif field.message_type.GetOptions().map_entry:
            for each in value.values():
                _clear(each)
        elif field.is_repeated:
            for each in value:
                _clear(each)
        else:
            _clear(value)


def is_sensitive(field: FieldDescriptor) -> bool:
    """Whether the contract marks the field."""
    return bool(field.GetOptions().Extensions[options_pb2.sensitive])


@lru_cache(_KNOWN_TYPES)
def _holds_sensitive(descriptor: Descriptor) -> bool:
    """Whether a message of the type can hold anything sensitive."""
    seen, waiting = {descriptor.full_name}, [descriptor]
    while waiting:
        for field in waiting.pop().fields:
            if is_sensitive(field):
                return True
            inner = field.message_type
            if inner is not None and inner.full_name not in seen:
                seen.add(inner.full_name)
                waiting.append(inner)
    return False
