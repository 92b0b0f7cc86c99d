"""Conditions of role bindings that are written as expressions: checked when they are made, held against each call."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import cast
from uuid import uuid4

import grpc
import psycopg
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from function.auth.v1 import (
    access_request_pb2,
    credential_pb2,
    credential_service_pb2,
    credential_service_pb2_grpc,
    role_binding_pb2,
    role_binding_service_pb2,
)
from function.company.v1 import company_pb2, company_service_pb2, company_service_pb2_grpc
from function_backend.kernel.conditions import Circumstances, GrantCondition
from function_backend.kernel.identity import PermissionSet, Principal
from function_backend.services.auth.domain.access_expression import AccessExpression, expression_problems
from tests.factories.company import a_message
from tests.fixtures.server import RunningServer
from tests.fixtures.subjects import Grants, Subject

_SECONDS = 60


def _condition(expression: str, *, title: str = "", description: str = "") -> role_binding_pb2.RoleCondition:
    return role_binding_pb2.RoleCondition(expression=expression, title=title, description=description)


def _reads(grants: Grants, subject: Subject) -> str:
    stub = company_service_pb2_grpc.CompanyServiceStub(grants.server.channel)
    request = company_service_pb2.ListCompaniesRequest()
    return _outcome(lambda: stub.ListCompanies(request, metadata=grants.metadata(subject), timeout=_SECONDS))


def _creates(grants: Grants, subject: Subject) -> str:
    stub = company_service_pb2_grpc.CompanyServiceStub(grants.server.channel)
    request = company_service_pb2.CreateCompanyRequest(company=a_message())
    return _outcome(lambda: stub.CreateCompany(request, metadata=grants.metadata(subject), timeout=_SECONDS))


def _outcome(act: Callable[[], object]) -> str:
    try:
        act()
    except grpc.RpcError as error:
        return _info(error).reason
    return "OK"


def _info(error: grpc.RpcError) -> error_details_pb2.ErrorInfo:
    status = rpc_status.from_call(cast("grpc.Call", error))
    assert status is not None
    info = error_details_pb2.ErrorInfo()
    assert any(detail.Unpack(info) for detail in status.details)
    return info


def _violations(error: grpc.RpcError) -> list[tuple[str, str]]:
    status = rpc_status.from_call(cast("grpc.Call", error))
    assert status is not None
    bad = error_details_pb2.BadRequest()
    assert any(detail.Unpack(bad) for detail in status.details)
    return [(each.field, each.description) for each in bad.field_violations]


class TestHolding:
    @pytest.mark.parametrize(
        ("expression", "outcome"),
        [
            ("true", "OK"),
            ("false", "PERMISSION_MISSING"),
            ("request.caller.address.startsWith('127.')", "OK"),
            ("request.caller.address == '10.0.0.1'", "PERMISSION_MISSING"),
            ("request.permission == 'company.read' && request.resource_type == 'company'", "OK"),
            ("request.permission.endsWith('.create')", "PERMISSION_MISSING"),
            ("request.method.endsWith('/ListCompanies')", "OK"),
            ("request.caller.kind == 'user' && 'pwd' in request.caller.authentication_methods", "OK"),
            ("request.time - request.caller.authentication_time < duration('1h')", "OK"),
            ("request.time < timestamp('2020-01-01T00:00:00Z')", "PERMISSION_MISSING"),
            ("'viewer' in request.caller.roles && request.caller.actors.size() == 0", "OK"),
            ("1 / request.caller.actors.size() == 1", "PERMISSION_MISSING"),
            ("request.caller.actors[0] == 'user:x'", "PERMISSION_MISSING"),
        ],
    )
    def test_it_is_held_against_the_call(self, grants: Grants, expression: str, outcome: str) -> None:
        subject = grants.somebody()
        grants.bind(subject, "viewer", condition=_condition(expression))
        assert _reads(grants, subject) == outcome

    def test_it_may_tell_methods_apart(self, grants: Grants) -> None:
        subject = grants.somebody()
        grants.bind(subject, "editor", condition=_condition("request.permission == 'company.create'"))
        assert (_reads(grants, subject), _creates(grants, subject)) == ("PERMISSION_MISSING", "OK")

    def test_all_parts_of_a_condition_must_hold(self, grants: Grants) -> None:
        subject = grants.somebody()
        condition = _condition("true")
        condition.client_networks.append("10.0.0.0/8")
        grants.bind(subject, "viewer", condition=condition)
        assert _reads(grants, subject) == "PERMISSION_MISSING"

    def test_it_ends_with_its_time_while_the_credential_is_remembered(self, fresh_server: RunningServer) -> None:
        """The server of this test remembers credentials for as long as servers do."""
        grants = Grants.of_new_tenant(fresh_server)
        subject = grants.somebody()
        ends = datetime.now(UTC) + timedelta(seconds=2)
        grants.bind(subject, "viewer", condition=_condition(f"request.time < timestamp('{ends.isoformat()}')"))
        while _reads(grants, subject) != "OK":
            assert datetime.now(UTC) < ends, "it never counted"
        while datetime.now(UTC) <= ends:
            time.sleep(0.05)
        assert _reads(grants, subject) == "PERMISSION_MISSING"

    def test_what_counts_without_a_condition_counts_beside_it(self, grants: Grants) -> None:
        subject = grants.somebody("viewer")
        grants.bind(subject, "editor", condition=_condition("false"))
        assert (_reads(grants, subject), _creates(grants, subject)) == ("OK", "PERMISSION_MISSING")

    def test_it_cannot_be_handed_on(self, grants: Grants) -> None:
        subject = grants.somebody()
        grants.bind(subject, "administrator", condition=_condition("true"))
        attempt = lambda: grants.bind(grants.somebody(), "viewer", by=subject)  # noqa: E731
        assert _outcome(attempt) == "PERMISSION_ESCALATION"

    def test_it_counts_within_its_scope(self, grants: Grants) -> None:
        north, south = (a_message(labels={"region": region}) for region in ("north", "south"))
        stub = company_service_pb2_grpc.CompanyServiceStub(grants.server.channel)
        for message in (north, south):
            request = company_service_pb2.CreateCompanyRequest(company=message)
            stub.CreateCompany(request, metadata=grants.metadata(), timeout=_SECONDS)
        subject = grants.somebody()
        scope = role_binding_pb2.RoleScope(resource_type="company", labels={"region": "north"})
        grants.bind(subject, "viewer", scope=scope, condition=_condition("request.permission == 'company.read'"))
        seen: list[company_pb2.Company] = list(
            stub.ListCompanies(
                company_service_pb2.ListCompaniesRequest(), metadata=grants.metadata(subject), timeout=_SECONDS
            ).companies
        )
        assert [company.labels["region"] for company in seen] == ["north"]


class TestMaking:
    @pytest.mark.parametrize(
        ("expression", "place", "said"),
        [
            ("reqest.time > request.time", "line 1, column 1", "request"),
            ("true &&\n  request.permision == 'a'", "line 2, column", "permission"),
            ("request.permission", "line 1, column 1", "bool"),
            ("request.time > 5", "line 1, column 1", "timestamp and int"),
            ("request.permission == 'a", "line 1, column", ""),
        ],
        ids=["unknown name", "unknown field", "no bool", "types", "open string"],
    )
    def test_one_that_cannot_be_accepted_is_refused_with_its_place(
        self, grants: Grants, expression: str, place: str, said: str
    ) -> None:
        with pytest.raises(grpc.RpcError) as error:
            grants.bind(grants.somebody(), "viewer", condition=_condition(expression))
        info = _info(error.value)
        assert (info.reason, error.value.code()) == ("CONDITION_INVALID", grpc.StatusCode.INVALID_ARGUMENT)
        assert set(info.metadata) == {"line", "column", "excerpt", "caret"}
        field, description = _violations(error.value)[0]
        assert field == "condition.expression"
        assert place in description
        assert said in description

    def test_one_that_would_cost_too_much_is_refused(self, grants: Grants) -> None:
        loops = "request.caller.roles.all({0}, {1})"
        expression = "true"
        for name in "abcdef":
            expression = loops.format(name, expression)
        with pytest.raises(grpc.RpcError) as error:
            grants.bind(grants.somebody(), "viewer", condition=_condition(expression))
        assert "steps" in _violations(error.value)[0][1]

    def test_words_about_an_expression_take_one(self, grants: Grants) -> None:
        condition = role_binding_pb2.RoleCondition(title="Office hours", second_factor=True)
        with pytest.raises(grpc.RpcError) as error:
            grants.bind(grants.somebody(), "viewer", condition=condition)
        assert [field for field, _ in _violations(error.value)] == ["condition.title"]

    def test_it_comes_back_as_it_was_given(self, grants: Grants) -> None:
        condition = _condition(
            "request.time > timestamp('2020-01-01T00:00:00Z')", title="Later", description="Not before"
        )
        binding = grants.bind(grants.somebody(), "viewer", condition=condition)
        request = role_binding_service_pb2.GetRoleBindingRequest(id=binding)
        got = grants.bindings.GetRoleBinding(request, metadata=grants.metadata(), timeout=_SECONDS).role_binding
        assert got.condition == condition

    def test_one_of_a_later_release_grants_nothing(self, grants: Grants) -> None:
        subject = grants.somebody()
        grants.bind(subject, "viewer", condition=_condition("true"))
        assert _reads(grants, subject) == "OK"
        with psycopg.connect(grants.server.database.superuser_url) as connection:
            connection.execute(
                """update role_binding set condition = '{"expression": {"text": "request.quantum", "title": "",
                "description": ""}}' where subject_id = %s""",
                [subject.id],
            )
        assert _reads(grants, subject) == "PERMISSION_MISSING"


