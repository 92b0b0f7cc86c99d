"""Mutations through the whole pipeline onto a real database."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import grpc
import pytest
from sqlalchemy import text

from function_backend.interceptors.consistency import read_token
from function_backend.kernel.call import Call
from function_backend.kernel.errors import PreconditionError
from function_backend.persistence.failures import TransientConflictError
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from tests.factories.auth import a_principal, calling
from tests.interceptors.echo_contract import EchoRequest, EchoResponse, NestedResponse, Request, Response
from tests.interceptors.serving import KEY, Echo, Outcome, Served, bearer, serve

# A table with row-level security is needed to see what was committed; that of the stored answers is at hand.
_WRITE = text("insert into stored_answer values (:tenant, :id, '', :note, false, now(), now())")
_NOTES = text("select convert_from(response, 'UTF8') from stored_answer where digest = '' order by 1")
_KEPT = text("select sealed, response from stored_answer where digest <> ''")


class Ledger(Echo):
    """Its Write enters the text into the database and answers with how many times it has run."""

    def __init__(self, transactions: Transactions) -> None:
        super().__init__()
        self.runs = 0
        self.fail: list[Exception] = []
        self.transactions = transactions
        self.write = self._write

    def _write(self, request: Request, call: Call) -> Response:
        self.runs += 1
        with self.transactions() as work:
            _enter(work, request.text)
        if self.fail:
            raise self.fail.pop(0)
        return EchoResponse(text=f"{request.text} {self.runs}")


def _enter(work: UnitOfWork, note: str) -> None:
    work.connection.execute(_WRITE, {"tenant": work.tenant_id, "id": uuid4(), "note": note.encode()})


class UsedUpError(PreconditionError):
    reason = "COMPANY_DELETED"


def _leaving(note: str) -> UsedUpError:
    error = UsedUpError("refused")
    error.remains = lambda work: _enter(work, note)
    return error


@pytest.fixture
def echo(transactions: Transactions) -> Ledger:
    return Ledger(transactions)


@pytest.fixture
def served(echo: Ledger, transactions: Transactions, tmp_path: Path) -> Iterator[Served]:
    with serve(tmp_path, echo, transactions=transactions) as running:
        yield running


def _notes(served: Served, key: str = KEY) -> list[str]:
    with calling(served.keys.principals[key]), _transactions(served).reading() as work:
        return list(work.connection.execute(_NOTES).scalars())


def _transactions(served: Served) -> Transactions:
    found: Transactions = served.servicer.transactions  # type: ignore[attr-defined]
    return found


def _request(note: str = "a", **fields: object) -> Request:
    return EchoRequest(text=note, **{"request_id": str(uuid4()), **fields})


class TestOnce:
    def test_a_repeated_request_gets_the_first_answer_and_changes_nothing(self, echo: Ledger, served: Served) -> None:
        request = _request()
        first, second = served.call("Write", request), served.call("Write", request)
        assert (first.answer, second.answer) == ("a 1", "a 1")
        assert _notes(served) == ["a"]

    def test_it_also_gets_it_when_the_first_has_made_it_impossible(self, echo: Ledger, served: Served) -> None:
        request = _request()
        served.call("Write", request)
        echo.fail = [UsedUpError("deleted")]
        assert served.call("Write", request).answer == "a 1"
        assert _notes(served) == ["a"]

    def test_another_request_under_the_same_id_is_refused(self, served: Served) -> None:
        request = _request()
        served.call("Write", request)
        outcome = served.call("Write", _request("b", request_id=request.request_id))
        assert (outcome.code, outcome.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "REQUEST_ID_REUSED")
        assert dict(outcome.details["ErrorInfo"].metadata) == {"request_id": request.request_id}
        assert _notes(served) == ["a"]

    def test_so_is_the_same_request_of_another_caller_or_method(self, served: Served) -> None:
        request = _request()
        served.call("Write", request)
        mine = served.keys.principals[KEY]
        served.keys.principals["colleague"] = a_principal(tenant_id=mine.tenant_id)
        assert served.call("Write", request, metadata=bearer("colleague")).reason == "REQUEST_ID_REUSED"
        assert served.call("MakeSecret", request).reason == "REQUEST_ID_REUSED"

    def test_another_tenant_may_use_the_same_id(self, served: Served) -> None:
        request = _request()
        served.keys.principals["stranger"] = a_principal()
        assert served.call("Write", request).answer == "a 1"
        assert served.call("Write", request, metadata=bearer("stranger")).answer == "a 2"
        assert _notes(served, "stranger") == ["a"]

    def test_arriving_many_times_at_once_is_arriving_once(self, served: Served) -> None:
        request = _request()
        with ThreadPoolExecutor(6) as callers:
            outcomes = list(callers.map(lambda _: served.call("Write", request), range(6)))
        assert len({outcome.answer for outcome in outcomes}) == 1
        assert {outcome.code for outcome in outcomes} == {grpc.StatusCode.OK}
        assert _notes(served) == ["a"]

    def test_without_a_request_id_every_arrival_counts(self, served: Served) -> None:
        answers = [served.call("Write", EchoRequest(text="a")).answer for _ in range(2)]
        assert answers == ["a 1", "a 2"]
        assert _notes(served) == ["a", "a"]

    def test_a_failed_request_keeps_nothing_and_may_be_repeated(self, echo: Ledger, served: Served) -> None:
        echo.fail = [UsedUpError("not yet")]
        request = _request()
        assert served.call("Write", request).reason == "COMPANY_DELETED"
        assert _notes(served) == []
        assert served.call("Write", request).answer == "a 2"

    def test_what_is_to_remain_of_a_failure_is_written_after_the_rest_was_undone(
        self, echo: Ledger, served: Served
    ) -> None:
        for number, request in enumerate((_request(), EchoRequest(text="a"))):
            echo.fail = [_leaving(f"refused {number}")]
            assert served.call("Write", request).reason == "COMPANY_DELETED"
        assert _notes(served) == ["refused 0", "refused 1"]

    def test_nothing_remains_where_the_first_answer_is_given_again(self, echo: Ledger, served: Served) -> None:
        request = _request()
        served.call("Write", request)
        echo.fail = [_leaving("refused")]
        assert served.call("Write", request).answer == "a 1"
        assert _notes(served) == ["a"]

    def test_a_failure_of_what_is_to_remain_is_what_the_caller_hears(self, echo: Ledger, served: Served) -> None:
        error = UsedUpError("no")
        error.remains = lambda work: work.connection.execute(text("select 1 / 0"))
        echo.fail = [error]
        assert served.call("Write", _request()).code is grpc.StatusCode.INTERNAL

    def test_an_answer_with_a_secret_can_be_read_by_its_caller_alone(self, echo: Ledger, served: Served) -> None:
        secret = NestedResponse()
        secret.inner.secret = "for your eyes only"
        echo.make_secret = lambda request, call: secret
        request = _request()
        first, second = served.call("MakeSecret", request), served.call("MakeSecret", request)
        assert first.answer is not None
        assert first.answer == second.answer
        with calling(served.keys.principals[KEY]), _transactions(served).reading() as work:
            [(sealed, response)] = work.connection.execute(_KEPT).all()
        assert sealed
        assert b"eyes" not in bytes(response)


class TestRehearsal:
    def test_validate_only_answers_and_changes_nothing(self, served: Served) -> None:
        outcome = served.call("Write", _request(validate_only=True))
        assert (outcome.code, outcome.answer) == (grpc.StatusCode.OK, "a 1")
        assert "function-consistency-token" not in outcome.trailing
        assert _notes(served) == []

    def test_it_does_not_use_up_the_request_id(self, served: Served) -> None:
        request = _request(validate_only=True)
        served.call("Write", request)
        request.validate_only = False
        assert served.call("Write", request).answer == "a 2"

    def test_it_fails_as_the_real_thing_would(self, echo: Ledger, served: Served) -> None:
        echo.fail = [UsedUpError("no")]
        assert served.call("Write", _request(validate_only=True)).reason == "COMPANY_DELETED"


class TestCollisions:
    def test_a_collision_runs_the_whole_again_on_a_clean_slate(self, echo: Ledger, served: Served) -> None:
        echo.fail = [TransientConflictError(), TransientConflictError()]
        assert served.call("Write", _request()).answer == "a 3"
        assert _notes(served) == ["a"]

    def test_after_three_runs_the_caller_is_asked_to_retry(self, echo: Ledger, served: Served) -> None:
        echo.fail = [TransientConflictError() for _ in range(5)]
        outcome = served.call("Write", EchoRequest(text="a"))
        assert (outcome.code, outcome.reason) == (grpc.StatusCode.ABORTED, "CONCURRENT_CHANGE")
        assert "RetryInfo" in outcome.details
        assert echo.runs == 3
        assert _notes(served) == []

    def test_a_caller_that_has_left_is_not_worked_for_again(self, echo: Ledger, served: Served) -> None:
        entered, left = threading.Event(), threading.Event()

        def write(request: Request, call: Call) -> Response:
            echo.runs += 1
            with echo.transactions() as work:
                _enter(work, "a")
            entered.set()
            left.wait(5)
            for _ in range(500):
                if call.ended:
                    break
                threading.Event().wait(0.01)
            raise TransientConflictError

        echo.write = write
        running = served.begin("Write", EchoRequest(text="a"))
        assert entered.wait(5)
        running.cancel()
        left.set()
        [line] = served.lines()
        assert line["code"] in {"ABORTED", "CANCELLED"}
        assert echo.runs == 1


class TestConsistency:
    def test_a_mutation_answers_with_the_position_of_its_commit(self, served: Served) -> None:
        first, second = (_position(served.call("Write", _request())) for _ in range(2))
        assert 0 < first < second

    def test_a_repeated_request_answers_with_one_that_includes_the_change(self, served: Served) -> None:
        request = _request()
        first, second = (_position(served.call("Write", request)) for _ in range(2))
        assert second >= first

    def test_what_writes_nothing_answers_without_one(self, echo: Ledger, served: Served) -> None:
        echo.write = lambda request, call: EchoResponse()
        assert "function-consistency-token" not in served.call("Write", EchoRequest()).trailing

    def test_a_token_is_what_the_reads_of_the_call_must_include(self, echo: Ledger, served: Served) -> None:
        seen: list[int | None] = []

        def read(request: Request, call: Call) -> Response:
            seen.append(call.minimum_position)
            return EchoResponse()

        echo.read = read
        written = served.call("Write", _request())
        token = str(written.trailing["function-consistency-token"])
        served.call("Read", EchoRequest(), metadata=bearer(function_consistency_token=token))
        served.call("Read", EchoRequest())
        assert seen == [_position(written), None]

    @pytest.mark.parametrize("token", ["", "x", "AAAAAAAAAAAA", "!!!!!!!!!!!!", "AQAAAAAAAAAAAA", "AgAAAAAAAAAB"])
    def test_any_other_text_is_refused(self, served: Served, token: str) -> None:
        outcome = served.call("Read", EchoRequest(), metadata=bearer(function_consistency_token=token))
        assert (outcome.code, outcome.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_CONSISTENCY_TOKEN")
        assert outcome.fields == ["function-consistency-token"]


def _position(outcome: Outcome) -> int:
    return read_token(outcome.trailing["function-consistency-token"])
