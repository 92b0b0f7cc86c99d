"""What thousands of idle Watch streams cost a worker and its other callers."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator

import grpc

from bench.figure import Figure, Measurement, median_of, median_ratio, percentile
from bench.processes import memory, pin, processors
from bench.rows.get_company import GET_COMPANY, prepare, target_of
from bench.service import running
from bench.stage import Stage

_STREAMS = 5_000
_ROUNDS = 3
_CALLS = 3_000
_WARM_UP_CALLS = 3_000
_SETTLE_SECONDS = 3.0
_WITHOUT, _WITH, _BARE = "without streams", "with streams", "bare"


def measure(stage: Stage) -> Measurement:
    """Times single calls, opens the streams, looks at the worker's memory, times again, and closes them."""
    rounds: dict[str, list[dict[str, float]]] = {_WITHOUT: [], _WITH: []}
    streams, calls = stage.scaled(_STREAMS, least=500), stage.scaled(_CALLS, least=500)
    with running(stage.folder / "data", settings={"BACKGROUND_IN_PROCESS": "off"}) as service:
        service.pin()
        target = target_of(service, prepare(service))
        (worker,) = service.workers()
        with grpc.insecure_channel(service.address) as channel:
            call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(GET_COMPANY)
            metadata = (("authorization", f"Bearer {target.api_key}"),)

            def p95(count: int) -> float:
                seconds = []
                for _ in range(count):
                    began = time.perf_counter()
                    call(target.request, metadata=metadata, timeout=30)
                    seconds.append(time.perf_counter() - began)
                return percentile(seconds, 0.95) * 1000

            p95(stage.scaled(_WARM_UP_CALLS, least=500))
            for _ in stage.rounds(_ROUNDS):
                rounds[_WITHOUT].append({"p95_ms": p95(calls), "resident_mb": memory(worker).resident})
                with _open_streams(service.address, service.api_key, streams):
                    time.sleep(_SETTLE_SECONDS)
                    rounds[_WITH].append({"p95_ms": p95(calls), "resident_mb": memory(worker).resident})
                time.sleep(_SETTLE_SECONDS)
    bare = _bare_memory(streams)
    rounds[_BARE] = [{"resident_mb": bare}]
    # The first round: what a worker has taken once it keeps for the next streams.
    before, after = rounds[_WITHOUT][0]["resident_mb"], max(each["resident_mb"] for each in rounds[_WITH])
    figures = [
        Figure(
            name=f"Memory of {streams:,} idle Watch streams in a worker",
            value=after - before,
            unit="MB",
            absolute=f"{before:.0f} to {after:.0f} MB resident",
            at_most=100,
        ),
        Figure(
            name=f"Memory of {streams:,} idle Watch streams, compared",
            value=(after - before) / bare,
            unit="×",
            reference="a grpcio server that does nothing but keep as many",
            absolute=f"{after - before:.0f} to {bare:.0f} MB",
        ),
        Figure(
            name=f"p95 of GetCompany beside {streams:,} idle Watch streams",
            value=median_ratio(rounds[_WITH], rounds[_WITHOUT], "p95_ms"),
            unit="×",
            reference="the same without the streams",
            absolute=f"{median_of(rounds[_WITH], 'p95_ms'):.2f} to {median_of(rounds[_WITHOUT], 'p95_ms'):.2f} ms",
            at_most=1.1,
        ),
    ]
    conditions = {
        "streams": "of one asynchronous process over connections with 500 each, of one tenant, with a checkpoint every "
        "30 seconds as by default, while nothing happens",
        "calls": f"GetCompany, warm, one after the other, {calls:,} a round; the worker alone on one processor",
    }
    return Measurement(figures=figures, rounds=rounds, conditions=conditions)


@contextlib.contextmanager
def _open_streams(address: str, api_key: str, streams: int) -> Iterator[None]:
    order = {"address": address, "api_key": api_key, "streams": streams}
    with subprocess.Popen(
        (sys.executable, "-m", "bench.stream_holder"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        if holder.stdin is None or holder.stdout is None:
            raise RuntimeError("the process that holds streams has no pipes")
        pin(holder.pid, processors()[1])
        holder.stdin.write(f"{json.dumps(order)}\n")
        holder.stdin.flush()
        if holder.stdout.readline() != "open\n":
            raise RuntimeError("not all streams could be opened")
        yield
        holder.stdin.write("end\n")
        holder.stdin.flush()
        if holder.stdout.readline() != "kept\n":
            raise RuntimeError("streams ended while they were to be idle")


def _bare_memory(streams: int) -> float:
    """MB that the streams take in a server that does nothing else."""
    with subprocess.Popen(
        (sys.executable, "-m", "bench.bare_streams"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        if server.stdin is None or server.stdout is None:
            raise RuntimeError("the reference has no pipes")
        address = f"127.0.0.1:{int(server.stdout.readline())}"
        before = memory(server.pid).resident
        with _open_streams(address, "of nobody", streams):
            time.sleep(_SETTLE_SECONDS)
            taken = memory(server.pid).resident - before
        server.stdin.close()
        return taken