class TestShowing:
    def test_callers_see_what_they_hold_under_a_condition(self, grants: Grants) -> None:
        subject = grants.somebody()
        condition = _condition("request.permission == 'company.read'", title="Reading")
        grants.bind(subject, "viewer", condition=condition)
        stub = credential_service_pb2_grpc.CredentialServiceStub(grants.server.channel)
        me = stub.WhoAmI(
            credential_service_pb2.WhoAmIRequest(), metadata=grants.metadata(subject), timeout=_SECONDS
        ).identity
        (held,) = me.conditional_permissions
        assert held.condition == condition
        assert "company.read" in held.permissions
        assert "company.read" not in me.permissions, "WhoAmI is another method"

    def test_nobody_is_said_to_hold_what_depends_on_a_call(self, grants: Grants) -> None:
        subject = grants.somebody()
        grants.bind(subject, "viewer", condition=_condition("request.caller.address != '10.0.0.1'"))
        stub = credential_service_pb2_grpc.CredentialServiceStub(grants.server.channel)
        request = credential_service_pb2.VerifyCredentialRequest(bearer=subject.credential(grants.server))
        answer = stub.VerifyCredential(request, metadata=grants.metadata(), timeout=_SECONDS)
        identity: credential_pb2.CallerIdentity = answer.identity
        assert "company.read" not in identity.permissions
        assert len(identity.conditional_permissions) == 1


