from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import grpc
import pytest

from function_backend.interceptors.exchange import Exchange
from function_backend.interceptors.load_shedding import LoadShedding, OverloadedError
from function_backend.interceptors.method import methods_of
from function_backend.interceptors.settings import PipelineSettings
from function_backend.kernel.call import Call
from tests.interceptors.echo_contract import SERVICE, EchoRequest, EchoResponse, Request, Response
from tests.interceptors.serving import Echo, eventually, serve


@dataclass
class Queue:
    """Threads as load shedding sees them."""

    length: int = 0
    done: int = 0
    size: int = 4
    now: float = 100.0
    waiting: Callable[[], int] = field(init=False)

    def __post_init__(self) -> None:
        self.waiting = lambda: self.length

    def finished(self) -> int:
        return self.done


def _gate(queue: Queue) -> Callable[[], None]:
    stage = LoadShedding(
        lambda _: queue, longest_wait=timedelta(seconds=2), longest_queue=1000, clock=lambda: queue.now
    )
    [method] = [method for method, _ in methods_of(SERVICE, Echo()) if method.name == "Read"]
    enter = stage.entering(method)
    assert enter is not None
    exchange = Exchange(method="", request_id="", context=None)  # type: ignore[arg-type]
    return lambda: enter(exchange)


class TestEstimate:
    def test_a_queue_that_moves_fast_is_no_overload(self) -> None:
        queue = Queue(length=500)
        enter = _gate(queue)
        for _ in range(20):
            queue.now, queue.done = queue.now + 0.1, queue.done + 100
            enter()

    def test_a_queue_that_hardly_moves_is(self) -> None:
        queue = Queue(length=500)
        enter = _gate(queue)
        enter()
        queue.now, queue.done = queue.now + 1, queue.done + 5
        with pytest.raises(OverloadedError) as raised:
            enter()
        assert raised.value.retry_after == timedelta(seconds=5)

    def test_a_pause_of_a_moment_is_not_yet(self) -> None:
        queue = Queue(length=500)
        enter = _gate(queue)
        enter()
        queue.now, queue.done = queue.now + 0.5, queue.done + 5
        enter()
        queue.now, queue.done = queue.now + 0.1, queue.done + 500
        enter()

    def test_a_queue_beyond_the_limit_is_whatever_its_speed(self) -> None:
        with pytest.raises(OverloadedError):
            _gate(Queue(length=1001))()

    def test_the_quiet_before_a_burst_says_nothing_about_it(self) -> None:
        queue = Queue(length=0)
        enter = _gate(queue)
        enter()
        queue.now += 3600
        queue.length = 500
        enter()

    def test_calls_that_find_a_free_thread_soon_are_never_refused(self) -> None:
        queue = Queue(length=4)
        enter = _gate(queue)
        for _ in range(5):
            queue.now += 10
            enter()


def test_a_server_with_more_work_than_it_can_finish_refuses_some_and_finishes_the_rest(
    echo: Echo, tmp_path: Path
) -> None:
    gate = threading.Event()

    def read(request: Request, call: Call) -> Response:
        gate.wait(10)
        return EchoResponse()

    echo.read = read
    with serve(tmp_path, echo, settings=PipelineSettings(longest_queue=10), threads=2) as served:
        with ThreadPoolExecutor(40) as callers:
            running = [callers.submit(served.call, "Read", EchoRequest()) for _ in range(40)]
            eventually(lambda: served.pool.waiting() >= 30)
            gate.set()
            outcomes = [each.result() for each in running]
        refused = [outcome for outcome in outcomes if outcome.code is not grpc.StatusCode.OK]
        assert 15 <= len(refused) <= 30
        assert {(outcome.code, outcome.reason) for outcome in refused} == {
            (grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
        }
        assert all("RetryInfo" in outcome.details for outcome in refused)
        assert served.call("Read", EchoRequest()).code is grpc.StatusCode.OK
