"""RabbitMQ by AMQP 0-9-1, with publisher confirms and `mandatory`.

Attributes become headers `cloudEvents:…` as the AMQP binding of CloudEvents has them; the id of the event is also the
message id, and the ordering key the header `partitionkey`, which a consistent-hash exchange can hash by.
"""

from __future__ import annotations

import asyncio
import contextlib
from ssl import SSLContext
from typing import TYPE_CHECKING

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractExchange
from aio_pika.exceptions import AMQPError, ChannelPreconditionFailed, DeliveryError, PublishError
from aiormq.exceptions import ChannelInvalidStateError, ChannelNotFoundEntity
from yarl import URL

from function_backend.sinks.sink import CONFIRMED, Held, Message, Outcome, Refused, SinkAwayError
from function_backend.sinks.transport_security import client_context

if TYPE_CHECKING:
    from collections.abc import Sequence

    from function_backend.sinks.settings import RabbitMqSettings

_PREFIX = "cloudEvents:"
_LONGEST_KEY = 255
_CLOSE_SECONDS = 2.0
_AWAY = (AMQPError, ChannelInvalidStateError, OSError, asyncio.TimeoutError)


class RabbitMqSink:
    """Publishes to one exchange."""

    def __init__(self, settings: RabbitMqSettings, *, timeout: float) -> None:
        self._settings = settings
        self._timeout = timeout
        self._connection: AbstractConnection | None = None
        self._channel: AbstractChannel | None = None
        self._exchange: AbstractExchange | None = None

    async def connect(self) -> None:
        """Connects and declares."""
        await self.close()
        url = URL(self._settings.url)
        if self._settings.password is not None:
            url = url.with_password(self._settings.password.reveal())
        try:
            # Not `connect_robust`: what is sent after a gap that it mends by itself would overtake what was lost in it.
            self._connection = await aio_pika.connect(
                url,
                timeout=self._timeout,
                client_properties={"connection_name": "function-backend events"},
                ssl_context=self._context() if url.scheme == "amqps" else None,
            )
            self._channel = await self._opened(self._connection)
            self._exchange = await self._declare(self._channel)
        except _AWAY as error:
            await self.close()
            raise SinkAwayError(f"RabbitMQ cannot be used: {_said(error)}") from error

    async def publish(self, messages: Sequence[Message]) -> Sequence[Outcome]:
        """Publishes them at once and waits for their confirms."""
        if self._exchange is None:
            raise SinkAwayError("RabbitMQ is not connected")
        exchange = self._exchange
        said = await asyncio.gather(*(self._publish(exchange, message) for message in messages), return_exceptions=True)
        failures = [each for each in said if isinstance(each, BaseException)]
        if any(isinstance(failure, ChannelPreconditionFailed) for failure in failures):
            # The broker closes the channel for one message, and does not say for which.
            return [
                await self._publish_alone(message) if isinstance(each, BaseException) else each
                for message, each in zip(messages, said, strict=True)
            ]
        for failure in failures:
            if isinstance(failure, _AWAY):
                raise SinkAwayError(f"RabbitMQ broke off: {_said(failure)}") from failure
            raise failure
        return [each for each in said if not isinstance(each, BaseException)]

    async def close(self) -> None:
        """Gives up the connection."""
        connection, self._connection, self._channel, self._exchange = self._connection, None, None, None
        if connection is not None:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(connection.close(), _CLOSE_SECONDS)

    @staticmethod
    async def _opened(connection: AbstractConnection) -> AbstractChannel:
        channel = connection.channel(on_return_raises=True)
        await channel.initialize()
        return channel

    async def _declare(self, channel: AbstractChannel) -> AbstractExchange:
        settings = self._settings
        if not settings.declare:
            return await channel.get_exchange(settings.exchange, ensure=True)
        exchange = await channel.declare_exchange(settings.exchange, settings.exchange_type, durable=True)
        if settings.queue:
            queue = await channel.declare_queue(settings.queue, durable=True, arguments={"x-queue-type": "quorum"})
            # To a topic exchange `#` is everything, to a consistent-hash one the number is a weight.
            await queue.bind(exchange, "1" if settings.exchange_type == "x-consistent-hash" else "#")
        return exchange

    async def _publish_alone(self, message: Message) -> Outcome:
        if self._connection is None:
            raise SinkAwayError("RabbitMQ is not connected")
        try:
            async with self._connection.channel(on_return_raises=True) as channel:
                exchange = await channel.get_exchange(self._settings.exchange, ensure=False)
                return await self._publish(exchange, message)
        except ChannelPreconditionFailed as error:
            return Refused(f"RabbitMQ refuses it: {_said(error)}")
        except _AWAY as error:
            raise SinkAwayError(f"RabbitMQ broke off: {_said(error)}") from error
        finally:
            await self._renew_channel()

    async def _renew_channel(self) -> None:
        if self._connection is not None and (self._channel is None or self._channel.is_closed):
            self._channel = await self._opened(self._connection)
            self._exchange = await self._channel.get_exchange(self._settings.exchange, ensure=False)

    async def _publish(self, exchange: AbstractExchange, message: Message) -> Outcome:
        if message.size > self._settings.max_message_bytes:
            return Refused(f"it has {message.size} bytes, and sink_rabbitmq.max_message_bytes is less")
        if len(message.destination.encode()) > _LONGEST_KEY:
            return Refused(f"its routing key is longer than the {_LONGEST_KEY} bytes that AMQP takes")
        try:
            await exchange.publish(
                aio_pika.Message(
                    message.body,
                    headers={**message.headers(_PREFIX), "partitionkey": message.key},
                    content_type=message.content_type,
                    delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
                    message_id=message.id,
                ),
                routing_key=message.destination,
                mandatory=True,
            )
        except PublishError:
            return self._unroutable(message)
        except DeliveryError:
            return Held("RabbitMQ does not take it: a queue is full, or the broker has trouble of its own")
        return CONFIRMED

    def _unroutable(self, message: Message) -> Outcome:
        if self._settings.unroutable == "dead-letter":
            return Refused(f"no queue is bound to the exchange for the routing key {message.destination}")
        return Held(f"no queue is bound to the exchange {self._settings.exchange} for {message.destination}")

    def _context(self) -> SSLContext:
        settings = self._settings
        return client_context(
            ca_file=settings.ca_file, certificate=settings.certificate, private_key=settings.private_key
        )


def _said(error: BaseException) -> str:
    if isinstance(error, ChannelNotFoundEntity):
        return f"{error}; create the exchange, or set sink_rabbitmq.declare"
    return str(error) or type(error).__name__
