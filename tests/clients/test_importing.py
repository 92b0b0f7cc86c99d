"""Imports: bounded streams at the same time, in order for each company, sent again when they break."""

import threading
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from function.company.v1 import company_service_pb2
from function_backend_client import (
    Client,
    Company,
    Identifier,
    ImportOptions,
    ImportProgress,
    ImportRejection,
    ImportRow,
    ImportTooLargeError,
    UnavailableError,
    connect,
)
from tests.fixtures.scripted import ScriptedService, refuse

OPTIONS = ImportOptions(streams=3, stream_rows=10, batch_rows=4)


def row(number: int, value: str | None = None, name: str = "Example") -> ImportRow:
    identifiers = [Identifier(scheme="lei", value="x"), Identifier(scheme="us-cik", value=value or str(number))]
    return ImportRow(row=number, company=Company(legal_name=name, identifiers=identifiers))


def rows_of(stream: list[company_service_pb2.ImportCompaniesRequest]) -> list[ImportRow]:
    return [row for message in stream[1:] for row in message.batch.rows]


def take(request: list[company_service_pb2.ImportCompaniesRequest], context: grpc.ServicerContext) -> Any:
    """Creates every row; refuses those named "bad"."""
    rows = rows_of(request)
    bad = [row for row in rows if row.company.legal_name == "bad"]
    return company_service_pb2.ImportCompaniesResponse(
        row_count=len(rows),
        created_count=len(rows) - len(bad),
        rejected_count=len(bad),
        rejections=[ImportRejection(row=row.row, reason="INVALID_REQUEST", field="company.legal_name") for row in bad],
    )


@pytest.fixture
def client(scripted: ScriptedService) -> Iterator[Client]:
    scripted.on("ImportCompanies", take)
    with connect(scripted.address, api_key="fbk_test") as client:
        yield client


