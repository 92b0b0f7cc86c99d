from __future__ import annotations

import gc
from collections.abc import Iterable
from pathlib import Path

import grpc
import pytest

from function_backend.interceptors.method import ContractError, methods_of
from function_backend.interceptors.pipeline import method_handlers
from function_backend.interceptors.settings import PipelineSettings
from function_backend.kernel.call import Call, current_call
from tests.interceptors.echo_contract import SERVICE, EchoRequest, EchoResponse, Request, Response
from tests.interceptors.serving import Echo, Served, bearer, eventually, serve


def _texts(answers: Iterable[bytes]) -> list[str]:
    return [EchoResponse.FromString(answer).text for answer in answers]


class TestFourShapes:
    def test_one_request_gets_one_response(self, served: Served) -> None:
        assert served.call("Read", EchoRequest(text="a")).answer == "a"

    def test_one_request_gets_many_responses(self, served: Served) -> None:
        assert _texts(served.stream("Watch", [EchoRequest(text="a")])) == ["a", "a", "a"]

    def test_many_requests_get_one_response(self, served: Served) -> None:
        assert _texts(served.stream("Collect", [EchoRequest(text="a"), EchoRequest(text="b")])) == ["a,b"]

    def test_many_requests_get_many_responses(self, served: Served) -> None:
        assert _texts(served.stream("Chat", [EchoRequest(text="a"), EchoRequest(text="b")])) == ["a", "b"]

    @pytest.mark.parametrize("method", ["Read", "Watch", "Collect", "Chat"])
    def test_every_shape_refuses_strangers_and_is_counted_and_logged(self, served: Served, method: str) -> None:
        answers = served.stream(method, metadata=())
        with pytest.raises(grpc.RpcError):
            list(answers)
        assert answers.code() is grpc.StatusCode.UNAUTHENTICATED
        [line] = served.lines()
        assert (line["method"], line["code"], line["reason"]) == (
            f"/{SERVICE}/{method}",
            "UNAUTHENTICATED",
            "CREDENTIAL_MISSING",
        )
        assert served.metric("handled_total", method=f"/{SERVICE}/{method}", code="UNAUTHENTICATED") == 1

    @pytest.mark.parametrize("method", ["Read", "Watch", "Collect", "Chat"])
    def test_every_shape_counts_bytes_both_ways(self, served: Served, method: str) -> None:
        answers = list(served.stream(method, [EchoRequest(text="abc")]))
        [line] = served.lines()
        assert (line["request_bytes"], line["response_bytes"]) == (5, sum(map(len, answers)))


class TestServicer:
    def test_a_servicer_may_answer_with_ready_bytes(self, echo: Echo, served: Served) -> None:
        echo.read = lambda request, call: EchoResponse(text="ready").SerializeToString()
        assert served.call("Read", EchoRequest()).answer == "ready"

    def test_a_servicer_finds_the_call_in_its_argument_and_as_the_current_one(self, echo: Echo, served: Served) -> None:
        seen: list[tuple[bool, Call]] = []

        def read(request: Request, call: Call) -> Response:
            seen.append((current_call.get() is call, call))
            return EchoResponse()

        echo.read = read
        served.call("Read", EchoRequest(), metadata=bearer(x_request_id="abc"), timeout=5)
        [(is_current, call)] = seen
        assert is_current
        assert (call.request_id, call.method) == ("abc", f"/{SERVICE}/Read")
        assert call.principal is served.keys.principals["fbk_test_everything"]
        assert call.credential == "fbk_test_everything"
        assert 0 < (call.remaining() or 0) < 6
        assert "fbk_" not in repr(call)

    def test_a_stream_that_answers_before_it_has_read_everything_ends_well(self, echo: Echo, served: Served) -> None:
        echo.collect = lambda requests, call: EchoResponse(text=next(iter(requests)).text)
        requests = [EchoRequest(text=text) for text in ("a", "b", "c")]
        assert _texts(served.stream("Collect", requests)) == ["a"]

    def test_a_call_leaves_nothing_for_the_garbage_collector(self, served: Served) -> None:
        for _ in range(3):
            served.call("Read", EchoRequest(text="a"))
        eventually(lambda: served.pool.unfinished == 0)
        gc.collect()
        gc.disable()
        try:
            for _ in range(50):
                served.call("Read", EchoRequest(text="a"))
            eventually(lambda: served.pool.unfinished == 0)
            # The client's side of a call leaves a few circles of its own; the server's state would add dozens each.
            assert gc.collect() < 50 * 20
        finally:
            gc.enable()


class TestResponses:
    def test_a_response_beyond_the_limit_is_refused_with_what_to_do(self, echo: Echo, tmp_path: Path) -> None:
        echo.read = lambda request, call: EchoResponse(text="x" * 200)
        with serve(tmp_path, echo, settings=PipelineSettings(largest_response=100)) as served:
            outcome = served.call("Read", EchoRequest())
        assert (outcome.code, outcome.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "RESPONSE_TOO_LARGE")
        assert dict(outcome.details["ErrorInfo"].metadata) == {"size": "203", "limit": "100"}

    def test_a_streamed_response_beyond_the_limit_ends_the_stream(self, echo: Echo, tmp_path: Path) -> None:
        echo.watch = lambda request, call: iter([EchoResponse(text="a"), EchoResponse(text="x" * 200)])
        with serve(tmp_path, echo, settings=PipelineSettings(largest_response=100)) as served:
            answers = served.stream("Watch")
            assert EchoResponse.FromString(next(answers)).text == "a"
            with pytest.raises(grpc.RpcError):
                next(answers)
        assert answers.code() is grpc.StatusCode.RESOURCE_EXHAUSTED

    @pytest.mark.parametrize("answer", [None, "text", 7, object()])
    def test_what_is_no_message_is_an_internal_error(self, echo: Echo, served: Served, answer: object) -> None:
        echo.read = lambda request, call: answer
        outcome = served.call("Read", EchoRequest())
        assert (outcome.code, outcome.reason) == (grpc.StatusCode.INTERNAL, "INTERNAL")


class TestStart:
    @pytest.mark.parametrize(
        ("service", "what"),
        [
            ("WithoutPolicy", r"declares no \(function.common.v1.policy\)"),
            ("WithoutPermission", "names no permission"),
            ("WithoutIdempotency", "declares no idempotency"),
            ("WithoutRequestId", "needs a single request with a field request_id"),
        ],
    )
    def test_a_method_with_a_faulty_policy_stops_the_start(self, service: str, what: str) -> None:
        with pytest.raises(ContractError, match=f"/function.echo.v1.{service}/Do: .*{what}"):
            list(methods_of(f"function.echo.v1.{service}", Echo()))

    def test_a_method_that_the_servicer_lacks_stops_the_start(self) -> None:
        class Mute(Echo):
            Chat = None  # type: ignore[assignment]

        with pytest.raises(ContractError, match=f"/{SERVICE}/Chat: .*Mute has no such method"):
            list(methods_of(SERVICE, Mute()))

    def test_a_service_that_is_in_no_contract_stops_the_start(self) -> None:
        with pytest.raises(ContractError, match=r"function\.none\.v1\.None: no such service"):
            method_handlers({"function.none.v1.None": Echo()}, None)  # type: ignore[arg-type]

    def test_the_contract_says_which_answers_carry_a_secret(self) -> None:
        carrying = {method.name for method, _ in methods_of(SERVICE, Echo()) if method.redacted_response}
        assert carrying == {"MakeSecret"}
