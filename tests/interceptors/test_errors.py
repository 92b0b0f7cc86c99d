from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from function_backend.interceptors.exchange import Exchange
from function_backend.interceptors.method import Method
from function_backend.interceptors.stage import Hook, Stage
from function_backend.interceptors.status_details import StatusDetails, bounded
from function_backend.kernel import errors
from function_backend.kernel.call import Call
from function_backend.kernel.errors import (
    AlreadyExistsError,
    ConflictError,
    FieldViolation,
    InvalidArgumentError,
    LimitExceededError,
    NotFoundError,
    PreconditionError,
    Resource,
    ServiceError,
    Status,
    UnavailableError,
    invalid_fields,
)
from tests.interceptors.echo_contract import EchoRequest, EchoResponse, Request, Response
from tests.interceptors.serving import Behaviour, Echo, Outcome, Served, bearer, serve


def _raising(error: BaseException) -> Behaviour:
    def behave(request: Request, call: Call) -> Response:
        raise error

    return behave


def _outcome(echo: Echo, served: Served, error: BaseException) -> Outcome:
    echo.read = _raising(error)
    return served.call("Read", EchoRequest(), metadata=bearer(x_request_id="the-id"))


class GoneError(NotFoundError):
    reason = "COMPANY_NOT_FOUND"


class StaleError(PreconditionError):
    reason = "COMPANY_DELETED"


class TestDetails:
    def test_every_failure_carries_its_reason_the_request_id_and_a_link(self, echo: Echo, served: Served) -> None:
        outcome = _outcome(echo, served, GoneError("Company 7 does not exist.", metadata={"company_id": "7"}))
        assert (outcome.code, outcome.message) == (grpc.StatusCode.NOT_FOUND, "Company 7 does not exist.")
        info = outcome.details["ErrorInfo"]
        assert (info.reason, info.domain, dict(info.metadata)) == (
            "COMPANY_NOT_FOUND",
            "function-backend",
            {"company_id": "7"},
        )
        assert outcome.details["RequestInfo"].request_id == "the-id" == outcome.trailing["x-request-id"]
        [link] = outcome.details["Help"].links
        assert link.url == "docs/errors.md#COMPANY_NOT_FOUND"

    def test_invalid_fields_are_listed_with_their_paths(self, echo: Echo, served: Served) -> None:
        error = invalid_fields(FieldViolation("company.legal_name", "is empty"), FieldViolation("x", "is odd"))
        outcome = _outcome(echo, served, error)
        assert outcome.code is grpc.StatusCode.INVALID_ARGUMENT
        assert outcome.message == "company.legal_name: is empty (and 1 more)"
        assert outcome.fields == ["company.legal_name", "x"]
        assert [each.description for each in outcome.details["BadRequest"].field_violations] == ["is empty", "is odd"]

    def test_a_resource_is_named(self, echo: Echo, served: Served) -> None:
        class TakenError(AlreadyExistsError):
            reason = "TENANT_NAME_TAKEN"

        outcome = _outcome(echo, served, TakenError("taken", resource=Resource("tenant", "acme")))
        assert outcome.code is grpc.StatusCode.ALREADY_EXISTS
        info = outcome.details["ResourceInfo"]
        assert (info.resource_type, info.resource_name) == ("tenant", "acme")

    def test_a_precondition_says_what_it_is_about(self, echo: Echo, served: Served) -> None:
        outcome = _outcome(echo, served, StaleError("deleted", resource=Resource("company", "7")))
        assert outcome.code is grpc.StatusCode.FAILED_PRECONDITION
        [violation] = outcome.details["PreconditionFailure"].violations
        assert (violation.type, violation.subject) == ("COMPANY_DELETED", "company/7")

    @pytest.mark.parametrize("family", [UnavailableError, LimitExceededError])
    def test_what_passes_says_when_to_come_back_also_to_the_retry_policy(
        self, echo: Echo, served: Served, family: type[ServiceError]
    ) -> None:
        outcome = _outcome(echo, served, family("later", retry_after=timedelta(seconds=1, milliseconds=250)))
        delay = outcome.details["RetryInfo"].retry_delay
        assert (delay.seconds, delay.nanos) == (1, 250_000_000)
        assert outcome.trailing["grpc-retry-pushback-ms"] == "1250"

    def test_a_conflict_carries_a_delay_and_leaves_the_retry_to_the_caller(self, echo: Echo, served: Served) -> None:
        outcome = _outcome(echo, served, ConflictError("again", retry_after=timedelta(milliseconds=200)))
        assert outcome.code is grpc.StatusCode.ABORTED
        assert outcome.details["RetryInfo"].retry_delay.nanos == 200_000_000
        assert "grpc-retry-pushback-ms" not in outcome.trailing


