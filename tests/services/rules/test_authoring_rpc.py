from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import cast
from uuid import uuid4

import grpc
import psycopg
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from function.rules.v1 import definition_version_pb2 as versions
from tests.factories.rules import RulesCaller, loan
from tests.fixtures.principals import make_key, make_tenant
from tests.fixtures.server import RunningServer, StartServer


@pytest.fixture(scope="module")
def caller(server: RunningServer) -> RulesCaller:
    return RulesCaller(server)


def a_name() -> str:
    return f"loan.n{secrets.token_hex(6)}"


def refused(error: grpc.RpcError) -> tuple[str, dict[str, str], dict[str, str]]:
    """The reason, its metadata, and the violations by field."""
    status = rpc_status.from_call(cast("grpc.Call", error))
    assert status is not None
    info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    for detail in status.details:
        for message in (info, bad):
            if detail.Is(message.DESCRIPTOR):
                detail.Unpack(message)
    return info.reason, dict(info.metadata), {each.field: each.description for each in bad.field_violations}


class TestDrafts:
    def test_a_draft_is_created_and_read_again(self, caller: RulesCaller) -> None:
        wanted = loan(a_name(), description="Grants loans", labels={"team": "credit"})
        made = caller.definition("CreateDefinition", definition=wanted, comment="first try")
        assert not made.problems
        read = caller.definition("GetVersion", name=wanted.name).version
        assert read.definition == wanted
        assert (read.version, read.state) == (1, versions.VERSION_STATE_DRAFT)
        assert read.etag == made.version.etag
        assert [(step.action, step.comment) for step in read.history] == [
            (versions.VERSION_ACTION_CREATED, "first try")
        ]
        assert list(read.authors) == [read.history[0].actor]
        found = caller.definition("GetDefinition", name=wanted.name).definition
        assert (found.description, dict(found.labels), found.latest_version) == ("Grants loans", {"team": "credit"}, 1)
        assert found.version_in_force == 0

    def test_a_draft_may_be_wrong_and_the_answer_says_where(self, caller: RulesCaller) -> None:
        wrong = loan(a_name())
        wrong.rule_set.rules[0].condition = "amuont <= 5"
        (problem,) = caller.definition("CreateDefinition", definition=wrong).problems
        assert problem.path == "rule_set.rules[0].condition"
        assert (problem.line, problem.column) == (1, 1)
        assert "^" in problem.excerpt
        assert caller.definition("GetVersion", name=wrong.name).version.definition == wrong

    def test_the_name_of_a_decision_is_taken_once(self, caller: RulesCaller) -> None:
        name = a_name()
        caller.definition("CreateDefinition", definition=loan(name))
        with pytest.raises(grpc.RpcError) as error:
            caller.definition("CreateDefinition", definition=loan(name, limit=5))
        assert refused(error.value)[0] == "DEFINITION_NAME_TAKEN"

    def test_a_draft_is_written_again_by_others_who_become_authors(
        self, server: RunningServer, caller: RulesCaller
    ) -> None:
        name = a_name()
        first = caller.definition("CreateDefinition", definition=loan(name)).version
        other = RulesCaller(server, make_key(server, "rules.*"))
        second = other.definition("UpdateDraft", definition=loan(name, limit=7), etag=first.etag).version
        assert second.version == 1
        assert second.etag != first.etag
        assert len(second.authors) == 2

    def test_nothing_is_written_when_nothing_differs(self, caller: RulesCaller) -> None:
        name = a_name()
        first = caller.definition("CreateDefinition", definition=loan(name)).version
        assert caller.definition("UpdateDraft", definition=loan(name)).version.etag == first.etag

    def test_a_change_over_somebody_elses_is_refused(self, caller: RulesCaller) -> None:
        name = a_name()
        first = caller.definition("CreateDefinition", definition=loan(name)).version
        second = caller.definition("UpdateDraft", definition=loan(name, limit=7)).version
        with pytest.raises(grpc.RpcError) as error:
            caller.definition("UpdateDraft", definition=loan(name, limit=9), etag=first.etag)
        reason, metadata, _ = refused(error.value)
        assert (reason, metadata["current_etag"]) == ("VERSION_ETAG_MISMATCH", second.etag)

    def test_of_many_who_change_the_same_draft_one_comes_first(self, caller: RulesCaller) -> None:
        name = a_name()
        first = caller.definition("CreateDefinition", definition=loan(name)).version

        def change(limit: int) -> str:
            try:
                caller.definition("UpdateDraft", definition=loan(name, limit=limit), etag=first.etag)
            except grpc.RpcError as error:
                return refused(error)[0]
            return ""

        with ThreadPoolExecutor(6) as threads:
            outcomes = list(threads.map(change, range(1, 7)))
        assert sorted(outcomes) == ["", *["VERSION_ETAG_MISMATCH"] * 5]

    def test_of_many_who_create_the_same_decision_one_comes_first(self, caller: RulesCaller) -> None:
        name = a_name()

        def create(limit: int) -> str:
            try:
                caller.definition("CreateDefinition", definition=loan(name, limit=limit))
            except grpc.RpcError as error:
                return refused(error)[0]
            return ""

        with ThreadPoolExecutor(6) as threads:
            outcomes = list(threads.map(create, range(1, 7)))
        assert sorted(outcomes) == ["", *["DEFINITION_NAME_TAKEN"] * 5]

    def test_a_deleted_draft_takes_a_decision_without_other_versions_with_it(self, caller: RulesCaller) -> None:
        name = a_name()
        caller.definition("CreateDefinition", definition=loan(name))
        assert caller.definition("DeleteDraft", name=name).definition_deleted
        with pytest.raises(grpc.RpcError) as error:
            caller.definition("GetDefinition", name=name)
        assert refused(error.value)[0] == "DEFINITION_NOT_FOUND"
        caller.definition("CreateDefinition", definition=loan(name))

    def test_the_number_of_a_deleted_draft_is_not_used_again(self, caller: RulesCaller) -> None:
        name = a_name()
        caller.published(loan(name))
        assert caller.definition("UpdateDraft", definition=loan(name, limit=2)).version.version == 2
        assert not caller.definition("DeleteDraft", name=name).definition_deleted
        assert caller.definition("UpdateDraft", definition=loan(name, limit=3)).version.version == 3

    def test_a_repeated_call_gets_the_first_answer(self, caller: RulesCaller) -> None:
        wanted, request_id = loan(a_name()), str(uuid4())
        first = caller.definition("CreateDefinition", definition=wanted, request_id=request_id)
        assert caller.definition("CreateDefinition", definition=wanted, request_id=request_id) == first

    def test_a_rehearsal_leaves_nothing_behind(self, caller: RulesCaller) -> None:
        wanted = loan(a_name())
        caller.definition("CreateDefinition", definition=wanted, validate_only=True)
        with pytest.raises(grpc.RpcError):
            caller.definition("GetDefinition", name=wanted.name)

    def test_a_tenant_has_as_many_decisions_as_are_set(self, start_server: StartServer) -> None:
        caller = RulesCaller(start_server(settings={"rules.most_definitions": 1}))
        caller.definition("CreateDefinition", definition=loan(a_name()))
        with pytest.raises(grpc.RpcError) as error:
            caller.definition("CreateDefinition", definition=loan(a_name()))
        assert refused(error.value)[:2] == ("DEFINITION_LIMIT_REACHED", {"limit": "1"})


