from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode, get_current_span
from prometheus_client import CollectorRegistry, Histogram

from function_backend.interceptors.exchange import Exchange
from function_backend.interceptors.method import methods_of
from function_backend.interceptors.metrics import _BUCKETS, Metrics
from function_backend.kernel.call import Call
from tests.interceptors.echo_contract import SERVICE, EchoRequest, EchoResponse, Request, Response
from tests.interceptors.serving import KEY, Echo, Served, bearer, serve

_TRACE = "0af7651916cd43dd8448eb211c80319c"
_SPAN = "b7ad6b7169203331"
READ = f"/{SERVICE}/Read"


class Recorded:
    """Spans that are kept in memory."""

    def __init__(self, ratio: float) -> None:
        self.ratio = ratio
        self.exporter = InMemorySpanExporter()
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.tracer = provider.get_tracer("test")


class TestAccessLog:
    def test_a_line_says_who_called_what_and_how_it_ended(self, served: Served) -> None:
        principal = served.keys.principals[KEY]
        before = datetime.now(UTC)
        served.call("Read", EchoRequest(text="payload"), metadata=bearer(x_request_id="abc"))
        [line] = served.lines()
        assert line["method"] == READ
        assert (line["code"], line["severity"], line["message"]) == ("OK", "INFO", "call")
        assert (line["request_id"], line["tenant"], line["actor"]) == ("abc", str(principal.tenant_id), principal.actor)
        assert line["peer"].startswith("ipv")
        assert (line["request_bytes"], line["response_bytes"]) == (9, 9)
        assert 0 < line["duration_ms"] < 10_000
        assert before - timedelta(seconds=1) < datetime.fromisoformat(line["time"]) < datetime.now(UTC)
        assert "reason" not in line

    def test_neither_payloads_nor_secrets_are_in_it(self, served: Served) -> None:
        served.call("Read", EchoRequest(text="payload"), metadata=bearer(x_other="fbk_other_secret"))
        served.call("Read", EchoRequest(text="payload" * 9))
        served.lines()
        text = served.log_file.read_text()
        assert "payload" not in text
        assert "fbk_" not in text

    def test_failures_of_the_server_stand_out(self, echo: Echo, served: Served) -> None:
        def fail(request: Request, call: Call) -> Response:
            raise ZeroDivisionError

        echo.read = fail
        served.call("Read", EchoRequest())
        served.call("Write", EchoRequest(text="x" * 30))
        assert [line["severity"] for line in served.lines()] == ["ERROR", "INFO"]

    def test_lines_arrive_without_being_asked_for(self, served: Served) -> None:
        served.call("Read", EchoRequest())
        ends = threading.Event()
        for _ in range(100):
            if served.log_file.stat().st_size:
                break
            ends.wait(0.05)
        assert served.log_file.stat().st_size


class TestMetrics:
    def test_calls_are_counted_by_method_and_status(self, served: Served) -> None:
        for text in ("a", "b", "x" * 21):
            served.call("Read", EchoRequest(text=text))
        assert served.metric("started_total", method=READ) == 3
        assert served.metric("handled_total", method=READ, code="OK") == 2
        assert served.metric("handled_total", method=READ, code="INVALID_ARGUMENT") == 1
        assert served.metric("duration_seconds_count", method=READ) == 3
        assert served.metric("duration_seconds_sum", method=READ) > 0
        assert served.metric("in_flight", method=READ) == 0

    def test_a_running_call_is_in_flight(self, echo: Echo, served: Served) -> None:
        begun, end = threading.Event(), threading.Event()

        def read(request: Request, call: Call) -> Response:
            begun.set()
            end.wait(5)
            return EchoResponse()

        echo.read = read
        running = served.begin("Read")
        assert begun.wait(5)
        served.outlook.flush()
        assert served.registry.get_sample_value("function_backend_rpc_in_flight", {"method": READ}) == 1
        end.set()
        running.result()
        assert served.metric("in_flight", method=READ) == 0

    def test_durations_are_filed_as_prometheus_files_them(self) -> None:
        seconds = [0.0, 0.0005, 0.00051, 0.003, 0.003, 0.7, 59.9, 60.0, 3600.0]
        registry, reference = CollectorRegistry(), CollectorRegistry()
        metrics = Metrics(registry)
        [method] = [method for method, _ in methods_of(SERVICE, Echo()) if method.name == "Read"]
        metrics.leaving(method)
        metrics._tally(READ).ended["OK"].extend(seconds)
        metrics.flush()
        expected = Histogram(
            "function_backend_rpc_duration_seconds", "", ["method"], buckets=_BUCKETS, registry=reference
        )
        for each in seconds:
            expected.labels(READ).observe(each)
        assert _samples(registry) == _samples(reference)

    def test_nothing_is_lost_while_calls_end_and_others_flush(self) -> None:
        registry = CollectorRegistry()
        metrics = Metrics(registry)
        [method] = [method for method, _ in methods_of(SERVICE, Echo()) if method.name == "Read"]
        enter, leave = metrics.entering(method), metrics.leaving(method)
        exchange = Exchange(method=READ, request_id="", context=None)  # type: ignore[arg-type]

        def work() -> None:
            for _ in range(5000):
                enter(exchange)
                leave(exchange)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            metrics.flush()
        metrics.flush()
        labels = {"method": READ, "code": "OK"}
        assert registry.get_sample_value("function_backend_rpc_handled_total", labels) == 20_000
        assert registry.get_sample_value("function_backend_rpc_duration_seconds_count", {"method": READ}) == 20_000
        assert registry.get_sample_value("function_backend_rpc_in_flight", {"method": READ}) == 0


