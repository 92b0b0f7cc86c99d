"""What follows from relationships, asked over the wire."""

from __future__ import annotations

from datetime import timedelta

import grpc
import psycopg
import pytest

from function.auth.v1 import (
    permission_check_service_pb2 as checks_pb2,
)
from function_backend.services.auth.repository.relation_decision import purge_decisions
from tests.fixtures.clock import SetClock
from tests.fixtures.principals import make_tenant
from tests.fixtures.refusals import reason_of
from tests.fixtures.server import RunningServer, StartServer
from tests.services.auth.relation_calls import SCHEMA, SECONDS, Caller, caller_with_schema


@pytest.fixture
def caller(server: RunningServer) -> Caller:
    return caller_with_schema(server)


class TestChecking:
    def test_direct_group_arrow_wildcard_and_exclusion_count(self, caller: Caller) -> None:
        caller.write(
            "group:all#member@group:eng#member",
            "group:eng#member@user:ann",
            "folder:root#viewer@group:all#member",
            "folder:sub#parent@folder:root",
            "document:1#parent@folder:sub",
            "document:2#viewer@user:*",
            "document:2#banned@user:bob",
        )
        assert caller.check("document:1", "view", "user:ann")
        assert not caller.check("document:1", "view", "user:bob")
        assert caller.check("document:1", "view", "group:eng#member")
        assert caller.check("document:2", "view", "user:ann")
        assert not caller.check("document:2", "view", "user:bob")
        assert caller.check("document:2", "view", "user:*")
        assert caller.resources("document", "view", "user:ann", page_size=1) == ["1", "2"]
        assert caller.subjects("document:2", "view", "user", page_size=1) == [("user:*", False), ("user:bob", True)]
        assert caller.subjects("document:1", "view", "user") == [("user:ann", False)]
        assert caller.subjects("document:1", "view", "group", "member") == [
            ("group:all#member", False),
            ("group:eng#member", False),
        ]

    def test_a_batch_answers_each_by_itself(self, caller: Caller) -> None:
        caller.write("document:1#viewer@user:ann")
        request = checks_pb2.BatchCheckPermissionsRequest(
            subject="user:ann",
            items=[
                checks_pb2.CheckItem(check=checks_pb2.Check(resource="document:1", permission="view")),
                checks_pb2.CheckItem(check=checks_pb2.Check(resource="document:1", permission="veiw")),
                checks_pb2.CheckItem(check=checks_pb2.Check(resource="?", permission="view")),
                checks_pb2.CheckItem(
                    check=checks_pb2.Check(resource="document:1", permission="view", subject="user:bob")
                ),
                checks_pb2.CheckItem(),
            ],
        )
        answered = caller.checks.BatchCheckPermissions(request, metadata=caller.metadata, timeout=SECONDS)
        assert [each.permitted for each in answered.results] == [True, False, False, False, False]
        assert [each.error.reason for each in answered.results] == [
            "",
            "RELATION_UNKNOWN",
            "RELATIONSHIP_INVALID",
            "",
            "RELATIONSHIP_INVALID",
        ]

    def test_what_a_permission_excludes_has_no_name_that_could_be_asked_for(self, caller: Caller) -> None:
        caller.write("document:1#viewer@user:ann")
        for name in ("view-", "view -", "-", "edit-"):
            with pytest.raises(grpc.RpcError) as refused:
                caller.check("document:1", name, "user:ann")
            assert reason_of(refused.value)[0] == "RELATION_UNKNOWN"
            with pytest.raises(grpc.RpcError) as refused:
                caller.resources("document", name, "user:ann")
            assert reason_of(refused.value)[0] == "RELATION_UNKNOWN"

    def test_a_check_of_a_batch_that_is_too_complex_stops_no_other(self, caller: Caller) -> None:
        caller.write(*[f"group:g{number}#member@group:g{number + 1}#member" for number in range(60)])
        caller.write("group:g60#member@user:ann", "document:1#viewer@user:ann")
        request = checks_pb2.BatchCheckPermissionsRequest(
            subject="user:ann",
            items=[
                checks_pb2.CheckItem(check=checks_pb2.Check(resource=resource, permission=permission))
                for resource, permission in (("group:g0", "member"), ("document:1", "view"), ("document:2", "view"))
            ],
        )
        answered = caller.checks.BatchCheckPermissions(request, metadata=caller.metadata, timeout=SECONDS)
        assert [each.permitted for each in answered.results] == [False, True, False]
        assert [each.error.reason for each in answered.results] == ["CHECK_TOO_COMPLEX", "", ""]

    def test_a_page_token_is_good_for_its_question_alone(self, caller: Caller) -> None:
        caller.write("document:1#viewer@user:ann", "document:2#viewer@user:ann", "document:3#viewer@user:bob")
        request = checks_pb2.ListPermittedResourcesRequest(
            resource_type="document", permission="view", subject="user:ann", page_size=1
        )
        first = caller.checks.ListPermittedResources(request, metadata=caller.metadata, timeout=SECONDS)
        request.page_token = first.next_page_token
        caller.write("document:1#viewer@user:ann", operation="DELETE")
        second = caller.checks.ListPermittedResources(request, metadata=caller.metadata, timeout=SECONDS)
        assert (list(first.resource_ids), list(second.resource_ids)) == (["1"], ["2"])
        request.subject = "user:bob"
        with pytest.raises(grpc.RpcError) as refused:
            caller.checks.ListPermittedResources(request, metadata=caller.metadata, timeout=SECONDS)
        assert reason_of(refused.value)[0] == "INVALID_PAGE_TOKEN"

    def test_another_tenants_relationships_are_not_seen(self, caller: Caller, server: RunningServer) -> None:
        caller.write("document:1#viewer@user:ann")
        other = Caller(server, make_tenant(server))
        with pytest.raises(grpc.RpcError) as refused:
            other.check("document:1", "view", "user:ann")
        assert reason_of(refused.value) == ("RELATION_SCHEMA_NOT_FOUND", {"version": "current"})
        other.write_schema()
        assert not other.check("document:1", "view", "user:ann")
        assert other.resources("document", "view", "user:ann") == []
        assert other.subjects("document:1", "view", "user") == []

    def test_an_explanation_shows_the_path_that_grants(self, caller: Caller) -> None:
        caller.write("folder:f#viewer@group:eng#member", "group:eng#member@user:ann", "document:1#parent@folder:f")
        explained = caller.explain(resource="document:1", permission="view", subject="user:ann")
        assert explained.permitted
        assert _relationships(explained.explanation) == [
            "document:1#parent@folder:f",
            "folder:f#viewer@group:eng#member",
            "group:eng#member@user:ann",
        ]

    def test_an_explanation_shows_what_is_in_the_way(self, caller: Caller) -> None:
        caller.write("document:1#viewer@user:ann", "document:1#banned@user:ann")
        explained = caller.explain(resource="document:1", permission="view", subject="user:ann")
        assert not explained.permitted
        [exclusion] = explained.explanation.parts
        assert exclusion.kind == checks_pb2.EXPLANATION_KIND_EXCLUSION
        assert [part.holds for part in exclusion.parts] == [True, True]
        assert "document:1#banned@user:ann" in _relationships(exclusion)

    def test_a_recorded_decision_is_explained_from_what_was_known_then(self, caller: Caller) -> None:
        caller.write("document:1#viewer@user:ann")
        decided = caller.answer("document:1", "view", "user:ann", record=True)
        before = caller.explain(resource="document:1", permission="view", subject="user:ann")
        caller.write("document:1#viewer@user:ann", operation="DELETE")
        caller.write_schema(SCHEMA.replace("permission view = viewer + edit", "permission view = edit"))
        then = caller.explain(decision_id=decided.decision_id)
        assert then.permitted
        assert then.explanation == before.explanation
        assert (then.schema_version, then.resource, then.permission, then.subject) == (
            1,
            "document:1",
            "view",
            "user:ann",
        )
        assert then.HasField("decision_time")
        assert then.decision_caller.startswith("api_key:")
        assert not caller.check("document:1", "view", "user:ann")

    def test_a_decision_of_another_tenant_does_not_exist(self, caller: Caller, server: RunningServer) -> None:
        decided = caller.answer("document:1", "view", "user:ann", record=True)
        other = Caller(server, make_tenant(server))
        with pytest.raises(grpc.RpcError) as refused:
            other.explain(decision_id=decided.decision_id)
        assert reason_of(refused.value) == ("DECISION_NOT_FOUND", {"decision_id": decided.decision_id})

    def test_a_decision_is_gone_when_its_time_is_over_though_nothing_else_is_recorded(
        self, start_server: StartServer, set_clock: SetClock
    ) -> None:
        server = start_server(clock=set_clock)
        decider = Caller(server, make_tenant(server))
        decider.write_schema()
        first = decider.answer("document:1", "view", "user:ann", record=True).decision_id
        set_clock.advance(timedelta(days=20))
        second = decider.answer("document:1", "view", "user:ann", record=True).decision_id
        set_clock.advance(timedelta(days=10))
        with pytest.raises(grpc.RpcError) as refused:
            decider.explain(decision_id=first)
        assert reason_of(refused.value) == ("DECISION_NOT_FOUND", {"decision_id": first})
        with psycopg.connect(server.database.app_url) as connection:
            assert purge_decisions(connection, set_clock.now()) == 1
        assert not decider.explain(decision_id=second).permitted
        with psycopg.connect(server.database.superuser_url) as connection:
            assert connection.execute("select count(*) from relation_decision where id = %s", (first,)).fetchone() == (
                0,
            )

    def test_a_chain_that_is_too_deep_is_refused_and_not_answered_wrongly(self, caller: Caller) -> None:
        caller.write(*[f"group:g{number}#member@group:g{number + 1}#member" for number in range(60)])
        caller.write("group:g60#member@user:ann", "group:g45#member@user:bob")
        assert caller.check("group:g0", "member", "user:bob")
        with pytest.raises(grpc.RpcError) as refused:
            caller.check("group:g0", "member", "user:ann")
        assert reason_of(refused.value) == ("CHECK_TOO_COMPLEX", {"limit": "50", "what": "levels of relationships"})


def _relationships(explanation: checks_pb2.Explanation) -> list[str]:
    own = [explanation.relationship] if explanation.relationship else []
    return own + [found for part in explanation.parts for found in _relationships(part)]
