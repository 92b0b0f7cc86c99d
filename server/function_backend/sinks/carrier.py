"""Carries batches of events to one broker: connects, waits, tries again, and knows what the broker has said."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from function_backend.sinks.backoff import Backoff
from function_backend.sinks.sink import Confirmed, Held, Message, Outcome, Refused, Sink, SinkAwayError
from function_backend.sinks.waves import waves

if TYPE_CHECKING:
    from collections.abc import Sequence

    from function_backend.sinks.metrics import SinkMetrics

_LOG = logging.getLogger(__name__)

_MOST_REMEMBERED = 100_000
_CLOSE_SECONDS = 5.0
_ANSWER_SECONDS = 2.0
"""How much longer than the broker itself may take it is waited for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierSettings:
    """How patient it is, in seconds."""

    publish_timeout: float
    longest_pause: float


class NotCarriedError(Exception):
    """The broker has not answered for all of them; what it has answered for is remembered."""

    def __init__(self, reason: str, *, seconds: float) -> None:
        super().__init__(reason)
        self.seconds = seconds
        """After which it is worth while to try again."""


class Carrier:
    """One broker, with an event loop in a thread of its own: whatever its client does, no other sink feels it.

    Any thread may carry; what several carry at once goes out over one connection.
    """

    def __init__(self, name: str, sink: Sink, settings: CarrierSettings, metrics: SinkMetrics) -> None:
        self._name = name
        self._sink = sink
        self._settings = settings
        self._metrics = metrics
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name=f"sink-{name}", daemon=True)
        self._ending = threading.Event()
        self._backoff = Backoff(settings.longest_pause)
        self._holding = Backoff(settings.longest_pause)
        self._connecting = asyncio.Lock()
        self._connection = 0
        """The number of the connection that stands; 0 for none."""
        self._connections = 0
        self._not_before = 0.0
        self._trouble: str | None = None
        self._settled: dict[str, Outcome] = {}

    @property
    def trouble(self) -> str | None:
        """Why the broker took nothing at the last attempt, for people; None while it takes events."""
        return self._trouble

    def start(self) -> None:
        """Starts the thread; connects when there is something to carry."""
        self._metrics.up.labels(self._name).set(1)
        # Not in the constructor: a loop does not survive the fork of the process.
        self._loop = asyncio.new_event_loop()
        self._thread.start()

    def carry(self, messages: Sequence[Message], *, ends_at: float) -> list[tuple[str, str]]:
        """Hands the messages to the broker, in order by key, and waits until it has answered for each.

        Returns the ids of those that it refuses for good, each with the reason. Raises NotCarriedError at once when the
        broker is away or does not take one, when it has not answered at the time `ends_at`, of `time.monotonic`, and
        when the process ends; nothing is sent after that.
        """
        if self._loop is None or self._ending.is_set():
            raise NotCarriedError("the process ends, or has not begun", seconds=1.0)
        return asyncio.run_coroutine_threadsafe(self._carry(messages, ends_at), self._loop).result()

    def end(self) -> None:
        """No new attempt begins."""
        self._ending.set()

    def close(self) -> None:
        """Gives up the connection and the thread."""
        self.end()
        if self._loop is None or not self._thread.is_alive():
            return
        done = asyncio.run_coroutine_threadsafe(self._sink.close(), self._loop)
        try:
            done.result(_CLOSE_SECONDS)
        except TimeoutError:
            _LOG.warning("the connection to a broker did not close", extra={"sink": self._name})
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_CLOSE_SECONDS)

    def _run(self) -> None:
        loop = self._loop
        if loop is None:
            return
        asyncio.set_event_loop(loop)
        try:
            loop.run_forever()
            # What the client still does in the background would be complained about, and so would the loop.
            left = asyncio.all_tasks(loop)
            for task in left:
                task.cancel()
            loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        finally:
            asyncio.set_event_loop(None)
            loop.close()

    async def _carry(self, messages: Sequence[Message], ends_at: float) -> list[tuple[str, str]]:
        settled = {message.id: said for message in messages if (said := self._settled.get(message.id)) is not None}
        try:
            await self._attempt([message for message in messages if message.id not in settled], settled, ends_at)
        except NotCarriedError:
            self._remember(settled)
            raise
        except SinkAwayError as error:
            self._remember(settled)
            self._failed("away", str(error))
            raise NotCarriedError(str(error), seconds=max(0.0, self._not_before - time.monotonic())) from error
        for message in messages:
            self._settled.pop(message.id, None)
        self._took_it()
        return [(message.id, said.reason) for message in messages if isinstance(said := settled[message.id], Refused)]

    async def _attempt(self, pending: Sequence[Message], settled: dict[str, Outcome], ends_at: float) -> None:
        """Settles what can be settled; raises NotCarriedError when the broker does not take one now."""
        connection = await self._connected(ends_at)
        held: dict[str, str] = {}
        for wave in waves(pending):
            ready = [message for message in wave if message.key not in held]
            for message, said in zip(ready, await self._publish(ready, connection, ends_at), strict=True):
                if isinstance(said, Held):
                    held[message.key] = said.reason
                    continue
                settled[message.id] = said
                outcome = "confirmed" if isinstance(said, Confirmed) else "refused"
                self._metrics.events.labels(self._name, outcome).inc()
        if held:
            reason = next(iter(held.values()))
            self._failed("held", reason)
            raise NotCarriedError(reason, seconds=self._holding.pause())
        self._holding.reset()

    async def _publish(self, messages: Sequence[Message], connection: int, ends_at: float) -> Sequence[Outcome]:
        if not messages:
            return []
        began_at = time.monotonic()
        patience = min(self._settings.publish_timeout + _ANSWER_SECONDS, ends_at - began_at)
        try:
            said = await asyncio.wait_for(self._sink.publish(messages), patience)
        except TimeoutError:
            await self._give_up(connection)
            raise SinkAwayError("the broker did not answer in time") from None
        except SinkAwayError:
            await self._give_up(connection)
            raise
        self._metrics.seconds.labels(self._name).observe(time.monotonic() - began_at)
        self._backoff.reset()
        return said

    async def _connected(self, ends_at: float) -> int:
        """The number of the connection that stands, made where none does."""
        async with self._connecting:
            if not self._connection:
                if (wait := self._not_before - time.monotonic()) > 0:
                    raise NotCarriedError(self._trouble or "the broker is away", seconds=wait)
                self._not_before = time.monotonic() + self._backoff.pause()
                patience = min(self._settings.publish_timeout + _ANSWER_SECONDS, ends_at - time.monotonic())
                try:
                    await asyncio.wait_for(self._sink.connect(), patience)
                except TimeoutError:
                    raise SinkAwayError("the broker did not answer in time") from None
                self._connections += 1
                self._connection = self._connections
        return self._connection

    async def _give_up(self, connection: int) -> None:
        # Another carrier of the same connection may have given it up, and there may be a new one.
        if self._connection == connection:
            self._connection = 0
            await self._sink.close()

    def _remember(self, settled: dict[str, Outcome]) -> None:
        if len(self._settled) > _MOST_REMEMBERED:
            self._settled.clear()
        self._settled |= settled

    def _failed(self, why: str, reason: str) -> None:
        self._metrics.failures.labels(self._name, why).inc()
        if self._trouble is None:
            self._metrics.up.labels(self._name).set(0)
            _LOG.warning("a broker takes no events", extra={"sink": self._name, "why": why, "reason": reason})
        self._trouble = reason

    def _took_it(self) -> None:
        if self._trouble is not None:
            _LOG.warning("a broker takes events again", extra={"sink": self._name})
            self._metrics.up.labels(self._name).set(1)
        self._trouble = None
