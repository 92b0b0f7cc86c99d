"""The tables of jobs.

`job` has a row for each, from when it was asked for to when it is purged. `job_runner` has one for each process that
runs jobs, with its beat, and `job_schedule` one for each schedule, with its next moment; both are the installation's.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, SmallInteger, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from function_backend.persistence.metadata import metadata, moment_column, tenant_column

_BYTEWISE = Text(collation="C")

job_table = Table(
    "job",
    metadata,
    tenant_column(),
    Column("id", Uuid(), primary_key=True, nullable=False),
    Column("kind", _BYTEWISE, nullable=False),
    Column("priority", SmallInteger, nullable=False),
    Column("state", _BYTEWISE, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("asker", JSONB),
    Column("creator", _BYTEWISE, nullable=False),
    Column("request_id", Text, nullable=False),
    Column("trace_context", Text, nullable=False),
    Column("dedupe_key", _BYTEWISE),
    Column("schedule", _BYTEWISE),
    moment_column("scheduled_for", nullable=True),
    moment_column("run_at"),
    Column("attempt", Integer, nullable=False),
    Column("max_attempts", Integer, nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("holder", Uuid()),
    moment_column("cancelled_at", nullable=True),
    Column("done", BigInteger, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("details", LargeBinary, nullable=False),
    Column("kept", LargeBinary, nullable=False),
    Column("result", LargeBinary, nullable=False),
    Column("failure_status", SmallInteger, nullable=False),
    Column("failure_reason", Text, nullable=False),
    Column("failure", Text, nullable=False),
    moment_column("created_at"),
    moment_column("started_at", nullable=True),
    moment_column("updated_at"),
    moment_column("ended_at", nullable=True),
    Column("kept_seconds", Integer, nullable=False),
    moment_column("expires_at", nullable=True),
)
_job = job_table.c
Index(
    "job_queued_idx",
    _job.kind,
    _job.priority,
    _job.tenant_id,
    _job.run_at,
    _job.id,
    postgresql_where=text("state = 'queued'"),
)
Index("job_waiting_idx", _job.run_at, postgresql_where=text("state = 'waiting'"))
Index("job_running_idx", _job.kind, _job.tenant_id, postgresql_where=text("state = 'running'"))
Index("job_over_idx", _job.expires_at, postgresql_where=text("expires_at is not null"))
Index(
    "job_dedupe_idx",
    _job.tenant_id,
    _job.kind,
    _job.dedupe_key,
    unique=True,
    postgresql_where=text("dedupe_key is not null and ended_at is null"),
)
Index(
    "job_moment_idx",
    _job.schedule,
    _job.scheduled_for,
    _job.tenant_id,
    unique=True,
    postgresql_where=text("schedule is not null"),
)

job_runner_table = Table(
    "job_runner",
    metadata,
    Column("id", Uuid(), primary_key=True, nullable=False),
    Column("name", Text, nullable=False),
    Column("beat", BigInteger, nullable=False),
    moment_column("started_at"),
    moment_column("seen_at"),
)

job_schedule_table = Table(
    "job_schedule",
    metadata,
    Column("name", _BYTEWISE, primary_key=True, nullable=False),
    Column("cron", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    moment_column("next_at"),
    moment_column("due_at", nullable=True),
    moment_column("fired_at", nullable=True),
    moment_column("paused_at", nullable=True),
    Column("paused_by", Text, nullable=False),
    Column("revision", BigInteger, nullable=False),
)