def _samples(registry: CollectorRegistry) -> dict[tuple[str, str], float]:
    return {
        (sample.name, sample.labels.get("le", "")): sample.value
        for family in registry.collect()
        for sample in family.samples
        if "duration" in sample.name and not sample.name.endswith("_created")
    }


class TestTraces:
    @pytest.fixture
    def recorded(self) -> Recorded:
        return Recorded(ratio=0.0)

    @pytest.fixture
    def served(self, echo: Echo, tmp_path: Path, recorded: Recorded) -> Iterator[Served]:
        with serve(tmp_path, echo, sampling=recorded) as running:
            yield running

    def test_a_sampled_caller_gets_a_span_below_its_own(self, echo: Echo, served: Served, recorded: Recorded) -> None:
        inside: list[int] = []

        def read(request: Request, call: Call) -> Response:
            inside.append(get_current_span().get_span_context().span_id)
            return EchoResponse()

        echo.read = read
        header = bearer(traceparent=f"00-{_TRACE}-{_SPAN}-01", tracestate="a=b", x_request_id="abc")
        served.call("Read", EchoRequest(), metadata=header)
        [line] = served.lines()
        [span] = recorded.exporter.get_finished_spans()
        assert (span.name, span.kind) == (READ.removeprefix("/"), SpanKind.SERVER)
        assert span.parent is not None
        assert (f"{span.context.trace_id:032x}", f"{span.parent.span_id:016x}") == (_TRACE, _SPAN)
        assert span.parent.is_remote
        assert span.context.trace_state.get("a") == "b"
        assert inside == [span.context.span_id]
        attributes = dict(span.attributes or {})
        assert attributes.pop("client.address")
        assert attributes == {
            "rpc.system": "grpc",
            "rpc.service": SERVICE,
            "rpc.method": "Read",
            "rpc.grpc.status_code": 0,
            "function_backend.request_id": "abc",
        }
        assert line["trace_id"] == _TRACE

    def test_an_unsampled_caller_gets_none_and_is_found_in_the_log(self, served: Served, recorded: Recorded) -> None:
        served.call("Read", EchoRequest(), metadata=bearer(traceparent=f"00-{_TRACE}-{_SPAN}-00"))
        [line] = served.lines()
        assert line["trace_id"] == _TRACE
        assert recorded.exporter.get_finished_spans() == ()

    @pytest.mark.parametrize(
        "header",
        [
            "",
            "x",
            f"00-{_TRACE}-{_SPAN}",
            f"00-{_TRACE}-{_SPAN}-01-more",
            f"ff-{_TRACE}-{_SPAN}-01",
            f"00-{'0' * 32}-{_SPAN}-01",
            f"00-{_TRACE}-{'0' * 16}-01",
            f"00-{_TRACE.upper()}-{_SPAN}-01",
        ],
    )
    def test_a_header_that_is_not_valid_counts_as_none(self, served: Served, recorded: Recorded, header: str) -> None:
        assert served.call("Read", EchoRequest(), metadata=bearer(traceparent=header)).code is grpc.StatusCode.OK
        assert "trace_id" not in served.lines()[0]
        assert recorded.exporter.get_finished_spans() == ()

    def test_a_later_version_of_the_header_is_read_as_far_as_it_is_known(
        self, served: Served, recorded: Recorded
    ) -> None:
        served.call("Read", EchoRequest(), metadata=bearer(traceparent=f"01-{_TRACE}-{_SPAN}-01-more"))
        assert len(recorded.exporter.get_finished_spans()) == 1

    def test_without_a_caller_s_decision_the_share_decides(self, echo: Echo, tmp_path: Path) -> None:
        recorded = Recorded(ratio=1.0)
        with serve(tmp_path, echo, sampling=recorded) as served:
            served.call("Read", EchoRequest())
            [line] = served.lines()
        [span] = recorded.exporter.get_finished_spans()
        assert span.parent is None
        assert line["trace_id"] == f"{span.context.trace_id:032x}"

    @pytest.mark.parametrize(("error", "status"), [(ZeroDivisionError, StatusCode.ERROR), (None, StatusCode.UNSET)])
    def test_a_span_says_how_the_call_ended(
        self, echo: Echo, tmp_path: Path, error: type[Exception] | None, status: StatusCode
    ) -> None:
        def read(request: Request, call: Call) -> Response:
            if error is not None:
                raise error
            return EchoResponse()

        echo.read = read
        recorded = Recorded(ratio=1.0)
        with serve(tmp_path, echo, sampling=recorded) as served:
            outcome = served.call("Read", EchoRequest())
        [span] = recorded.exporter.get_finished_spans()
        assert span.status.status_code is status
        assert (span.attributes or {})["rpc.grpc.status_code"] == outcome.code.value[0]
        assert (span.attributes or {}).get("error.type") == (None if error is None else "INTERNAL")

    def test_a_stream_is_one_span(self, echo: Echo, tmp_path: Path) -> None:
        recorded = Recorded(ratio=1.0)
        with serve(tmp_path, echo, sampling=recorded) as served:
            list(served.stream("Watch"))
            served.lines()
        assert len(recorded.exporter.get_finished_spans()) == 1
