from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

import grpc
import psycopg
import pytest
from google.longrunning import operations_pb2, operations_pb2_grpc
from google.protobuf.json_format import ParseDict

from function.company.v1 import company_pb2, company_service_pb2, company_service_pb2_grpc
from function.rules.v1 import simulation_pb2
from function_backend.services.rules.repository.simulation import purge_simulations
from tests.factories.rules import RulesCaller, given, loan
from tests.fixtures.database_faults import eventually
from tests.fixtures.postgres import Database
from tests.fixtures.principals import make_key, make_tenant
from tests.fixtures.server import RunningServer, StartServer, running_server
from tests.services.rules.test_authoring_rpc import a_name, refused

SYNCHRONOUS = {"rules.decision_log": "synchronous"}
NOBODY = "01938d2e-7f04-7c3e-9d55-0a6f3c3f0b11"
STORED = simulation_pb2.SimulationSource(stored_decisions=simulation_pb2.StoredDecisions())


def source(described: Mapping[str, object]) -> simulation_pb2.SimulationSource:
    return ParseDict(dict(described), simulation_pb2.SimulationSource())


def uploaded(*amounts: object) -> simulation_pb2.SimulationSource:
    return source({"uploaded_inputs": {"inputs": [{"amount": each} for each in amounts]}})


def counted(simulation: simulation_pb2.Simulation) -> dict[str, int]:
    return {
        simulation_pb2.SimulationOutcome.Name(each.outcome).removeprefix("SIMULATION_OUTCOME_"): each.count
        for each in simulation.result.counts
    }


def skipped(simulation: simulation_pb2.Simulation) -> dict[str, int]:
    reasons = simulation_pb2.NotReplayableReason
    return {
        reasons.Name(each.reason).removeprefix("NOT_REPLAYABLE_REASON_"): each.count
        for each in simulation.result.not_replayable
    }


@pytest.fixture(scope="module")
def caller(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RulesCaller]:
    with running_server(database, tmp_path_factory.mktemp("server") / "log", settings=SYNCHRONOUS) as server:
        yield RulesCaller(server)


class TestStoredDecisions:
    def test_what_a_draft_would_change_is_counted_and_shown(self, caller: RulesCaller) -> None:
        name = caller.published(loan(a_name())).version.name
        taken = {amount: caller.decide(name, amount=amount).id for amount in (1, 500, 1500, 3000)}
        caller.definition("UpdateDraft", definition=loan(name, limit=400))
        found = caller.simulated(name, source=STORED)
        assert found.state == simulation_pb2.SIMULATION_STATE_SUCCEEDED
        assert (found.version, found.baseline_version, found.done, found.total) == (2, 0, 4, 4)
        assert counted(found) == {"SAME": 3, "FLIPPED": 1}
        (example,) = found.result.examples
        assert example.decision_id == taken[500]
        assert (example.before.value, example.after.value) == ("true", "false")
        assert list(example.before.rule_ids) == ["small"]
        stored = caller.decision("GetDecision", id=taken[500]).decision
        assert example.inputs_digest == stored.inputs_digest

    def test_failures_are_gathered_by_rule_and_message(self, caller: RulesCaller) -> None:
        name = caller.published(loan(a_name())).version.name
        for amount in (0, 0, 5):
            caller.decide(name, amount=amount)
        broken = loan(name, tests=[])
        broken.rule_set.rules[0].condition = "10 / amount > 1"
        found = caller.simulated(name, definition=broken, source=STORED)
        assert counted(found) == {"SAME": 1, "NEWLY_FAILING": 2}
        (error,) = found.result.errors
        assert (error.rule_id, error.count) == ("small", 2)
        assert found.version == 0

    def test_nothing_that_matches_is_a_change_of_its_own(self, caller: RulesCaller) -> None:
        name = caller.published(loan(a_name())).version.name
        for amount in (5, 5000):
            caller.decide(name, amount=amount)
        silent = loan(name, limit=1, tests=[])
        silent.rule_set.otherwise = ""
        assert counted(caller.simulated(name, definition=silent, source=STORED)) == {"NO_LONGER_MATCHING": 2}

    def test_a_version_and_a_period_narrow_them(self, caller: RulesCaller) -> None:
        name = caller.published(loan(a_name())).version.name
        caller.decide(name, amount=5)
        caller.published(loan(name, limit=50))
        caller.decide(name, amount=6)
        for only, expected in (({"version": 1}, 1), ({"limit": 1}, 1), ({"decided_until": "2020-01-01T00:00:00Z"}, 0)):
            found = caller.simulated(name, version=2, source=source({"stored_decisions": only}))
            assert found.done == found.total == expected

    def test_inputs_that_the_version_does_not_take_are_told_apart(self, caller: RulesCaller) -> None:
        name = caller.published(loan(a_name())).version.name
        caller.decide(name, amount=5)
        inputs = [{"name": "amount", "type": "int"}, {"name": "country", "type": "string"}]
        found = caller.simulated(name, definition=loan(name, inputs=inputs, tests=[]), source=STORED)
        assert skipped(found) == {"INPUTS_REFUSED": 1}
        assert "country" in found.result.not_replayable[0].example

    def test_decisions_without_their_inputs_cannot_be_replayed(self, start_server: StartServer) -> None:
        caller = RulesCaller(start_server(settings={**SYNCHRONOUS, "rules.decision_inputs": "digest"}))
        name = caller.published(loan(a_name())).version.name
        caller.decide(name, amount=5)
        assert skipped(caller.simulated(name, source=STORED)) == {"INPUTS_NOT_KEPT": 1}

    def test_examples_are_limited(self, caller: RulesCaller) -> None:
        name = caller.published(loan(a_name())).version.name
        inputs = [given(amount=amount) for amount in range(500, 530)]
        caller.decision("BatchEvaluate", name=name, inputs=inputs)
        found = caller.simulated(name, definition=loan(name, limit=1), source=STORED, max_examples=3)
        assert (counted(found), len(found.result.examples)) == ({"FLIPPED": 30}, 3)


