"""What a benchmark gets from the run it is part of: a place to work in, a clock for its rounds, somebody to tell."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench.processes import busy_share

if TYPE_CHECKING:
    from bench.service import Service

_QUIET = 0.08


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One run of the benchmarks."""

    console: Console
    folder: Path
    """Empty at first, and removed after the run."""
    lasting: ExitStack
    """What is entered here ends with the run, so that several benchmarks can share it."""
    scale: float = 1.0
    """Less than 1 for a quick look: fewer rounds, fewer rows. Such results are not kept."""
    patience: float = 120.0
    """Seconds to wait for other work on the machine to end."""
    million_folder: Path
    """The data folder with a million companies; filled when it is not yet there."""
    shared: dict[str, Service] = field(default_factory=dict)
    """Services that several benchmarks use, by name; they end with the run."""
    disturbances: list[float] = field(default_factory=list)
    """How busy the machine was with other work when each series of rounds began, from 0 to 1."""

    def say(self, text: str) -> None:
        """Tells whoever watches."""
        self.console.print(f"  [dim]{text}[/dim]")

    def rounds(self, count: int, label: str = "rounds") -> Iterator[int]:
        """The numbers of the rounds, shown as they pass; fewer on a small scale. Waits for a quiet machine first."""
        self.await_quiet()
        return self.steps(self.scaled(count, least=1), label)

    def steps(self, count: int, label: str) -> Iterator[int]:
        """The numbers from 0, shown as they pass."""
        columns = (
            TextColumn("  {task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self.console, transient=True) as progress:
            yield from progress.track(range(count), description=label)

    def scaled(self, count: int, *, least: int) -> int:
        """A number of rows or calls for this run."""
        return max(least, round(count * self.scale))

    def await_quiet(self) -> None:
        """Returns when nothing else runs on the machine, or when patience is at its end."""
        ends_at = time.monotonic() + self.patience * self.scale
        busy = busy_share(1.0)
        while busy > _QUIET and time.monotonic() < ends_at:
            self.console.print(f"  [yellow]waiting: other work takes {busy:.0%} of the machine[/yellow]")
            time.sleep(4)
            busy = busy_share(1.0)
        self.disturbances.append(round(busy, 3))