class TestReviews:
    def test_what_is_submitted_can_no_longer_be_written(self, caller: RulesCaller) -> None:
        name = a_name()
        caller.definition("CreateDefinition", definition=loan(name))
        assert caller.definition("SubmitForReview", name=name).version.state == versions.VERSION_STATE_IN_REVIEW
        with pytest.raises(grpc.RpcError) as error:
            caller.definition("UpdateDraft", definition=loan(name, limit=7))
        reason, metadata, _ = refused(error.value)
        assert (reason, metadata["state"]) == ("VERSION_STATE", "in_review")
        assert "RejectVersion" in str(error.value)

    def test_what_does_not_compile_is_not_submitted(self, caller: RulesCaller) -> None:
        wrong = loan(a_name())
        wrong.rule_set.rules[0].condition = "amuont <= 5"
        caller.definition("CreateDefinition", definition=wrong)
        with pytest.raises(grpc.RpcError) as error:
            caller.definition("SubmitForReview", name=wrong.name)
        reason, metadata, violations = refused(error.value)
        assert reason == "DEFINITION_INVALID"
        assert (metadata["path"], metadata["line"], metadata["column"]) == ("rule_set.rules[0].condition", "1", "1")
        assert metadata["caret"].index("^") == metadata["excerpt"].index("amuont")
        assert list(violations) == ["rule_set.rules[0].condition"]

    def test_a_rejected_version_is_a_draft_again_with_the_reason(self, caller: RulesCaller) -> None:
        name = a_name()
        caller.definition("CreateDefinition", definition=loan(name))
        caller.definition("SubmitForReview", name=name, comment="please look")
        back = caller.definition("RejectVersion", name=name, version=1, comment="too generous").version
        assert back.state == versions.VERSION_STATE_DRAFT
        history = caller.definition("GetVersion", name=name).version.history
        assert [step.comment for step in history] == ["", "please look", "too generous"]
        caller.definition("UpdateDraft", definition=loan(name, limit=7))

    def test_a_rejection_says_why(self, caller: RulesCaller) -> None:
        with pytest.raises(grpc.RpcError) as error:
            caller.definition("RejectVersion", name=a_name(), version=1)
        assert list(refused(error.value)[2]) == ["comment"]

    def test_with_four_eyes_no_author_approves(self, start_server: StartServer) -> None:
        server = start_server(settings={"rules.approval": "four_eyes"})
        author, other = RulesCaller(server), RulesCaller(server, make_key(server, "rules.*"))
        name = a_name()
        author.definition("CreateDefinition", definition=loan(name))
        author.definition("SubmitForReview", name=name)
        with pytest.raises(grpc.RpcError) as error:
            author.definition("ApproveVersion", name=name, version=1)
        assert refused(error.value)[0] == "APPROVAL_BY_AUTHOR"
        other.definition("ApproveVersion", name=name, version=1)
        author.definition("PublishVersion", name=name, version=1)

    def test_without_approval_a_draft_is_published_as_it_is(self, start_server: StartServer) -> None:
        caller = RulesCaller(start_server(settings={"rules.approval": "none"}))
        name = a_name()
        caller.definition("CreateDefinition", definition=loan(name))
        caller.definition("PublishVersion", name=name, version=1)
        assert caller.definition("GetDefinition", name=name).definition.version_in_force == 1