class TestOtherInputs:
    def test_uploaded_inputs_are_decided_by_both_versions(self, caller: RulesCaller) -> None:
        name = caller.published(loan(a_name())).version.name
        caller.definition("UpdateDraft", definition=loan(name, limit=400))
        found = caller.simulated(name, source=uploaded(1, 500, 5000, "five"))
        assert (counted(found), skipped(found)) == ({"SAME": 2, "FLIPPED": 1}, {"INPUTS_REFUSED": 1})
        (example,) = found.result.examples
        assert (example.WhichOneof("subject"), example.index) == ("index", 1)
        assert (found.version, found.baseline_version, found.total) == (2, 1, 4)
        assert not found.source.uploaded_inputs.inputs

    def test_there_must_be_something_to_compare_with(self, caller: RulesCaller) -> None:
        name = a_name()
        caller.definition("CreateDefinition", definition=loan(name))
        for fields, reason in (({}, "NOT_IN_FORCE"), ({"baseline_version": 1}, "VERSION_STATE")):
            with pytest.raises(grpc.RpcError) as error:
                caller.simulation("CreateSimulation", name=name, source=uploaded(5), **fields)
            assert refused(error.value)[0] == reason

    def test_companies_are_the_one_input_of_their_type(self, fresh_server: RunningServer) -> None:
        caller = RulesCaller(fresh_server)
        companies = company_service_pb2_grpc.CompanyServiceStub(fresh_server.channel)
        ids = {}
        for name in ("Ann AG", "Bob AG", "Cid AG"):
            request = company_service_pb2.CreateCompanyRequest(company=company_pb2.Company(legal_name=name))
            ids[name] = companies.CreateCompany(request, metadata=caller.metadata).company.id
        inputs = [{"name": "it", "type": "function.company.v1.Company"}, {"name": "amount", "type": "int"}]
        wanted = loan(a_name(), inputs=inputs, tests=[])
        wanted.rule_set.rules[0].condition = "it.legal_name.startsWith('A') && amount < 10"
        caller.published(wanted)
        wanted.rule_set.rules[0].condition = "it.legal_name.startsWith('B') && amount < 10"
        found = caller.simulated(
            wanted.name, definition=wanted, source=source({"current_companies": {"constants": {"amount": 5}}})
        )
        assert (counted(found), found.total) == ({"SAME": 1, "FLIPPED": 2}, 3)
        assert {each.company_id for each in found.result.examples} == {ids["Ann AG"], ids["Bob AG"]}
        assert found.source.current_companies.input == "it"

    def test_constants_that_do_not_fit_are_refused_at_once(self, caller: RulesCaller) -> None:
        inputs = [{"name": "it", "type": "function.company.v1.Company"}, {"name": "amount", "type": "int"}]
        wanted = loan(a_name(), inputs=inputs, tests=[])
        caller.published(wanted)
        with pytest.raises(grpc.RpcError) as error:
            caller.simulation("CreateSimulation", name=wanted.name, source=source({"current_companies": {}}))
        assert refused(error.value)[0] == "DECISION_INPUT_INVALID"

    def test_a_decision_without_companies_is_not_tried_on_them(self, caller: RulesCaller) -> None:
        name = caller.published(loan(a_name())).version.name
        with pytest.raises(grpc.RpcError) as error:
            caller.simulation("CreateSimulation", name=name, source=source({"current_companies": {}}))
        assert list(refused(error.value)[2]) == ["source.current_companies.input"]

    def test_companies_take_the_permission_to_read_all_of_them(self, caller: RulesCaller) -> None:
        name = caller.published(loan(a_name())).version.name
        other = RulesCaller(caller.server, make_key(caller.server, "rules.*"))
        with pytest.raises(grpc.RpcError) as error:
            other.simulation("CreateSimulation", name=name, source=source({"current_companies": {}}))
        assert refused(error.value)[0] == "DECISION_REFERENCE_DENIED"


