"""Jobs as callers and operators see them, over a real channel."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import psycopg
import pytest
from google.longrunning import operations_pb2, operations_pb2_grpc
from google.protobuf import duration_pb2
from google.protobuf.any_pb2 import Any as AnyMessage

from function.jobs.v1 import job_pb2, job_service_pb2, job_service_pb2_grpc
from function.rules.v1 import simulation_pb2
from function_backend_client import JobNotFoundError, connect, connect_async
from tests.factories.rules import RulesCaller, loan
from tests.fixtures.database_faults import eventually
from tests.fixtures.principals import make_key, make_tenant
from tests.fixtures.server import RunningServer
from tests.services.rules.test_authoring_rpc import a_name

_SECONDS = 60


class Caller:
    """Somebody who calls with a key."""

    def __init__(self, server: RunningServer, key: str | None = None) -> None:
        self.server = server
        self.key = server.admin_key if key is None else key
        self._jobs: Any = job_service_pb2_grpc.JobServiceStub(server.channel)
        self._operations: Any = operations_pb2_grpc.OperationsStub(server.channel)

    def job(self, method: str, **fields: Any) -> Any:  # noqa: ANN401
        request = getattr(job_service_pb2, f"{method}Request")(**fields)
        return getattr(self._jobs, method)(request, metadata=self.server.metadata(self.key), timeout=_SECONDS)

    def operation(self, method: str, **fields: Any) -> Any:  # noqa: ANN401
        request = getattr(operations_pb2, f"{method}Request")(**fields)
        return getattr(self._operations, method)(request, metadata=self.server.metadata(self.key), timeout=_SECONDS)


@pytest.fixture(scope="module")
def caller(server: RunningServer) -> Caller:
    return Caller(server)


@pytest.fixture(scope="module")
def simulated(server: RunningServer) -> str:
    """The id of a simulation, and of its job, that is over."""
    rules = RulesCaller(server)
    made = rules.simulated(rules.published(loan(a_name())).version.name, source={"uploaded_inputs": {"inputs": [{}]}})
    assert rules.simulation("WaitSimulation", id=made.id).simulation.HasField("end_time")
    return str(made.id)


@pytest.fixture
def later(server: RunningServer) -> Callable[..., str]:
    """Makes jobs of the administrator's tenant that stay as they are."""

    def make(**columns: object) -> str:
        job_id = str(uuid.uuid4())
        with psycopg.connect(server.database.superuser_url, autocommit=True) as connection:
            tenant = connection.execute("select tenant_id from tenant where name = 'default'").fetchone()
            values: dict[str, object] = {
                "tenant_id": tenant[0] if tenant else None,
                "id": job_id,
                "kind": "rules.simulation",
                "priority": 2,
                "state": "waiting",
                "run_at": datetime.now(UTC) + timedelta(days=1),
                "attempt": 1,
                "max_attempts": 5,
                "created_at": datetime.now(UTC),
                "updated_at": datetime.now(UTC),
                **dict.fromkeys(("payload", "details", "kept", "result"), b""),
                **dict.fromkeys(("creator", "request_id", "trace_context", "failure_reason", "failure"), ""),
                **dict.fromkeys(("fence", "done", "total", "failure_status", "kept_seconds"), 0),
                **columns,
            }
            names = ", ".join(values)
            places = ", ".join(["%s"] * len(values))
            connection.execute(f"insert into job ({names}) values ({places})", [*values.values()])
        return job_id

    return make


