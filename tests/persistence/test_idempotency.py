from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from function_backend.persistence.idempotency import AnswerTakenError, StoredAnswer, StoredAnswers, purge_expired
from function_backend.persistence.unit_of_work import Transactions
from tests.factories.auth import a_principal, calling

_DIGEST = b"d" * 32
_SECRET = b"the secret of a new key"


class _Clock:
    def __init__(self) -> None:
        self.time = datetime(2026, 11, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


@pytest.fixture
def answers(clock: _Clock) -> StoredAnswers:
    return StoredAnswers(clock)


class TestKeeping:
    def test_a_kept_answer_is_found_again(self, transactions: Transactions, answers: StoredAnswers) -> None:
        request_id = uuid4()
        with calling():
            with transactions() as work:
                answers.store(work, request_id, _DIGEST, b"answer", sealed=False)
            with transactions() as work:
                assert answers.find(work, request_id) == StoredAnswer(_DIGEST, b"answer")

    def test_an_unknown_request_has_none(self, transactions: Transactions, answers: StoredAnswers) -> None:
        with calling(), transactions() as work:
            assert answers.find(work, uuid4()) is None

    def test_another_tenant_may_use_the_same_id(self, transactions: Transactions, answers: StoredAnswers) -> None:
        request_id = uuid4()
        for answer in (b"ours", b"theirs"):
            with calling():
                with transactions() as work:
                    answers.store(work, request_id, _DIGEST, answer, sealed=False)
                with transactions() as work:
                    assert answers.find(work, request_id) == StoredAnswer(_DIGEST, answer)

    def test_a_second_answer_is_refused(self, transactions: Transactions, answers: StoredAnswers) -> None:
        request_id = uuid4()
        with calling():
            with transactions() as work:
                answers.store(work, request_id, _DIGEST, b"first", sealed=False)
            with pytest.raises(AnswerTakenError), transactions() as work:
                answers.store(work, request_id, _DIGEST, b"second", sealed=False)
            with transactions() as work:
                assert answers.find(work, request_id) == StoredAnswer(_DIGEST, b"first")

    def test_it_is_not_kept_when_the_change_is_undone(self, transactions: Transactions, answers: StoredAnswers) -> None:
        request_id = uuid4()
        with calling():
            with transactions() as work:
                answers.store(work, request_id, _DIGEST, b"answer", sealed=False)
                work.discard()
            with transactions() as work:
                assert answers.find(work, request_id) is None

    def test_of_two_at_the_same_time_one_is_refused(self, transactions: Transactions, answers: StoredAnswers) -> None:
        principal, request_id = a_principal(), uuid4()
        start = threading.Barrier(2)
        outcomes: list[str] = []

        def store() -> None:
            try:
                with calling(principal), transactions() as work:
                    work.connection.execute(text("select 1"))
                    start.wait(30)
                    answers.store(work, request_id, _DIGEST, b"answer", sealed=False)
                outcomes.append("stored")
            except AnswerTakenError:
                outcomes.append("refused")

        threads = [threading.Thread(target=store) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert sorted(outcomes) == ["refused", "stored"]


class TestExpiry:
    def test_after_a_day_it_is_forgotten_and_the_id_is_free(
        self, transactions: Transactions, answers: StoredAnswers, clock: _Clock
    ) -> None:
        request_id = uuid4()
        with calling():
            with transactions() as work:
                answers.store(work, request_id, _DIGEST, b"first", sealed=False)
            clock.time += timedelta(hours=24)
            with transactions() as work:
                assert answers.find(work, request_id) is None
                answers.store(work, request_id, _DIGEST, b"second", sealed=False)
            with transactions() as work:
                assert answers.find(work, request_id) == StoredAnswer(_DIGEST, b"second")

    def test_purging_deletes_what_is_over_of_all_tenants_and_nothing_else(
        self, transactions: Transactions, answers: StoredAnswers, clock: _Clock
    ) -> None:
        over: list[tuple[UUID, UUID]] = []
        for _ in range(3):
            with calling() as call, transactions() as work:
                request_id = uuid4()
                answers.store(work, request_id, _DIGEST, b"", sealed=False)
                assert call.tenant_id is not None
                over.append((call.tenant_id, request_id))
        clock.time += timedelta(hours=25)
        fresh, principal = uuid4(), a_principal()
        with calling(principal), transactions() as work:
            answers.store(work, fresh, _DIGEST, b"", sealed=False)

        with calling(), transactions() as work:
            purged = [purge_expired(work.driver, clock.now(), at_most=2)]
            while purged[-1]:
                purged.append(purge_expired(work.driver, clock.now(), at_most=2))
        assert purged[0] == 2
        assert sum(purged) >= len(over)
        for tenant_id, request_id in over:
            with calling(a_principal(tenant_id=tenant_id)), transactions() as work:
                found = work.connection.execute(
                    text("select count(*) from stored_answer where request_id = :id"), {"id": request_id}
                )
                assert found.scalar_one() == 0
        with calling(principal), transactions() as work:
            assert answers.find(work, fresh) is not None


class TestSealing:
    def test_the_database_never_holds_the_secret(self, transactions: Transactions, answers: StoredAnswers) -> None:
        request_id = uuid4()
        with calling(credential="fbk_one"):
            with transactions() as work:
                answers.store(work, request_id, _DIGEST, _SECRET, sealed=True)
            with transactions() as work:
                stored = work.connection.execute(text("select response from stored_answer")).scalar_one()
                assert _SECRET not in stored
                assert answers.find(work, request_id) == StoredAnswer(_DIGEST, _SECRET)

    def test_another_credential_of_the_tenant_cannot_open_it(
        self, transactions: Transactions, answers: StoredAnswers
    ) -> None:
        request_id, principal = uuid4(), a_principal()
        with calling(principal, credential="fbk_one"), transactions() as work:
            answers.store(work, request_id, _DIGEST, _SECRET, sealed=True)
        with calling(principal, credential="fbk_two"), transactions() as work:
            found = answers.find(work, request_id)
        assert found is not None
        assert found.digest != _DIGEST
        assert _SECRET not in found.response

    def test_the_same_answer_is_sealed_differently_each_time(
        self, transactions: Transactions, answers: StoredAnswers
    ) -> None:
        with calling(credential="fbk_one"), transactions() as work:
            for request_id in (uuid4(), uuid4()):
                answers.store(work, request_id, _DIGEST, _SECRET, sealed=True)
            stored = set(work.connection.execute(text("select response from stored_answer")).scalars())
        assert len(stored) == 2

    def test_without_a_credential_nothing_is_sealed(self, transactions: Transactions, answers: StoredAnswers) -> None:
        with calling(), pytest.raises(RuntimeError, match="credential"), transactions() as work:
            answers.store(work, uuid4(), _DIGEST, _SECRET, sealed=True)
