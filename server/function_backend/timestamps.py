"""Moments and spans on the wire: what the contract's `Timestamp` and `Duration` hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, overload

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from function_backend.kernel.errors import FieldViolation, invalid_fields

if TYPE_CHECKING:
    from google.protobuf.message import Message

_NANOS = 1_000_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_moment(timestamp: Timestamp, field: str) -> datetime:
    """The moment, cut to microseconds; INVALID_ARGUMENT with the name of the field when it is none."""
    if not 0 <= timestamp.nanos < _NANOS:
        raise invalid_fields(FieldViolation(field, "has nanos outside 0 to 999,999,999"))
    try:
        return _EPOCH + timedelta(seconds=timestamp.seconds, microseconds=timestamp.nanos // 1000)
    except OverflowError:
        raise invalid_fields(FieldViolation(field, "lies outside the years 1 to 9999")) from None


def read_optional_moment(message: Message, field: str, place: str = "") -> datetime | None:
    """The moment in the field of the message, None when it is absent.

    INVALID_ARGUMENT when it is none, with the name of the field behind `place`, such as `notification.`.
    """
    return read_moment(getattr(message, field), f"{place}{field}") if message.HasField(field) else None


@overload
def timestamp(moment: datetime) -> Timestamp: ...
@overload
def timestamp(moment: datetime | None) -> Timestamp | None: ...
def timestamp(moment: datetime | None) -> Timestamp | None:
    """The moment on the wire; None stays absent."""
    if moment is None:
        return None
    since = moment - _EPOCH
    return Timestamp(seconds=since.days * 86_400 + since.seconds, nanos=since.microseconds * 1000)


@overload
def duration(span: timedelta) -> Duration: ...
@overload
def duration(span: timedelta | None) -> Duration | None: ...
def duration(span: timedelta | None) -> Duration | None:
    """The span on the wire; None stays absent."""
    return None if span is None else Duration(seconds=span.days * 86_400 + span.seconds, nanos=span.microseconds * 1000)
