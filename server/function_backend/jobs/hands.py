"""The threads of a process that run jobs, and the runs that they have before them."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from function_backend.jobs.run import Run


class Hands:
    """A fixed number of threads. One whose run does not end although the job was taken from it is replaced."""

    def __init__(self, size: int, do: Callable[[Run], None]) -> None:
        """`do` makes the attempt and never raises."""
        self.size = size
        self._do = do
        self._waiting: queue.SimpleQueue[Run | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._count = 0

    def start(self) -> None:
        """Starts the threads."""
        for _ in range(self.size):
            self._add()

    def give(self, run: Run) -> None:
        """Has the run made as soon as a thread is free."""
        self._waiting.put(run)

    def replace_one(self) -> None:
        """Adds a thread for one that is written off; that one ends when its run does, if ever."""
        self._add()

    def end(self) -> None:
        """Lets each thread end after the run that it is at; what waits is not begun."""
        while True:
            try:
                self._waiting.get_nowait()
            except queue.Empty:
                break
        for _ in self._threads:
            self._waiting.put(None)

    def _add(self) -> None:
        self._count += 1
        # A daemon: a run that never ends must not keep the process.
        thread = threading.Thread(target=self._work, name=f"jobs-{self._count}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _work(self) -> None:
        while (run := self._waiting.get()) is not None:
            if run.begin():
                self._do(run)
            if run.abandoned:
                return
