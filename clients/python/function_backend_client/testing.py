"""The real service for tests of programs that call it: started with the block, gone with it.

It needs the distribution `function-backend[embedded]` in the same environment; no database, no container.

    @pytest.fixture(scope="session")
    def service():
        with local_service() as service:
            yield service

    def test_orders(service):
        with service.connect() as client:
            ...
"""

from __future__ import annotations

import importlib.util
import os
import queue
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from function_backend_client.client import Client

_READY: Final = re.compile(r"serves on (\S+)")
_KEY: Final = re.compile(r"^ +(fbk_\S+)$")
_PREFIX: Final = "FUNCTION_BACKEND_"


class ServiceNotStartedError(Exception):
    """The service did not start; the message has what it said."""


@dataclass(frozen=True, slots=True)
class LocalService:
    """A service on this machine with a database of its own."""

    address: str
    api_key: str = field(repr=False)
    """The key of an administrator."""

    def connect(self) -> Client:
        """A client of the administrator."""
        return Client(self.address, api_key=self.api_key)


@contextmanager
def local_service(*, workers: int = 1, start_timeout: float = 60.0) -> Iterator[LocalService]:
    """Starts the service on a free port with an empty database, and stops it at the end of the block.

    Raises ServiceNotStartedError.
    """
    if importlib.util.find_spec("function_backend_cli") is None:
        raise ServiceNotStartedError("the service is not installed here: install function-backend[embedded]")
    with tempfile.TemporaryDirectory(prefix="function-backend-") as folder:
        process = _started(Path(folder), workers)
        lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        # Reading goes on after the start: a service whose output nobody takes stops when the pipe is full.
        reader = threading.Thread(target=_read, args=(process.stdout, lines), daemon=True)
        reader.start()
        try:
            yield _announced(lines, start_timeout)
        finally:
            process.terminate()
            process.wait()
            reader.join()
            if process.stdout is not None:
                process.stdout.close()


def _started(folder: Path, workers: int) -> subprocess.Popen[str]:
    # Settings that stand in the environment are meant for another service.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_PREFIX)}
    command = [sys.executable, "-m", "function_backend_cli", "serve", "--workers", str(workers)]
    ports = ["--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0"]
    return subprocess.Popen(
        [*command, *ports, "--data-dir", str(folder / "data")],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _announced(lines: queue.SimpleQueue[str | None], timeout: float) -> LocalService:
    """Waits for the address and the key that the service prints at its first start."""
    ends_at = time.monotonic() + timeout
    said: list[str] = []
    address = ""
    while (remaining := ends_at - time.monotonic()) > 0:
        try:
            line = lines.get(timeout=remaining)
        except queue.Empty:
            break
        if line is None:
            break
        said.append(line)
        ready, key = _READY.search(line), _KEY.match(line)
        if ready is not None:
            address = ready[1]
        if key is not None and address:
            return LocalService(address, key[1])
    raise ServiceNotStartedError("".join(said) or "it said nothing")


def _read(stream: IO[str] | None, lines: queue.SimpleQueue[str | None]) -> None:
    for line in stream or ():
        lines.put(line)
    lines.put(None)
