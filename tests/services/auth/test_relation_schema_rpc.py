"""Schemas of relationships over the wire."""

from __future__ import annotations

import grpc
import pytest

from function.auth.v1 import (
    relation_schema_pb2,
    relation_schema_service_pb2,
)
from tests.fixtures.refusals import reason_of, violations_of
from tests.fixtures.server import RunningServer
from tests.services.auth.relation_calls import SCHEMA, SECONDS, Caller, caller_with_schema


@pytest.fixture
def caller(server: RunningServer) -> Caller:
    return caller_with_schema(server)


class TestSchema:
    def test_a_written_schema_is_read_back_with_its_canonical_text_and_etag(self, caller: Caller) -> None:
        read = caller.schemas.ReadSchema(
            relation_schema_service_pb2.ReadSchemaRequest(), metadata=caller.metadata, timeout=SECONDS
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
            timeout=SECONDS,
        )
        assert [(each.version, each.reason, each.text) for each in listed.schemas] == [(2, "everybody edits", "")]
        assert listed.next_page_token
        difference = caller.schemas.DiffSchema(
            relation_schema_service_pb2.DiffSchemaRequest(from_version=1, to_version=2),
            metadata=caller.metadata,
            timeout=SECONDS,
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
                relation_schema_service_pb2.ReadSchemaRequest(version=2), metadata=caller.metadata, timeout=SECONDS
            )
        assert reason_of(refused.value) == ("RELATION_SCHEMA_NOT_FOUND", {"version": "2"})

    def test_an_etag_of_an_older_version_is_refused(self, caller: Caller) -> None:
        first = caller.write_schema().schema.etag
        second = caller.write_schema("definition user {}", etag=first).schema.etag
        with pytest.raises(grpc.RpcError) as refused:
            caller.write_schema(SCHEMA, etag=first)
        assert reason_of(refused.value) == ("RELATION_SCHEMA_CHANGED", {"current_etag": second})