class TestOperations:
    def test_an_operation_says_what_the_job_does_and_what_came_out(self, caller: Caller, simulated: str) -> None:
        operation = caller.operation("GetOperation", name=f"operations/{simulated}")
        metadata = job_pb2.JobMetadata()
        assert operation.metadata.Unpack(metadata)
        assert (operation.done, metadata.job.kind) == (True, "rules.simulation")
        came_out = simulation_pb2.Simulation()
        assert operation.response.Unpack(came_out)
        assert came_out.id == simulated

    def test_one_that_failed_carries_its_status(self, caller: Caller, later: Callable[..., str]) -> None:
        job_id = later(
            state="failed",
            ended_at=datetime.now(UTC),
            failure_status=9,
            failure_reason="NOT_IN_FORCE",
            failure="Nothing is in force.",
        )
        operation = caller.operation("GetOperation", name=f"operations/{job_id}")
        assert (operation.done, operation.error.code, operation.error.message) == (True, 9, "Nothing is in force.")

    def test_waiting_ends_with_the_time_that_was_asked_for(self, caller: Caller, later: Callable[..., str]) -> None:
        name = f"operations/{later()}"
        operation = caller.operation("WaitOperation", name=name, timeout=duration_pb2.Duration(nanos=200_000_000))
        assert not operation.done

    def test_a_time_beyond_all_measure_is_no_failure(self, caller: Caller, simulated: str) -> None:
        name, ever = f"operations/{simulated}", duration_pb2.Duration(seconds=2**62)
        assert caller.operation("WaitOperation", name=name, timeout=ever).done

    def test_waiting_for_one_that_is_over_answers_at_once(self, caller: Caller, simulated: str) -> None:
        assert caller.operation("WaitOperation", name=f"operations/{simulated}").done

    def test_one_that_waits_is_cancelled_at_once_and_then_deleted(
        self, caller: Caller, later: Callable[..., str]
    ) -> None:
        job_id = later()
        for _ in range(2):
            caller.operation("CancelOperation", name=f"operations/{job_id}")
        assert caller.job("GetJob", id=job_id).job.state == job_pb2.JOB_STATE_CANCELLED
        caller.operation("DeleteOperation", name=f"operations/{job_id}")
        with pytest.raises(grpc.RpcError) as error:
            caller.job("GetJob", id=job_id)
        assert error.value.code() is grpc.StatusCode.NOT_FOUND

    def test_one_that_goes_on_is_not_deleted(self, caller: Caller, later: Callable[..., str]) -> None:
        with pytest.raises(grpc.RpcError) as error:
            caller.operation("DeleteOperation", name=f"operations/{later()}")
        assert error.value.code() is grpc.StatusCode.FAILED_PRECONDITION

    @pytest.mark.parametrize(
        ("filter_text", "found"),
        [
            ("", True),
            ("done=false", True),
            ("done = true", False),
            ('kind="rules.simulation" AND state=WAITING', True),
            ("kind=another.kind", False),
            ("state=running", False),
        ],
    )
    def test_they_are_listed_by_what_is_asked_for(
        self, caller: Caller, later: Callable[..., str], *, filter_text: str, found: bool
    ) -> None:
        job_id = later()
        listed = caller.operation("ListOperations", name="operations", filter=filter_text, page_size=1000)
        assert (f"operations/{job_id}" in {each.name for each in listed.operations}) is found

    @pytest.mark.parametrize(
        ("method", "fields", "field"),
        [
            ("GetOperation", {"name": "jobs/1"}, "name"),
            ("ListOperations", {"name": "companies"}, "name"),
            ("ListOperations", {"page_size": -1}, "page_size"),
            ("ListOperations", {"filter": "colour=red"}, "filter"),
            ("ListOperations", {"filter": "done=true AND state=RUNNING"}, "filter"),
        ],
    )
    def test_what_is_no_request_is_told_so(
        self, caller: Caller, method: str, fields: dict[str, Any], field: str
    ) -> None:
        with pytest.raises(grpc.RpcError) as error:
            caller.operation(method, **fields)
        assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert str(error.value.details()).startswith(f"{field}:")


class TestSight:
    def test_another_tenant_sees_none_of_them(self, server: RunningServer, simulated: str) -> None:
        other = Caller(server, make_tenant(server))
        assert not other.job("ListJobs").jobs
        with pytest.raises(grpc.RpcError) as error:
            other.operation("GetOperation", name=f"operations/{simulated}")
        assert error.value.code() is grpc.StatusCode.NOT_FOUND

    def test_who_lacks_the_permission_of_a_kind_sees_its_own_alone(
        self, server: RunningServer, later: Callable[..., str], simulated: str
    ) -> None:
        narrow = Caller(server, make_key(server, "jobs.read"))
        assert not narrow.job("ListJobs").jobs
        with pytest.raises(grpc.RpcError):
            narrow.job("GetJob", id=simulated)
        wider = Caller(server, make_key(server, "jobs.read", "rules.simulate"))
        assert wider.job("GetJob", id=simulated).job.id == simulated

    def test_jobs_of_the_installation_take_a_permission_of_their_own(self, server: RunningServer) -> None:
        with pytest.raises(grpc.RpcError) as error:
            Caller(server, make_tenant(server)).job("ListJobs", installation=True)
        assert error.value.code() is grpc.StatusCode.PERMISSION_DENIED
        made = Caller(server).job("RunSchedule", name="jobs.purge").job
        assert made.id in {job.id for job in Caller(server).job("ListJobs", installation=True).jobs}
        with pytest.raises(grpc.RpcError):
            Caller(server, make_tenant(server)).job("GetJob", id=made.id)

    def test_pages_go_on_where_the_one_before_ended(self, caller: Caller, later: Callable[..., str]) -> None:
        made = {later(kind="rules.simulation", creator="user:pages") for _ in range(5)}
        found, token = [], ""
        while True:
            page = caller.job("ListJobs", creator="user:pages", page_size=2, page_token=token)
            found += [job.id for job in page.jobs]
            token = page.next_page_token
            if not token:
                break
        assert sorted(found, reverse=True) == found
        assert set(found) == made


