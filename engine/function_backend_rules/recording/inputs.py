"""The inputs of a decision as they are kept: with what is sensitive left out, and a digest of the whole."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import NamedTuple

from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import Message

from function.rules.v1 import decision_pb2
from function_backend_rules.recording.json_messages import json_value
from function_backend_rules.recording.redaction import redacted


class KeptInputs(NamedTuple):
    """Inputs as they are kept."""

    message: bytes
    """`function.rules.v1.DecisionInputs`."""
    redacted: bool
    digest: bytes
    """SHA-256 of the message before anything was emptied."""


def kept_inputs(whole: decision_pb2.DecisionInputs, values: Mapping[str, object]) -> KeptInputs:
    """What is kept of inputs, given as they were sent and as the engine sees them.

    What has sensitive fields is kept as the engine saw it, without these.
    """
    stored = whole.SerializeToString(deterministic=True)
    digest = hashlib.sha256(stored).digest()
    emptied = {name: shown for name, value in values.items() for shown, was in (redacted(value),) if was}
    if not emptied:
        return KeptInputs(stored, redacted=False, digest=digest)
    kept = decision_pb2.DecisionInputs()
    kept.CopyFrom(whole)
    for name, shown in emptied.items():
        kept.messages.pop(name, None)
        kept.json.fields.pop(name, None)
        if isinstance(shown, Message):
            kept.messages[name].CopyFrom(packed(shown))
        else:
            kept.json.fields[name].CopyFrom(json_value(shown))
    return KeptInputs(kept.SerializeToString(deterministic=True), redacted=True, digest=digest)


def packed(message: Message) -> AnyMessage:
    """The message as `Any`."""
    return AnyMessage(
        type_url=f"type.googleapis.com/{message.DESCRIPTOR.full_name}",
        value=message.SerializeToString(deterministic=True),
    )
