from __future__ import annotations

import secrets
from functools import partial
from typing import cast
from uuid import uuid4

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from function.rules.v1 import definition_pb2, hook_pb2
from tests.factories.rules import COMPANY, RulesCaller, accepting
from tests.fixtures.database_faults import eventually
from tests.fixtures.principals import make_key
from tests.fixtures.server import RunningServer
from tests.services.rules.hook_scene import CREATE, IMPORT, PREVIOUS, SHADOW, UPDATE, Tenant, a_name
from tests.services.rules.test_authoring_rpc import refused

ENFORCE = hook_pb2.HOOK_MODE_ENFORCE


@pytest.fixture
def tenant(server: RunningServer) -> Tenant:
    return Tenant(server)


def precondition(error: grpc.RpcError) -> error_details_pb2.PreconditionFailure.Violation:
    status = rpc_status.from_call(cast("grpc.Call", error))
    assert status is not None
    found = error_details_pb2.PreconditionFailure()
    assert any(detail.Unpack(found) for detail in status.details)
    return found.violations[0]


class TestBinding:
    def test_a_hook_is_created_read_listed_changed_and_deleted(self, tenant: Tenant) -> None:
        definition = accepting(a_name())
        made = tenant.bound(definition, CREATE, IMPORT, order=5, description="Names that are not accepted")
        assert (made.definition, list(made.operations), made.mode) == (definition.name, [CREATE, IMPORT], ENFORCE)
        assert (made.enabled, made.order, made.description) == (True, 5, "Names that are not accepted")
        assert made.creator.startswith("api_key:")
        assert tenant.hook("GetHook", name=made.name).hook == made
        changed = tenant.hook("UpdateHook", name=made.name, enabled=False, order=0, mode=SHADOW, etag=made.etag).hook
        assert (changed.enabled, changed.order, changed.mode) == (False, 0, SHADOW)
        assert changed.description == made.description
        assert changed.etag != made.etag
        again = tenant.hook("UpdateHook", name=made.name, mode=SHADOW).hook
        assert again == changed
        assert tenant.hook("DeleteHook", name=made.name, etag=changed.etag).hook == changed
        assert tenant.refused(lambda: tenant.hook("GetHook", name=made.name))[0] == "HOOK_NOT_FOUND"
        assert [
            event for event in ("HookCreated", "HookUpdated", "HookDeleted") if len(tenant.audited(event)) == 1
        ] == [
            "HookCreated",
            "HookUpdated",
            "HookDeleted",
        ]

    def test_hooks_are_listed_in_pages(self, tenant: Tenant) -> None:
        definition, other = accepting(a_name()), accepting(a_name())
        hooks = [tenant.bound(definition)]
        hooks += [
            tenant.hook("CreateHook", name=a_name(), definition=definition.name, operations=[UPDATE]).hook
            for _ in range(2)
        ]
        tenant.bound(other)
        names = sorted(each.name for each in hooks)
        first = tenant.hook("ListHooks", definition=definition.name, page_size=2)
        rest = tenant.hook("ListHooks", definition=definition.name, page_size=2, page_token=first.next_page_token)
        assert [each.name for each in (*first.hooks, *rest.hooks)] == names
        assert not rest.next_page_token
        assert len(tenant.hook("ListHooks").hooks) == 4

    def test_a_name_is_taken_once(self, tenant: Tenant) -> None:
        made = tenant.bound(accepting(a_name()))
        again = {"name": made.name, "definition": made.definition, "operations": [UPDATE]}
        assert tenant.refused(lambda: tenant.hook("CreateHook", **again)) == ("HOOK_NAME_TAKEN", {"hook": made.name})

    def test_a_repeated_request_binds_once(self, tenant: Tenant) -> None:
        definition = accepting(a_name())
        tenant.rules.published(definition)
        wish = {"name": a_name(), "definition": definition.name, "operations": [CREATE], "request_id": str(uuid4())}
        assert tenant.hook("CreateHook", **wish) == tenant.hook("CreateHook", **wish)
        assert tenant.count("rules_hook") == 1

    def test_a_rehearsal_binds_nothing(self, tenant: Tenant) -> None:
        definition = accepting(a_name())
        tenant.rules.published(definition)
        tenant.hook("CreateHook", name=a_name(), definition=definition.name, operations=[CREATE], validate_only=True)
        assert tenant.count("rules_hook") == 0

    def test_another_etag_changes_nothing(self, tenant: Tenant) -> None:
        made = tenant.bound(accepting(a_name()))
        for method, fields in (("UpdateHook", {"order": 7}), ("DeleteHook", {})):
            attempt = lambda: tenant.hook(method, name=made.name, etag="old", **fields)  # noqa: E731, B023
            assert tenant.refused(attempt) == ("HOOK_ETAG_MISMATCH", {"hook": made.name, "current_etag": made.etag})

    def test_what_is_not_in_force_is_not_bound(self, tenant: Tenant) -> None:
        definition = accepting(a_name())
        tenant.rules.definition("CreateDefinition", definition=definition)
        wish = {"name": a_name(), "definition": definition.name, "operations": [CREATE]}
        assert tenant.refused(lambda: tenant.hook("CreateHook", **wish))[0] == "NOT_IN_FORCE"
        wish["definition"] = a_name()
        assert tenant.refused(lambda: tenant.hook("CreateHook", **wish))[0] == "DEFINITION_NOT_FOUND"

    def test_it_takes_a_permission_of_its_own(self, tenant: Tenant) -> None:
        made = tenant.bound(accepting(a_name()))
        reader = RulesCaller(tenant.server, make_key(tenant.server, "rules.hooks.read", by=tenant.key))
        assert reader.hook("GetHook", name=made.name).hook == made
        for method in ("UpdateHook", "DeleteHook"):
            reason, metadata = tenant.refused(lambda: reader.hook(method, name=made.name))  # noqa: B023
            assert (reason, metadata["permission"]) == ("PERMISSION_MISSING", "rules.hooks.write")

    def test_tenants_do_not_see_each_other(self, tenant: Tenant) -> None:
        made = tenant.bound(accepting(a_name()))
        other = Tenant(tenant.server)
        assert other.refused(lambda: other.hook("GetHook", name=made.name))[0] == "HOOK_NOT_FOUND"
        tenant.denies()
        assert other.create("Forbidden & Co.").id

    @pytest.mark.parametrize("operations", [["company.delete"], [], [CREATE, CREATE]], ids=["unknown", "none", "twice"])
    def test_operations_are_those_there_are(self, tenant: Tenant, operations: list[str]) -> None:
        wish = {"name": a_name(), "definition": a_name(), "operations": operations}
        assert tenant.refused(lambda: tenant.hook("CreateHook", **wish))[0] == "INVALID_REQUEST"


