"""A receiver of webhooks that answers 204 at once, and remembers when what came."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

_ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"
_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length:"
_PATIENCE_SECONDS = 300.0


@dataclass(slots=True)
class Arrivals:
    """What came, and when by the clock of the machine."""

    port: int = 0
    bodies: list[tuple[float, bytes]] = field(default_factory=list)

    def wait(self, count: int) -> None:
        """Returns when so many have come."""
        until = time.monotonic() + _PATIENCE_SECONDS
        while len(self.bodies) < count:
            if time.monotonic() > until:
                raise RuntimeError(f"{len(self.bodies):,} of {count:,} deliveries arrived")
            time.sleep(0.005)


class _Connection(asyncio.Protocol):
    def __init__(self, arrivals: Arrivals) -> None:
        self._arrivals = arrivals
        self._rest = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  of a stream
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._rest += data
        while (end := self._rest.find(_HEAD_END)) >= 0:
            head = self._rest[:end].lower()
            length = int(head[head.index(_LENGTH) + len(_LENGTH) :].split(b"\r\n", 1)[0])
            stop = end + len(_HEAD_END) + length
            if len(self._rest) < stop:
                return
            self._arrivals.bodies.append((time.time(), self._rest[end + len(_HEAD_END) : stop]))
            self._rest = self._rest[stop:]
            if self._transport is not None:
                self._transport.write(_ANSWER)


@contextmanager
def receiving() -> Iterator[Arrivals]:
    """A receiver on a port of its own, in a thread of this process."""
    arrivals, ready = Arrivals(), threading.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        server = await loop.create_server(lambda: _Connection(arrivals), "127.0.0.1", 0, backlog=512)
        arrivals.port = server.sockets[0].getsockname()[1]
        ready.set()

    def run() -> None:
        loop.run_until_complete(serve())
        loop.run_forever()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    ready.wait(10)
    try:
        yield arrivals
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
