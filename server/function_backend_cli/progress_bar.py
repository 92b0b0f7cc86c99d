"""The progress of an import or export on the terminal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from function_backend_client import ImportProgress


class Bar:
    """A bar that follows the input and counts rows; silent where the output is no terminal."""

    def __init__(
        self, progress: Progress | None, task: TaskID | None, position: Callable[[], int], *, unit: str = "rows"
    ) -> None:
        """`unit` is what is counted."""
        self._progress = progress
        self._task = task
        self._position = position
        self._unit = unit
        self._started = time.monotonic()

    def moved(self, progress: ImportProgress) -> None:
        """Another part of the input has its answer."""
        # Reading is ahead of the answers: of what has been read, the answered part is done.
        done = progress.answered / max(progress.received, 1)
        self.update(progress.answered, progress.rejected, done=done)

    def update(self, rows: int, rejected: int = 0, *, done: float = 1.0) -> None:
        """So many rows are done, which are this part of what has been read."""
        if self._progress is None or self._task is None:
            return
        rate = rows / max(time.monotonic() - self._started, 0.001)
        text = f"{rows:,} {self._unit}, {rate:,.0f}/s" + (f", {rejected:,} rejected" if rejected else "")
        self._progress.update(self._task, completed=self._position() * done, rows=text)


@contextmanager
def bar(
    console: Console, title: str, *, size: int, position: Callable[[], int], shown: bool, unit: str = "rows"
) -> Iterator[Bar]:
    """A bar while the block runs; `size` is what `position` comes to in the end, 0 when nobody knows."""
    if not shown or not console.is_terminal:
        yield Bar(None, None, position)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[rows]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(title, total=size or None, rows="")
        yield Bar(progress, task, position, unit=unit)
