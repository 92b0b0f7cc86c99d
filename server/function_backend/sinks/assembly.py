"""The sinks that the settings enable, wired."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from function_backend.events.log import TOPIC
from function_backend.kernel.slice import Slice
from function_backend.sinks.carrier import Carrier, CarrierSettings
from function_backend.sinks.messages import MessageMaker
from function_backend.sinks.metrics import SinkMetrics
from function_backend.sinks.relay import SinkRelay

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prometheus_client import CollectorRegistry

    from function_backend.persistence.unit_of_work import Transactions
    from function_backend.sinks.settings import (
        KafkaSettings,
        NatsSettings,
        RabbitMqSettings,
        RedisSinkSettings,
        SinkName,
        SinksSettings,
    )
    from function_backend.sinks.sink import Sink


class SinkAssembly:
    """Makes each sink from the section of its broker."""

    def __init__(
        self,
        settings: SinksSettings,
        *,
        rabbitmq: RabbitMqSettings,
        nats: NatsSettings,
        kafka: KafkaSettings,
        redis: RedisSinkSettings,
    ) -> None:
        self._settings = settings
        self._rabbitmq = rabbitmq
        self._nats = nats
        self._kafka = kafka
        self._redis = redis

    def slice(self, transactions: Transactions, registry: CollectorRegistry | None) -> Slice:
        """The relays to all brokers that are enabled. Loads the clients of those alone."""
        metrics = SinkMetrics(registry)
        relays = [self._relay(name, transactions, metrics) for name in self._settings.enabled]

        def wake(tenant: str) -> None:
            for relay in relays:
                relay.wake(tenant)

        return Slice(
            name="sinks",
            servicers={},
            background=tuple(relays),
            consumers={relay.name: relay.relay.progress for relay in relays},
            invalidations={TOPIC: wake},
            cache_resets=tuple(relay.wake_all for relay in relays),
        )

    def _relay(self, name: SinkName, transactions: Transactions, metrics: SinkMetrics) -> SinkRelay:
        seconds = self._settings.publish_timeout.total_seconds()
        patience = CarrierSettings(publish_timeout=seconds, longest_pause=self._settings.longest_pause.total_seconds())
        sink, destination, types = self._sink(name, seconds)
        return SinkRelay(
            name,
            Carrier(name, sink, patience, metrics),
            MessageMaker(self._settings, destination),
            metrics,
            transactions=transactions,
            settings=self._settings,
            types=types,
        )

    def _sink(self, name: SinkName, timeout: float) -> tuple[Sink, str, Sequence[str]]:
        # Each client takes time and memory to load, and is an extra that may not be installed.
        if name == "rabbitmq":
            from function_backend.sinks.rabbitmq import RabbitMqSink  # noqa: PLC0415

            return RabbitMqSink(self._rabbitmq, timeout=timeout), self._rabbitmq.routing_key, self._rabbitmq.types
        if name == "nats":
            from function_backend.sinks.nats_jetstream import NatsSink  # noqa: PLC0415

            return NatsSink(self._nats, timeout=timeout), self._nats.subject, self._nats.types
        if name == "kafka":
            from function_backend.sinks.kafka import KafkaSink  # noqa: PLC0415

            return KafkaSink(self._kafka, timeout=timeout), self._kafka.topic, self._kafka.types
        if name == "redis":
            from function_backend.sinks.redis_streams import RedisSink  # noqa: PLC0415

            return RedisSink(self._redis, timeout=timeout), self._redis.stream, self._redis.types
        assert_never(name)