class TestLists:
    def test_decisions_are_listed_by_name_page_by_page(self, server: RunningServer) -> None:
        caller = RulesCaller(server, make_tenant(server))
        for name in ("a.two", "a.one", "b.one"):
            caller.definition("CreateDefinition", definition=loan(name))
        first = caller.definition("ListDefinitions", page_size=2)
        assert [each.name for each in first.definitions] == ["a.one", "a.two"]
        second = caller.definition("ListDefinitions", page_size=2, page_token=first.next_page_token)
        assert ([each.name for each in second.definitions], second.next_page_token) == (["b.one"], "")
        some = caller.definition("ListDefinitions", name_prefix="b.")
        assert [each.name for each in some.definitions] == ["b.one"]

    def test_versions_are_listed_the_latest_first_without_their_content(self, caller: RulesCaller) -> None:
        name = a_name()
        caller.published(loan(name))
        caller.published(loan(name, limit=2))
        found = caller.definition("ListVersions", name=name, page_size=1)
        assert [(each.version, each.HasField("definition")) for each in found.versions] == [(2, False)]
        rest = caller.definition("ListVersions", name=name, page_size=1, page_token=found.next_page_token)
        assert [each.version for each in rest.versions] == [1]

    def test_another_tenant_sees_nothing_of_it(self, server: RunningServer, caller: RulesCaller) -> None:
        name = a_name()
        caller.published(loan(name))
        other = RulesCaller(server, make_tenant(server))
        assert not other.definition("ListDefinitions").definitions
        for method in ("GetDefinition", "GetVersion", "ListVersions", "DeleteDraft"):
            with pytest.raises(grpc.RpcError) as error:
                other.definition(method, name=name)
            assert refused(error.value)[0] == "DEFINITION_NOT_FOUND"


class TestChecks:
    def test_a_definition_is_checked_without_being_stored(self, caller: RulesCaller) -> None:
        wanted = loan(a_name())
        found = caller.definition("CheckDefinition", definition=wanted)
        assert not found.problems
        assert len(found.content_hash) == 64
        assert found.cost > 0
        with pytest.raises(grpc.RpcError):
            caller.definition("GetDefinition", name=wanted.name)

    def test_its_hash_is_that_of_the_stored_version(self, caller: RulesCaller) -> None:
        wanted = loan(a_name())
        found = caller.definition("CheckDefinition", definition=wanted)
        assert caller.definition("CreateDefinition", definition=wanted).version.content_hash == found.content_hash

    def test_the_cases_of_a_version_or_of_a_definition_are_run(self, caller: RulesCaller) -> None:
        wanted = loan(a_name())
        wanted.tests[1].expect.value.bool_value = True
        caller.definition("CreateDefinition", definition=wanted)
        for asked in ({"name": wanted.name}, {"definition": wanted}):
            found = caller.definition("RunTests", **asked)
            assert [(each.name, each.passed) for each in found.tests] == [("small", True), ("large", False)]
            assert found.tests[1].failures

    def test_either_a_name_or_a_definition_is_needed(self, caller: RulesCaller) -> None:
        for asked in ({}, {"name": "loan.x", "definition": loan("loan.x")}):
            with pytest.raises(grpc.RpcError) as error:
                caller.definition("RunTests", **asked)
            assert list(refused(error.value)[2]) == ["name"]