class TestLife:
    def test_it_is_listed_and_deleted(self, caller: RulesCaller) -> None:
        name = caller.published(loan(a_name())).version.name
        made = [caller.simulated(name, source=uploaded(5)) for _ in range(3)]
        first = caller.simulation("ListSimulations", name=name, page_size=2)
        assert [each.id for each in first.simulations] == [made[2].id, made[1].id]
        rest = caller.simulation("ListSimulations", name=name, page_size=2, page_token=first.next_page_token)
        assert ([each.id for each in rest.simulations], rest.next_page_token) == ([made[0].id], "")
        assert not rest.simulations[0].HasField("result")
        caller.simulation("DeleteSimulation", id=made[0].id)
        for method in ("GetSimulation", "CancelSimulation", "WaitSimulation", "DeleteSimulation"):
            with pytest.raises(grpc.RpcError) as error:
                caller.simulation(method, id=made[0].id)
            assert refused(error.value)[0] == "SIMULATION_NOT_FOUND"

    def test_one_that_is_over_stays_as_it_is(self, caller: RulesCaller) -> None:
        name = caller.published(loan(a_name())).version.name
        made = caller.simulated(name, source=uploaded(5))
        assert caller.simulation("CancelSimulation", id=made.id).simulation == made

    def test_nobody_else_sees_it(self, caller: RulesCaller) -> None:
        name = caller.published(loan(a_name())).version.name
        made = caller.simulated(name, source=uploaded(5))
        stranger = RulesCaller(caller.server, make_tenant(caller.server))
        assert not stranger.simulation("ListSimulations").simulations
        with pytest.raises(grpc.RpcError) as error:
            stranger.simulation("GetSimulation", id=made.id)
        assert refused(error.value)[0] == "SIMULATION_NOT_FOUND"

    def test_a_draft_that_changes_meanwhile_makes_no_difference(self, caller: RulesCaller) -> None:
        name = caller.published(loan(a_name())).version.name
        draft = caller.definition("UpdateDraft", definition=loan(name, limit=400)).version
        made = caller.simulation("CreateSimulation", name=name, source=uploaded(500)).simulation
        caller.definition("UpdateDraft", definition=loan(name, limit=2000))
        assert made.content_hash == draft.content_hash
        found = eventually(lambda: _over(caller, made.id))
        assert counted(found) == {"FLIPPED": 1}

    def test_what_a_dead_process_left_is_gone_on_with(self, start_server: StartServer) -> None:
        caller = RulesCaller(start_server())
        name = caller.published(loan(a_name())).version.name
        held = _held(caller, name)
        found = caller.simulation("GetSimulation", id=held).simulation
        assert found.state == simulation_pb2.SIMULATION_STATE_RUNNING
        # The process had come to the second of four when it died; its job is free again now.
        _set(caller, held, done=2, place="1", total=4)
        _set_job(caller, held, state="queued", holder=None)
        ended = eventually(lambda: _over(caller, held))
        assert (ended.state, ended.done) == (simulation_pb2.SIMULATION_STATE_SUCCEEDED, 4)
        assert sum(counted(ended).values()) == 2

    def test_one_whose_job_was_set_aside_has_failed(self, start_server: StartServer) -> None:
        caller = RulesCaller(start_server())
        name = caller.published(loan(a_name())).version.name
        held = _held(caller, name)
        _set_job(
            caller,
            held,
            state="failed",
            ended_at=datetime.now(UTC),
            failure="the process that ran it ended",
            holder=None,
        )
        ended = caller.simulation("GetSimulation", id=held).simulation
        assert ended.state == simulation_pb2.SIMULATION_STATE_FAILED
        assert "process" in ended.failure
        (listed,) = caller.simulation("ListSimulations", name=name).simulations
        assert listed.state == simulation_pb2.SIMULATION_STATE_FAILED

    def test_one_that_is_cancelled_keeps_what_it_found(self, start_server: StartServer) -> None:
        caller = RulesCaller(start_server())
        name = caller.published(loan(a_name())).version.name
        held = _held(caller, name)
        _set(caller, held, done=2, place="1", total=4)
        cancelled = caller.simulation("CancelSimulation", id=held).simulation
        assert (cancelled.state, cancelled.done) == (simulation_pb2.SIMULATION_STATE_CANCELLED, 2)
        assert cancelled.HasField("end_time")

    def test_one_whose_operation_is_cancelled_is_cancelled(self, start_server: StartServer) -> None:
        caller = RulesCaller(start_server())
        name = caller.published(loan(a_name())).version.name
        held = _held(caller, name)
        _set_job(caller, held, state="waiting", holder=None, run_at=datetime.now(UTC) + timedelta(hours=1))
        operations = operations_pb2_grpc.OperationsStub(caller.server.channel)
        operation = caller.simulation("GetSimulation", id=held).simulation.operation
        metadata = caller.server.metadata()
        operations.CancelOperation(operations_pb2.CancelOperationRequest(name=operation), metadata=metadata, timeout=60)
        found = caller.simulation("GetSimulation", id=held).simulation
        assert found.state == simulation_pb2.SIMULATION_STATE_CANCELLED

    def test_its_operation_holds_what_came_out(self, start_server: StartServer) -> None:
        caller = RulesCaller(start_server())
        name = caller.published(loan(a_name())).version.name
        made = caller.simulated(name, source=uploaded(1, 2))
        operations = operations_pb2_grpc.OperationsStub(caller.server.channel)
        request = operations_pb2.GetOperationRequest(name=made.operation)
        operation = eventually(lambda: _done(operations.GetOperation(request, metadata=caller.server.metadata())))
        came_out = simulation_pb2.Simulation()
        assert operation.response.Unpack(came_out)
        assert (came_out.id, came_out.done) == (made.id, 2)

    def test_a_tenant_has_a_limit_of_them(self, start_server: StartServer) -> None:
        caller = RulesCaller(start_server(settings={"rules.most_simulations": 1}))
        name = caller.published(loan(a_name())).version.name
        _held(caller, name)
        with pytest.raises(grpc.RpcError) as error:
            caller.simulation("CreateSimulation", name=name, source=uploaded(5))
        assert refused(error.value)[0] == "SIMULATION_LIMIT_REACHED"

    def test_it_goes_when_its_time_is_over(self, start_server: StartServer) -> None:
        caller = RulesCaller(start_server(settings={"rules.simulations_kept_for": "1h"}))
        name = caller.published(loan(a_name())).version.name
        made = caller.simulated(name, source=uploaded(5))
        with psycopg.connect(caller.server.database.app_url) as driver:
            assert purge_simulations(driver, datetime.now(UTC)) == 0
            assert purge_simulations(driver, datetime.now(UTC) + timedelta(hours=2)) == 1
        with pytest.raises(grpc.RpcError):
            caller.simulation("GetSimulation", id=made.id)


