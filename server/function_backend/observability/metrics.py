"""Prometheus metrics of several processes as one: each writes its own files, one page adds them up."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
import time
from pathlib import Path

from prometheus_client import CollectorRegistry, multiprocess, values

_DIRECTORY_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
_PREFIX = "function-backend-metrics-"
_LOCK = "owner.lock"
_YOUNG_SECONDS = 10.0


class MetricsFolder:
    """The private folder in which the processes keep their numbers.

    A process writes under the number of its seat, not of its process id: a replacement continues the files of the one
    before it, so that counters do not fall and files do not pile up over the years.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: int | None = None

    @classmethod
    def create(cls) -> MetricsFolder:
        """A new empty folder that only this user can read; those that killed processes left behind are removed."""
        for abandoned in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
            _remove_if_abandoned(abandoned)
        folder = cls(Path(tempfile.mkdtemp(prefix=_PREFIX)))
        # Held as long as this process or a child of it lives.
        folder._lock = os.open(folder.path / _LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(folder._lock, fcntl.LOCK_EX)
        return folder

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
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _remove_if_abandoned(path: Path) -> None:
    """Removes the folder when nobody holds its lock; one that was made just now may not have it yet."""
    with contextlib.suppress(OSError):
        status = path.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
            return
        if time.time() - status.st_mtime < _YOUNG_SECONDS:
            return
        lock = os.open(path / _LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path, ignore_errors=True)
        finally:
            os.close(lock)


def _name(seat: int) -> str:
    return f"seat{seat}"
