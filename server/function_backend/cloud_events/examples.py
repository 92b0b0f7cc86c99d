"""An example of each type of events: every field filled with something plausible, always the same."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from google.protobuf.descriptor import FieldDescriptor

from function_backend.events.log import LoggedEvent

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from function_backend.cloud_events.catalogue import EventType

_ANY = "company"
"""What the example of a type is about that may be about anything."""
_MOMENT = datetime(2026, 11, 1, 12, 0, 0, 250_000, tzinfo=UTC)
_TENANT = UUID("01938d2e-0000-7000-8000-000000000001")
_EVENT = UUID("01938d2e-0000-7000-8000-0000000000e1")
_SUBJECT = UUID("01938d2e-0000-7000-8000-0000000000a1")
_DEEPEST = 3
_TEXTS = {
    "legal_name": "Acme GmbH",
    "display_name": "Acme",
    "user_name": "jane",
    "email": "jane@example.com",
    "jurisdiction": "DE",
    "country": "DE",
    "country_code": "DE",
    "language": "en",
    "currency": "EUR",
    "url": "https://example.com",
    "website": "https://example.com",
    "client_address": "192.0.2.7",
    "comment": "Approved by the board.",
    "etag": "1",
    "scheme": "lei",
    "permission": "company.read",
    "permissions": "company.read",
    "changed_fields": "display_name",
    "paths": "legal_name",
}
_NUMBERS = {
    FieldDescriptor.CPPTYPE_INT32,
    FieldDescriptor.CPPTYPE_INT64,
    FieldDescriptor.CPPTYPE_UINT32,
    FieldDescriptor.CPPTYPE_UINT64,
}
_FRACTIONS = {FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_FLOAT}
_TIMESTAMP = "google.protobuf.Timestamp"
_OPEN_ENDED = {"google.protobuf.Struct", "google.protobuf.Value", "google.protobuf.ListValue", "google.protobuf.Any"}


@cache
def example_of(event_type: EventType) -> LoggedEvent:
    """The example of the type."""
    message = event_type.message()
    _fill(message, depth=0)
    return LoggedEvent(
        tenant_id=_TENANT,
        position=42,
        id=_EVENT,
        type=event_type.name,
        subject_type=event_type.subject_type or _ANY,
        subject_id=_SUBJECT,
        sequence=1,
        occurred_at=_MOMENT,
        recorded_at=_MOMENT,
        labels={},
        trace_context="",
        payload=message.SerializeToString(deterministic=True),
        actor="",
    )


def _fill(message: Message, *, depth: int) -> None:
    chosen: set[str] = set()
    # The stubs know two kinds of descriptors, which are one.
    for field in cast("list[FieldDescriptor]", message.DESCRIPTOR.fields):
        oneof = field.containing_oneof
        if oneof is not None:
            if oneof.name in chosen:
                continue
            chosen.add(oneof.name)
        if field.message_type is None:
            _set(message, field)
        elif field.message_type.full_name == _TIMESTAMP:
            if not field.is_repeated:
                getattr(message, field.name).FromDatetime(_MOMENT)
        elif depth < _DEEPEST and field.message_type.full_name not in _OPEN_ENDED:
            _fill_inner(message, field, depth=depth)


def _fill_inner(message: Message, field: FieldDescriptor, *, depth: int) -> None:
    entry = field.message_type
    if entry is not None and entry.GetOptions().map_entry:
        value = entry.fields_by_name["value"]
        if value.message_type is None:
            getattr(message, field.name)["team"] = _scalar(value)
        return
    inner = getattr(message, field.name)
    _fill(inner.add() if field.is_repeated else inner, depth=depth + 1)


def _set(message: Message, field: FieldDescriptor) -> None:
    value = _scalar(field)
    if field.is_repeated:
        getattr(message, field.name).append(value)
    else:
        setattr(message, field.name, value)


def _scalar(field: FieldDescriptor) -> Any:  # noqa: ANN401 - a value of whatever type the field has
    kind = field.cpp_type
    if kind == FieldDescriptor.CPPTYPE_ENUM:
        values = field.enum_type.values if field.enum_type is not None else []
        return next((value.number for value in values if value.number), 0)
    if kind in _NUMBERS:
        return 1
    if kind in _FRACTIONS:
        return 0.5
    if kind == FieldDescriptor.CPPTYPE_BOOL:
        return True
    if field.type == FieldDescriptor.TYPE_BYTES:
        return b""
    return _text(field.name)


def _text(name: str) -> str:
    if name in _TEXTS:
        return _TEXTS[name]
    if name in {"id", "ids"} or name.endswith(("_id", "_ids")):
        return str(_SUBJECT)
    return "example"
