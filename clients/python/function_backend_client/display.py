"""Messages as one readable line, without what the contract marks as secret."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from google.protobuf import json_format, struct_pb2, timestamp_pb2
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.type import date_pb2

_LONGEST = 500


def describe(message: Message, *, longest: int = _LONGEST) -> str:
    """One line such as `Company(id='…', legal_name='Example GmbH', status=ACTIVE)`.

    Fields marked `debug_redact` in the contract show as `***`; a line longer than `longest` ends in `…`.
    """
    text = _message(message)
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _message(message: Message) -> str:
    if isinstance(message, timestamp_pb2.Timestamp):
        return message.ToJsonString()
    if isinstance(message, date_pb2.Date):
        return f"{message.year:04}-{message.month:02}-{message.day:02}"
    if isinstance(message, struct_pb2.Struct):
        return repr(json_format.MessageToDict(message))
    return f"{message.DESCRIPTOR.name}({', '.join(_fields(message))})"


def _fields(message: Message) -> Iterator[str]:
    for field, value in message.ListFields():
        if field.GetOptions().debug_redact:
            yield f"{field.name}=***"
        elif field.message_type is not None and field.message_type.GetOptions().map_entry:
            yield f"{field.name}={dict(value)!r}"
        elif field.is_repeated:
            yield f"{field.name}=[{', '.join(_value(field, item) for item in value)}]"
        else:
            yield f"{field.name}={_value(field, value)}"


def _value(field: FieldDescriptor, value: Any) -> str:  # noqa: ANN401  Whatever a field can hold.
    if isinstance(value, Message):
        return _message(value)
    if field.enum_type is not None:
        return enum_text(field, value)
    return repr(value)


def enum_text(field: FieldDescriptor, number: int) -> str:
    """The short name of an enum value, such as `ACTIVE` for `COMPANY_STATUS_ACTIVE`."""
    enum = field.enum_type
    known = None if enum is None else enum.values_by_number.get(number)
    return str(number) if known is None else known.name.removeprefix(_prefix(known.type.name))


def _prefix(enum_name: str) -> str:
    letters = [f"_{letter}" if letter.isupper() else letter.upper() for letter in enum_name]
    return "".join(letters).removeprefix("_") + "_"


def as_datetime(timestamp: timestamp_pb2.Timestamp) -> dt.datetime:
    """The moment as an aware datetime in UTC."""
    return timestamp.ToDatetime(tzinfo=dt.UTC)
