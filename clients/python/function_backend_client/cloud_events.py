"""Events as brokers deliver them, read into the typed message of the contract.

    event = read_message(message.headers(), message.value())    # Kafka, with confluent-kafka
    event = read_message(message.headers, message.data)         # NATS, with nats-py
    event = read_message(message.headers, message.body, content_type=message.content_type)  # RabbitMQ, with aio-pika
    event = read_message(fields, fields[b"data"])               # Redis Streams

The same event can come more than once, always with the same `id`: whoever acts on it remembers the ids, or the
`sequence` of the resource, in the transaction in which it acts.
"""

from __future__ import annotations

import base64
import binascii
import importlib
import json
import pkgutil
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from google.protobuf import descriptor_pool, json_format, message_factory
from google.protobuf.message import DecodeError, Message

from function.events.v1 import cloud_event_pb2

_PREFIXES = ("ce_", "ce-", "cloudevents:", "cloudevents_")
_ESCAPED = "ce-"
"""The prefix of NATS, as of HTTP, whose values have what is not printable ASCII by percent signs."""
_STRUCTURED = "application/cloudevents"
_JSON = re.compile(r"application/(.+\+)?json\s*(;|$)", re.IGNORECASE)
_PROTOBUF = re.compile(r"application/(.+\+)?(x-)?protobuf\s*(;|$)", re.IGNORECASE)
_TYPE = re.compile(r"(function(?:\.[a-z][a-z0-9_]*)+\.v\d+)\.[A-Z]\w*")
_REQUIRED = ("id", "source", "type", "specversion")

Headers = Mapping[Any, Any] | Iterable[tuple[Any, Any]] | None
"""Headers as the clients of the brokers give them: a mapping or pairs, of text or bytes."""


class UnreadableEventError(ValueError):
    """The message is no event, or of a type that this version of the package does not know; it says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerEvent:
    """One event, with its data as the message of the contract."""

    id: str
    """The same however often the event comes."""
    source: str
    type: str
    """Name of the message, such as `function.company.v1.CompanyCreated`."""
    subject: str
    """What it is about."""
    time: datetime | None
    tenant: str
    """Id of the tenant; empty when the message does not say."""
    sequence: int
    """The number of the change among those of the resource, from 1; 0 when the message does not say."""
    position: int
    """The number of the event in the tenant's log, from 1; 0 when the message does not say."""
    trace_context: str
    """The `traceparent` of the call that made the change; empty when that was not traced."""
    attributes: Mapping[str, str]
    """All attributes of the CloudEvent, these included."""
    data: Message


def read_message(headers: Headers, body: bytes | str, *, content_type: str = "") -> BrokerEvent:
    """The event of a message in binary or structured mode, whichever it is in.

    `content_type` is for clients that give it apart from the headers, as those of AMQP do. Raises
    UnreadableEventError.
    """
    named = _texts(headers)
    kind = content_type or named.get("content-type", "")
    raw = body.encode() if isinstance(body, str) else bytes(body)
    if kind.lower().startswith(_STRUCTURED):
        return _structured(kind.lower(), raw)
    attributes = {
        name[len(prefix) :]: unquote(value) if prefix == _ESCAPED else value
        for name, value in named.items()
        for prefix in _PREFIXES
        if name.startswith(prefix)
    }
    attributes.setdefault("traceparent", named.get("traceparent", ""))
    kind = kind or attributes.get("datacontenttype", "")
    return _event(attributes, _data(attributes.get("type", ""), kind, raw))


def message_class(type_name: str) -> type[Message]:
    """The class of an event's data; raises UnreadableEventError when this version of the package has none."""
    found = _TYPE.fullmatch(type_name)
    if found is not None:
        _load(found[1])
    try:
        return message_factory.GetMessageClass(descriptor_pool.Default().FindMessageTypeByName(type_name))
    except KeyError:
        raise UnreadableEventError(
            f"this version of the package knows no event {type_name!r}; install a newer one to read it"
        ) from None


