from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from function_backend.persistence.hot_read import HotRead, decode_bytea
from function_backend.persistence.unit_of_work import Transactions
from tests.factories.auth import calling

_ANSWER = HotRead("select response, sealed from stored_answer where tenant_id = {tenant} and request_id = {0}")
_SEVERAL = HotRead(
    "select request_id from stored_answer where tenant_id = {tenant} and request_id = any({0}) order by 1 limit {1}"
)


def _store(transactions: Transactions, row_id: UUID, response: bytes = b"") -> None:
    with transactions() as work:
        work.connection.execute(
            text("insert into stored_answer values (:t, :id, '', :response, false, now(), now())"),
            {"t": work.tenant_id, "id": row_id, "response": response},
        )


def test_the_columns_come_as_postgresql_writes_them(transactions: Transactions) -> None:
    row_id, response = uuid4(), bytes(range(256))
    with calling():
        _store(transactions, row_id, response)
        with transactions.reading() as work:
            ((found, is_sealed),) = work.fetch(_ANSWER, row_id).rows
    assert decode_bytea(found or b"") == response
    assert is_sealed == b"f"


def test_null_is_none_and_no_row_is_an_empty_list(transactions: Transactions) -> None:
    with calling(), transactions.reading() as work:
        assert work.fetch(HotRead("select null, {tenant}")).rows[0][0] is None
        assert work.fetch(_ANSWER, uuid4()).rows == []


def test_several_ids_and_a_number_are_parameters(transactions: Transactions) -> None:
    ids = sorted(uuid4() for _ in range(4))
    with calling():
        for row_id in ids:
            _store(transactions, row_id)
        with transactions.reading() as work:
            found = work.fetch(_SEVERAL, [*ids, uuid4()], 3)
            assert [row[0] for row in found.rows] == [str(row_id).encode() for row_id in ids[:3]]
            assert work.fetch(_SEVERAL, [], 3).rows == []


def test_text_cannot_be_a_parameter(transactions: Transactions) -> None:
    with calling(), transactions.reading() as work, pytest.raises((TypeError, AttributeError)):
        work.fetch(_ANSWER, "'; drop table company; --")  # type: ignore[arg-type]


def test_a_read_that_does_not_name_its_tenant_is_refused_when_it_is_written() -> None:
    with pytest.raises(ValueError, match="tenant"):
        HotRead("select 1")


def test_it_cannot_write(transactions: Transactions) -> None:
    deleting = HotRead("delete from stored_answer where tenant_id = {tenant} returning 1")
    with calling(), pytest.raises(Exception, match="read-only transaction"), transactions.reading() as work:
        work.fetch(deleting)


def test_nothing_of_a_call_stays_on_the_connection(transactions: Transactions) -> None:
    with calling(seconds=30), transactions.reading() as work:
        work.fetch(_ANSWER, uuid4())
    query = "select coalesce(current_setting('app.tenant_id', true), ''), current_setting('statement_timeout')"
    left = transactions.without_tenant(lambda driver: driver.execute(query.encode()).fetchone())
    assert left is not None
    assert left[0] == ""


class TestPosition:
    def test_it_covers_every_commit_before_the_read(self, transactions: Transactions) -> None:
        with calling() as call:
            _store(transactions, uuid4())
            with transactions() as work:
                # Something else is written afterwards, so that the position has moved on.
                work.connection.execute(text("select pg_logical_emit_message(true, 'test', 'x')"))
            with transactions.reading() as work:
                position = work.fetch(_ANSWER, uuid4(), with_position=True).position
        assert position is not None
        assert call.committed_position is not None
        assert position >= call.committed_position - 1

    def test_what_the_call_had_to_see_is_covered_even_when_nothing_was_written_since(
        self, transactions: Transactions
    ) -> None:
        with calling() as writing:
            _store(transactions, uuid4())
        with calling(minimum_position=writing.committed_position), transactions.reading() as work:
            position = work.fetch(_ANSWER, uuid4(), with_position=True).position
        assert position is not None
        assert position >= (writing.committed_position or 0)

    def test_it_is_not_asked_for_unless_wanted(self, transactions: Transactions) -> None:
        with calling(), transactions.reading() as work:
            assert work.fetch(_ANSWER, uuid4()).position is None
