"""What the system says about processes: processor time, memory, where they run. Linux only, through `/proc`."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Memory of a process in MB of a million bytes."""

    resident: float
    """Pages in memory, shared ones counted in full."""
    proportional: float
    """Pages in memory, shared ones counted by the share of this process (PSS)."""
    unique: float
    """Pages that are this process's alone (USS)."""


def processor_seconds(pid: int) -> float:
    """The processor time that the process has used, all its threads together, those that have ended too."""
    # The name of the program, in parentheses, may contain blanks; what follows does not.
    fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def family_seconds(pid: int) -> float:
    """The processor time that the process and all its children have used, those that have ended too."""
    fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    ended = (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")
    living = 0.0
    for child in descendants(pid):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            living += processor_seconds(child)
    return processor_seconds(pid) + ended + living


def memory(pid: int) -> Memory:
    """The memory that the process uses."""
    sizes: dict[str, float] = {}
    for line in (_PROC / str(pid) / "smaps_rollup").read_text().splitlines()[1:]:
        name, size, *_ = line.split()
        sizes[name.rstrip(":")] = int(size) * 1024 / 1e6
    return Memory(
        resident=sizes["Rss"],
        proportional=sizes["Pss"],
        unique=sizes["Private_Clean"] + sizes["Private_Dirty"],
    )


def pin(pid: int, processors: Collection[int]) -> None:
    """Keeps a process, all its threads and those they start, on the processors."""
    for thread in (_PROC / str(pid) / "task").iterdir():
        with contextlib.suppress(ProcessLookupError):
            os.sched_setaffinity(int(thread.name), processors)


def pin_tree(pid: int, processors: Collection[int]) -> None:
    """Keeps a process and all its descendants on the processors."""
    for member in (pid, *descendants(pid)):
        with contextlib.suppress(FileNotFoundError):
            pin(member, processors)


def descendants(pid: int) -> Iterator[int]:
    """The children of a process, theirs, and so on."""
    for thread in (_PROC / str(pid) / "task").iterdir():
        with contextlib.suppress(FileNotFoundError):
            for child in (thread / "children").read_text().split():
                yield int(child)
                with contextlib.suppress(FileNotFoundError):
                    yield from descendants(int(child))


def busy_share(seconds: float) -> float:
    """How much of all processors was in use during the next seconds, from 0 to 1."""
    before = _ticks()
    time.sleep(seconds)
    used, total = (after - earlier for after, earlier in zip(_ticks(), before, strict=True))
    return used / total if total else 0.0


def _ticks() -> tuple[int, int]:
    fields = [int(field) for field in (_PROC / "stat").read_text().splitlines()[0].split()[1:9]]
    # Fields 3 and 4: idle, and idle while waiting for the disk.
    return sum(fields) - fields[3] - fields[4], sum(fields)


def processors() -> tuple[frozenset[int], frozenset[int]]:
    """The processor for the server alone, and those for all the rest; the same one when there is only one."""
    first, *others = sorted(os.sched_getaffinity(0))
    return frozenset((first,)), frozenset(others or (first,))
