"""Records of an exported trail: what a line says, and the hash that it must carry."""

from __future__ import annotations

import hashlib
import json
import re
from functools import lru_cache
from typing import Final, NamedTuple

from function_backend_client.audit_trail import lines

BEGINNING: Final = '{"type":"record",'
"""How the line of a record begins."""

_FORMAT = b"function-backend audit record 1"
_NULL = b"\xff\xff\xff\xff"
_ID, _NUMBER, _HASH = ((size).to_bytes(4, "big") for size in (16, 8, 32))
_DETAILS = ',"details":'
_ENDING = re.compile(r',"prev_hash":"([0-9a-f]{64})","hash":"([0-9a-f]{64})"\}')
_ENDING_LENGTH = len(',"prev_hash":"","hash":""}') + 2 * 64
_REMEMBERED = 4096


def _head() -> str:
    shapes = {
        "type": '"record"',
        "seq": "(0|[1-9][0-9]{0,17})",
        "before_digest": '(?:null|"([^"]*)")',
        "after_digest": '(?:null|"([^"]*)")',
    }
    names = lines.RECORD[: lines.RECORD.index("details")]
    return r"\{" + ",".join(f'"{name}":' + shapes.get(name, '"([^"]*)"') for name in names)


# Of a line in which nothing is escaped before the details, as in nearly every one: finding its parts takes a quarter of
# parsing it and writing it again, and is as strict.
_HEAD = re.compile(_head())


class RecordLine(NamedTuple):
    """What the verifier needs of a record; hashes in hex."""

    seq: int
    prev_hash: str
    hash: str
    digest: str
    """The hash that the record must carry."""


def read_record(text: str, tenant: bytes) -> RecordLine:
    """The record of a line, of the tenant with these 16 bytes. Raises ValueError unless it is one in its one form."""
    head, _, rest = text.partition(_DETAILS)
    ending = _ENDING.fullmatch(rest, max(len(rest) - _ENDING_LENGTH, 0))
    # What cannot be printed may be a control character, which has to be escaped.
    plain = _HEAD.fullmatch(head) if ending is not None and "\\" not in head and head.isprintable() else None
    if plain is None or ending is None:
        members = lines.read(text)
        if tuple(members) != lines.RECORD or type(members["seq"]) is not int:
            raise ValueError("is not a record of this format")
        return _record(tenant, *[members[name] for name in lines.RECORD[1:]])
    seq, *others = plain.groups()
    return _record(tenant, int(seq), *others, _details(rest[:-_ENDING_LENGTH]), *ending.groups())


def _details(text: str) -> str | None:
    details = json.loads(text)
    if details is not None and (type(details) is not str or lines.write(details) != text):
        raise ValueError("is not written as this format writes it")
    return details


def _record(  # noqa: PLR0913, PLR0917  One for each member.
    tenant: bytes,
    seq: int,
    recorded_at: str,
    actor: str,
    method: str,
    request_id: str,
    event_id: str,
    event_type: str,
    resource_type: str,
    resource_id: str,
    before_digest: str | None,
    after_digest: str | None,
    details: str | None,
    prev_hash: str,
    own_hash: str,
) -> RecordLine:
    content = b"".join(
        (
            _FORMAT,
            _HASH,
            lines.bytes_of(prev_hash),
            _ID,
            tenant,
            _NUMBER,
            seq.to_bytes(8, "big", signed=True),
            _NUMBER,
            lines.micros_of(recorded_at).to_bytes(8, "big", signed=True),
            _repeated(actor),
            _repeated(method),
            _text(request_id),
            _ID,
            lines.uuid_bytes(event_id),
            _repeated(event_type),
            _repeated(resource_type),
            _ID,
            lines.uuid_bytes(resource_id),
            _NULL if before_digest is None else _part(lines.bytes_of(before_digest)),
            _NULL if after_digest is None else _part(lines.bytes_of(after_digest)),
            _NULL if details is None else _text(details),
        )
    )
    return RecordLine(seq, prev_hash, own_hash, hashlib.sha256(content).hexdigest())


def _part(value: bytes) -> bytes:
    return len(value).to_bytes(4, "big") + value


def _text(text: str) -> bytes:
    return _part(text.encode())


# The same actors, methods and types come again and again.
_repeated = lru_cache(_REMEMBERED)(_text)