def _around(request: access_request_pb2.AccessRequest | None) -> Circumstances:
    principal = Principal("user", uuid4(), uuid4(), PermissionSet(frozenset()))
    return Circumstances(
        caller=principal,
        now=datetime.now(UTC),
        address=ip_address("10.0.0.1"),
        request=None if request is None else lambda: request,
    )


class TestExpression:
    def test_it_takes_a_call(self) -> None:
        condition = GrantCondition(expression=AccessExpression(text="true"))
        assert condition.holds(_around(access_request_pb2.AccessRequest()))
        assert not condition.holds(_around(None))

    def test_one_that_takes_too_long_does_not_hold(self) -> None:
        expression = AccessExpression(text="request.caller.roles.all(role, role != '' && role.size() < 5)")
        assert not expression_problems(expression.text)
        few = access_request_pb2.AccessRequest(caller=access_request_pb2.AccessCaller(roles=["a", "b"]))
        many = access_request_pb2.AccessRequest(caller=access_request_pb2.AccessCaller(roles=["a"] * 50_000))
        assert expression.holds(few)
        assert not expression.holds(many)

    def test_times_are_exact(self) -> None:
        request = access_request_pb2.AccessRequest(time=Timestamp(seconds=1_800_000_000, nanos=5))
        at = "timestamp('2027-01-15T08:00:00.000000005Z')"
        assert AccessExpression(text=f"request.time == {at}").holds(request)
        assert not AccessExpression(text=f"request.time > {at}").holds(request)

    def test_what_it_is_called_makes_no_difference_to_nobody(self) -> None:
        assert AccessExpression(text="true") == AccessExpression(text="true")
        assert AccessExpression(text="true") != AccessExpression(text="true", title="Always")
