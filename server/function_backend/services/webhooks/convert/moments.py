"""Moments and spans on the wire."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from function_backend.kernel.errors import FieldViolation, invalid_fields

_NANOS = 1_000_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_moment(message: Message, field: str) -> datetime | None:
    """The moment in the field, None when it is absent; INVALID_ARGUMENT when it is none."""
    if not message.HasField(field):
        return None
    made: Timestamp = getattr(message, field)
    if not 0 <= made.nanos < _NANOS:
        raise invalid_fields(FieldViolation(field, "has nanos outside 0 to 999,999,999"))
    try:
        return _EPOCH + timedelta(seconds=made.seconds, microseconds=made.nanos // 1000)
    except OverflowError:
        raise invalid_fields(FieldViolation(field, "lies outside the years 1 to 9999")) from None


def timestamp(moment: datetime | None) -> Timestamp | None:
    """The moment on the wire; None stays absent."""
    if moment is None:
        return None
    since = moment - _EPOCH
    return Timestamp(seconds=since.days * 86_400 + since.seconds, nanos=since.microseconds * 1000)


def duration(span: timedelta) -> Duration:
    """The span on the wire."""
    return Duration(seconds=span.days * 86_400 + span.seconds, nanos=span.microseconds * 1000)