def _structured(kind: str, raw: bytes) -> BrokerEvent:
    if _PROTOBUF.match(kind):
        return _from_protobuf(raw)
    if not _JSON.match(kind):
        raise UnreadableEventError(f"the content type is {kind!r}; structured events are read as JSON or protobuf")
    try:
        fields = json.loads(raw)
    except ValueError as error:
        raise UnreadableEventError(f"the body is no JSON: {error}") from None
    if not isinstance(fields, dict):
        raise UnreadableEventError("the body is no CloudEvent")
    data, encoded = fields.pop("data", None), fields.pop("data_base64", None)
    attributes = {name: str(value) for name, value in fields.items() if value is not None}
    type_name = attributes.get("type", "")
    if encoded is not None:
        try:
            decoded = base64.b64decode(encoded, validate=True)
        except (binascii.Error, TypeError, ValueError):
            raise UnreadableEventError("data_base64 is no base64") from None
        return _event(attributes, _data(type_name, attributes.get("datacontenttype", ""), decoded))
    return _event(attributes, _from_json(type_name, json.dumps(data)))


def _from_protobuf(raw: bytes) -> BrokerEvent:
    try:
        message = cloud_event_pb2.CloudEvent.FromString(raw)
    except DecodeError as error:
        raise UnreadableEventError(f"the body is no CloudEvent: {error}") from None
    attributes = {name: _attribute(value) for name, value in message.attributes.items()}
    attributes |= {
        "id": message.id,
        "source": message.source,
        "type": message.type,
        "specversion": message.spec_version,
    }
    if message.WhichOneof("data") == "text_data":
        return _event(attributes, _from_json(message.type, message.text_data))
    raw_data = message.proto_data.value or message.binary_data
    return _event(attributes, _data(message.type, attributes.get("datacontenttype", ""), raw_data))


def _attribute(value: cloud_event_pb2.CloudEventAttributeValue) -> str:
    kind = value.WhichOneof("attr")
    if kind == "ce_timestamp":
        return value.ce_timestamp.ToJsonString()
    if kind == "ce_boolean":
        return str(value.ce_boolean).lower()
    if kind == "ce_bytes":
        return base64.b64encode(value.ce_bytes).decode()
    return "" if kind is None else str(getattr(value, kind))


def _data(type_name: str, kind: str, raw: bytes) -> Message:
    if _JSON.match(kind):
        return _from_json(type_name, raw)
    if kind and not _PROTOBUF.match(kind):
        raise UnreadableEventError(f"the content type is {kind!r}; data is read as protobuf or JSON")
    try:
        return message_class(type_name).FromString(raw)
    except DecodeError as error:
        raise UnreadableEventError(f"the data is no {type_name}: {error}") from None


def _from_json(type_name: str, text: str | bytes) -> Message:
    data = message_class(type_name)()
    try:
        # A newer server may say more than this version of the package knows.
        return json_format.Parse(text, data, ignore_unknown_fields=True)
    except json_format.ParseError as error:
        raise UnreadableEventError(f"the data is no {type_name}: {error}") from None


def _event(attributes: Mapping[str, str], data: Message) -> BrokerEvent:
    if missing := [name for name in _REQUIRED if not attributes.get(name)]:
        raise UnreadableEventError(f"the message is no CloudEvent: it has no attribute {missing[0]!r}")
    moment = attributes.get("time", "")
    try:
        return BrokerEvent(
            id=attributes["id"],
            source=attributes["source"],
            type=attributes["type"],
            subject=attributes.get("subject", ""),
            time=datetime.fromisoformat(moment) if moment else None,
            tenant=attributes.get("tenant", ""),
            sequence=int(attributes.get("sequence") or 0),
            position=int(attributes.get("position") or 0),
            trace_context=attributes.get("traceparent", ""),
            attributes={name: value for name, value in attributes.items() if value},
            data=data,
        )
    except ValueError as error:
        raise UnreadableEventError(f"an attribute is not as CloudEvents has it: {error}") from None


def _texts(headers: Headers) -> dict[str, str]:
    pairs = headers.items() if isinstance(headers, Mapping) else headers or ()
    try:
        return {_text(name).lower(): _text(value) for name, value in pairs if _text(name) != "data"}
    except UnicodeDecodeError:
        raise UnreadableEventError("a header is no text in UTF-8") from None


def _text(value: object) -> str:
    return bytes(value).decode() if isinstance(value, bytes | bytearray | memoryview) else str(value)


def _load(package: str) -> None:
    """Loads what the contract has in the package, which makes its messages known."""
    try:
        module = importlib.import_module(package)
    except ModuleNotFoundError:
        return
    for found in pkgutil.iter_modules(module.__path__):
        if found.name.endswith("_pb2"):
            importlib.import_module(f"{package}.{found.name}")