class TestDifferences:
    def test_what_differs_is_named_part_by_part(self, caller: RulesCaller) -> None:
        name = a_name()
        caller.published(loan(name))
        changed = loan(name, limit=5)
        added = changed.rule_set.rules.add(id="always", condition="true", outcome="false")
        assert added.id == "always"
        caller.definition("UpdateDraft", definition=changed)
        found = caller.definition("DiffVersions", name=name)
        assert (found.from_version, found.to_version) == (1, 2)
        by_path = {each.path: each for each in found.changes}
        condition = by_path["rule_set.rules[small].condition"]
        assert (condition.before, condition.after) == ('"amount <= 1000"', '"amount <= 5"')
        assert by_path["rule_set.rules[always]"].kind == versions.DEFINITION_CHANGE_KIND_ADDED

    def test_a_version_is_compared_with_what_is_not_stored(self, caller: RulesCaller) -> None:
        name = a_name()
        caller.published(loan(name))
        found = caller.definition("DiffVersions", name=name, definition=loan(name, description="new"))
        assert [(each.path, each.after) for each in found.changes] == [("description", '"new"')]
        assert not caller.definition("DiffVersions", name=name).changes


class TestTexts:
    @pytest.mark.parametrize("format_number", [1, 2])
    def test_what_is_exported_can_be_imported_elsewhere(
        self, server: RunningServer, caller: RulesCaller, format_number: int
    ) -> None:
        wanted = loan(a_name(), description="Two\nlines")
        caller.published(wanted)
        (text,) = caller.definition("ExportDefinitions", names=[wanted.name], format=format_number).definitions
        other = RulesCaller(server, make_tenant(server))
        made = other.definition("ImportDefinition", text=text.text, format=format_number)
        assert made.changed
        assert made.version.definition == wanted
        assert not other.definition("ImportDefinition", text=text.text, format=format_number).changed

    @pytest.mark.parametrize(
        ("text", "place"),
        [
            ("name: [", ("2", "1")),
            ("- 1", ("1", "1")),
            ("name: loan.x\nrules: 5\n", ("2", "1")),
            ("name: loan.x\n---\nname: loan.y\n", ("0", "0")),
            ('{"name": "loan.x", "description": "a\\u0000b"}', ("0", "0")),
        ],
        ids=["broken", "list", "unknown field", "several", "null character"],
    )
    def test_a_text_that_says_none_is_refused_with_its_place(
        self, caller: RulesCaller, text: str, place: tuple[str, str]
    ) -> None:
        with pytest.raises(grpc.RpcError) as error:
            caller.definition("ImportDefinition", text=text)
        reason, metadata, _ = refused(error.value)
        assert (reason, metadata["line"], metadata["column"]) == ("DEFINITION_INVALID", *place)


class TestTraces:
    def test_every_step_is_in_the_trail_and_leaves_as_an_event(self, fresh_server: RunningServer) -> None:
        caller = RulesCaller(fresh_server)
        name = a_name()
        caller.published(loan(name))
        caller.definition("RetireVersion", name=name, comment="obsolete")
        with psycopg.connect(fresh_server.database.superuser_url) as connection:
            rows = connection.execute(
                "select type, sequence from event where subject_type = 'definition' order by sequence"
            ).fetchall()
            comments = connection.execute(
                "select details->>'comment' from audit_record where details->>'state' = 'retired'"
            ).fetchall()
        assert [(kind.rpartition(".")[2], number) for kind, number in rows] == [
            ("DraftCreated", 1),
            ("VersionSubmitted", 2),
            ("VersionApproved", 3),
            ("DefinitionPublished", 4),
            ("DefinitionRetired", 5),
        ]
        assert comments == [("obsolete",)]
