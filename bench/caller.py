"""A process that calls one method with many requests. It reads its order as JSON and answers what came of it."""

from __future__ import annotations

import itertools
import json
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import grpc

from bench.framing import read_messages


class _Callers:
    """Threads that take requests from one list, in order, each with one call at a time."""

    def __init__(self, call: grpc.UnaryUnaryMultiCallable[bytes, bytes], requests: list[bytes], calls: int) -> None:
        self._call = call
        self._requests = requests
        self._calls = calls or len(requests)
        self._next = itertools.count()
        self._lock = threading.Lock()
        self.answer_bytes = 0
        self.refused: Counter[str] = Counter()

    def run(self, in_flight: int, metadata: tuple[tuple[str, str], ...]) -> float:
        """Makes all calls and returns how many seconds it took."""
        threads = [threading.Thread(target=self._work, args=(metadata,)) for _ in range(in_flight)]
        started = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return time.perf_counter() - started

    def _work(self, metadata: tuple[tuple[str, str], ...]) -> None:
        received, refused = 0, Counter[str]()
        while (number := next(self._next)) < self._calls:
            try:
                received += len(self._call(self._requests[number % len(self._requests)], metadata=metadata))
            except grpc.RpcError as error:
                refused[error.code().name] += 1
        with self._lock:
            self.answer_bytes += received
            self.refused += refused


def main() -> None:
    """Does what standard input says and writes what came of it to standard output."""
    order = json.load(sys.stdin)
    requests = read_messages(Path(order["requests"]))
    metadata = (("authorization", f"Bearer {order['api_key']}"),) if order["api_key"] else ()
    with grpc.insecure_channel(order["address"]) as channel:
        grpc.channel_ready_future(channel).result(timeout=10)
        callers = _Callers(channel.unary_unary(order["path"]), requests, order["calls"])
        seconds = callers.run(order["in_flight"], metadata)
    print(
        json.dumps(
            {
                "calls": order["calls"] or len(requests),
                "seconds": seconds,
                "answer_bytes": callers.answer_bytes,
                "refused": callers.refused,
            }
        )
    )


if __name__ == "__main__":
    main()
