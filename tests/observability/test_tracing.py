from collections.abc import Iterator

import pytest

from function_backend.observability.settings import TracingSettings
from function_backend.observability.tracing import start_tracing
from tests.fixtures.traces import Receiver


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", raising=False)
    receiver = Receiver()
    yield receiver
    receiver.stop()


def test_is_off_without_an_endpoint(receiver: Receiver) -> None:
    assert start_tracing(TracingSettings(), worker="0") is None


def test_spans_arrive_with_the_name_of_the_service(receiver: Receiver) -> None:
    tracing = start_tracing(TracingSettings(endpoint=receiver.endpoint), worker="0")
    assert tracing is not None
    with tracing.tracer.start_as_current_span("function.company.v1.CompanyService/GetCompany"):
        pass
    tracing.stop()
    (resource_spans,) = receiver.requests.get(timeout=60).resource_spans
    attributes = {pair.key: pair.value for pair in resource_spans.resource.attributes}
    assert attributes["service.name"].string_value == "function-backend"
    assert attributes["service.version"].string_value
    assert [span.name for span in resource_spans.scope_spans[0].spans] == [
        "function.company.v1.CompanyService/GetCompany"
    ]


def test_the_standard_variable_names_the_endpoint(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.endpoint)
    tracing = start_tracing(TracingSettings(), worker="0")
    assert tracing is not None
    tracing.tracer.start_span("one").end()
    tracing.stop()
    assert receiver.requests.get(timeout=60).resource_spans


def test_a_receiver_that_is_away_does_not_keep_the_process_from_ending(receiver: Receiver) -> None:
    receiver.stop()
    tracing = start_tracing(TracingSettings(endpoint=receiver.endpoint), worker="0")
    assert tracing is not None
    tracing.tracer.start_span("lost").end()
    tracing.stop()


@pytest.mark.parametrize("ratio", [-0.1, 1.1])
def test_a_share_beyond_nothing_and_everything_is_refused(ratio: float) -> None:
    with pytest.raises(ValueError, match=r"ratio"):
        TracingSettings(ratio=ratio)