class TestSteering:
    def test_one_that_was_set_aside_is_tried_again(self, caller: Caller, later: Callable[..., str]) -> None:
        job_id = later(kind="test.none", creator="", state="failed", ended_at=datetime.now(UTC), failure_status=13)
        with psycopg.connect(caller.server.database.superuser_url, autocommit=True) as connection:
            # So that the administrator sees it although nobody knows its kind.
            connection.execute(
                "update job set creator = (select 'api_key:' || id from api_key where permissions = '{*}' limit 1) "
                "where id = %s",
                (job_id,),
            )
        found = caller.job("RequeueJob", id=job_id).job
        assert (found.state, found.attempt) == (job_pb2.JOB_STATE_QUEUED, 0)
        assert not found.HasField("end_time")

    def test_a_schedule_is_paused_resumed_and_run(self, caller: Caller) -> None:
        name = "rules.purge_decisions"
        paused = caller.job("PauseSchedule", name=name).schedule
        assert paused.HasField("pause_time")
        assert not paused.HasField("next_time")
        assert caller.job("PauseSchedule", name=name).schedule == paused
        job = caller.job("RunSchedule", name=name).job
        assert job.schedule == name
        resumed = caller.job("ResumeSchedule", name=name).schedule
        assert resumed.next_time.ToDatetime(UTC) > datetime.now(UTC) - timedelta(minutes=1)
        assert name in {each.name for each in caller.job("ListSchedules").schedules}
        eventually(lambda: caller.job("GetJob", id=job.id).job.state == job_pb2.JOB_STATE_SUCCEEDED or None)

    @pytest.mark.parametrize("name", ["audit.retention", "events.retention"])
    def test_what_is_kept_for_a_time_is_dropped_by_a_job(self, caller: Caller, name: str) -> None:
        with psycopg.connect(caller.server.database.superuser_url, autocommit=True) as connection:
            connection.execute("select make_event_partition(date '2020-02-02')")
            job = caller.job("RunSchedule", name=name).job
            ended = eventually(lambda: (found := caller.job("GetJob", id=job.id).job).HasField("end_time") and found)
            assert ended.state == job_pb2.JOB_STATE_SUCCEEDED
            if name == "events.retention":
                assert ended.progress.done == 1
                assert connection.execute("select to_regclass('event_20200202')").fetchone() == (None,)


class TestClient:
    def test_waiting_tells_of_the_progress_and_gives_the_outcome(self, server: RunningServer) -> None:
        rules = RulesCaller(server)
        name = rules.published(loan(a_name())).version.name
        made = rules.simulated(name, source={"uploaded_inputs": {"inputs": [{"amount": 5}] * 3}})
        told: list[job_pb2.Job] = []
        with connect(server.target, api_key=server.admin_key) as client:
            job = client.operations.wait(made.operation, progress=told.append, timeout=_SECONDS)
            assert job.state == job_pb2.JOB_STATE_SUCCEEDED
            assert told[-1] == job
            assert isinstance(job.response, AnyMessage)
            assert job.progress.done == 3
            with pytest.raises(JobNotFoundError):
                client.operations.wait(str(uuid.uuid4()))

    def test_what_came_to_nothing_raises_its_reason(self, server: RunningServer, later: Callable[..., str]) -> None:
        job_id = later(
            state="failed",
            ended_at=datetime.now(UTC),
            failure_status=5,
            failure_reason="JOB_NOT_FOUND",
            failure="Gone.",
        )
        with connect(server.target, api_key=server.admin_key) as client:
            with pytest.raises(JobNotFoundError, match="Gone"):
                client.operations.wait(job_id)
            assert client.operations.wait(job_id, check=False).state == job_pb2.JOB_STATE_FAILED
            with pytest.raises(TimeoutError):
                client.operations.wait(later(), timeout=0.3)

    def test_the_asynchronous_client_waits_as_well(self, server: RunningServer, simulated: str) -> None:
        async def wait() -> job_pb2.Job:
            async with connect_async(server.target, api_key=server.admin_key) as client:
                listed = [job async for job in client.operations.list(kind="rules.simulation")]
                assert simulated in {job.id for job in listed}
                return await client.operations.wait(simulated)

        assert asyncio.run(wait()).state == job_pb2.JOB_STATE_SUCCEEDED
