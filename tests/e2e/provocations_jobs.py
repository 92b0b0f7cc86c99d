"""How a caller meets the reasons of jobs."""

from __future__ import annotations

import uuid

import psycopg

from function.jobs.v1 import job_service_pb2 as wire
from function_backend.services.jobs.adapters import job_feed
from tests.e2e.provocations import provokes
from tests.e2e.scene import Scene
from tests.fixtures.accounts import tenant_of
from tests.fixtures.methods import Answer


def _job(scene: Scene, *, state: str, dedupe_key: str | None = None) -> str:
    """A job of the administrator's tenant of a kind that nobody runs."""
    job_id = str(uuid.uuid4())
    with psycopg.connect(scene.usual.database.superuser_url, autocommit=True) as connection:
        connection.execute(
            "insert into job (tenant_id, id, kind, priority, state, payload, creator, request_id, trace_context, "
            "dedupe_key, run_at, attempt, max_attempts, fence, done, total, details, kept, result, failure_status, "
            "failure_reason, failure, created_at, updated_at, ended_at, kept_seconds) "
            "values (%s, %s, 'rules.simulation', 2, %s, '', '', '', '', %s, '2999-01-01', 0, 1, 0, 0, 0, '', '', '', "
            "0, '', '', now(), now(), %s, 0)",
            (tenant_of(scene.usual), job_id, state, dedupe_key, None if state == "waiting" else "2020-01-01"),
        )
    return job_id


@provokes("JOB_NOT_FOUND")
def _(scene: Scene) -> Answer:
    return scene.send("GetJob", wire.GetJobRequest(id=str(uuid.uuid4())))


@provokes("JOB_STATE")
def _(scene: Scene) -> Answer:
    return scene.send("RequeueJob", wire.RequeueJobRequest(id=_job(scene, state="waiting")))


@provokes("JOB_DUPLICATE")
def _(scene: Scene) -> Answer:
    key = f"k{uuid.uuid4().hex}"
    over, _open = _job(scene, state="failed", dedupe_key=key), _job(scene, state="waiting", dedupe_key=key)
    return scene.send("RequeueJob", wire.RequeueJobRequest(id=over))


@provokes("JOB_SCHEDULE_NOT_FOUND")
def _(scene: Scene) -> Answer:
    return scene.send("PauseSchedule", wire.PauseScheduleRequest(name="jobs.nonsense"))


@provokes("TOO_MANY_JOB_WATCHERS")
def _(scene: Scene) -> Answer:
    job_id = _job(scene, state="waiting")
    limit, job_feed._MOST = job_feed._MOST, 0
    try:
        return scene.send("WatchJob", wire.WatchJobRequest(id=job_id))
    finally:
        job_feed._MOST = limit
