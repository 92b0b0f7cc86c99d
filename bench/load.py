"""Calls one method as fast as a server answers: with h2load where it is installed, else with processes of our own."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.framing import write_messages
from bench.processes import pin, processors

_FRAME = 5
"""Bytes in front of each gRPC message."""
_PYTHON_PROCESSES = 2
_TIMEOUT_SECONDS = 300
IN_FLIGHT = 32
_CONNECTIONS = 4

MISSING = (
    "h2load is not installed, so calls are made by Python, which is slower than what it measures: figures of cheap "
    "calls come out too low and too close together. Install it: apt install nghttp2-client, dnf install nghttp2, "
    "or brew install nghttp2."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One method with one request, and the response that it must give each time."""

    address: str
    path: str
    """Such as `/function.company.v1.CompanyService/GetCompany`."""
    request: bytes
    response_size: int
    """Bytes of the response message; every answer must have as many."""
    api_key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What came of the calls; all were answered."""

    calls: int
    seconds: float

    @property
    def rate(self) -> float:
        """Calls per second."""
        return self.calls / self.seconds


class LoadError(Exception):
    """Calls failed, so there is nothing to measure."""


def native() -> str | None:
    """The program that makes the calls; None when it has to be Python."""
    return shutil.which("h2load")


def generator() -> str:
    """What makes the calls, for the record."""
    program = native()
    if program is None:
        return f"{_PYTHON_PROCESSES} Python processes"
    return subprocess.run((program, "--version"), check=True, capture_output=True, text=True).stdout.strip()


def call(
    target: Target,
    calls: int,
    folder: Path,
    *,
    connections: int = _CONNECTIONS,
    callers_on: Collection[int] = (),
) -> Load:
    """Makes this many calls, 32 at a time over a few connections, from the processors that are not the server's.

    LoadError when not every call is answered with a message of the size that the target names.
    """
    program = native()
    if program is None:
        return _call_with_python(target, calls, folder)
    body = folder / "body"
    body.write_bytes(b"\0" + len(target.request).to_bytes(4, "big") + target.request)
    command = [program, "-n", str(calls), "-c", str(connections), "-m", str(IN_FLIGHT // connections), "-d", str(body)]
    command += ["-H", "content-type: application/grpc", "-H", "te: trailers"]
    if target.api_key:
        command += ["-H", f"authorization: Bearer {target.api_key}"]
    command.append(f"http://{target.address}{target.path}")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        pin(process.pid, callers_on or processors()[1])
        said, _ = process.communicate(timeout=_TIMEOUT_SECONDS)
    return reading(said, target, calls)


def reading(said: str, target: Target, calls: int) -> Load:
    """What h2load says. It knows HTTP alone: a refused call is a success to it, but one without a message."""
    succeeded = re.search(r"(\d+) succeeded", said)
    received = re.search(r"\((\d+)\) data", said)
    took = re.search(r"finished in ([\d.]+)(us|ms|s|m)", said)
    if succeeded is None or received is None or took is None:
        raise LoadError(f"h2load did not say what came of its calls:\n{said}")
    expected = calls * (_FRAME + target.response_size)
    if int(succeeded[1]) != calls or int(received[1]) != expected:
        raise LoadError(
            f"of {calls} calls {succeeded[1]} succeeded, with {received[1]} bytes of answers instead of {expected}"
        )
    return Load(calls=calls, seconds=float(took[1]) * {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}[took[2]])


def _call_with_python(target: Target, calls: int, folder: Path) -> Load:
    requests = folder / "request"
    write_messages(requests, [target.request])
    outcomes = send(
        target.address,
        target.path,
        [requests] * _PYTHON_PROCESSES,
        api_key=target.api_key,
        in_flight=IN_FLIGHT // _PYTHON_PROCESSES,
        calls=calls // _PYTHON_PROCESSES,
    )
    if any(outcome.answer_bytes != outcome.calls * target.response_size for outcome in outcomes):
        raise LoadError("answers have another size than the one expected")
    return Load(calls=sum(each.calls for each in outcomes), seconds=max(each.seconds for each in outcomes))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What one process of callers found."""

    calls: int
    seconds: float
    """From its first call to its last answer."""
    answer_bytes: int
    refused: dict[str, int]
    """Calls that failed, by status."""


def send(
    address: str,
    path: str,
    request_files: Sequence[Path],
    *,
    api_key: str,
    in_flight: int,
    calls: int = 0,
    may_fail: bool = False,
) -> list[Sent]:
    """Sends what is in the files, one process for each file, each with this many calls at a time.

    With `calls` each process makes that many and begins again with its file when it is through. LoadError when a call
    fails that may not.
    """
    running = []
    for requests in request_files:
        order = {
            "address": address,
            "path": path,
            "requests": str(requests),
            "api_key": api_key,
            "in_flight": in_flight,
            "calls": calls,
        }
        process = subprocess.Popen(
            (sys.executable, "-m", "bench.caller"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        pin(process.pid, processors()[1])
        running.append((process, json.dumps(order)))
    for process, order_text in running:
        if process.stdin is not None:
            process.stdin.write(order_text)
            process.stdin.close()
    outcomes = []
    for process, _ in running:
        with process:
            said = "" if process.stdout is None else process.stdout.read()
        if process.returncode:
            raise LoadError(f"a process of callers ended with status {process.returncode}")
        outcomes.append(Sent(**json.loads(said)))
    refused = {code: count for outcome in outcomes for code, count in outcome.refused.items()}
    if refused and not may_fail:
        raise LoadError(f"calls failed: {refused}")
    return outcomes
