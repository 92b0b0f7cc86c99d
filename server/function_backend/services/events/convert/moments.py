"""Times on the wire."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from google.protobuf.timestamp_pb2 import Timestamp

from function_backend.kernel.errors import FieldViolation, invalid_fields

_NANOS = 1_000_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_moment(timestamp: Timestamp, field: str) -> datetime:
    """The moment; INVALID_ARGUMENT with the name of the field when it is none."""
    if not 0 <= timestamp.nanos < _NANOS:
        raise invalid_fields(FieldViolation(field, "has nanos outside 0 to 999,999,999"))
    try:
        return _EPOCH + timedelta(seconds=timestamp.seconds, microseconds=timestamp.nanos // 1000)
    except OverflowError:
        raise invalid_fields(FieldViolation(field, "lies outside the years 1 to 9999")) from None
