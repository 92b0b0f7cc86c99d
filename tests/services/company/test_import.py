from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from function.company.v1 import company_pb2, company_service_pb2
from function_backend.kernel.errors import InvalidArgumentError, PreconditionError
from tests.factories.company import a_full_message, a_message, at, lei
from tests.fixtures.companies import Companies
from tests.fixtures.postgres import Database

ImportRow = company_service_pb2.ImportRow
Answer = company_service_pb2.ImportCompaniesResponse


def row(number: int, cik: int | None = None, **fields: Any) -> ImportRow:  # noqa: ANN401
    """A row with the number, and a company with a CIK."""
    made = a_message(**fields)
    if cik is not None:
        made.identifiers.add(scheme="us-cik", value=str(cik))
    return ImportRow(row=number, company=made)


def counts(answer: Answer) -> tuple[int, int, int, int]:
    """Created, updated, unchanged, rejected."""
    numbers = (answer.created_count, answer.updated_count, answer.unchanged_count, answer.rejected_count)
    assert sum(numbers) == answer.row_count
    assert answer.rejected_count == len(answer.rejections)
    return numbers


def rejected(answer: Answer) -> list[tuple[int, str, str]]:
    return [(item.row, item.reason, item.field) for item in answer.rejections]


def names(companies: Companies) -> list[str]:
    return sorted(company.legal_name for company in companies.page(page_size=1000).companies)


class TestRows:
    def test_new_ones_are_created_and_read_like_others(self, companies: Companies) -> None:
        full = a_full_message()
        full.identifiers.add(scheme="us-cik", value="0000000001")
        assert counts(companies.import_([ImportRow(row=1, company=full), row(2, 2)])) == (2, 0, 0, 0)
        imported = companies.page('identifiers.us-cik = "1"').companies[0]
        assert companies.get(imported.id) == imported
        full.MergeFrom(company_pb2.Company(**{name: getattr(imported, name) for name in ("id", "etag", "revision")}))
        full.create_time.CopyFrom(imported.create_time)
        full.update_time.CopyFrom(imported.update_time)
        assert imported == full

    def test_a_repeated_import_changes_nothing_and_writes_nothing(
        self, companies: Companies, database: Database
    ) -> None:
        rows = [row(number, number + 1) for number in range(20)]
        companies.import_(rows)
        with psycopg.connect(database.superuser_url, autocommit=True) as connection:
            before = connection.execute("select pg_current_wal_lsn(), count(*) from company_revision").fetchone()
            assert counts(companies.import_(rows)) == (0, 0, 20, 0)
            after = connection.execute("select pg_current_wal_lsn(), count(*) from company_revision").fetchone()
        assert before is not None
        assert after is not None
        assert after[1] == before[1]

    def test_a_changed_row_sets_its_populated_fields_and_leaves_the_others(self, companies: Companies) -> None:
        companies.import_([row(1, 1, legal_name="Old", labels={"a": "1"})])
        assert counts(companies.import_([row(1, 1, legal_name="New")])) == (0, 1, 0, 0)
        (company,) = companies.page().companies
        assert (company.legal_name, dict(company.labels), company.revision) == ("New", {"a": "1"}, 2)

    def test_identifiers_of_other_registers_stay(self, companies: Companies) -> None:
        companies.import_([row(1, 1, identifiers=[{"scheme": "lei", "value": lei(1)}])])
        companies.import_([row(1, 1, legal_name="New")])
        (company,) = companies.page().companies
        assert [item.scheme for item in company.identifiers] == ["lei", "us-cik"]

    def test_they_find_their_company_by_its_id_and_create_it_under_it(self, companies: Companies) -> None:
        company_id = str(uuid4())
        rows = [row(1, id=company_id, legal_name="A")]
        assert counts(companies.import_(rows, match_scheme="id")) == (1, 0, 0, 0)
        assert companies.get(company_id).legal_name == "A"
        assert counts(companies.import_([row(1, id=company_id, legal_name="B")], match_scheme="id")) == (0, 1, 0, 0)

    def test_a_scheme_of_ones_own_can_find_companies(self, companies: Companies) -> None:
        rows = [row(1, identifiers=[{"scheme": "x-crm", "value": "A"}])]
        assert counts(companies.import_(rows, match_scheme="x-crm")) == (1, 0, 0, 0)
        assert counts(companies.import_(rows, match_scheme="x-crm")) == (0, 0, 1, 0)

    def test_a_register_number_finds_by_number_and_court(self, companies: Companies) -> None:
        def at_court(number: int, court: str) -> ImportRow:
            return row(number, identifiers=[{"scheme": "de-hrb", "value": "7", "issuer": court}])

        rows = [at_court(1, "Amtsgericht München"), at_court(2, "Köln")]
        assert counts(companies.import_(rows, match_scheme="de-hrb")) == (2, 0, 0, 0)
        assert counts(companies.import_([at_court(1, "Amtsgericht München")], match_scheme="de-hrb")) == (0, 0, 1, 0)

    def test_a_state_may_be_valid_from_an_earlier_day(self, companies: Companies) -> None:
        now = companies.clock.now()
        early, late = row(1, 1, legal_name="Early"), row(2, 1, legal_name="Late")
        early.valid_from.CopyFrom(at(now - timedelta(days=20)))
        late.valid_from.CopyFrom(at(now - timedelta(days=10)))
        assert counts(companies.import_([early, late])) == (1, 1, 0, 0)
        middle = row(3, 1, legal_name="Early", jurisdiction="DE")
        middle.valid_from.CopyFrom(at(now - timedelta(days=15)))
        assert counts(companies.import_([middle])) == (0, 1, 0, 0)
        (company,) = companies.page().companies
        assert (company.legal_name, company.jurisdiction) == ("Late", "US-DE")
        then = companies.get(company.id, as_of=at(now - timedelta(days=12)))
        assert (then.legal_name, then.jurisdiction) == ("Early", "DE")
        assert counts(companies.import_([late])) == (0, 0, 1, 0)


