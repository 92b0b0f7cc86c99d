"""Who calls, what they may do and how often."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import grpc
import pytest

from function_backend.interceptors.settings import PipelineSettings
from tests.factories.auth import a_principal
from tests.interceptors.echo_contract import SERVICE, EchoRequest
from tests.interceptors.serving import KEY, Echo, Metadata, Served, bearer, serve


class TestCredential:
    @pytest.mark.parametrize(
        "metadata",
        [
            (),
            (("authorization", ""),),
            (("authorization", "Bearer"),),
            (("authorization", "Bearer "),),
            (("authorization", f"Basic {KEY}"),),
            (("authorization", KEY),),
            (("authorization", f"Bearer {KEY}"), ("authorization", f"Bearer {KEY}")),
            (("authorization", f"Bearer {KEY}"), ("authorization", "Bearer other")),
            (("x-authorization", f"Bearer {KEY}"),),
            (("authorization-bin", f"Bearer {KEY}".encode()),),
        ],
    )
    def test_a_call_without_a_readable_credential_is_refused(self, served: Served, metadata: Metadata) -> None:
        outcome = served.call("Read", EchoRequest(), metadata=metadata)
        assert (outcome.code, outcome.reason) == (grpc.StatusCode.UNAUTHENTICATED, "CREDENTIAL_MISSING")

    @pytest.mark.parametrize("key", ["fbk_other", "x" * 4000, "a b"])
    def test_an_unknown_credential_is_refused_by_whoever_knows_them(self, served: Served, key: str) -> None:
        outcome = served.call("Read", EchoRequest(), metadata=bearer(key))
        assert (outcome.code, outcome.reason) == (grpc.StatusCode.UNAUTHENTICATED, "CREDENTIAL_INVALID")

    @pytest.mark.parametrize("value", [f"bearer {KEY}", f"BEARER  {KEY} "])
    def test_the_scheme_may_be_written_in_any_case(self, served: Served, value: str) -> None:
        assert served.call("Read", EchoRequest(), metadata=(("authorization", value),)).code is grpc.StatusCode.OK

    def test_other_keys_may_stand_there_twice(self, served: Served) -> None:
        metadata = (*bearer(), ("x-note", "a"), ("x-note", "b"))
        assert served.call("Read", EchoRequest(), metadata=metadata).code is grpc.StatusCode.OK

    def test_strangers_do_not_learn_whether_their_request_was_valid(self, served: Served) -> None:
        outcome = served.call("Read", b"\xff\xff", metadata=())
        assert outcome.reason == "CREDENTIAL_MISSING"


class TestPermission:
    @pytest.mark.parametrize("held", ["echo.read", "echo.*", "*"])
    def test_a_permission_is_held_by_name_branch_or_all(self, served: Served, held: str) -> None:
        served.keys.principals["held"] = a_principal(held)
        assert served.call("Read", EchoRequest(), metadata=bearer("held")).code is grpc.StatusCode.OK

    @pytest.mark.parametrize("held", ["echo.write", "echo.reader", "echo", "other.*"])
    def test_without_it_the_caller_is_told_which_is_missing(self, served: Served, held: str) -> None:
        served.keys.principals["held"] = a_principal(held)
        outcome = served.call("Read", EchoRequest(), metadata=bearer("held"))
        assert (outcome.code, outcome.reason) == (grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_MISSING")
        assert dict(outcome.details["ErrorInfo"].metadata) == {
            "permission": "echo.read",
            "method": f"/{SERVICE}/Read",
        }


class TestRate:
    def test_a_caller_that_has_used_up_its_rate_is_told_when_to_come_back(self, echo: Echo, tmp_path: Path) -> None:
        settings = PipelineSettings(rate_limit_per_second=1, rate_limit_burst=timedelta(seconds=3))
        with serve(tmp_path, echo, settings=settings) as served:
            outcomes = [served.call("Read", EchoRequest()) for _ in range(5)]
        assert [outcome.code for outcome in outcomes[:3]] == [grpc.StatusCode.OK] * 3
        refused = outcomes[-1]
        assert (refused.code, refused.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "RATE_LIMITED")
        assert dict(refused.details["ErrorInfo"].metadata) == {"limit_per_second": "1"}
        assert refused.details["RetryInfo"].retry_delay.ToTimedelta() > timedelta()
        assert int(refused.trailing["grpc-retry-pushback-ms"]) > 0

    def test_the_rate_of_a_key_counts_instead_of_the_default(self, echo: Echo, tmp_path: Path) -> None:
        settings = PipelineSettings(rate_limit_per_second=1, rate_limit_burst=timedelta(seconds=1))
        with serve(tmp_path, echo, settings=settings) as served:
            served.keys.principals["fast"] = replace(a_principal(), rate_limit_per_second=1000)
            outcomes = [served.call("Read", EchoRequest(), metadata=bearer("fast")) for _ in range(20)]
        assert {outcome.code for outcome in outcomes} == {grpc.StatusCode.OK}

    def test_callers_do_not_use_up_the_rate_of_each_other(self, echo: Echo, tmp_path: Path) -> None:
        settings = PipelineSettings(rate_limit_per_second=1, rate_limit_burst=timedelta(seconds=1))
        with serve(tmp_path, echo, settings=settings) as served:
            for number in range(20):
                served.keys.principals[str(number)] = a_principal()
                assert served.call("Read", EchoRequest(), metadata=bearer(str(number))).code is grpc.StatusCode.OK

    def test_refused_callers_use_up_nothing(self, echo: Echo, tmp_path: Path) -> None:
        with serve(tmp_path, echo, settings=PipelineSettings(rate_limit_per_second=1)) as served:
            principal = a_principal("other")
            served.keys.principals["weak"] = principal
            for _ in range(5):
                assert served.call("Read", EchoRequest(), metadata=bearer("weak")).reason == "PERMISSION_MISSING"


class TestRequestId:
    @pytest.mark.parametrize("given", ["a", "01938d2e-7f04-7c3e", "A.b:c/d+e=f_g", "x" * 128])
    def test_a_harmless_id_of_the_caller_is_taken_over(self, served: Served, given: str) -> None:
        outcome = served.call("Read", EchoRequest(), metadata=bearer(x_request_id=given))
        assert outcome.trailing["x-request-id"] == given

    @pytest.mark.parametrize("given", ["", "x" * 129, "a b", 'a"b', "<script>"])
    def test_any_other_is_replaced(self, served: Served, given: str) -> None:
        outcome = served.call("Read", EchoRequest(), metadata=bearer(x_request_id=given))
        assert UUID(str(outcome.trailing["x-request-id"])).version == 7

    def test_without_one_every_call_gets_its_own(self, served: Served) -> None:
        given = {served.call("Read", EchoRequest()).trailing["x-request-id"] for _ in range(3)}
        assert len(given) == 3
