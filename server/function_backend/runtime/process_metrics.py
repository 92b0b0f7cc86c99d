"""Memory, processor time, threads and open files of each worker, read from the system when somebody asks."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from function_backend.runtime.status_file import WorkerStatus

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a process uses."""

    resident_bytes: int
    cpu_seconds: float
    threads: int
    open_files: int


def usage(pid: int) -> Usage | None:
    """What the process uses; None when it has ended, or where the system has no `/proc`."""
    folder = _PROC / str(pid)
    try:
        # The name of the program, in parentheses, may contain blanks; what follows does not.
        fields = (folder / "stat").read_text().rpartition(")")[2].split()
        open_files = sum(1 for _ in (folder / "fd").iterdir())
    except OSError:
        return None
    ticks = os.sysconf("SC_CLK_TCK")
    return Usage(
        resident_bytes=int(fields[21]) * os.sysconf("SC_PAGE_SIZE"),
        cpu_seconds=(int(fields[11]) + int(fields[12])) / ticks,
        threads=int(fields[17]),
        open_files=open_files,
    )


class ProcessCollector(Collector):
    """Metrics of the workers that exist now."""

    def __init__(self, workers: Sequence[WorkerStatus]) -> None:
        self._workers = workers

    def collect(self) -> Iterator[Metric]:
        """One family per quantity, with a sample per worker."""
        memory = GaugeMetricFamily("function_backend_worker_resident_bytes", "Memory in use.", labels=["worker"])
        cpu = CounterMetricFamily("function_backend_worker_cpu_seconds", "Processor time used.", labels=["worker"])
        threads = GaugeMetricFamily("function_backend_worker_threads", "Threads.", labels=["worker"])
        files = GaugeMetricFamily("function_backend_worker_open_files", "Open descriptors.", labels=["worker"])
        states = GaugeMetricFamily(
            "function_backend_worker_state", "1 for the state the worker is in.", labels=["worker", "state"]
        )
        # While a worker is being replaced there are two of an index; the one that came last counts.
        for worker in {worker.index: worker for worker in self._workers}.values():
            label = [str(worker.index)]
            states.add_metric([*label, worker.state], 1)
            used = usage(worker.pid)
            if used is not None:
                memory.add_metric(label, used.resident_bytes)
                cpu.add_metric(label, used.cpu_seconds)
                threads.add_metric(label, used.threads)
                files.add_metric(label, used.open_files)
        yield from (memory, cpu, threads, files, states)
