"""Redis Streams: one `XADD` for each event, trimmed to about the length that is set.

There is no binding of CloudEvents to Redis; the fields are named as Kafka's headers, with the body in `data`.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from function_backend.sinks.sink import CONFIRMED, Held, Message, Outcome, Refused, SinkAwayError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from function_backend.sinks.settings import RedisSinkSettings

_PREFIX = "ce_"
_CLOSE_SECONDS = 2.0
_AWAY = (RedisError, OSError, asyncio.TimeoutError)


class RedisSink:
    """Appends to streams."""

    def __init__(self, settings: RedisSinkSettings, *, timeout: float) -> None:
        self._settings = settings
        self._timeout = timeout
        self._client: redis.Redis | None = None

    async def connect(self) -> None:
        """Connects and asks for an answer."""
        await self.close()
        self._client = self._make()
        try:
            await self._client.ping()
        except _AWAY as error:
            await self.close()
            raise SinkAwayError(f"Redis cannot be used: {_said(error)}") from error

    async def publish(self, messages: Sequence[Message]) -> Sequence[Outcome]:
        """Appends them in one exchange."""
        if self._client is None:
            raise SinkAwayError("Redis is not connected")
        limit = self._settings.max_message_bytes
        fitting = [message for message in messages if message.size <= limit]
        try:
            async with self._client.pipeline(transaction=False) as pipeline:
                for message in fitting:
                    # Queued, not awaited: the answers come together.
                    _ = pipeline.xadd(
                        message.destination,
                        _fields(message),
                        maxlen=self._settings.max_length or None,
                        approximate=True,
                    )
                answers = await pipeline.execute(raise_on_error=False)
        except _AWAY as error:
            raise SinkAwayError(f"Redis broke off: {_said(error)}") from error
        said = {message.id: _outcome(answer) for message, answer in zip(fitting, answers, strict=True)}
        too_large = Refused(f"it is larger than sink_redis.max_message_bytes, which is {limit}")
        return [said.get(message.id, too_large) for message in messages]

    async def close(self) -> None:
        """Gives up the connections."""
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(client.aclose(), _CLOSE_SECONDS)

    def _make(self) -> redis.Redis:
        settings = self._settings
        options: dict[str, Any] = {}
        if settings.password is not None:
            options["password"] = settings.password.reveal()
        if settings.ca_file is not None:
            options["ssl_ca_certs"] = str(settings.ca_file)
        if settings.certificate is not None:
            options |= {"ssl_certfile": str(settings.certificate), "ssl_keyfile": str(settings.private_key)}
        return redis.Redis.from_url(
            settings.url,
            socket_timeout=self._timeout,
            socket_connect_timeout=self._timeout,
            # What is sent again by itself would come twice, and after what was lost.
            retry=Retry(NoBackoff(), 0),
            **options,
        )


def _fields(message: Message) -> dict[Any, Any]:
    return {
        **message.headers(_PREFIX),
        "id": message.id,
        "partitionkey": message.key,
        "content-type": message.content_type,
        "data": message.body,
    }


def _outcome(answer: object) -> Outcome:
    if isinstance(answer, ResponseError):
        return Held(f"Redis does not take it: {answer}")
    if isinstance(answer, Exception):
        raise SinkAwayError(f"Redis broke off: {_said(answer)}")
    return CONFIRMED


def _said(error: BaseException) -> str:
    return str(error) or type(error).__name__
