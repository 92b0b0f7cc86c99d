"""Lines to a file descriptor, in batches, from a thread of their own."""

from __future__ import annotations

import contextlib
import os
import threading
from collections import deque

_BATCH_SECONDS = 0.1
_LARGEST_ATOMIC_WRITE = 4096
_MOST_WAITING = 50_000


class LineWriter:
    """Writes whole lines; lines of several processes on one pipe do not mix.

    Before `start` and after `stop` each line is written at once. Between them lines wait at most a tenth of a second.
    When the reader of the pipe stands still, lines beyond the newest 50,000 are given up rather than the memory.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._waiting: deque[bytes] = deque(maxlen=_MOST_WAITING)
        self._wake = threading.Event()
        self._stopping = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Starts the thread."""
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Writes what waits, and ends the thread; gives up when nobody takes the lines."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._stopping = True
            self._wake.set()
            thread.join(timeout=2)

    def write(self, line: bytes, *, urgent: bool = False) -> None:
        """Takes one line, which ends with a line feed; an urgent one does not wait for company."""
        if self._thread is None:
            self._emit([line])
            return
        self._waiting.append(line)
        if urgent:
            self._wake.set()

    def _run(self) -> None:
        while not self._stopping:
            self._wake.wait(_BATCH_SECONDS)
            self._wake.clear()
            self._drain()
        self._drain()

    def _drain(self) -> None:
        lines: list[bytes] = []
        with contextlib.suppress(IndexError):
            while True:
                lines.append(self._waiting.popleft())
        if lines:
            self._emit(lines)

    def _emit(self, lines: list[bytes]) -> None:
        # A pipe takes up to 4,096 bytes in one piece; what is longer may be cut by a line of another process.
        block = bytearray()
        for line in lines:
            if block and len(block) + len(line) > _LARGEST_ATOMIC_WRITE:
                self._put(block)
                block = bytearray()
            block += line
        self._put(block)

    def _put(self, block: bytes | bytearray) -> None:
        rest = memoryview(bytes(block))
        # A log nobody reads any more must not end the service.
        with contextlib.suppress(OSError):
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
