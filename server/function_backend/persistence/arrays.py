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
_UUID_LENGTH = (16).to_bytes(4, "big")

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
    return _variable("text", [value.encode() for value in values])


def encoded_texts(values: Sequence[bytes]) -> PgArray:
    """A `text[]` of texts that are UTF-8 already, such as JSON."""
    return _variable("text", values)


def blobs(values: Sequence[bytes | None]) -> PgArray:
    """A `bytea[]`."""
    return _variable("bytea", values)


def integers(values: Sequence[int]) -> PgArray:
    """A `bigint[]`."""
    return _array("int8", len(values), [_INT8.pack(8, value) for value in values])


def moments(values: Sequence[datetime | None]) -> PgArray:
    """A `timestamptz[]`."""
    return _array("timestamptz", len(values), [_moment(value) for value in values])


def days(values: Sequence[date | None]) -> PgArray:
    """A `date[]`."""
    parts = [_NULL if value is None else _INT4.pack(4, value.toordinal() - _EPOCH_DAY) for value in values]
    return _array("date", len(values), parts)


def _variable(kind: str, values: Sequence[bytes | None]) -> PgArray:
    parts = []
    for value in values:
        if value is None:
            parts.append(_NULL)
        else:
            parts.append(len(value).to_bytes(4, "big"))
            parts.append(value)
    return _array(kind, len(values), parts)


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
