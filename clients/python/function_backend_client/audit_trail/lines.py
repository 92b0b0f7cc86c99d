"""The lines of an exported trail: a header, records and checkpoints, each a JSON object in one exact form.

A line is what `json.dumps` writes with the members in the order given here, no space between them, and characters as
themselves. A verifier writes each line again and compares: so a line cannot say one thing to one reader and another
thing to another, as one with a member twice would.
"""

from __future__ import annotations

import datetime as dt
import json
from functools import lru_cache
from typing import Any, Final

from google.protobuf.timestamp_pb2 import Timestamp

from function.audit.v1 import audit_pb2, audit_service_pb2

FORMAT: Final = "function-backend audit export 1"
HEADER: Final = ("type", "format", "tenant_id", "first_seq", "last_seq")
RECORD: Final = (
    "type",
    "seq",
    "recorded_at",
    "actor",
    "method",
    "request_id",
    "event_id",
    "event_type",
    "resource_type",
    "resource_id",
    "before_digest",
    "after_digest",
    "details",
    "prev_hash",
    "hash",
)
CHECKPOINT: Final = ("type", "tenant_id", "seq", "hash", "signed_at", "key_id", "signature")

_EPOCH = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
_UNIX_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MOMENT_LENGTH = len("2000-01-01T00:00:00.000000Z")
_UUID_LENGTH, _UUID_BYTES = 36, 16
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def write(value: dict[str, Any] | str) -> str:
    """The line of these members, without its end, or a text as it stands in one."""
    return _encode(value)


def read(text: str) -> dict[str, Any]:
    """The members of a line. Raises ValueError unless it is a JSON object in its one form."""
    members = json.loads(text)
    if type(members) is not dict or _encode(members) != text:
        raise ValueError("is not written as this format writes it")
    return members


def header_line(bounds: audit_service_pb2.AuditExportBounds) -> str:
    """The first line of an export."""
    return write(
        {
            "type": "header",
            "format": FORMAT,
            "tenant_id": bounds.tenant_id,
            "first_seq": bounds.first_seq,
            "last_seq": bounds.last_seq,
        }
    )


def record_line(record: audit_pb2.AuditRecord) -> str:
    """The line of a record."""
    return write(
        {
            "type": "record",
            "seq": record.seq,
            "recorded_at": moment_text(record.record_time),
            "actor": record.actor,
            "method": record.method,
            "request_id": record.request_id,
            "event_id": record.event_id,
            "event_type": record.event_type,
            "resource_type": record.resource_type,
            "resource_id": record.resource_id,
            "before_digest": record.before_digest.hex() if record.HasField("before_digest") else None,
            "after_digest": record.after_digest.hex() if record.HasField("after_digest") else None,
            "details": record.details if record.HasField("details") else None,
            "prev_hash": record.prev_hash.hex(),
            "hash": record.hash.hex(),
        }
    )


def checkpoint_line(checkpoint: audit_pb2.AuditCheckpoint) -> str:
    """The line of a checkpoint."""
    return write(
        {
            "type": "checkpoint",
            "tenant_id": checkpoint.tenant_id,
            "seq": checkpoint.seq,
            "hash": checkpoint.hash.hex(),
            "signed_at": moment_text(checkpoint.sign_time),
            "key_id": checkpoint.key_id,
            "signature": checkpoint.signature.hex(),
        }
    )


def moment_text(moment: Timestamp) -> str:
    """A time to the microsecond in UTC, such as `2026-11-26T08:00:00.123456Z`."""
    at = _UNIX_EPOCH + dt.timedelta(seconds=moment.seconds, microseconds=moment.nanos // 1000)
    return at.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def micros_of(text: str) -> int:
    """The microseconds since 2000 of such a time. Raises ValueError for a time in another form."""
    fraction = text[20:26]
    if len(text) != _MOMENT_LENGTH or text[19] != "." or text[26] != "Z" or not (fraction + "0").isdecimal():
        raise ValueError("has a time in another form")
    return _second_of(text[:19]) + int(fraction)


@lru_cache(1024)
def _second_of(text: str) -> int:
    # What is written at the same time is read one after the other.
    if text[4::3] != "--T::" or not text.isascii():
        raise ValueError("has a time in another form")
    since = dt.datetime.fromisoformat(text + "Z") - _EPOCH
    return since.days * 86_400_000_000 + since.seconds * 1_000_000


def bytes_of(text: str) -> bytes:
    """The bytes of lower-case hex. Raises ValueError for another text."""
    found = bytes.fromhex(text)
    # Capitals and spaces between the bytes would be read as well.
    if len(text) != 2 * len(found) or text.lower() != text:
        raise ValueError("has bytes in another form")
    return found


def uuid_bytes(text: str) -> bytes:
    """The 16 bytes of a UUID in lower case. Raises ValueError for another text."""
    found = bytes.fromhex(text.replace("-", ""))
    if len(text) != _UUID_LENGTH or len(found) != _UUID_BYTES or text[8:24:5] != "----" or text.lower() != text:
        raise ValueError("has an id in another form")
    return found