class TestStreams:
    def test_every_row_arrives_once_and_the_answers_are_summed_up(
        self, client: Client, scripted: ScriptedService
    ) -> None:
        rows = [row(number, name="bad" if number % 7 == 0 else "good") for number in range(1, 101)]
        answer = client.companies.import_(rows, match_scheme="us-cik", source="test", options=OPTIONS)
        assert (answer.row_count, answer.created_count, answer.rejected_count) == (100, 86, 14)
        assert sorted(rejection.row for rejection in answer.rejections) == list(range(7, 101, 7))
        streams = [call.request for call in scripted.received("ImportCompanies")]
        assert sorted(row.row for stream in streams for row in rows_of(stream)) == list(range(1, 101))
        assert {stream[0].config.match_scheme for stream in streams} == {"us-cik"}
        assert {stream[0].config.source for stream in streams} == {"test"}

    def test_streams_and_batches_are_bounded_and_have_ids_of_their_own(
        self, client: Client, scripted: ScriptedService
    ) -> None:
        client.companies.import_((row(number) for number in range(1, 101)), match_scheme="us-cik", options=OPTIONS)
        streams = [call.request for call in scripted.received("ImportCompanies")]
        assert max(len(rows_of(stream)) for stream in streams) == 10
        assert max(len(message.batch.rows) for stream in streams for message in stream[1:]) == 4
        assert len({stream[0].config.request_id for stream in streams}) == len(streams)

    def test_they_come_over_several_connections(self, client: Client, scripted: ScriptedService) -> None:
        client.companies.import_((row(number) for number in range(1, 201)), match_scheme="us-cik", options=OPTIONS)
        assert len({call.peer for call in scripted.received("ImportCompanies")}) > 1

    def test_rows_of_one_company_are_sent_in_the_order_given(self, client: Client, scripted: ScriptedService) -> None:
        values = ["320193", "0000320193", "000-0320193", "320193 "]
        rows = [row(number, values[number % 4] if number % 2 else None) for number in range(1, 200)]
        client.companies.import_(rows, match_scheme="us-cik", options=OPTIONS)
        arrived: dict[str, list[int]] = defaultdict(list)
        for call in scripted.received("ImportCompanies"):
            for sent in rows_of(call.request):
                value = sent.company.identifiers[1].value
                arrived["".join(filter(str.isdigit, value)).lstrip("0")].append(sent.row)
        assert len(arrived["320193"]) == 100
        assert arrived["320193"] == sorted(arrived["320193"])

    def test_companies_are_numbered_by_their_place(self, client: Client, scripted: ScriptedService) -> None:
        client.companies.import_([Company(id="a"), Company(id="b")], match_scheme="id", options=OPTIONS)
        sent = [row for call in scripted.received("ImportCompanies") for row in rows_of(call.request)]
        assert {(row.row, row.company.id) for row in sent} == {(1, "a"), (2, "b")}

    def test_a_batch_is_bounded_in_bytes_too(self, client: Client, scripted: ScriptedService) -> None:
        options = ImportOptions(streams=1, batch_bytes=1000)
        rows = [row(number, name="n" * 300) for number in range(1, 11)]
        client.companies.import_(rows, match_scheme="us-cik", options=options)
        (call,) = scripted.received("ImportCompanies")
        assert len(rows_of(call.request)) == 10
        assert max(message.ByteSize() for message in call.request[1:]) < 1100

    def test_a_row_too_large_to_send_is_rejected_here(self, client: Client) -> None:
        rows = [row(1), row(2, name="n" * 2000), row(3)]
        answer = client.companies.import_(
            rows, match_scheme="us-cik", options=ImportOptions(streams=1, batch_bytes=1000)
        )
        assert (answer.row_count, answer.created_count, answer.rejected_count) == (3, 2, 1)
        assert answer.rejections[0].row == 2
        assert "bytes" in answer.rejections[0].description

    def test_nothing_to_import_calls_nobody(self, client: Client, scripted: ScriptedService) -> None:
        assert client.companies.import_([], match_scheme="lei").row_count == 0
        assert scripted.received("ImportCompanies") == []

    @pytest.mark.parametrize("field", ["streams", "stream_rows", "batch_rows", "batch_bytes", "attempts"])
    def test_options_without_sense_are_refused(self, field: str) -> None:
        with pytest.raises(ValueError, match=field):
            ImportOptions(**{field: 0})
        with pytest.raises(ValueError, match="1000"):
            ImportOptions(batch_rows=1001)


class TestFailures:
    def test_a_broken_stream_is_sent_again_as_it_was(self, client: Client, scripted: ScriptedService) -> None:
        def break_first(request: Any, context: grpc.ServicerContext) -> Any:
            if len(scripted.received("ImportCompanies")) == 1:
                context.abort(grpc.StatusCode.UNAVAILABLE, "connection reset")
            return take(request, context)

        scripted.on("ImportCompanies", break_first)
        answer = client.companies.import_([row(1), row(2)], match_scheme="us-cik", options=ImportOptions(streams=1))
        first, second = scripted.received("ImportCompanies")
        assert answer.created_count == 2
        assert first.request == second.request

    def test_a_busy_service_is_waited_for(self, client: Client, scripted: ScriptedService) -> None:
        def busy_once(request: Any, context: grpc.ServicerContext) -> Any:
            if len(scripted.received("ImportCompanies")) == 1:
                refuse(context, "OVERLOADED", pushback_ms=50)
            return take(request, context)

        scripted.on("ImportCompanies", busy_once)
        assert client.companies.import_([row(1)], match_scheme="us-cik").created_count == 1

    def test_a_refused_stream_ends_the_import(self, client: Client, scripted: ScriptedService) -> None:
        scripted.on("ImportCompanies", lambda request, context: refuse(context, "IMPORT_TOO_LARGE"))
        with pytest.raises(ImportTooLargeError):
            client.companies.import_((row(number) for number in range(1, 100)), match_scheme="us-cik", options=OPTIONS)

    def test_it_gives_up_in_the_end(self, client: Client, scripted: ScriptedService) -> None:
        scripted.on("ImportCompanies", lambda request, context: context.abort(grpc.StatusCode.UNAVAILABLE, "gone"))
        with pytest.raises(UnavailableError):
            client.companies.import_([row(1)], match_scheme="us-cik", options=ImportOptions(attempts=2))
        assert len(scripted.received("ImportCompanies")) == 2

    def test_an_input_that_fails_ends_the_import_and_cancels_what_is_under_way(
        self, client: Client, scripted: ScriptedService
    ) -> None:
        arrived, ended = threading.Event(), threading.Event()

        def hang(request: Any, context: grpc.ServicerContext) -> Any:
            context.add_callback(ended.set)
            arrived.set()
            ended.wait(30)
            return take(request, context)

        def broken() -> Iterator[ImportRow]:
            yield from (row(number, "1") for number in range(1, 12))
            arrived.wait(30)
            raise OSError("disk gone")

        scripted.on("ImportCompanies", hang)
        with pytest.raises(OSError, match="disk gone"):
            client.companies.import_(broken(), match_scheme="us-cik", options=OPTIONS)
        assert ended.wait(10)


