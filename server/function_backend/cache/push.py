"""Change notifications through Redis: beside those of PostgreSQL, for workers that cannot listen to it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import redis

_log = logging.getLogger(__name__)

_CHANNEL = "changes"
_AWAY_SECONDS = 1.0
_LISTEN_SECONDS = 1.0
_STOP_SECONDS = 3.0


class RedisPush:
    """Publishes what was committed, and hands on what others publish.

    Nothing may rely on it: Redis keeps no message for those who are not there. While it is away, what is published goes
    nowhere and costs nothing.
    """

    def __init__(self, client: redis.Redis, *, key_prefix: str) -> None:
        # Loaded already when there is a client, and only then.
        from redis import RedisError  # noqa: PLC0415

        self._failures: tuple[type[Exception], ...] = (RedisError, OSError)
        self._client = client
        self._channel = f"{key_prefix}:{_CHANNEL}"
        self._topics: frozenset[str] = frozenset()
        self._away_until = 0.0
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def carry(self, topics: frozenset[str]) -> None:
        """Takes these topics too; the others are left to PostgreSQL."""
        self._topics |= topics

    def publish(self, notifications: Sequence[str]) -> None:
        """Sends those of its topics."""
        carried = [text for text in notifications if text.partition(" ")[0] in self._topics]
        if not carried or time.monotonic() < self._away_until:
            return
        try:
            with self._client.pipeline(transaction=False) as pipeline:
                for text in carried:
                    pipeline.publish(self._channel, text)
                pipeline.execute()
        except self._failures as error:
            self._away_until = time.monotonic() + _AWAY_SECONDS
            _log.warning("Redis is away, so changes travel through PostgreSQL alone: %s", type(error).__name__)

    def listen(self, hear: Callable[[str, str], None]) -> None:
        """Hands on topic and text of what is published, from a thread of its own; called after the fork."""
        self._thread = threading.Thread(target=self._run, args=(hear,), name="redis-listener", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(_STOP_SECONDS)
        self._client.close()

    def _run(self, hear: Callable[[str, str], None]) -> None:
        while not self._stopping.is_set():
            try:
                self._follow(hear)
            except self._failures as error:
                _log.debug("listening to Redis was interrupted: %s", type(error).__name__)
                self._stopping.wait(_AWAY_SECONDS)

    def _follow(self, hear: Callable[[str, str], None]) -> None:
        with self._client.pubsub(  # type: ignore[no-untyped-call]
            ignore_subscribe_messages=True
        ) as subscription:
            subscription.subscribe(self._channel)
            while not self._stopping.is_set():
                message = subscription.get_message(timeout=_LISTEN_SECONDS)
                if message is not None and isinstance(message["data"], bytes):
                    topic, _, text = message["data"].decode("utf-8", "replace").partition(" ")
                    if topic in self._topics:
                        hear(topic, text)
