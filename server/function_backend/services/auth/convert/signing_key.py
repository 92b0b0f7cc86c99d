"""Signing keys on the wire."""

from __future__ import annotations

import json
from datetime import datetime

from function.auth.v1 import signing_key_events_pb2, signing_key_pb2
from function_backend.services.auth.domain.signing_key import SigningKey, SigningKeyState
from function_backend.services.auth.events.signing_key import KeysRewrapped, SigningKeyCreated, SigningKeyRetired
from function_backend.timestamps import timestamp

_STATES = {
    SigningKeyState.PENDING: signing_key_pb2.SIGNING_KEY_STATE_PENDING,
    SigningKeyState.ACTIVE: signing_key_pb2.SIGNING_KEY_STATE_ACTIVE,
    SigningKeyState.RETIRING: signing_key_pb2.SIGNING_KEY_STATE_RETIRING,
    SigningKeyState.REMOVED: signing_key_pb2.SIGNING_KEY_STATE_REMOVED,
}


def signing_key(value: SigningKey, at: datetime) -> signing_key_pb2.SigningKey:
    """The key as callers see it at that moment; there is nothing secret in it."""
    return signing_key_pb2.SigningKey(
        id=str(value.id),
        algorithm=value.algorithm,
        state=_STATES[value.state(at)],
        public_jwk=json.dumps(value.jwk(), sort_keys=True, separators=(",", ":")),
        create_time=timestamp(value.created_at),
        activate_time=timestamp(value.activates_at),
        retire_time=timestamp(value.retires_at),
        remove_time=timestamp(value.leaves_at),
    )


def signing_key_created(event: SigningKeyCreated) -> bytes:
    """The event's message."""
    message = signing_key(event.signing_key, event.occurred_at)
    return signing_key_events_pb2.SigningKeyCreated(signing_key=message).SerializeToString()


def signing_key_retired(event: SigningKeyRetired) -> bytes:
    """The event's message."""
    message = signing_key(event.signing_key, event.occurred_at)
    return signing_key_events_pb2.SigningKeyRetired(signing_key=message).SerializeToString()


def keys_rewrapped(event: KeysRewrapped) -> bytes:
    """The event's message."""
    return signing_key_events_pb2.KeysRewrapped(
        master_key_id=event.master_key_id, count=event.count
    ).SerializeToString()