class TestOrder:
    def test_a_later_row_of_the_same_company_changes_what_the_earlier_one_made(self, companies: Companies) -> None:
        rows = [row(1, 1, legal_name="A"), row(2, 2), row(3, 1, legal_name="B"), row(4, 1, legal_name="B")]
        assert counts(companies.import_(rows)) == (2, 1, 1, 0)
        assert names(companies) == ["Acme Holdings, Inc.", "B"]
        company = companies.page('identifiers.us-cik = "1"').companies[0]
        assert [item.company.legal_name for item in companies.revisions(company.id).revisions] == ["B", "A"]

    def test_the_same_by_a_number_that_companies_may_share(self, companies: Companies) -> None:
        ein = {"scheme": "us-ein", "value": "942404110"}
        rows = [row(number, legal_name=name, identifiers=[ein]) for number, name in enumerate("AB")]
        assert counts(companies.import_(rows, match_scheme="us-ein")) == (1, 1, 0, 0)

    def test_an_identifier_that_one_row_gives_up_another_may_take(self, companies: Companies) -> None:
        companies.import_([row(1, 1, identifiers=[{"scheme": "lei", "value": lei(1)}])])
        rows = [
            row(1, 1, identifiers=[{"scheme": "lei", "value": lei(2)}]),
            row(2, 2, identifiers=[{"scheme": "lei", "value": lei(1)}]),
        ]
        assert counts(companies.import_(rows)) == (1, 1, 0, 0)

    def test_one_that_an_earlier_row_took_is_taken(self, companies: Companies) -> None:
        rows = [row(number, number, identifiers=[{"scheme": "lei", "value": lei(1)}]) for number in (1, 2)]
        answer = companies.import_(rows)
        assert counts(answer) == (1, 0, 0, 1)
        assert rejected(answer) == [(2, "COMPANY_IDENTIFIER_TAKEN", "company.identifiers[0].value")]


