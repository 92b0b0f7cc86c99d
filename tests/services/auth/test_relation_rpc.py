"""Relationships over the wire: written, read, deleted."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import grpc
import pytest

from function.auth.v1 import (
    permission_check_service_pb2 as checks_pb2,
)
from function.auth.v1 import (
    relationship_pb2,
    relationship_service_pb2,
)
from tests.fixtures.refusals import reason_of, violations_of
from tests.fixtures.server import RunningServer
from tests.services.auth.relation_calls import SECONDS, Caller, caller_with_schema, relationship


@pytest.fixture
def caller(server: RunningServer) -> Caller:
    return caller_with_schema(server)


class TestWriting:
    def test_what_is_written_is_read_with_writer_and_reason_page_by_page(self, caller: Caller) -> None:
        caller.write("document:1#viewer@user:ann", "document:1#viewer@group:eng#member", reason="onboarding")
        caller.write("document:2#viewer@user:*")
        request = relationship_service_pb2.ReadRelationshipsRequest(
            filter=relationship_pb2.RelationshipFilter(resource_type="document"), page_size=2
        )
        first = caller.relationships.ReadRelationships(request, metadata=caller.metadata, timeout=SECONDS)
        request.page_token = first.next_page_token
        second = caller.relationships.ReadRelationships(request, metadata=caller.metadata, timeout=SECONDS)
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
                timeout=SECONDS,
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
            request, metadata=caller.metadata, timeout=SECONDS
        )
        trailing = dict(call.trailing_metadata() or ())
        assert response.consistency_token == trailing["function-consistency-token"]
        with_token = (*caller.metadata, ("function-consistency-token", response.consistency_token))
        checked = caller.checks.CheckPermission(
            checks_pb2.CheckPermissionRequest(resource="document:1", permission="view", subject="user:ann"),
            metadata=with_token,
            timeout=SECONDS,
        )
        assert checked.permitted
        repeated = caller.relationships.WriteRelationships(request, metadata=caller.metadata, timeout=SECONDS)
        assert repeated.written_count == 1
        # The letters of base64 are in another order than what they stand for.
        first, second = (urlsafe_b64decode(each.consistency_token) for each in (response, repeated))
        assert second >= first

    def test_removing_by_filter_goes_on_until_nothing_is_left(self, caller: Caller) -> None:
        caller.write(*[f"document:{number}#viewer@user:ann" for number in range(5)])
        request = relationship_service_pb2.DeleteRelationshipsRequest(
            filter=relationship_pb2.RelationshipFilter(subject_type="user", subject_id="ann"), limit=3
        )
        first = caller.relationships.DeleteRelationships(request, metadata=caller.metadata, timeout=SECONDS)
        second = caller.relationships.DeleteRelationships(request, metadata=caller.metadata, timeout=SECONDS)
        assert (first.deleted_count, first.complete) == (3, False)
        assert (second.deleted_count, second.complete) == (2, True)
        assert caller.resources("document", "view", "user:ann") == []
