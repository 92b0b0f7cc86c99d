"""Kafka through librdkafka: an idempotent producer that waits for all replicas in sync.

It runs in a thread of its own, since the producer answers from within a call that waits.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from confluent_kafka import KafkaError, KafkaException, Producer

from function_backend.sinks.sink import CONFIRMED, Held, Message, Outcome, Refused, SinkAwayError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from confluent_kafka import Message as Report

    from function_backend.sinks.settings import KafkaSettings

_Answer = TypeVar("_Answer")

_LOG = logging.getLogger(__name__)
_PREFIX = "ce_"
_POLL_SECONDS = 0.1
_LONGEST_TOPIC = 249
_CLOSE_SECONDS = 2.0
_FOR_GOOD = frozenset({KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.INVALID_MSG, KafkaError.INVALID_RECORD})
_UNTIL_SOMEBODY_ACTS = frozenset(
    {
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError._UNKNOWN_TOPIC,  # noqa: SLF001 - librdkafka's own errors begin with an underscore
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
        KafkaError.POLICY_VIOLATION,
        KafkaError.TOPIC_EXCEPTION,
    }
)


class KafkaSink:
    """Publishes to topics, by the key of each message."""

    def __init__(self, settings: KafkaSettings, *, timeout: float) -> None:
        self._settings = settings
        self._timeout = timeout
        self._producer: Producer | None = None
        # One for a call that hangs, one to give it up, and some for lanes beside each other.
        self._threads = ThreadPoolExecutor(8, thread_name_prefix="sink-kafka")

    async def connect(self) -> None:
        """Makes a producer and asks the brokers who they are."""
        await self.close()
        await self._run(self._connect)

    async def publish(self, messages: Sequence[Message]) -> Sequence[Outcome]:
        """Hands them to the producer and waits for what becomes of each."""
        said = list(await self._deliver(messages))
        if len(messages) > 1:
            # What travels together is refused together, when one of it is too large for the topic.
            for place, message in enumerate(messages):
                if isinstance(said[place], Refused):
                    (said[place],) = await self._deliver([message])
        return said

    async def close(self) -> None:
        """Drops what the producer still has, and the producer."""
        producer, self._producer = self._producer, None
        if producer is not None:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(self._run(_drop, producer), _CLOSE_SECONDS)

    async def _deliver(self, messages: Sequence[Message]) -> Sequence[Outcome]:
        if self._producer is None:
            raise SinkAwayError("Kafka is not connected")
        return await self._run(_Delivery(self._producer, self._timeout).run, messages)

    async def _run(self, call: Callable[..., _Answer], *arguments: object) -> _Answer:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call, *arguments)

    def _connect(self) -> None:
        producer = Producer(self._options(), logger=_LOG)
        try:
            producer.list_topics(timeout=self._timeout)
        except KafkaException as error:
            raise SinkAwayError(f"Kafka cannot be used: {_said(error.args[0])}") from error
        self._producer = producer

    def _options(self) -> dict[str, Any]:
        settings = self._settings
        options: dict[str, Any] = {
            "bootstrap.servers": ",".join(settings.servers),
            "client.id": "function-backend-events",
            "security.protocol": settings.security,
            "acks": "all",
            "enable.idempotence": True,
            # Whoever hands over waits for the answer, so there is nothing to gather for longer.
            "linger.ms": 1,
            "message.timeout.ms": round(self._timeout * 1000),
            "request.timeout.ms": round(self._timeout * 1000),
            "socket.connection.setup.timeout.ms": max(1000, round(self._timeout * 1000)),
            "topic.metadata.propagation.max.ms": round(self._timeout * 500),
            "message.max.bytes": settings.max_message_bytes,
            "compression.type": settings.compression,
            # As the clients in other languages do, so that one key lies in the same partition whoever writes it.
            "partitioner": "murmur2_random",
        }
        if settings.security.startswith("sasl") and settings.password is not None:
            options |= {
                "sasl.mechanism": settings.mechanism,
                "sasl.username": settings.user,
                "sasl.password": settings.password.reveal(),
            }
        files = {"ca": settings.ca_file, "certificate": settings.certificate, "key": settings.private_key}
        return options | {f"ssl.{name}.location": str(path) for name, path in files.items() if path is not None}


class _Delivery:
    """One batch on its way."""

    def __init__(self, producer: Producer, timeout: float) -> None:
        self._producer = producer
        # Beyond the time that the producer takes for a message, so that it is the one to say what went wrong.
        self._ends_at = time.monotonic() + timeout + 1.0
        self._outcomes: list[Outcome | None] = []
        self._lost: KafkaError | None = None
        self._missing = 0
        # Any thread that waits for the producer may be the one that it answers in.
        self._lock = threading.Lock()

    def run(self, messages: Sequence[Message]) -> Sequence[Outcome]:
        """The outcome of each; raises SinkAwayError when there is none of one."""
        self._outcomes = [None] * len(messages)
        self._missing = len(messages)
        for place, message in enumerate(messages):
            self._hand_over(place, message)
        while self._missing and time.monotonic() < self._ends_at:
            self._producer.poll(_POLL_SECONDS)
        if self._lost is not None:
            raise SinkAwayError(f"Kafka broke off: {_said(self._lost)}")
        if self._missing:
            raise SinkAwayError("Kafka did not answer in time")
        return [outcome or CONFIRMED for outcome in self._outcomes]

    def _hand_over(self, place: int, message: Message) -> None:
        if len(message.destination) > _LONGEST_TOPIC:
            return self._settle(
                place, Refused(f"its topic is longer than the {_LONGEST_TOPIC} characters there may be")
            )
        headers = {**message.headers(_PREFIX), "content-type": message.content_type}
        while True:
            try:
                return self._producer.produce(
                    message.destination,
                    value=message.body,
                    key=message.key.encode(),
                    headers=[(name, value.encode()) for name, value in headers.items()],
                    on_delivery=partial(self._delivered, place),
                )
            except BufferError:
                if time.monotonic() > self._ends_at:
                    raise SinkAwayError("Kafka did not make room in time") from None
                self._producer.poll(_POLL_SECONDS)
            except KafkaException as error:
                return self._judge(place, error.args[0])

    def _delivered(self, place: int, error: KafkaError | None, _: Report) -> None:
        if error is None:
            self._settle(place, CONFIRMED)
        else:
            self._judge(place, error)

    def _judge(self, place: int, error: KafkaError) -> None:
        if error.code() in _FOR_GOOD:
            self._settle(place, Refused(f"Kafka refuses it: {error.str()}"))
        elif error.code() in _UNTIL_SOMEBODY_ACTS:
            self._settle(place, Held(f"Kafka does not take it: {error.str()}"))
        else:
            self._lost = error
            self._settle(place, None)

    def _settle(self, place: int, outcome: Outcome | None) -> None:
        with self._lock:
            self._outcomes[place] = outcome
            self._missing -= 1


def _drop(producer: Producer) -> None:
    producer.purge(in_queue=True, in_flight=True, blocking=False)
    producer.poll(0)


def _said(error: KafkaError) -> str:
    return str(error.str() or error.name())
