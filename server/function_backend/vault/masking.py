"""Messages without what the contract marks as sensitive, for wherever the caller is not known to be let see it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TypeVar

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from function.common.v1 import options_pb2

M = TypeVar("M", bound=Message)

SENSITIVE_READ = ".sensitive.read"
"""What the permission to see sensitive fields ends with; before it stands the domain, such as `auth`."""


def sensitive_permission(message_type: str) -> str:
    """The permission to see the sensitive fields of messages such as `function.auth.v1.UserCreated`."""
    return message_type.split(".")[1] + SENSITIVE_READ


def masked(message: M) -> M:
    """The message with its sensitive fields empty; the message itself when none is filled."""
    if not leads_to_sensitive(message.DESCRIPTOR):
        return message
    copy = type(message)()
    copy.CopyFrom(message)
    return copy if _empty(copy) else message


def masked_unless_seen(message: M, allows: Callable[[str], bool]) -> M:
    """The message as somebody may see it; `allows` says whether a permission is held."""
    return message if allows(sensitive_permission(message.DESCRIPTOR.full_name)) else masked(message)


def masked_payload(message_type: str, payload: bytes) -> bytes | None:
    """The message, serialised, with its sensitive fields empty; None when none is filled.

    A type that is not in the contract has none.
    """
    found = _message_class(message_type)
    if found is None:
        return None
    message = found.FromString(payload)
    return message.SerializeToString(deterministic=True) if _empty(message) else None


@cache
def _message_class(message_type: str) -> type[Message] | None:
    try:
        descriptor = descriptor_pool.Default().FindMessageTypeByName(message_type)
    except KeyError:
        return None
    return message_factory.GetMessageClass(descriptor) if leads_to_sensitive(descriptor) else None


def _empty(message: Message) -> bool:
    """Empties the sensitive fields of the message and of those in it; whether any was filled."""
    emptied = False
    for field, value in message.ListFields():
        if _is_sensitive(field):
            message.ClearField(field.name)
            emptied = True
        elif field.message_type is not None and leads_to_sensitive(field.message_type):
            for inner in _messages(field, value):
                emptied |= _empty(inner)
    return emptied


def _messages(field: FieldDescriptor, value: object) -> list[Message]:
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        return [each for each in value.values() if isinstance(each, Message)]  # type: ignore[attr-defined]
    return list(value) if field.is_repeated else [value]  # type: ignore[call-overload,list-item]


@cache
def leads_to_sensitive(descriptor: Descriptor) -> bool:
    """Whether the message, or one inside it, has a sensitive field."""
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