class TestProgress:
    def test_it_adds_up_and_settles_without_gaps(self, client: Client) -> None:
        seen: list[ImportProgress] = []
        rows = (row(number, name="bad" if number == 50 else "good") for number in range(1, 101))
        client.companies.import_(rows, match_scheme="us-cik", options=OPTIONS, on_progress=seen.append)
        assert seen[-1].received == seen[-1].settled == seen[-1].answered == 100
        assert [rejection.row for progress in seen for rejection in progress.rejections] == [50]
        settled = [progress.settled for progress in seen]
        assert settled == sorted(settled)
        assert all(progress.settled <= progress.answered for progress in seen)

    def test_a_row_in_a_slow_stream_is_not_settled_before_its_answer(
        self, client: Client, scripted: ScriptedService
    ) -> None:
        others_done = threading.Event()

        def slow_one(request: Any, context: grpc.ServicerContext) -> Any:
            if any(sent.row == 1 for sent in rows_of(request)):
                others_done.wait(30)
            return take(request, context)

        def watch(progress: ImportProgress) -> None:
            # One answer of another lane is waited for, not more: which rows share the slow lane is up to the hash of
            # the process, and the import rests when that lane is full.
            if not others_done.is_set():
                assert progress.settled == 0
                others_done.set()

        scripted.on("ImportCompanies", slow_one)
        options = ImportOptions(streams=4, stream_rows=5)
        client.companies.import_(
            (row(number) for number in range(1, 101)), match_scheme="us-cik", options=options, on_progress=watch
        )
        assert others_done.is_set()


class TestRepair:
    def test_a_refused_row_may_be_changed_and_tried_again(self, client: Client, scripted: ScriptedService) -> None:
        def repair(refused: ImportRow, rejection: ImportRejection) -> ImportRow | None:
            if refused.row == 20:
                return None
            refused.company.legal_name = "mended"
            return refused

        seen: list[ImportProgress] = []
        rows = [row(number, name="bad" if number % 10 == 0 else "good") for number in range(1, 51)]
        answer = client.companies.import_(
            rows, match_scheme="us-cik", options=OPTIONS, repair=repair, on_progress=seen.append
        )
        assert (answer.row_count, answer.created_count, answer.rejected_count) == (50, 49, 1)
        assert [rejection.row for rejection in answer.rejections] == [20]
        assert seen[-1].settled == 50
        mended = [
            sent.row
            for call in scripted.received("ImportCompanies")
            for sent in rows_of(call.request)
            if sent.company.legal_name == "mended"
        ]
        assert sorted(mended) == [10, 30, 40, 50]

    def test_a_repair_that_never_helps_ends(self, client: Client) -> None:
        answer = client.companies.import_(
            [row(1, name="bad")], match_scheme="us-cik", repair=lambda refused, rejection: refused
        )
        assert (answer.row_count, answer.rejected_count) == (1, 1)