class TestRejections:
    def test_they_come_in_the_order_of_the_rows_and_stop_nothing(self, companies: Companies) -> None:
        companies.import_([row(1, 900, identifiers=[{"scheme": "lei", "value": lei(9)}])])
        future = row(5, 5)
        future.valid_from.CopyFrom(at(companies.clock.now() + timedelta(days=1)))
        impossible = row(6, 6)
        impossible.valid_from.seconds = 10**15
        rows = [
            row(1, 1, legal_name=""),
            row(2, 2, identifiers=[{"scheme": "lei", "value": lei(9)}]),
            row(3),
            row(4, 4, jurisdiction="ZZ", status=99),
            future,
            impossible,
            row(7, 7, legal_name="a\x00b"),
            row(8, 8),
            row(9, 9, identifiers=[{"scheme": "us-cik", "value": "10"}]),
        ]
        answer = companies.import_(rows)
        assert rejected(answer) == [
            (1, "INVALID_REQUEST", "company.legal_name"),
            (2, "COMPANY_IDENTIFIER_TAKEN", "company.identifiers[0].value"),
            (3, "INVALID_REQUEST", "company.identifiers"),
            (4, "INVALID_REQUEST", "company.status"),
            (5, "INVALID_REQUEST", "valid_from"),
            (6, "INVALID_REQUEST", "valid_from"),
            (7, "INVALID_REQUEST", "company.legal_name"),
            (9, "INVALID_REQUEST", "company.identifiers"),
        ]
        assert answer.created_count == 1
        assert all(item.description for item in answer.rejections)

    def test_a_deleted_company_is_not_brought_back(self, companies: Companies) -> None:
        companies.import_([row(1, 1)])
        companies.delete(companies.page().companies[0].id)
        assert rejected(companies.import_([row(1, 1)])) == [(1, "COMPANY_DELETED", "")]

    def test_a_number_that_two_companies_share_does_not_say_which_is_meant(self, companies: Companies) -> None:
        for _ in range(2):
            companies.create(a_message(identifiers=[company_pb2.Identifier(scheme="us-ein", value="942404110")]))
        answer = companies.import_(
            [row(1, identifiers=[{"scheme": "us-ein", "value": "94-2404110"}])], match_scheme="us-ein"
        )
        assert rejected(answer) == [(1, "INVALID_REQUEST", "company.identifiers")]

    def test_a_row_without_an_id_finds_nothing_by_it(self, companies: Companies) -> None:
        rows = [row(1), row(2, id="not an id")]
        assert rejected(companies.import_(rows, match_scheme="id")) == [
            (1, "INVALID_REQUEST", "company.id"),
            (2, "INVALID_REQUEST", "company.id"),
        ]

    def test_a_time_before_the_first_state_cannot_be_amended(self, companies: Companies) -> None:
        companies.import_([row(1, 1)])
        early = row(2, 1, legal_name="Early")
        early.valid_from.CopyFrom(at(companies.clock.now() - timedelta(days=1)))
        assert rejected(companies.import_([early])) == [(2, "COMPANY_STATE_NOT_FOUND", "valid_from")]


