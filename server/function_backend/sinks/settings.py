"""What can be set about the brokers that events are carried to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal, TypeAlias

from function_backend.kernel.secret import Secret
from function_backend.sinks.template import Template

SinkName: TypeAlias = Literal["rabbitmq", "nats", "kafka", "redis"]

_AMQP = ("amqp://", "amqps://")
_NATS = ("nats://", "tls://")
_REDIS = ("redis://", "rediss://", "unix://")
_SHORTEST = timedelta(milliseconds=100)
_MOST_IN_BATCH = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SinksSettings:
    """Where events are carried to besides, and how they look there."""

    enabled: tuple[SinkName, ...] = ()
    """The brokers that events are carried to: any of `rabbitmq`, `nats`, `kafka` and `redis`, each with a section of
    its own and an extra of the package, such as `function-backend[kafka]`."""
    content_mode: Literal["binary", "structured"] = "binary"
    """How a CloudEvent is written: `binary` puts its attributes into headers and its data into the body, `structured`
    the whole of it into the body."""
    data_format: Literal["protobuf", "json"] = "protobuf"
    """Format of the data, and of the whole event where the mode is structured."""
    from_start: bool = False
    """Whether a broker that is enabled for the first time gets all events that are still kept, rather than those to
    come."""
    batch: int = 500
    """Events of one tenant that are handed to a broker at once, at most."""
    lanes: int = 4
    """How many workers can carry events of one tenant to one broker side by side; the events of one resource stay in
    one lane and so in their order."""
    publish_timeout: timedelta = timedelta(seconds=10)
    """How long a broker may take to confirm what it was handed, before the connection is given up and made anew."""
    longest_pause: timedelta = timedelta(seconds=30)
    """The longest wait between two attempts while a broker is away; waits double from 100ms."""

    def __post_init__(self) -> None:
        if len(set(self.enabled)) != len(self.enabled):
            raise ValueError("enabled must name each broker once")
        if not 1 <= self.batch <= _MOST_IN_BATCH:
            raise ValueError(f"batch must be between 1 and {_MOST_IN_BATCH}")
        if self.lanes < 1:
            raise ValueError("lanes must be at least 1")
        for name in ("publish_timeout", "longest_pause"):
            if getattr(self, name) < _SHORTEST:
                raise ValueError(f"{name} must be at least 100ms")


@dataclass(frozen=True, slots=True, kw_only=True)
class RabbitMqSettings:
    """RabbitMQ, by AMQP 0-9-1; wants `function-backend[rabbitmq]`."""

    url: str = field(default="amqp://guest@127.0.0.1:5672/", repr=False)
    """Of the broker, `amqps://` for TLS; the path is the virtual host."""
    password: Secret | None = None
    """Password, where the URL holds none."""
    ca_file: Path | None = None
    """PEM file with the roots that the broker's certificate is checked against, instead of the system's."""
    certificate: Path | None = None
    """PEM file with the certificate that the service shows."""
    private_key: Path | None = None
    """PEM file with its private key."""
    exchange: str = "function.events"
    """The exchange that events are published to."""
    exchange_type: Literal["topic", "direct", "fanout", "headers", "x-consistent-hash"] = "topic"
    """What the exchange is declared as."""
    routing_key: str = "{tenant}.{domain}.{event}.{subject}"
    """Template of the routing key, from `{tenant}`, `{type}`, `{domain}`, `{event}`, `{subject_type}` and `{subject}`.
    With a consistent-hash exchange it is to be `{subject}`, so that a queue gets all events of a resource."""
    declare: bool = True
    """Whether the exchange, and the queue where one is named, are declared at each connection."""
    queue: str = ""
    """A durable queue to declare and to bind to everything; empty where consumers bring their own."""
    unroutable: Literal["hold", "dead-letter"] = "hold"
    """What becomes of an event that no queue is bound for: it waits until there is one, or it becomes a dead letter."""
    max_message_bytes: int = 16 * 1024 * 1024
    """Larger events become dead letters. RabbitMQ itself has `max_message_size`."""
    types: tuple[str, ...] = ()
    """Types of events to carry; one that ends with `*` is a prefix, such as `function.company.*`. Empty for all."""

    def __post_init__(self) -> None:
        _require_scheme(self.url, _AMQP)
        _require_pair(self.certificate, self.private_key)
        Template.check("routing_key", self.routing_key)


@dataclass(frozen=True, slots=True, kw_only=True)
class NatsSettings:
    """NATS JetStream; wants `function-backend[nats]`."""

    servers: tuple[str, ...] = field(default=("nats://127.0.0.1:4222",), repr=False)
    """URLs of the servers, `tls://` for TLS."""
    user: str = ""
    """User name."""
    password: Secret | None = None
    """Password of the user."""
    token: Secret | None = None
    """Token, where the servers take one."""
    credentials: Path | None = None
    """File with a user's JWT and seed, as `nsc` writes it."""
    ca_file: Path | None = None
    """PEM file with the roots that the servers' certificates are checked against, instead of the system's."""
    certificate: Path | None = None
    """PEM file with the certificate that the service shows."""
    private_key: Path | None = None
    """PEM file with its private key."""
    stream: str = "FUNCTION_EVENTS"
    """The stream that keeps the events."""
    subject: str = "function.events.{tenant}.{domain}.{event}.{subject}"
    """Template of the subject, from `{tenant}`, `{type}`, `{domain}`, `{event}`, `{subject_type}` and `{subject}`, each
    between dots."""
    declare: bool = True
    """Whether the stream is made when it is missing; one that exists is left as it is."""
    replicas: int = 1
    """Servers that keep a copy of a stream that is made."""
    duplicate_window: timedelta = timedelta(minutes=2)
    """How long a stream that is made knows ids, and so drops events that come twice."""
    max_age: timedelta = timedelta(days=7)
    """How long a stream that is made keeps events."""
    types: tuple[str, ...] = ()
    """Types of events to carry; one that ends with `*` is a prefix, such as `function.company.*`. Empty for all."""

    def __post_init__(self) -> None:
        if not self.servers:
            raise ValueError("servers must name at least one server")
        for server in self.servers:
            _require_scheme(server, _NATS, name="servers")
        _require_pair(self.certificate, self.private_key)
        if self.replicas < 1:
            raise ValueError("replicas must be at least 1")
        Template.check("subject", self.subject, separator=".")


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaSettings:
    """Kafka and what speaks its protocol; wants `function-backend[kafka]`."""

    servers: tuple[str, ...] = ("127.0.0.1:9092",)
    """Brokers to begin with, as `host:port`."""
    security: Literal["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"] = "plaintext"
    """How the connection is protected: `ssl` and `sasl_ssl` encrypt, the `sasl` ones sign in."""
    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    """How to sign in."""
    user: str = ""
    """User name to sign in with."""
    password: Secret | None = None
    """Password to sign in with."""
    ca_file: Path | None = None
    """PEM file with the roots that the brokers' certificates are checked against, instead of the system's."""
    certificate: Path | None = None
    """PEM file with the certificate that the service shows."""
    private_key: Path | None = None
    """PEM file with its private key."""
    topic: str = "function.events"
    """Template of the topic, from `{tenant}`, `{type}`, `{domain}`, `{event}` and `{subject_type}`. The key of a
    message is the id of the resource."""
    compression: Literal["none", "gzip", "lz4", "zstd"] = "lz4"
    """How batches are compressed."""
    max_message_bytes: int = 1_000_000
    """Larger events become dead letters; not more than `max.message.bytes` of the topic."""
    types: tuple[str, ...] = ()
    """Types of events to carry; one that ends with `*` is a prefix, such as `function.company.*`. Empty for all."""

    def __post_init__(self) -> None:
        if not self.servers:
            raise ValueError("servers must name at least one broker")
        _require_pair(self.certificate, self.private_key)
        if self.security.startswith("sasl") and (not self.user or self.password is None):
            raise ValueError(f"security is {self.security}, which needs user and password")
        Template.check("topic", self.topic)


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisSinkSettings:
    """Redis Streams, of Redis or Valkey; the client comes with the service."""

    url: str = field(default="redis://127.0.0.1:6379/0", repr=False)
    """Of the server, `rediss://` for TLS."""
    password: Secret | None = None
    """Password, where the URL holds none."""
    ca_file: Path | None = None
    """PEM file with the roots that the server's certificate is checked against, instead of the system's."""
    certificate: Path | None = None
    """PEM file with the certificate that the service shows."""
    private_key: Path | None = None
    """PEM file with its private key."""
    stream: str = "function:events"
    """Template of the stream's key, from `{tenant}`, `{type}`, `{domain}`, `{event}`, `{subject_type}` and
    `{subject}`."""
    max_length: int = 1_000_000
    """Entries that a stream keeps, more or less; older ones are dropped whether they were read or not. 0 keeps all."""
    max_message_bytes: int = 16 * 1024 * 1024
    """Larger events become dead letters."""
    types: tuple[str, ...] = ()
    """Types of events to carry; one that ends with `*` is a prefix, such as `function.company.*`. Empty for all."""

    def __post_init__(self) -> None:
        _require_scheme(self.url, _REDIS)
        _require_pair(self.certificate, self.private_key)
        if self.max_length < 0:
            raise ValueError("max_length must be 0 or more")
        Template.check("stream", self.stream)


def _require_scheme(url: str, schemes: tuple[str, ...], *, name: str = "url") -> None:
    if not url.startswith(schemes):
        raise ValueError(f"{name} must begin with {' or '.join(schemes)}")


def _require_pair(certificate: Path | None, private_key: Path | None) -> None:
    if (certificate is None) != (private_key is None):
        raise ValueError("certificate and private_key belong together; set both or neither")
