"""Prometheus metrics of several processes as one: each writes its own files, one page adds them up."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import CollectorRegistry, multiprocess, values

_DIRECTORY_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsSettings:
    """Where the metrics are served."""

    listen: str = "127.0.0.1:9464"
    """Address of the HTTP port with `/metrics`, `/healthz` and `/readyz`; empty for none. Port 0 takes a free one."""


class MetricsFolder:
    """The private folder in which the processes keep their numbers.

    A process writes under the number of its seat, not of its process id: a replacement continues the files of the one
    before it, so that counters do not fall and files do not pile up over the years.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def create(cls) -> MetricsFolder:
        """A new empty folder that only this user can read."""
        return cls(Path(tempfile.mkdtemp(prefix="function-backend-metrics-")))

    def enter(self, seat: int) -> None:
        """From here on the metrics of this process go to its seat. Call it before the first metric is made."""
        os.environ[_DIRECTORY_VARIABLE] = os.fspath(self.path)
        name = _name(seat)
        values.ValueClass = values.MultiProcessValue(lambda: name)  # type: ignore[no-untyped-call]

    def leave(self, seat: int) -> None:
        """Forgets the gauges of a process that has ended; its counters stay."""
        multiprocess.mark_process_dead(_name(seat), os.fspath(self.path))  # type: ignore[no-untyped-call]

    def registry(self) -> CollectorRegistry:
        """A registry that adds up what all processes have written."""
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry, path=os.fspath(self.path))  # type: ignore[no-untyped-call]
        return registry

    def remove(self) -> None:
        """Deletes the folder and what is in it."""
        for file in self.path.glob("*.db"):
            file.unlink(missing_ok=True)
        self.path.rmdir()


def _name(seat: int) -> str:
    return f"seat{seat}"