class TestUnexpected:
    def test_the_caller_gets_a_fixed_text_and_the_log_gets_the_cause(
        self, echo: Echo, served: Served, caplog: pytest.LogCaptureFixture
    ) -> None:
        outcome = _outcome(echo, served, KeyError("select secret from key"))
        assert (outcome.code, outcome.reason) == (grpc.StatusCode.INTERNAL, "INTERNAL")
        assert outcome.message == "Internal error; quote the request id when you report it."
        assert "secret" not in str(outcome)
        [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
        assert record.exc_info is not None
        assert "select secret" in str(record.exc_info[1])
        assert record.__dict__["request_id"] == "the-id"
        [line] = served.lines()
        assert (line["severity"], line["code"], line["request_id"]) == ("ERROR", "INTERNAL", "the-id")

    @pytest.mark.parametrize("method", ["Watch", "Chat"])
    def test_a_stream_that_breaks_in_the_middle_keeps_what_was_sent(
        self, echo: Echo, served: Served, method: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        def break_off(request: Request, call: Call) -> Iterator[Any]:
            yield EchoResponse(text="a")
            raise ZeroDivisionError

        echo.watch = echo.chat = break_off
        answers = served.stream(method)
        assert EchoResponse.FromString(next(answers)).text == "a"
        with pytest.raises(grpc.RpcError):
            next(answers)
        assert Outcome.of(answers).reason == "INTERNAL"

    @pytest.mark.parametrize("method", ["Read", "Watch", "Collect", "Chat"])
    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.data())
    def test_no_exception_of_any_kind_becomes_unknown(
        self, echo: Echo, served: Served, method: str, data: st.DataObject
    ) -> None:
        error = data.draw(st.sampled_from(_exceptions()))
        text = data.draw(st.text())
        behave = _raising(_made(error, text))
        echo.read = echo.watch = echo.collect = echo.chat = behave
        answers = served.stream(method)
        with pytest.raises(grpc.RpcError):
            list(answers)
        outcome = Outcome.of(answers)
        assert outcome.code is not grpc.StatusCode.UNKNOWN
        assert outcome.reason == (error.reason if issubclass(error, ServiceError) else _expected(error))
        assert outcome.details["RequestInfo"].request_id

    def test_an_exception_in_a_stage_after_the_call_changes_nothing(
        self, echo: Echo, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        class Broken(Stage):
            def leaving(self, method: Method) -> Hook:
                def leave(exchange: Exchange) -> None:
                    raise OSError

                return leave

        with serve(tmp_path, echo, gates=(Broken(),)) as served:
            outcome = served.call("Read", EchoRequest(text="a"))
            assert (outcome.code, outcome.answer) == (grpc.StatusCode.OK, "a")
            assert [line["code"] for line in served.lines()] == ["OK"]
        assert "a stage failed after the call" in caplog.text


class TestBounds:
    @given(message=st.text(), fields=st.lists(st.tuples(st.text(), st.text()), max_size=200), key=st.text())
    def test_details_always_fit_into_metadata(self, message: str, fields: list[tuple[str, str]], key: str) -> None:
        failure = InvalidArgumentError(
            message * 50,
            metadata={f"{number}": key * 50 for number in range(20)},
            violations=[FieldViolation(path * 9, text * 9) for path, text in fields],
            resource=Resource("thing", key * 99),
            retry_after=timedelta(days=400),
        )
        text = bounded(failure.message)
        assert len(StatusDetails(help_page="page").write(failure, text, "id" * 64)) <= 4_500

    @given(text=st.text(st.characters()))
    def test_messages_are_printable_short_and_encodable(self, text: str) -> None:
        shown = bounded(text)
        assert len(shown.encode()) <= 400
        assert not shown or shown.isprintable()

    def test_many_violations_are_cut_to_fifty(self, echo: Echo, served: Served) -> None:
        outcome = _outcome(echo, served, invalid_fields(*[FieldViolation(f"f{n}", "x") for n in range(500)]))
        assert len(outcome.fields) == 50
        assert outcome.message == "f0: x (and 499 more)"


def _exceptions() -> list[type[BaseException]]:
    """Every exception type that is loaded and can be raised by hand, ours and Python's."""
    found: list[type[BaseException]] = []
    waiting: list[type[BaseException]] = [BaseException]
    while waiting:
        each = waiting.pop()
        found.append(each)
        waiting.extend(each.__subclasses__())
    standard = [each for each in found if each.__module__ in {"builtins", "grpc", "concurrent.futures._base"}]
    ours = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, ServiceError)]
    return sorted({*standard, *ours}, key=lambda each: each.__qualname__)


def _expected(error: type[BaseException]) -> str:
    """gRPC raises a plain RpcError where the caller has left; those of outgoing calls are of other classes."""
    return "CALL_CANCELLED" if error in {grpc.RpcError, GeneratorExit} else "INTERNAL"


def _made(error: type[BaseException], text: str) -> BaseException:
    if issubclass(error, BaseExceptionGroup):
        return error(text, [ValueError(text)])
    if issubclass(error, UnicodeError) and error is not UnicodeError:
        return ValueError(text)
    return error(text)


def test_the_statuses_of_the_kernel_are_those_of_grpc() -> None:
    assert all(grpc.StatusCode[status.name].value[0] == status.value for status in Status)
