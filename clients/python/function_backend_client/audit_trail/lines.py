"""The lines of an exported trail: a header, records and checkpoints, each a JSON object in one exact form.

A line is what `json.dumps` writes with the members in the order given here, no space between them, and characters as
themselves. A verifier writes each line again and compares: so a line cannot say one thing to one reader and another
thing to another, as one with a member twice would.
"""

from __future__ import annotations

import datetime as dt
import json
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
_UUID_LENGTH = 36
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def write(members: dict[str, Any]) -> str:
    """The line of these members, without its end."""
    return _encode(members)


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
    if len(text) != _MOMENT_LENGTH or text[4:20:3] != "--T::." or text[26] != "Z":
        raise ValueError("has a time in another form")
    since = dt.datetime.fromisoformat(text) - _EPOCH
    return since.days * 86_400_000_000 + since.seconds * 1_000_000 + since.microseconds


def bytes_of(text: str) -> bytes:
    """The bytes of lower-case hex. Raises ValueError for another text."""
    found = bytes.fromhex(text)
    if found.hex() != text:
        raise ValueError("has bytes in another form")
    return found


def uuid_bytes(text: str) -> bytes:
    """The 16 bytes of a UUID in lower case. Raises ValueError for another text."""
    if len(text) != _UUID_LENGTH or text[8:24:5] != "----":
        raise ValueError("has an id in another form")
    return bytes_of(text.replace("-", ""))
