from __future__ import annotations

from base64 import urlsafe_b64decode
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import cast
from uuid import uuid4

import grpc
import psycopg
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from function.auth.v1 import (
    permission_check_service_pb2 as checks_pb2,
)
from function.auth.v1 import (
    permission_check_service_pb2_grpc,
    relation_schema_pb2,
    relation_schema_service_pb2,
    relation_schema_service_pb2_grpc,
    relationship_pb2,
    relationship_service_pb2,
    relationship_service_pb2_grpc,
)
from function_backend.services.auth.repository.relation_decision import purge_decisions
from tests.fixtures.clock import SetClock
from tests.fixtures.principals import make_tenant
from tests.fixtures.server import RunningServer, StartServer

_SECONDS = 60

SCHEMA = """
definition user {}

definition group {
  relation member: user | group#member
}

definition folder {
  relation parent: folder
  relation viewer: user | group#member
  permission view = viewer + parent->view
}

definition document {
  relation parent: folder
  relation viewer: user | user:* | group#member
  relation editor: user
  relation banned: user
  permission edit = editor - banned
  permission view = viewer + edit + parent->view - banned
}
"""


class Caller:
    """A tenant's administrator."""

    def __init__(self, server: RunningServer, key: str) -> None:
        self.metadata = server.metadata(key)
        self.schemas = relation_schema_service_pb2_grpc.RelationSchemaServiceStub(server.channel)
        self.relationships = relationship_service_pb2_grpc.RelationshipServiceStub(server.channel)
        self.checks = permission_check_service_pb2_grpc.PermissionCheckServiceStub(server.channel)

    def write_schema(self, text: str = SCHEMA, **fields: object) -> relation_schema_service_pb2.WriteSchemaResponse:
        request = relation_schema_service_pb2.WriteSchemaRequest(text=text, **fields)  # type: ignore[arg-type]
        return self.schemas.WriteSchema(request, metadata=self.metadata, timeout=_SECONDS)

    def write(
        self, *tuples: str, operation: str = "TOUCH", **fields: object
    ) -> relationship_service_pb2.WriteRelationshipsResponse:
        request = relationship_service_pb2.WriteRelationshipsRequest(
            updates=[
                relationship_pb2.RelationshipUpdate(
                    operation=relationship_pb2.RelationshipOperation.Value(f"RELATIONSHIP_OPERATION_{operation}"),
                    relationship=relationship(each),
                )
                for each in tuples
            ],
            **fields,  # type: ignore[arg-type]
        )
        return self.relationships.WriteRelationships(request, metadata=self.metadata, timeout=_SECONDS)

    def check(self, resource: str, permission: str, subject: str, **fields: object) -> bool:
        return self.answer(resource, permission, subject, **fields).permitted

    def answer(
        self, resource: str, permission: str, subject: str, **fields: object
    ) -> checks_pb2.CheckPermissionResponse:
        request = checks_pb2.CheckPermissionRequest(
            resource=resource,
            permission=permission,
            subject=subject,
            **fields,  # type: ignore[arg-type]
        )
        return self.checks.CheckPermission(request, metadata=self.metadata, timeout=_SECONDS)

    def resources(self, resource_type: str, permission: str, subject: str, *, page_size: int = 0) -> list[str]:
        found: list[str] = []
        request = checks_pb2.ListPermittedResourcesRequest(
            resource_type=resource_type, permission=permission, subject=subject, page_size=page_size
        )
        while True:
            page = self.checks.ListPermittedResources(request, metadata=self.metadata, timeout=_SECONDS)
            found += page.resource_ids
            if not page.next_page_token:
                return found
            request.page_token = page.next_page_token

    def subjects(
        self, resource: str, permission: str, subject_type: str, relation: str = "", *, page_size: int = 0
    ) -> list[tuple[str, bool]]:
        found: list[tuple[str, bool]] = []
        request = checks_pb2.ListPermittedSubjectsRequest(
            resource=resource,
            permission=permission,
            subject_type=subject_type,
            subject_relation=relation,
            page_size=page_size,
        )
        while True:
            page = self.checks.ListPermittedSubjects(request, metadata=self.metadata, timeout=_SECONDS)
            found += [(each.subject, each.excluded) for each in page.subjects]
            if not page.next_page_token:
                return found
            request.page_token = page.next_page_token

    def explain(self, **fields: object) -> checks_pb2.ExplainPermissionResponse:
        request = checks_pb2.ExplainPermissionRequest(**fields)  # type: ignore[arg-type]
        return self.checks.ExplainPermission(request, metadata=self.metadata, timeout=_SECONDS)


def relationship(text: str) -> relationship_pb2.Relationship:
    resource, _, rest = text.partition("#")
    relation, _, subject = rest.partition("@")
    return relationship_pb2.Relationship(resource=resource, relation=relation, subject=subject)


