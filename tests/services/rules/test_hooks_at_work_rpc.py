"""Hooks while things fail, in the shadow, during imports and on several workers."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import grpc
import psycopg
import pytest

from function.company.v1 import company_service_pb2
from function_backend.persistence.roles import APP
from tests.factories.company import a_message, lei
from tests.factories.rules import COMPANY, SECONDS, accepting
from tests.fixtures.database_faults import eventually
from tests.fixtures.server import RunningServer, StartServer
from tests.services.rules.hook_scene import CREATE, IMPORT, PREVIOUS, SHADOW, Tenant, a_name
from tests.services.rules.test_authoring_rpc import refused


@pytest.fixture
def tenant(server: RunningServer) -> Tenant:
    return Tenant(server)


class TestFailingClosed:
    def test_a_decision_that_fails_lets_nothing_pass(self, tenant: Tenant) -> None:
        made = tenant.bound(accepting(a_name(), "company.legal_name.size() / 0 == 1"))
        metadata = tenant.denies()
        assert (metadata["hook"], metadata["name"]) == (made.name, made.definition)
        assert "forbidden" in metadata["cause"]
        assert tenant.refused(lambda: tenant.create("Welcome Ltd."))[0] == "HOOK_FAILED"
        ((_, details),) = tenant.audited("ChangeDenied")
        assert details["outcome"] == "failed"
        assert "forbidden" in details["reason"]
        assert tenant.count("company") == 0
        assert tenant.count("rules_decision") == 1

    def test_an_answer_that_is_neither_yes_nor_no_lets_nothing_pass(self, tenant: Tenant) -> None:
        tenant.bound(accepting(a_name(), outcome="'perhaps'"))
        assert "perhaps" in tenant.denies()["cause"]

    def test_a_decision_that_was_taken_out_of_force_lets_nothing_pass(self, tenant: Tenant) -> None:
        made = tenant.bound(accepting(a_name()))
        tenant.denies()
        tenant.rules.definition("RetireVersion", name=made.definition, version=1, comment="wrong")
        assert "in force" in eventually(lambda: tenant.denies("Welcome Ltd."))["cause"]
        tenant.hook("UpdateHook", name=made.name, enabled=False)
        assert tenant.allows()
        again = lambda: tenant.hook("UpdateHook", name=made.name, enabled=True)  # noqa: E731
        assert tenant.refused(again)[0] == "NOT_IN_FORCE"


class TestShadow:
    def test_it_only_records(self, tenant: Tenant) -> None:
        made = tenant.bound(accepting(a_name()))
        tenant.denies()
        tenant.hook("UpdateHook", name=made.name, mode=SHADOW)
        assert tenant.allows()
        tenant.create("Forbidden & Co.")
        (logged,) = tenant.rules.decision("ListDecisions", name=made.definition).decisions
        assert logged.decision.value.bool_value is False
        assert tenant.audited("ChangeDenied") == []

    def test_one_that_fails_stops_nothing(self, tenant: Tenant) -> None:
        made = tenant.bound(accepting(a_name(), "company.legal_name.size() / 0 == 1"), mode=SHADOW)
        eventually(lambda: bool(tenant.create("Welcome Ltd.").id) and tenant.count("rules_decision") > 0)
        tenant.rules.definition("RetireVersion", name=made.definition, version=1, comment="wrong")
        assert tenant.create("Welcome Ltd.").id


def imported(tenant: Tenant, *names: str, **config: Any) -> company_service_pb2.ImportCompaniesResponse:  # noqa: ANN401
    """What became of rows with these names, each with an identifier by its number."""
    plan = company_service_pb2.ImportConfig(match_scheme="lei", source="test", **config)
    rows = [
        company_service_pb2.ImportRow(
            row=number, company=a_message(legal_name=name, identifiers=[{"scheme": "lei", "value": lei(number)}])
        )
        for number, name in enumerate(names, start=1)
    ]
    batches = [company_service_pb2.ImportBatch(rows=[row]) for row in rows[:1]]
    batches.append(company_service_pb2.ImportBatch(rows=rows[1:]))
    messages = [company_service_pb2.ImportCompaniesRequest(config=plan)]
    messages += [company_service_pb2.ImportCompaniesRequest(batch=batch) for batch in batches if batch.rows]
    answer: company_service_pb2.ImportCompaniesResponse = tenant.companies.ImportCompanies(
        iter(messages), metadata=tenant.metadata, timeout=SECONDS
    )
    return answer


class TestImporting:
    def test_a_row_that_is_denied_is_rejected_and_the_others_go_on(self, tenant: Tenant) -> None:
        tenant.bound(accepting(a_name()), CREATE, IMPORT)
        tenant.denies()
        answer = imported(tenant, "First", "Forbidden 1", "Third", "Forbidden 2")
        assert (answer.row_count, answer.created_count, answer.rejected_count) == (4, 2, 2)
        assert [(each.row, each.reason) for each in answer.rejections] == [(2, "CHANGE_DENIED"), (4, "CHANGE_DENIED")]
        assert "Companies of this name are not accepted." in answer.rejections[0].description
        assert [details["operation"] for _, details in tenant.audited("ChangeDenied")] == [IMPORT] * 2
        assert tenant.count("company") == 2
        assert tenant.count("rules_decision") == 4
        # What was denied has taken no identifier.
        assert imported(tenant, "First", "Second", "Third", "Fourth").created_count == 2

    def test_rows_that_update_have_a_company_before(self, tenant: Tenant) -> None:
        imported(tenant, "First", "Second")
        condition = "previous.hasValue() && previous.value().legal_name == 'Second'"
        definition = accepting(a_name(), condition, inputs=[COMPANY, PREVIOUS])
        tenant.bound(definition, CREATE, IMPORT)
        tenant.bound(accepting(a_name()))
        tenant.denies()
        answer = imported(tenant, "Other", "Other", "Third")
        assert (answer.created_count, answer.updated_count) == (1, 1)
        assert [(each.row, each.reason) for each in answer.rejections] == [(2, "CHANGE_DENIED")]

    def test_a_rehearsal_leaves_nothing(self, tenant: Tenant) -> None:
        tenant.bound(accepting(a_name()), CREATE, IMPORT)
        tenant.denies()
        answer = imported(tenant, "First", "Forbidden", validate_only=True)
        assert (answer.created_count, answer.rejected_count) == (1, 1)
        assert tenant.count("rules_decision") == 0
        assert tenant.audited("ChangeDenied") == []

    def test_a_hook_that_fails_rejects_the_rows(self, tenant: Tenant) -> None:
        tenant.bound(accepting(a_name(), "company.legal_name.size() / 0 == 1"), CREATE, IMPORT)
        tenant.denies()
        assert [each.reason for each in imported(tenant, "First", "Second").rejections] == ["HOOK_FAILED"] * 2


class TestWorkers:
    def test_each_hears_of_hooks_that_another_made(self, start_server: StartServer) -> None:
        settings = {"rules.cached_for": "1h"}
        first, second = (start_server(settings=settings) for _ in range(2))
        here = Tenant(first)
        there = Tenant(second, here.key)
        # The other worker knows that there are none, which it has to forget.
        there.create("Forbidden & Co.")
        made = here.bound(accepting(a_name()))
        assert there.denies()["hook"] == made.name
        here.hook("DeleteHook", name=made.name)
        assert there.allows()

    def test_without_hooks_the_database_is_not_asked_about_them(self, start_server: StartServer) -> None:
        tenant = Tenant(start_server(settings={"rules.cached_for": "1ms"}))
        with psycopg.connect(tenant.server.database.superuser_url) as connection:
            # Whoever asks the table now fails.
            connection.execute(f"revoke select on rules_hook from {APP}")

        def created() -> bool:
            try:
                tenant.create("Company")
            except grpc.RpcError:
                return False
            return True

        # The worker learns within seconds for which tenants there is nothing to ask.
        eventually(created)
        for number in range(20):
            tenant.create(f"Company {number}")

    def test_many_at_once_are_each_judged(self, tenant: Tenant) -> None:
        tenant.bound(accepting(a_name()))
        tenant.denies()
        outcomes: list[str] = []

        def attempt(name: str) -> None:
            try:
                tenant.create(name)
            except grpc.RpcError as error:
                outcomes.append(refused(error)[0])
            else:
                outcomes.append("")

        threads = [
            threading.Thread(target=attempt, args=[("Forbidden" if number % 2 else "Welcome") + f" {number}"])
            for number in range(16)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == [""] * 8 + ["CHANGE_DENIED"] * 8
        assert len(tenant.audited("ChangeDenied")) == 8
        assert tenant.count("company") == 8
        assert tenant.count("rules_decision") == 16

    def test_a_version_and_a_hook_that_do_not_fit_never_come_together(self, tenant: Tenant) -> None:
        definition = accepting(a_name())
        tenant.rules.published(definition)
        wrong = accepting(definition.name, "amount > 5", inputs=[{"name": "amount", "type": "int"}])
        number = tenant.rules.approved(wrong).version
        done: list[str] = []
        failed: list[str] = []

        def attempt(what: str, act: Callable[[], object]) -> None:
            try:
                act()
            except grpc.RpcError as error:
                failed.append(refused(error)[0])
            else:
                done.append(what)

        bind = {"name": a_name(), "definition": definition.name, "operations": [CREATE]}
        publish = {"name": definition.name, "version": number}
        threads = [
            threading.Thread(target=attempt, args=["bound", lambda: tenant.hook("CreateHook", **bind)]),
            threading.Thread(
                target=attempt, args=["published", lambda: tenant.rules.definition("PublishVersion", **publish)]
            ),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (len(done), failed) == (1, ["HOOK_MISFIT"])
