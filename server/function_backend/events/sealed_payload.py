"""The payload of an event that has sensitive fields: the message without them, led by the sealed whole.

    tag of field 536,870,911 | length | the whole message, sealed for `event.payload:<event id>` | the message without

The field's number is the highest that protobuf has, which no message of the contract may use. So whoever parses the
payload without knowing of this gets the message without its sensitive fields, and something unknown that opens for
nobody else. What leaves the service leaves as `masked` says, or for those who may see it as `whole` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uuid import UUID

    from function_backend.persistence.unit_of_work import UnitOfWork

FIELD_NUMBER = 536_870_911

_TAG = b"\xfa\xff\xff\xff\x0f"
"""The field's number with the wire type of bytes, as a varint."""
_MORE = 0x80


def sealed_payload(work: UnitOfWork, event_id: UUID, *, whole: bytes, masked: bytes) -> bytes:
    """The payload to store for the message, given also without its sensitive fields."""
    sealed = work.fields.seal(whole, purpose=_purpose(event_id))
    return _TAG + _varint(len(sealed)) + sealed + masked


def is_sealed(payload: bytes) -> bool:
    """Whether there is more to the message than `masked` shows."""
    return payload.startswith(_TAG)


def masked(payload: bytes) -> bytes:
    """The message without its sensitive fields; as it was recorded when it has none."""
    return _parts(payload)[1] if is_sealed(payload) else payload


def whole(work: UnitOfWork, event_id: UUID, payload: bytes) -> bytes:
    """The message as it was recorded, for those who may see sensitive fields.

    Raises SecretLostError when the tenant's data key is gone.
    """
    if not is_sealed(payload):
        return payload
    return work.fields.open(_parts(payload)[0], purpose=_purpose(event_id))


def resealed(work: UnitOfWork, event_id: UUID, payload: bytes) -> bytes | None:
    """The payload under the tenant's newest data key; None when it is that already, or has nothing sealed."""
    if not is_sealed(payload):
        return None
    sealed, rest = _parts(payload)
    if work.fields.is_current(sealed):
        return None
    opened = work.fields.open(sealed, purpose=_purpose(event_id))
    return sealed_payload(work, event_id, whole=opened, masked=rest)


def _parts(payload: bytes) -> tuple[bytes, bytes]:
    length, shift, place = 0, 0, len(_TAG)
    while True:
        byte = payload[place]
        length |= (byte & ~_MORE) << shift
        place, shift = place + 1, shift + 7
        if byte < _MORE:
            return payload[place : place + length], payload[place + length :]


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number >= _MORE:
        encoded.append(number & ~_MORE & 0xFF | _MORE)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def _purpose(event_id: UUID) -> str:
    return f"event.payload:{event_id}"
