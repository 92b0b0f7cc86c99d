"""Traces go on at the service."""

import asyncio
import sys

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from function.company.v1 import company_service_pb2
from function_backend_client import CompanyNotFoundError, connect, connect_async
from tests.clients.test_exporting import NAMES, batches
from tests.clients.test_importing import row, take
from tests.fixtures.scripted import ScriptedService, refuse


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    # The provider of the process may be set only once; other tests of this process may want another.
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)
    return exporter


def test_the_context_travels_with_the_call(scripted: ScriptedService, spans: InMemorySpanExporter) -> None:
    scripted.on("GetCompany", lambda request, context: company_service_pb2.GetCompanyResponse())
    with connect(scripted.address, api_key="fbk_test", tracing=True) as client:
        client.companies.get("x")
    (span,) = spans.get_finished_spans()
    sent = scripted.received("GetCompany")[0].metadata
    assert span.context is not None
    assert f"{span.context.trace_id:032x}" in sent["traceparent"]
    assert sent["authorization"] == "Bearer fbk_test"


def test_failures_streams_and_imports_work_as_without(scripted: ScriptedService, spans: InMemorySpanExporter) -> None:
    scripted.on("GetCompany", lambda request, context: refuse(context, "COMPANY_NOT_FOUND"))
    scripted.on("ExportCompanies", batches)
    scripted.on("ImportCompanies", take)
    with connect(scripted.address, tracing=True) as client:
        with pytest.raises(CompanyNotFoundError):
            client.companies.get("x")
        assert [company.legal_name for company in client.companies.export()] == NAMES
        assert client.companies.import_([row(1)], match_scheme="us-cik").created_count == 1
    names = {span.name.rsplit("/")[-1] for span in spans.get_finished_spans()}
    assert names == {"GetCompany", "ExportCompanies", "ImportCompanies"}


def test_the_asynchronous_client_does_the_same(scripted: ScriptedService, spans: InMemorySpanExporter) -> None:
    scripted.on("GetCompany", lambda request, context: company_service_pb2.GetCompanyResponse())

    async def use() -> None:
        async with connect_async(scripted.address, tracing=True) as client:
            await client.companies.get("x")

    asyncio.run(use())
    assert len(spans.get_finished_spans()) == 1
    assert "traceparent" in scripted.received("GetCompany")[0].metadata


def test_without_opentelemetry_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.instrumentation.grpc", None)
    with pytest.raises(RuntimeError, match=r"function-backend-client\[tracing\]"):
        connect(tracing=True)
    with pytest.raises(RuntimeError, match=r"function-backend-client\[tracing\]"):
        asyncio.run(_open())


async def _open() -> None:
    connect_async(tracing=True)