class TestFitting:
    @pytest.mark.parametrize(
        ("definition", "field"),
        [
            (accepting("x", "amount > 5", inputs=[{"name": "amount", "type": "int"}]), "inputs.amount"),
            (accepting("x", "company == 'a'", inputs=[{"name": "company", "type": "string"}]), "inputs.company"),
            (
                accepting("x", "true", inputs=[{"name": "previous", "type": "function.company.v1.Company"}]),
                "inputs.previous",
            ),
            (accepting("x", outcome="5"), "result_type"),
        ],
        ids=["unknown input", "another type", "not optional", "result"],
    )
    def test_a_decision_that_does_not_fit_is_not_bound(
        self, tenant: Tenant, definition: definition_pb2.Definition, field: str
    ) -> None:
        wanted = definition_pb2.Definition()
        wanted.CopyFrom(definition)
        wanted.name = a_name()
        tenant.rules.published(wanted)
        wish = {"name": a_name(), "definition": wanted.name, "operations": [CREATE, UPDATE]}
        with pytest.raises(grpc.RpcError) as error:
            tenant.hook("CreateHook", **wish)
        reason, metadata, violations = refused(error.value)
        assert (reason, list(violations)) == ("HOOK_MISFIT", [field])
        assert metadata == {"hook": wish["name"], "name": wanted.name, "version": "1", "violations": "1"}

    def test_a_company_before_may_be_taken_for_granted_where_there_always_is_one(self, tenant: Tenant) -> None:
        inputs = [{"name": "previous", "type": "function.company.v1.Company"}]
        wanted = accepting(a_name(), "previous.legal_name == 'Fixed Ltd.'", inputs=inputs)
        company = tenant.create("Fixed Ltd.")
        tenant.bound(wanted, UPDATE)

        def denied() -> bool:
            try:
                tenant.rename(company, f"Renamed {secrets.token_hex(4)}")
            except grpc.RpcError:
                return True
            company.MergeFrom(tenant.rename(company, "Fixed Ltd."))
            return False

        eventually(denied)

    def test_a_version_that_does_not_fit_is_not_published(self, tenant: Tenant) -> None:
        definition = accepting(a_name())
        made = tenant.bound(definition)
        wrong = accepting(definition.name, "amount > 5", inputs=[{"name": "amount", "type": "int"}])
        number = tenant.rules.approved(wrong).version
        publish = partial(tenant.rules.definition, "PublishVersion", name=definition.name, version=number)
        reason, metadata = tenant.refused(publish)
        assert (reason, metadata["hook"], metadata["version"]) == ("HOOK_MISFIT", made.name, "2")
        tenant.hook("DeleteHook", name=made.name)
        assert publish().version.version == 2
        # Nor is it put back, nor bound while it is in force.
        bind = partial(tenant.hook, "CreateHook", name=a_name(), definition=definition.name, operations=[CREATE])
        assert tenant.refused(bind)[0] == "HOOK_MISFIT"
        tenant.rules.definition("RollbackDefinition", name=definition.name, comment="back")
        bind()
        back = lambda: tenant.rules.definition("RollbackDefinition", name=definition.name, version=2, comment="b")  # noqa: E731
        assert tenant.refused(back)[0] == "HOOK_MISFIT"


