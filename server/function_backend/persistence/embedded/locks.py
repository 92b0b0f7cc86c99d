"""Locks on files: released by the kernel when their process ends, however it ends."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from function_backend.persistence.embedded.errors import DataFolderError, EmbeddedPostgresError

_POLL_SECONDS = 0.01

# Descriptors of this process's locks. A forked child shares them, and would keep a lock after our death.
_held: set[int] = set()


def _drop_inherited_locks() -> None:
    for descriptor in _held:
        os.close(descriptor)
    _held.clear()


os.register_at_fork(after_in_child=_drop_inherited_locks)


class FileLock:
    """An exclusive lock that this process holds on a file until it is released."""

    def __init__(self, descriptor: int) -> None:
        """Take over an open descriptor that has the lock."""
        self._descriptor = descriptor
        self._process = os.getpid()
        _held.add(descriptor)

    @classmethod
    def try_acquire(cls, path: Path) -> Self | None:
        """Return the lock, or None while somebody else holds it."""
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except PermissionError:
            uid = path.lstat().st_uid
            raise DataFolderError(f"{path} belongs to uid {uid} and this process is uid {os.geteuid()}.") from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"{os.getpid()}\n".encode())
        except BlockingIOError:
            os.close(descriptor)
            return None
        except BaseException:
            os.close(descriptor)
            raise
        return cls(descriptor)

    def release(self) -> None:
        """Give the lock up; does nothing the second time or in a forked child."""
        if os.getpid() == self._process and self._descriptor in _held:
            _held.discard(self._descriptor)
            os.close(self._descriptor)


@contextlib.contextmanager
def hold(path: Path, *, deadline: float) -> Iterator[None]:
    """Hold the lock inside the block; `deadline` is a time of the monotonic clock."""
    lock = FileLock.try_acquire(path)
    while lock is None:
        if time.monotonic() > deadline:
            raise EmbeddedPostgresError(f"Process {holder(path)} has kept {path} locked for too long.")
        time.sleep(_POLL_SECONDS)
        lock = FileLock.try_acquire(path)
    try:
        yield
    finally:
        lock.release()


def holder(path: Path) -> str:
    """Return the number of the process that last took the lock, for messages."""
    try:
        return path.read_text(encoding="ascii").strip() or "?"
    except OSError:
        return "?"
