"""Columns of values as PostgreSQL arrays in its binary format.

A thousand rows are written as one statement over `unnest` of one array per column. COPY is closed to them: PostgreSQL
refuses it for a table with row-level security, and a temporary table to copy into would cost a second write per row and
entries in the catalogues. psycopg's own dumper of lists takes several times as long.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import psycopg
from psycopg import pq
from psycopg.adapt import Dumper

_OIDS = {"bytea": 17, "int8": 20, "text": 25, "date": 1082, "timestamptz": 1184, "uuid": 2950}

_HEADER = struct.Struct("!iiIii")
_INT8 = struct.Struct("!iq")
_INT4 = struct.Struct("!ii")
_NULL = b"\xff\xff\xff\xff"
# Most values are short, and looking their length up takes a third of the time of writing it.
_KNOWN_LENGTHS = 2048
_LENGTHS = [size.to_bytes(4, "big") for size in range(_KNOWN_LENGTHS)]
_UUID_LENGTH = _LENGTHS[16]

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_EPOCH_DAY = date(2000, 1, 1).toordinal()
_MICROSECOND = timedelta(microseconds=1)


class PgArray(bytes):
    """An array as PostgreSQL receives it; the statement says of what type, as in `%b::uuid[]`."""


def uuids(values: Sequence[UUID]) -> PgArray:
    """A `uuid[]`."""
    return _array("uuid", len(values), [_UUID_LENGTH + value.bytes for value in values])


def texts(values: Sequence[str]) -> PgArray:
    """A `text[]`."""
    return encoded_texts([value.encode() for value in values])


def encoded_texts(values: Sequence[bytes]) -> PgArray:
    """A `text[]` of texts that are UTF-8 already, such as JSON."""
    return _array("text", len(values), [part for value in values for part in (_length(value), value)])


def optional_texts(values: Sequence[bytes | None]) -> PgArray:
    """A `text[]` of texts that are UTF-8 already, some of which may be null."""
    return _array("text", len(values), _nullable(values))


def blobs(values: Sequence[bytes | None]) -> PgArray:
    """A `bytea[]`."""
    return _array("bytea", len(values), _nullable(values))


def integers(values: Sequence[int]) -> PgArray:
    """A `bigint[]`."""
    return _array("int8", len(values), [_INT8.pack(8, value) for value in values])


def moments(values: Sequence[datetime | None]) -> PgArray:
    """A `timestamptz[]`."""
    parts = []
    last, encoded = None, _NULL
    for value in values:
        # Rows that are written together often share the moment, and encoding one takes 0.5 µs.
        if value is not last:
            last, encoded = value, _moment(value)
        parts.append(encoded)
    return _array("timestamptz", len(values), parts)


def days(values: Sequence[date | None]) -> PgArray:
    """A `date[]`."""
    parts = [_NULL if value is None else _INT4.pack(4, value.toordinal() - _EPOCH_DAY) for value in values]
    return _array("date", len(values), parts)


def _nullable(values: Sequence[bytes | None]) -> list[bytes]:
    return [part for value in values for part in ((_NULL,) if value is None else (_length(value), value))]


def _length(value: bytes) -> bytes:
    size = len(value)
    return _LENGTHS[size] if size < _KNOWN_LENGTHS else size.to_bytes(4, "big")


def _moment(value: datetime | None) -> bytes:
    return _NULL if value is None else _INT8.pack(8, (value - _EPOCH) // _MICROSECOND)


def _array(kind: str, size: int, parts: Iterable[bytes]) -> PgArray:
    if size == 0:
        return PgArray(_HEADER.pack(0, 0, _OIDS[kind], 0, 0)[:12])
    return PgArray(_HEADER.pack(1, 1, _OIDS[kind], size, 1) + b"".join(parts))


class _PgArrayDumper(Dumper):
    format = pq.Format.BINARY
    oid = 0  # Unknown: the cast in the statement says it.

    def dump(self, obj: PgArray) -> PgArray:
        return obj


psycopg.adapters.register_dumper(PgArray, _PgArrayDumper)