def reason_of(error: grpc.RpcError) -> tuple[str, dict[str, str]]:
    status = rpc_status.from_call(cast("grpc.Call", error))
    assert status is not None
    info = error_details_pb2.ErrorInfo()
    assert any(detail.Unpack(info) for detail in status.details)
    return info.reason, dict(info.metadata)


def violations_of(error: grpc.RpcError) -> dict[str, str]:
    status = rpc_status.from_call(cast("grpc.Call", error))
    assert status is not None
    request = error_details_pb2.BadRequest()
    assert any(detail.Unpack(request) for detail in status.details)
    return {violation.field: violation.description for violation in request.field_violations}


@pytest.fixture
def caller(server: RunningServer) -> Caller:
    """The administrator of a new tenant with the schema."""
    made = Caller(server, make_tenant(server))
    made.write_schema()
    return made


class TestSchema:
    def test_a_written_schema_is_read_back_with_its_canonical_text_and_etag(self, caller: Caller) -> None:
        read = caller.schemas.ReadSchema(
            relation_schema_service_pb2.ReadSchemaRequest(), metadata=caller.metadata, timeout=_SECONDS
        ).schema
        assert (read.version, read.text) == (1, SCHEMA)
        assert read.canonical_text.startswith("definition document {\n  relation banned: user\n")
        assert len(read.etag) == 64
        assert read.creator.startswith("api_key:")

    def test_the_same_schema_in_another_layout_makes_no_new_version(self, caller: Caller) -> None:
        blocks = ["definition" + block for block in SCHEMA.split("definition")[1:]]
        again = caller.write_schema("// moved\n" + "".join(reversed(blocks)))
        assert again.schema.version == 1
        assert list(again.changes) == []

    def test_a_change_makes_a_version_says_what_changed_and_is_listed(self, caller: Caller) -> None:
        changed = SCHEMA.replace("permission edit = editor - banned", "permission edit = editor")
        written = caller.write_schema(changed, reason="everybody edits")
        assert written.schema.version == 2
        assert written.consistency_token
        [change] = written.changes
        assert (change.definition, change.name) == ("document", "edit")
        assert change.kind == relation_schema_pb2.SCHEMA_CHANGE_KIND_CHANGED
        assert (change.before, change.after) == (
            "permission edit = editor - banned",
            "permission edit = editor",
        )
        listed = caller.schemas.ListSchemaVersions(
            relation_schema_service_pb2.ListSchemaVersionsRequest(page_size=1),
            metadata=caller.metadata,
            timeout=_SECONDS,
        )
        assert [(each.version, each.reason, each.text) for each in listed.schemas] == [(2, "everybody edits", "")]
        assert listed.next_page_token
        difference = caller.schemas.DiffSchema(
            relation_schema_service_pb2.DiffSchemaRequest(from_version=1, to_version=2),
            metadata=caller.metadata,
            timeout=_SECONDS,
        )
        assert list(difference.changes) == [change]

    def test_a_mistake_is_shown_with_line_column_caret_and_the_nearest_name(self, caller: Caller) -> None:
        with pytest.raises(grpc.RpcError) as refused:
            caller.write_schema("definition user {}\ndefinition document {\n  relation viewer: usr\n}")
        reason, metadata = reason_of(refused.value)
        assert (reason, metadata["line"], metadata["column"]) == ("RELATION_SCHEMA_INVALID", "3", "20")
        assert metadata["excerpt"] == "  relation viewer: usr"
        assert metadata["caret"] == "                   ^"
        assert violations_of(refused.value)["text"] == "line 3, column 20: unknown type 'usr'; did you mean 'user'?"

    def test_a_schema_that_would_orphan_relationships_is_refused_until_they_are_gone(self, caller: Caller) -> None:
        caller.write("document:1#banned@user:ann", "document:2#banned@user:ann", "document:1#viewer@user:ann")
        without = SCHEMA.replace("  relation banned: user\n", "").replace(" - banned", "")
        with pytest.raises(grpc.RpcError) as refused:
            caller.write_schema(without, validate_only=True)
        assert reason_of(refused.value) == (
            "RELATION_SCHEMA_ORPHANS_TUPLES",
            {"count": "2", "relations": "document#banned: 2", "example": "document:1#banned@user:ann"},
        )
        caller.write("document:1#banned@user:ann", "document:2#banned@user:ann", operation="DELETE")
        assert caller.write_schema(without).schema.version == 2

    def test_a_rehearsal_writes_no_version(self, caller: Caller) -> None:
        rehearsed = caller.write_schema("definition user {}", validate_only=True)
        assert rehearsed.schema.version == 2
        with pytest.raises(grpc.RpcError) as refused:
            caller.schemas.ReadSchema(
                relation_schema_service_pb2.ReadSchemaRequest(version=2), metadata=caller.metadata, timeout=_SECONDS
            )
        assert reason_of(refused.value) == ("RELATION_SCHEMA_NOT_FOUND", {"version": "2"})

    def test_an_etag_of_an_older_version_is_refused(self, caller: Caller) -> None:
        first = caller.write_schema().schema.etag
        second = caller.write_schema("definition user {}", etag=first).schema.etag
        with pytest.raises(grpc.RpcError) as refused:
            caller.write_schema(SCHEMA, etag=first)
        assert reason_of(refused.value) == ("RELATION_SCHEMA_CHANGED", {"current_etag": second})


