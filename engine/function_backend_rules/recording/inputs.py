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
    """What is kept of inputs, given as they were sent and as the engine sees them. Changes `whole`.

    What has sensitive fields is kept as the engine saw it, without these.
    """
    sent = whole.SerializeToString(deterministic=True)
    digest = hashlib.sha256(sent).digest()
    any_redacted = False
    for name, value in values.items():
        shown, was_redacted = redacted(value)
        if was_redacted:
            any_redacted = True
            whole.messages.pop(name, None)
            whole.json.fields.pop(name, None)
            if isinstance(shown, Message):
                whole.messages[name].CopyFrom(packed(shown))
            else:
                whole.json.fields[name].CopyFrom(json_value(shown))
    message = whole.SerializeToString(deterministic=True) if any_redacted else sent
    return KeptInputs(message, any_redacted, digest)


def packed(message: Message) -> AnyMessage:
    """The message as `Any`."""
    return AnyMessage(
        type_url=f"type.googleapis.com/{message.DESCRIPTOR.full_name}",
        value=message.SerializeToString(deterministic=True),
    )