def _over(caller: RulesCaller, simulation_id: str) -> simulation_pb2.Simulation | None:
    found: simulation_pb2.Simulation = caller.simulation("GetSimulation", id=simulation_id).simulation
    return found if found.HasField("end_time") else None


def _done(operation: operations_pb2.Operation) -> operations_pb2.Operation | None:
    return operation if operation.done else None


def _held(caller: RulesCaller, name: str) -> str:
    """The id of a simulation of four inputs that some other process holds, which does nothing."""
    made = caller.simulated(name, source=uploaded(1, 2, 3, 4))
    eventually(lambda: _over(caller, made.id))
    with psycopg.connect(caller.server.database.superuser_url, autocommit=True) as connection:
        connection.execute(
            "insert into job_runner (id, name, beat, started_at, seen_at) values (%s, 'other', 1, now(), now()) "
            "on conflict do nothing",
            (NOBODY,),
        )
    _set_job(caller, made.id, state="running", holder=NOBODY, ended_at=None, expires_at=None, attempt=1)
    _set(caller, made.id, ended_at=None, state="running", done=0, total=0, place="", result=b"")
    return made.id


def _set_job(caller: RulesCaller, job_id: str, **columns: object) -> None:
    setting = ", ".join(f"{name} = %s" for name in columns)
    with psycopg.connect(caller.server.database.superuser_url, autocommit=True) as connection:
        connection.execute(f"update job set {setting} where id = %s", [*columns.values(), job_id])


def _set(caller: RulesCaller, simulation_id: str, **columns: object) -> None:
    setting = ", ".join(f"{name} = %s" for name in columns)
    with psycopg.connect(caller.server.database.superuser_url, autocommit=True) as connection:
        connection.execute(f"update rules_simulation set {setting} where id = %s", [*columns.values(), simulation_id])