class TestWriting:
    def test_what_is_written_is_read_with_writer_and_reason_page_by_page(self, caller: Caller) -> None:
        caller.write("document:1#viewer@user:ann", "document:1#viewer@group:eng#member", reason="onboarding")
        caller.write("document:2#viewer@user:*")
        request = relationship_service_pb2.ReadRelationshipsRequest(
            filter=relationship_pb2.RelationshipFilter(resource_type="document"), page_size=2
        )
        first = caller.relationships.ReadRelationships(request, metadata=caller.metadata, timeout=_SECONDS)
        request.page_token = first.next_page_token
        second = caller.relationships.ReadRelationships(request, metadata=caller.metadata, timeout=_SECONDS)
        found = [*first.relationships, *second.relationships]
        assert [f"{each.resource}#{each.relation}@{each.subject}" for each in found] == [
            "document:1#viewer@group:eng#member",
            "document:1#viewer@user:ann",
            "document:2#viewer@user:*",
        ]
        assert found[0].reason == "onboarding"
        assert found[0].writer.startswith("api_key:")
        assert not second.next_page_token

    def test_creating_what_exists_is_refused_and_touching_it_is_not(self, caller: Caller) -> None:
        caller.write("document:1#viewer@user:ann", operation="CREATE")
        with pytest.raises(grpc.RpcError) as refused:
            caller.write("document:2#viewer@user:ann", "document:1#viewer@user:ann", operation="CREATE")
        assert reason_of(refused.value) == ("RELATIONSHIP_EXISTS", {"relationship": "document:1#viewer@user:ann"})
        assert not caller.check("document:2", "view", "user:ann")
        assert caller.write("document:1#viewer@user:ann").written_count == 1

    @pytest.mark.parametrize(
        ("text", "field", "said"),
        [
            ("document:1#editor@group:eng#member", "subject", "does not take 'group:eng#member'; it takes user"),
            ("document:1#editor@user:*", "subject", "does not take 'user:*'"),
            ("document:1#view@user:ann", "relation", "is a permission"),
            ("document:#viewer@user:ann", "resource", "an id is"),
            ("document:a b#viewer@user:ann", "resource", "an id is"),
            ("document:1#viewer@user:x\x00y", "subject", "an id is"),
            ("document:" + "x" * 257 + "#viewer@user:ann", "resource", "an id is"),
        ],
    )
    def test_a_relationship_that_the_schema_does_not_allow_is_refused(
        self, caller: Caller, text: str, field: str, said: str
    ) -> None:
        with pytest.raises(grpc.RpcError) as refused:
            caller.write(text)
        assert reason_of(refused.value)[0] == "RELATIONSHIP_INVALID"
        assert said in violations_of(refused.value)[f"updates[0].relationship.{field}"]

    def test_an_unknown_relation_is_named_with_the_nearest(self, caller: Caller) -> None:
        with pytest.raises(grpc.RpcError) as refused:
            caller.write("document:1#baned@user:ann")
        assert reason_of(refused.value) == ("RELATION_UNKNOWN", {"name": "baned"})
        assert "did you mean 'banned'?" in violations_of(refused.value)["updates[0].relationship.relation"]

    def test_a_precondition_that_does_not_hold_changes_nothing(self, caller: Caller) -> None:
        condition = relationship_pb2.Precondition(
            kind=relationship_pb2.PRECONDITION_KIND_MUST_EXIST,
            filter=relationship_pb2.RelationshipFilter(resource_type="folder", resource_id="f", subject_type="user"),
        )
        with pytest.raises(grpc.RpcError) as refused:
            caller.write("document:1#viewer@user:ann", preconditions=[condition])
        assert reason_of(refused.value) == ("PRECONDITION_FAILED", {"precondition": "0"})
        assert not caller.check("document:1", "view", "user:ann")
        caller.write("folder:f#viewer@user:ann")
        caller.write("document:1#viewer@user:ann", preconditions=[condition])
        assert caller.check("document:1", "view", "user:ann")
        condition.kind = relationship_pb2.PRECONDITION_KIND_MUST_NOT_EXIST
        with pytest.raises(grpc.RpcError) as refused:
            caller.write("document:1#viewer@user:bob", preconditions=[condition])
        assert reason_of(refused.value)[0] == "PRECONDITION_FAILED"

    @pytest.mark.parametrize("way", ["precondition", "creation"])
    def test_of_many_who_want_to_be_the_only_one_at_once_exactly_one_is(self, caller: Caller, way: str) -> None:
        nobody = relationship_pb2.Precondition(
            kind=relationship_pb2.PRECONDITION_KIND_MUST_NOT_EXIST,
            filter=relationship_pb2.RelationshipFilter(resource_type="document", resource_id="1", relation="editor"),
        )

        def attempt(number: int) -> str:
            try:
                if way == "precondition":
                    caller.write(f"document:1#editor@user:u{number}", preconditions=[nobody])
                else:
                    caller.write("document:1#editor@user:ann", operation="CREATE")
            except grpc.RpcError as error:
                return reason_of(error)[0]
            return "done"

        refused = {"precondition": "PRECONDITION_FAILED", "creation": "RELATIONSHIP_EXISTS"}[way]
        for _ in range(5):
            with ThreadPoolExecutor(8) as pool:
                assert sorted(pool.map(attempt, range(8))) == sorted(["done", *[refused] * 7])
            caller.relationships.DeleteRelationships(
                relationship_service_pb2.DeleteRelationshipsRequest(filter=nobody.filter),
                metadata=caller.metadata,
                timeout=_SECONDS,
            )

    def test_the_token_of_a_write_is_in_the_message_and_in_the_metadata(self, caller: Caller) -> None:
        request = relationship_service_pb2.WriteRelationshipsRequest(
            updates=[
                relationship_pb2.RelationshipUpdate(
                    operation=relationship_pb2.RELATIONSHIP_OPERATION_TOUCH,
                    relationship=relationship("document:1#viewer@user:ann"),
                )
            ],
            request_id=str(uuid4()),
        )
        response, call = caller.relationships.WriteRelationships.with_call(
            request, metadata=caller.metadata, timeout=_SECONDS
        )
        trailing = dict(call.trailing_metadata() or ())
        assert response.consistency_token == trailing["function-consistency-token"]
        with_token = (*caller.metadata, ("function-consistency-token", response.consistency_token))
        checked = caller.checks.CheckPermission(
            checks_pb2.CheckPermissionRequest(resource="document:1", permission="view", subject="user:ann"),
            metadata=with_token,
            timeout=_SECONDS,
        )
        assert checked.permitted
        repeated = caller.relationships.WriteRelationships(request, metadata=caller.metadata, timeout=_SECONDS)
        assert repeated.written_count == 1
        # The letters of base64 are in another order than what they stand for.
        first, second = (urlsafe_b64decode(each.consistency_token) for each in (response, repeated))
        assert second >= first

    def test_removing_by_filter_goes_on_until_nothing_is_left(self, caller: Caller) -> None:
        caller.write(*[f"document:{number}#viewer@user:ann" for number in range(5)])
        request = relationship_service_pb2.DeleteRelationshipsRequest(
            filter=relationship_pb2.RelationshipFilter(subject_type="user", subject_id="ann"), limit=3
        )
        first = caller.relationships.DeleteRelationships(request, metadata=caller.metadata, timeout=_SECONDS)
        second = caller.relationships.DeleteRelationships(request, metadata=caller.metadata, timeout=_SECONDS)
        assert (first.deleted_count, first.complete) == (3, False)
        assert (second.deleted_count, second.complete) == (2, True)
        assert caller.resources("document", "view", "user:ann") == []


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
        answered = caller.checks.BatchCheckPermissions(request, metadata=caller.metadata, timeout=_SECONDS)
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
        answered = caller.checks.BatchCheckPermissions(request, metadata=caller.metadata, timeout=_SECONDS)
        assert [each.permitted for each in answered.results] == [False, True, False]
        assert [each.error.reason for each in answered.results] == ["CHECK_TOO_COMPLEX", "", ""]

    def test_a_page_token_is_good_for_its_question_alone(self, caller: Caller) -> None:
        caller.write("document:1#viewer@user:ann", "document:2#viewer@user:ann", "document:3#viewer@user:bob")
        request = checks_pb2.ListPermittedResourcesRequest(
            resource_type="document", permission="view", subject="user:ann", page_size=1
        )
        first = caller.checks.ListPermittedResources(request, metadata=caller.metadata, timeout=_SECONDS)
        request.page_token = first.next_page_token
        caller.write("document:1#viewer@user:ann", operation="DELETE")
        second = caller.checks.ListPermittedResources(request, metadata=caller.metadata, timeout=_SECONDS)
        assert (list(first.resource_ids), list(second.resource_ids)) == (["1"], ["2"])
        request.subject = "user:bob"
        with pytest.raises(grpc.RpcError) as refused:
            caller.checks.ListPermittedResources(request, metadata=caller.metadata, timeout=_SECONDS)
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
