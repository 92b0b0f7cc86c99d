"""The reference servers of `bench.echo` as processes."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.processes import pin, processors
from function_backend.runtime.settings import ProcessSettings

_STOP_SECONDS = 10
_EXPERIMENTS = "GRPC_EXPERIMENTS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Echo:
    """A running reference server."""

    address: str
    pid: int


@contextlib.contextmanager
def echoing(kind: str, message: Path) -> Iterator[Echo]:
    """Starts the reference of this kind, `sync` or `aio`, on the processor of the server, and ends it in the end."""
    command = (sys.executable, "-m", "bench.echo", kind, str(message))
    environment = {name: value for name, value in os.environ.items() if name != _EXPERIMENTS}
    if kind == "sync":
        environment[_EXPERIMENTS] = ProcessSettings().grpc_experiments
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        if process.stdout is None or not (port := process.stdout.readline()):
            raise RuntimeError(f"the {kind} echo did not start")
        pin(process.pid, processors()[0])
        yield Echo(address=f"127.0.0.1:{int(port)}", pid=process.pid)
    finally:
        with process:
            if process.stdin is not None:
                process.stdin.close()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
