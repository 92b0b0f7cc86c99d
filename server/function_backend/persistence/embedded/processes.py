"""Reads which processes run: from /proc, or from `ps` where there is none."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Process:
    """One process as others see it."""

    pid: int
    parent: int
    command: str


def find_process(pid: int) -> Process | None:
    """Return a process that is alive; a zombie is not."""
    if _has_proc():
        return _read_proc(pid)
    return next((process for process in _ask_ps("-p", str(pid)) if process.pid == pid), None)


def list_processes() -> Iterator[Process]:
    """Yield the processes that are alive and can be seen."""
    if not _has_proc():
        yield from _ask_ps("-ax")
        return
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            process = _read_proc(int(entry.name))
            if process is not None:
                yield process


def _has_proc() -> bool:
    return (_PROC / "self" / "stat").exists()


def _read_proc(pid: int) -> Process | None:
    with contextlib.suppress(OSError):
        # The name in brackets may hold anything; what follows the last bracket is state, parent, …
        state, parent, *_ = (_PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
        command = (_PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ")
        if state not in {"Z", "X"}:
            return Process(pid, int(parent), os.fsdecode(command).strip())
    return None


def _ask_ps(*selection: str) -> Iterator[Process]:
    # -ww: with COLUMNS in the environment, ps cuts the line, and what we look for is at its end.
    question = ["/bin/ps", "-ww", *selection, "-o", "pid=,ppid=,state=,command="]
    answer = subprocess.run(question, capture_output=True, text=True, errors="replace", check=False)
    for line in answer.stdout.splitlines():
        pid, parent, state, *command = line.split(None, 3)
        if not state.startswith("Z"):
            yield Process(int(pid), int(parent), " ".join(command))
