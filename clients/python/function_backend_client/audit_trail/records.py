"""Records of an exported trail: what a line says, and the hash that it must carry."""

from __future__ import annotations

import re
import struct
from functools import lru_cache
from hashlib import sha256
from json.decoder import scanstring  # type: ignore[attr-defined]
from json.encoder import encode_basestring
from typing import Any, Final, NamedTuple

from function_backend_client.audit_trail import lines

BEGINNING: Final = '{"type":"record",'
"""How the line of a record begins."""

_FORMAT = b"function-backend audit record 1"
_NULL = b"\xff\xff\xff\xff"
_ID = (16).to_bytes(4, "big")
# The hash before, the tenant, the place and the time, each with its length.
_LENGTH = struct.Struct(">I").pack
_PLACE = struct.Struct(">I32sI16sIqIq").pack
_DETAILS = ',"details":'
_ENDING = (',"prev_hash":"', '","hash":"', '"}')
_HEX = 64
_ENDING_LENGTH = sum(map(len, _ENDING)) + 2 * _HEX
_PREV = len(_ENDING[0])
_OWN = _PREV + _HEX + len(_ENDING[1])
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
    ending = rest[-_ENDING_LENGTH:]
    prev_hash, own_hash = ending[_PREV : _PREV + _HEX], ending[_OWN : _OWN + _HEX]
    is_ending = f"{_ENDING[0]}{prev_hash}{_ENDING[1]}{own_hash}{_ENDING[2]}" == ending
    plain = _HEAD.fullmatch(head) if is_ending and "\\" not in head else None
    if plain is None or not all(map(_is_plain, plain.group(3, 4, 7, 8))) or not plain[5].isprintable():
        said = lines.read(text)
        if tuple(said) != lines.RECORD or type(said["seq"]) is not int:
            raise ValueError("is not a record of this format")
        return _record(tenant, *[said[name] for name in lines.RECORD[1:]])
    seq, *others = plain.groups()
    members: list[Any] = [int(seq), *others, _details(rest[:-_ENDING_LENGTH]), prev_hash, own_hash]
    return _record(tenant, *members)


def _details(text: str) -> str | None:
    if text == "null":
        return None
    if not text.startswith('"'):
        raise ValueError("has details that are no text")
    details: str
    details, end = scanstring(text, 1)
    if end != len(text) or encode_basestring(details) != text:
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
    if len(prev_hash) != _HEX:
        raise ValueError("has a hash of another length")
    content = b"".join(
        (
            _FORMAT,
            _PLACE(32, lines.bytes_of(prev_hash), 16, tenant, 8, seq, 8, lines.micros_of(recorded_at)),
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
    return RecordLine(seq, prev_hash, own_hash, sha256(content).hexdigest())


def _part(value: bytes) -> bytes:
    return _LENGTH(len(value)) + value


def _text(text: str) -> bytes:
    return _part(text.encode())


# The same actors, methods and types come again and again.
_repeated = lru_cache(_REMEMBERED)(_text)
# What cannot be printed may be a control character, which has to be escaped.
_is_plain = lru_cache(_REMEMBERED)(str.isprintable)