class TestDenying:
    def test_a_denial_says_which_rule_and_why(self, tenant: Tenant) -> None:
        definition = accepting(a_name())
        made = tenant.bound(definition)
        tenant.denies()
        with pytest.raises(grpc.RpcError) as error:
            tenant.create("Forbidden & Co.")
        reason, metadata, _ = refused(error.value)
        assert reason == "CHANGE_DENIED"
        decision_id = metadata.pop("decision_id")
        assert metadata == {
            "hook": made.name,
            "operation": CREATE,
            "name": definition.name,
            "version": "1",
            "rule_id": "forbidden",
            "reason_code": "FORBIDDEN_NAME",
            "reason": "Companies of this name are not accepted.",
        }
        assert error.value.code() is grpc.StatusCode.FAILED_PRECONDITION
        violation = precondition(error.value)
        assert (violation.type, violation.subject) == ("CHANGE_DENIED", f"hook/{made.name}")
        assert "Companies of this name are not accepted." in violation.description
        logged = tenant.rules.decision("GetDecision", id=decision_id).decision
        assert (logged.decision.matches[0].rule_id, logged.decision.value.bool_value) == ("forbidden", False)
        assert logged.caller == made.creator
        assert logged.inputs.messages["company"].type_url.endswith("function.company.v1.Company")

    def test_nothing_remains_but_the_audit_and_the_decision(self, tenant: Tenant) -> None:
        tenant.bound(accepting(a_name()))
        tenant.denies()
        assert tenant.count("rules_decision") == 0, "a rehearsal leaves nothing"
        assert tenant.audited("ChangeDenied") == []
        before = {table: tenant.count(table) for table in ("company", "company_revision", "stored_answer")}
        tenant.refused(lambda: tenant.create("Forbidden & Co."))
        reason, metadata = tenant.refused(lambda: tenant.create("Forbidden & Co.", request_id=str(uuid4())))
        assert reason == "CHANGE_DENIED"
        assert {table: tenant.count(table) for table in before} == before
        assert tenant.count("rules_decision") == 2
        first, second = tenant.audited("ChangeDenied")
        assert first[0] == "hook"
        assert (second[1]["outcome"], second[1]["rule_id"]) == ("denied", "forbidden")
        assert (second[1]["operation"], second[1]["decision_id"]) == (CREATE, metadata["decision_id"])
        assert second[1]["resource"].startswith("company/")

    def test_a_change_that_is_allowed_leaves_its_decision_with_it(self, tenant: Tenant) -> None:
        tenant.bound(accepting(a_name()))
        tenant.denies()
        tenant.create("Welcome Ltd.")
        assert tenant.count("rules_decision") == 1
        assert tenant.audited("ChangeDenied") == []

    def test_the_decision_can_be_explained_later(self, tenant: Tenant) -> None:
        inputs = [COMPANY, PREVIOUS, {"name": "operation", "type": "string"}]
        tenant.bound(accepting(a_name(), "!previous.hasValue() && operation == 'company.create'", inputs=inputs))
        tenant.denies("Whatever")
        _, metadata = tenant.refused(lambda: tenant.create("Whatever"))
        answer = tenant.rules.decision("ExplainDecision", id=metadata["decision_id"])
        assert answer.reproduced
        assert answer.decision.decision.explanation.rules[0].rule_id == "forbidden"

    def test_a_repetition_of_what_was_allowed_gets_its_answer_whatever_is_denied_by_now(self, tenant: Tenant) -> None:
        request_id = str(uuid4())
        made = tenant.create("Forbidden & Co.", request_id=request_id)
        tenant.bound(accepting(a_name()))
        tenant.denies()
        assert tenant.create("Forbidden & Co.", request_id=request_id) == made
        assert tenant.audited("ChangeDenied") == []
        assert tenant.count("rules_decision") == 0

    def test_a_repetition_of_what_was_denied_is_judged_anew(self, tenant: Tenant) -> None:
        made = tenant.bound(accepting(a_name()))
        tenant.denies()
        request_id = str(uuid4())
        attempt = partial(tenant.create, "Forbidden & Co.", request_id=request_id)
        assert tenant.refused(attempt)[0] == "CHANGE_DENIED"
        tenant.hook("UpdateHook", name=made.name, enabled=False)
        assert tenant.allows()
        assert attempt().id

    def test_an_update_sees_what_is_and_what_will_be(self, tenant: Tenant) -> None:
        inputs = [
            COMPANY,
            PREVIOUS,
            {"name": "changed_fields", "type": "list(string)"},
            {"name": "operation", "type": "string"},
            {"name": "actor", "type": "string"},
            {"name": "roles", "type": "list(string)"},
            {"name": "permissions", "type": "list(string)"},
        ]
        condition = (
            "previous.value().legal_name == 'Old Ltd.' && company.legal_name == 'New Ltd.' "
            "&& changed_fields == ['legal_name'] && operation == 'company.update' "
            "&& actor.startsWith('api_key:') && roles.size() == 0 && 'company.*' in permissions "
            "&& previous.value().id == company.id && previous.value().revision + 1 == company.revision"
        )
        company = tenant.create("Old Ltd.")
        tenant.bound(accepting(a_name(), condition, inputs=inputs), UPDATE)

        def denied() -> bool:
            try:
                current = tenant.rename(company, "New Ltd.")
            except grpc.RpcError as error:
                return refused(error)[0] == "CHANGE_DENIED"
            tenant.rename(current, "Old Ltd.")
            return False

        eventually(denied)
        assert tenant.rename(company, "Another Ltd.").legal_name == "Another Ltd."

    def test_hooks_are_asked_in_their_order_until_one_denies(self, tenant: Tenant) -> None:
        first = tenant.bound(accepting(a_name()), order=1)
        second = tenant.bound(accepting(a_name()), order=2)
        eventually(lambda: tenant.denies()["hook"] == first.name)
        tenant.refused(lambda: tenant.create("Forbidden & Co."))
        assert tenant.count("rules_decision") == 1
        tenant.hook("UpdateHook", name=second.name, order=-1)
        assert eventually(lambda: tenant.denies()["hook"] == second.name)

    def test_a_string_denies_as_well(self, tenant: Tenant) -> None:
        definition = accepting(a_name(), outcome="'deny'")
        definition.rule_set.otherwise = "'allow'"
        tenant.bound(definition)
        assert tenant.denies()["rule_id"] == "forbidden"
        assert tenant.create("Welcome Ltd.").id

    def test_of_several_rules_that_match_one_that_denies_is_enough(self, tenant: Tenant) -> None:
        definition = accepting(a_name())
        definition.rule_set.policy = definition_pb2.RULE_POLICY_ALL_MATCHES
        definition.rule_set.rules.insert(0, definition_pb2.Rule(id="known", condition="true", outcome="true"))
        tenant.bound(definition)
        assert tenant.denies()["rule_id"] == "forbidden"
        assert tenant.create("Welcome Ltd.").id

    def test_what_holds_otherwise_may_deny(self, tenant: Tenant) -> None:
        definition = accepting(a_name(), "company.legal_name.startsWith('Welcome')", outcome="true")
        definition.rule_set.otherwise = "false"
        tenant.bound(definition)
        assert tenant.denies()["rule_id"] == "otherwise"
        assert tenant.create("Welcome Ltd.").id
