"""Runs work where it can do no harm: in a forked child with limits, which is replaced when it dies or hangs.

To be used from a process with a single thread, since it forks.
"""

from __future__ import annotations

import os
import pickle
import resource
import select
import signal
import struct
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Generic, TypeVar

ResultT = TypeVar("ResultT")

_HEADER = struct.Struct("!I")
_PAGE = resource.getpagesize()
_STATUS = Path("/proc/self/status")
_FORGET_PEAK = Path("/proc/self/clear_refs")


@dataclass(frozen=True, slots=True)
class Ended(Generic[ResultT]):
    """How one job ended."""

    result: ResultT | None
    """What it returned; None when it did not."""
    crash: str = ""
    """The traceback of what it raised, or the signal that ended the process; empty when it returned."""
    timed_out: bool = False
    seconds: float = 0.0
    growth: int = 0
    """Bytes that the resident memory of the process grew by at most while it ran."""


def run_all(
    jobs: Sequence[Callable[[], ResultT]], *, seconds: float, memory: int = 1 << 30
) -> Iterator[Ended[ResultT]]:
    """Runs the jobs one after the other, each within `seconds`, with `memory` bytes more than this process has."""
    at = 0
    while at < len(jobs):
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            _work(jobs[at:], writer, memory)
        os.close(writer)
        with os.fdopen(reader, "rb", buffering=0) as answers:
            while at < len(jobs):
                ended: Ended[ResultT] | None = _next(answers, seconds)
                if ended is None:
                    yield _dead(child, answers)
                    at += 1
                    break
                yield ended
                at += 1
            else:
                os.waitpid(child, 0)


def _work(jobs: Sequence[Callable[[], object]], writer: int, memory: int) -> None:
    """The life of the child."""
    try:
        resource.setrlimit(resource.RLIMIT_AS, (_mapped() + memory, resource.RLIM_INFINITY))
        with os.fdopen(writer, "wb") as answers:
            for job in jobs:
                answer = pickle.dumps(_measured(job))
                answers.write(_HEADER.pack(len(answer)) + answer)
                answers.flush()
    finally:
        # Not the way out of the process that was forked: that would run what it has still to do.
        os._exit(0)


def _measured(job: Callable[[], object]) -> Ended[object]:
    before = _forgotten_peak()
    started = time.perf_counter()
    try:
        result, crash = job(), ""
    except BaseException:  # noqa: BLE001 - whatever it is, it is what is looked for
        result, crash = None, traceback.format_exc(limit=-6)
    seconds = time.perf_counter() - started
    return Ended(result, crash, seconds=seconds, growth=max(0, _peak() - before))


def _next(answers: BinaryIO, seconds: float) -> Ended[ResultT] | None:
    """What the child says next; None when it says nothing in time, or nothing ever more."""
    header = _read(answers, _HEADER.size, time.monotonic() + seconds)
    if header is None:
        return None
    (size,) = _HEADER.unpack(header)
    body = _read(answers, size, time.monotonic() + seconds)
    if body is None:
        return None
    ended: Ended[ResultT] = pickle.loads(body)  # noqa: S301 - written by the child of this process
    return ended


def _read(answers: BinaryIO, size: int, until: float) -> bytes | None:
    found = b""
    while len(found) < size:
        ready, _, _ = select.select([answers], [], [], max(0.0, until - time.monotonic()))
        part = answers.read(size - len(found)) if ready else b""
        if not part:
            return None
        found += part
    return found


def _dead(child: int, answers: BinaryIO) -> Ended[ResultT]:
    # At its end of the pipe the child is gone; otherwise it hangs.
    gone, _, _ = select.select([answers], [], [], 0)
    if not gone:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if not gone:
        return Ended(None, timed_out=True)
    code = os.waitstatus_to_exitcode(status)
    return Ended(None, f"the process ended with {signal.Signals(-code).name if code < 0 else f'status {code}'}")


def _mapped() -> int:
    return int(Path("/proc/self/statm").read_text().split()[0]) * _PAGE if _STATUS.exists() else 0


def _forgotten_peak() -> int:
    """What is resident now, from where the peak is counted again where the system allows that."""
    if _FORGET_PEAK.exists():
        _FORGET_PEAK.write_text("5")
    return _peak()


def _peak() -> int:
    if _STATUS.exists():
        for line in _STATUS.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    # Elsewhere it only ever grows, and is in bytes.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
