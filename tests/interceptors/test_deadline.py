from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest

from function_backend.interceptors.settings import PipelineSettings
from function_backend.kernel.call import Call
from tests.interceptors.echo_contract import SERVICE, EchoRequest, EchoResponse, Request, Response
from tests.interceptors.serving import Echo, Served, eventually, serve


class Work:
    """Stands for a statement that runs until somebody interrupts it."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.interrupted = threading.Event()
        self.closed = threading.Event()

    def run(self, request: Request, call: Call) -> Response:
        call.interrupt_with(self.interrupted.set)
        self.begun.set()
        if self.interrupted.wait(10):
            raise OSError("what a driver says when it is interrupted")
        return EchoResponse()

    def stream(self, request: Request, call: Call) -> Iterator[Any]:
        try:
            while True:
                yield EchoResponse(text="x" * 10_000)
                self.begun.set()
        finally:
            self.closed.set()

    def listen(self, requests: Iterable[Request], call: Call) -> Response:
        try:
            for _ in requests:
                self.begun.set()
            # gRPC may end the requests of a caller that has left a moment before it says that it has.
            time.sleep(0.2)
        finally:
            self.closed.set()
        return EchoResponse()


class TestDeadline:
    def test_too_little_time_is_refused_early(self, echo: Echo, tmp_path: Path) -> None:
        with serve(tmp_path, echo, settings=PipelineSettings(minimum_deadline=timedelta(seconds=8))) as served:
            outcome = served.call("Read", EchoRequest(), timeout=5)
        assert (outcome.code, outcome.reason) == (grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_TOO_SHORT")
        assert 0 < int(outcome.details["ErrorInfo"].metadata["remaining_ms"]) <= 5_500

    def test_a_unary_call_without_a_deadline_gets_the_default(self, echo: Echo, served: Served) -> None:
        seen: list[float | None] = []

        def read(request: Request, call: Call) -> Response:
            seen.append(call.remaining())
            return EchoResponse()

        echo.read = read
        served.call("Read", EchoRequest(), timeout=None)
        assert seen[0] is not None
        assert 0 < seen[0] <= 30

    def test_a_stream_without_a_deadline_may_go_on(self, echo: Echo, served: Served) -> None:
        seen: list[float | None] = []

        def watch(request: Request, call: Call) -> Iterator[Any]:
            seen.append(call.remaining())
            yield EchoResponse()

        echo.watch = watch
        list(served.stream("Watch", timeout=None))
        assert seen == [None]

    def test_when_the_time_runs_out_the_statement_is_interrupted_and_the_line_says_so(
        self, echo: Echo, served: Served
    ) -> None:
        work = Work()
        echo.read = work.run
        assert served.call("Read", EchoRequest(), timeout=0.3).code is grpc.StatusCode.DEADLINE_EXCEEDED
        assert work.interrupted.wait(5)
        [line] = served.lines()
        assert (line["code"], line["reason"]) == ("DEADLINE_EXCEEDED", "DEADLINE_TOO_SHORT")


class TestCancellation:
    def test_a_cancelled_call_interrupts_its_statement(
        self, echo: Echo, served: Served, caplog: pytest.LogCaptureFixture
    ) -> None:
        work = Work()
        echo.read = work.run
        running = served.begin("Read")
        assert work.begun.wait(5)
        running.cancel()
        assert work.interrupted.wait(5)
        [line] = served.lines()
        assert (line["code"], line["reason"]) == ("CANCELLED", "CALL_CANCELLED")
        assert served.metric("handled_total", method=f"/{SERVICE}/Read", code="CANCELLED") == 1
        assert "driver" not in caplog.text

    def test_a_statement_that_begins_after_the_end_learns_of_it(self, echo: Echo, served: Served) -> None:
        begun, cancelled, seen = threading.Event(), threading.Event(), []

        def read(request: Request, call: Call) -> Response:
            begun.set()
            cancelled.wait(5)
            time.sleep(0.2)
            call.interrupt_with(lambda: None)
            eventually(lambda: call.ended)
            seen.append(call.ended)
            return EchoResponse()

        echo.read = read
        running = served.begin("Read")
        assert begun.wait(5)
        running.cancel()
        cancelled.set()
        [line] = served.lines()
        assert seen == [True]
        assert line["code"] == "CANCELLED"

    def test_a_reader_that_leaves_closes_the_stream_at_once(self, echo: Echo, served: Served) -> None:
        work = Work()
        echo.watch = work.stream
        answers = served.stream("Watch")
        next(answers)
        answers.cancel()
        assert work.closed.wait(5)
        [line] = served.lines()
        assert (line["code"], line["reason"]) == ("CANCELLED", "CALL_CANCELLED")
        assert served.metric("in_flight", method=f"/{SERVICE}/Watch") == 0

    @pytest.mark.parametrize("method", ["Collect", "Chat"])
    def test_a_writer_that_leaves_ends_the_reading(self, echo: Echo, served: Served, method: str) -> None:
        work = Work()
        echo.collect = work.listen
        echo.chat = lambda requests, call: iter([work.listen(requests, call)])
        release = threading.Event()

        def requests() -> Iterator[bytes]:
            yield b""
            release.wait(10)

        answers = served.stream(method, requests())
        assert work.begun.wait(5)
        answers.cancel()
        assert work.closed.wait(5)
        [line] = served.lines()
        assert (line["code"], line["reason"]) == ("CANCELLED", "CALL_CANCELLED")
        release.set()

    def test_an_error_while_a_left_stream_is_closed_is_logged_and_harmless(
        self, echo: Echo, served: Served, caplog: pytest.LogCaptureFixture
    ) -> None:
        def watch(request: Request, call: Call) -> Iterator[Any]:
            try:
                while True:
                    yield EchoResponse(text="x" * 10_000)
            finally:
                raise OSError

        echo.watch = watch
        answers = served.stream("Watch")
        next(answers)
        answers.cancel()
        assert [line["code"] for line in served.lines()] == ["CANCELLED"]
        assert "failed while it was closed" in caplog.text