class TestStream:
    def test_batches_before_a_broken_one_stay(self, companies: Companies) -> None:
        messages = [
            company_service_pb2.ImportCompaniesRequest(config=company_service_pb2.ImportConfig(match_scheme="us-cik")),
            company_service_pb2.ImportCompaniesRequest(batch=company_service_pb2.ImportBatch(rows=[row(1, 1)])),
            company_service_pb2.ImportCompaniesRequest(config=company_service_pb2.ImportConfig(match_scheme="us-cik")),
        ]
        with pytest.raises(InvalidArgumentError) as refused:
            companies.import_stream(messages)
        assert refused.value.reason == "IMPORT_OUT_OF_ORDER"
        assert len(companies.page().companies) == 1

    @pytest.mark.parametrize("begins_with_rows", [True, False])
    def test_it_begins_with_its_configuration(self, companies: Companies, *, begins_with_rows: bool) -> None:
        batch = company_service_pb2.ImportCompaniesRequest(batch=company_service_pb2.ImportBatch(rows=[row(1, 1)]))
        with pytest.raises(InvalidArgumentError) as refused:
            companies.import_stream([batch] if begins_with_rows else [])
        assert refused.value.reason == "IMPORT_OUT_OF_ORDER"

    def test_it_carries_no_more_rows_than_it_may(self, companies: Companies) -> None:
        batches = [[row(n, batch * 1000 + n + 1) for n in range(1000)] for batch in range(6)]
        with pytest.raises(InvalidArgumentError) as refused:
            companies.import_(*batches)
        assert refused.value.reason == "IMPORT_TOO_LARGE"
        assert refused.value.metadata == {"limit": "5000"}

    def test_an_unknown_scheme_is_refused_at_once(self, companies: Companies) -> None:
        with pytest.raises(InvalidArgumentError) as refused:
            companies.import_([row(1, 1)], match_scheme="us-cki")
        assert refused.value.violations[0].field == "config.match_scheme"

    def test_a_rehearsal_says_what_would_happen_and_does_nothing(self, companies: Companies) -> None:
        companies.import_([row(1, 1)])
        rows = [row(1, 1, legal_name="New"), row(2, 2), row(3, legal_name="")]
        assert counts(companies.import_(rows, validate_only=True, request_id=str(uuid4()))) == (1, 1, 0, 1)
        assert names(companies) == ["Acme Holdings, Inc."]

    def test_the_same_stream_with_the_same_request_id_gets_the_same_answer(self, companies: Companies) -> None:
        request_id = str(uuid4())
        rows = [row(1, 1), row(2)]
        first = companies.import_(rows, request_id=request_id)
        assert companies.import_(rows, request_id=request_id) == first
        assert counts(first) == (1, 0, 0, 1)

    def test_the_same_stream_twice_at_the_same_time_gets_one_answer(self, companies: Companies) -> None:
        request_id = str(uuid4())

        def slowly() -> Iterator[company_service_pb2.ImportCompaniesRequest]:
            config = company_service_pb2.ImportConfig(match_scheme="us-cik", request_id=request_id)
            yield company_service_pb2.ImportCompaniesRequest(config=config)
            first.append(companies.of(companies.principal).import_([row(1, 1)], request_id=request_id))
            yield company_service_pb2.ImportCompaniesRequest(batch=company_service_pb2.ImportBatch(rows=[row(1, 1)]))
            yield company_service_pb2.ImportCompaniesRequest(end=company_service_pb2.ImportEnd(row_count=1))

        first: list[Answer] = []
        assert companies.import_stream(slowly()) == first[0]
        assert counts(first[0]) == (1, 0, 0, 0)

    def test_a_stream_that_may_have_broken_off_can_be_sent_again_whole(self, companies: Companies) -> None:
        # gRPC ends both alike; with the answer of the part kept, the whole would be refused as another stream.
        config = company_service_pb2.ImportConfig(match_scheme="us-cik", request_id=str(uuid4()))
        part = [
            company_service_pb2.ImportCompaniesRequest(config=config),
            company_service_pb2.ImportCompaniesRequest(batch=company_service_pb2.ImportBatch(rows=[row(1, 1)])),
        ]
        assert counts(companies.import_stream(part)) == (1, 0, 0, 0)
        rest = [
            company_service_pb2.ImportCompaniesRequest(batch=company_service_pb2.ImportBatch(rows=[row(2, 2)])),
            company_service_pb2.ImportCompaniesRequest(end=company_service_pb2.ImportEnd(row_count=2)),
        ]
        whole = companies.import_stream(part + rest)
        assert counts(whole) == (1, 0, 1, 0)
        assert companies.import_stream(part + rest) == whole

    @pytest.mark.parametrize("messages_end", [[0], [2], [1, 1]])
    def test_an_end_that_says_something_else_is_refused(self, companies: Companies, messages_end: list[int]) -> None:
        config = company_service_pb2.ImportConfig(match_scheme="us-cik", request_id=str(uuid4()))
        stream = [
            company_service_pb2.ImportCompaniesRequest(config=config),
            company_service_pb2.ImportCompaniesRequest(batch=company_service_pb2.ImportBatch(rows=[row(1, 1)])),
        ]
        stream += [
            company_service_pb2.ImportCompaniesRequest(end=company_service_pb2.ImportEnd(row_count=count))
            for count in messages_end
        ]
        with pytest.raises(InvalidArgumentError) as refused:
            companies.import_stream(stream)
        assert refused.value.reason == "IMPORT_OUT_OF_ORDER"

    @pytest.mark.parametrize("difference", ["rows", "config"])
    def test_another_stream_with_the_same_request_id_is_refused(self, companies: Companies, difference: str) -> None:
        request_id = str(uuid4())
        companies.import_([row(1, 1)], request_id=request_id)
        with pytest.raises(PreconditionError) as refused:
            if difference == "rows":
                companies.import_([row(1, 2)], request_id=request_id)
            else:
                companies.import_([row(1, 1)], request_id=request_id, source="elsewhere")
        assert refused.value.reason == "REQUEST_ID_REUSED"
        assert len(companies.page().companies) == 1

    def test_imports_of_the_same_companies_at_the_same_time_lose_nothing(self, companies: Companies) -> None:
        answers: list[Answer] = []
        failures: list[BaseException] = []

        def run(rows: Sequence[ImportRow]) -> None:
            try:
                answers.append(companies.of(companies.principal).import_(rows))
            except BaseException as error:  # noqa: BLE001 - Told to the test's own thread.
                failures.append(error)

        rows = [row(number, number + 1) for number in range(200)]
        threads = [threading.Thread(target=run, args=(list(order),)) for order in (rows, rows[::-1], rows[50:])]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failures
        assert sum(answer.created_count for answer in answers) == 200
        assert len(companies.page(page_size=1000).companies) == 200

    def test_the_source_is_in_the_audit_records(self, companies: Companies, database: Database) -> None:
        companies.import_([row(1, 1), row(2, 2)], source="sec-sub 2021q1")
        companies.import_([row(3, 3)], source="sec-sub 2021q1")
        with psycopg.connect(database.superuser_url) as connection:
            details = connection.execute(
                "select details from audit_record where tenant_id = %s", [companies.tenant_id]
            ).fetchall()
        assert details == [({"source": "sec-sub 2021q1"},)] * 3
