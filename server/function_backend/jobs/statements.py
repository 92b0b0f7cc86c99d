"""What those who run jobs say to the database: functions of the definer, which see the jobs of all tenants."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import orjson

from function_backend.persistence import arrays
from function_backend.persistence.session import CHANNEL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from function_backend.persistence.wire import Driver


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenJob:
    """A job that this process is to run."""

    tenant_id: UUID
    id: UUID
    kind: str
    fence: int
    """Grows whenever the job changes hands; what comes with an older one is refused."""
    attempt: int
    payload: bytes
    kept: bytes
    done: int
    total: int
    asker: Mapping[str, Any] | None
    """None for the service itself."""
    scheduled_for: datetime | None
    trace_context: str


class Limits(NamedTuple):
    """How many of a kind are to be taken at most."""

    kind: str
    now: int
    """At this moment."""
    running: int
    """So many may run in the installation; 0 for any number."""
    running_per_tenant: int
    """So many of one tenant may; 0 for any number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """How an attempt came out."""

    job: TakenJob
    state: str
    """`succeeded`, `failed`, `cancelled`; `waiting` and `queued` for another attempt, later or at once."""
    counts: bool = True
    """Whether the attempt counts."""
    run_at: datetime | None = None
    result: bytes | None = None
    status: int = 0
    reason: str = ""
    failure: str = ""
    done: int = 0
    total: int = 0
    details: bytes | None = None


class Progress(NamedTuple):
    """How far a run is."""

    job: TakenJob
    done: int
    """-1 when there is nothing new to tell."""
    total: int
    details: bytes | None


_TAKE_SQL = """
    select tenant_id, id, kind, fence, attempt, payload, kept, done, total, asker, scheduled_for, trace_context
    from take_jobs(
        %b::uuid, %b::timestamptz, %b::bigint::integer, %b::text[], %b::bigint[], %b::bigint[], %b::bigint[], %b::uuid
    )
"""
_FINISH_SQL = """
    select id, state from finish_jobs(
        %b::uuid, %b::timestamptz, %b::uuid[], %b::uuid[], %b::bigint[], %b::text[], %b::bigint[], %b::timestamptz[],
        %b::bytea[], %b::bigint[], %b::text[], %b::text[], %b::bigint[], %b::bigint[], %b::bytea[]
    )
"""
_TELL_SQL = """
    select id, cancelled from tell_jobs(
        %b::uuid, %b::timestamptz, %b::uuid[], %b::uuid[], %b::bigint[], %b::bigint[], %b::bigint[], %b::bytea[]
    )
"""
_TAKE_AWAY_SQL = """
    select * from take_jobs_away(
        %b::uuid, %b::timestamptz, %b::uuid[], %b::uuid[], %b::bigint[], %b::text[], %b::text[]
    )
"""


def take(
    driver: Driver, runner: UUID, now: datetime, *, most: int, limits: Sequence[Limits], first_tenant: UUID
) -> list[TakenJob]:
    """Jobs that are due, which this runner then holds; the search begins behind the given tenant and goes round."""
    rows = driver.execute(
        _TAKE_SQL,
        (
            runner,
            now,
            most,
            arrays.texts([each.kind for each in limits]),
            arrays.integers([each.now for each in limits]),
            arrays.integers([each.running for each in limits]),
            arrays.integers([each.running_per_tenant for each in limits]),
            first_tenant,
        ),
        binary=True,
    ).fetchall()
    return [
        TakenJob(
            tenant_id=row[0],
            id=row[1],
            kind=row[2],
            fence=row[3],
            attempt=row[4],
            payload=row[5],
            kept=row[6],
            done=row[7],
            total=row[8],
            asker=None if row[9] is None else orjson.loads(row[9]),
            scheduled_for=row[10],
            trace_context=row[11],
        )
        for row in rows
    ]


def finish(driver: Driver, runner: UUID, now: datetime, finished: Sequence[Finished]) -> dict[UUID, str]:
    """The jobs whose outcome counted, with the state they have now; the others were not this runner's any more."""
    rows = driver.execute(
        _FINISH_SQL,
        (
            runner,
            now,
            *_jobs([each.job for each in finished]),
            arrays.texts([each.state for each in finished]),
            arrays.integers([0 if each.counts else 1 for each in finished]),
            arrays.moments([each.run_at for each in finished]),
            arrays.blobs([each.result for each in finished]),
            arrays.integers([each.status for each in finished]),
            arrays.texts([each.reason for each in finished]),
            arrays.texts([each.failure for each in finished]),
            arrays.integers([each.done for each in finished]),
            arrays.integers([each.total for each in finished]),
            arrays.blobs([each.details for each in finished]),
        ),
        binary=True,
    ).fetchall()
    return dict(rows)


def tell(driver: Driver, runner: UUID, now: datetime, told: Sequence[Progress]) -> dict[UUID, bool]:
    """The jobs that are still this runner's, each with whether somebody wants it cancelled."""
    rows = driver.execute(
        _TELL_SQL,
        (
            runner,
            now,
            *_jobs([each.job for each in told]),
            arrays.integers([each.done for each in told]),
            arrays.integers([each.total for each in told]),
            arrays.blobs([each.details for each in told]),
        ),
        binary=True,
    ).fetchall()
    return dict(rows)


def announce(driver: Driver, topic: str) -> None:
    """Tells all processes. In a transaction of its own: NOTIFY takes a lock of the whole cluster until that ends."""
    driver.execute("set local synchronous_commit = off")
    driver.execute("select pg_notify(%s, %s)", (CHANNEL, f"{topic} "))


def take_away(driver: Driver, runner: UUID, now: datetime, overdue: Sequence[tuple[TakenJob, str, str]]) -> set[UUID]:
    """Ends jobs whose runs do not end by themselves: each with its state and what to say of it.

    Returns those that were ended: not one that its run has in a transaction just now.
    """
    rows = driver.execute(
        _TAKE_AWAY_SQL,
        (
            runner,
            now,
            *_jobs([job for job, _, _ in overdue]),
            arrays.texts([state for _, state, _ in overdue]),
            arrays.texts([failure for _, _, failure in overdue]),
        ),
    ).fetchall()
    return {job_id for (job_id,) in rows}


def held(driver: Driver, runner: UUID) -> list[TakenJob]:
    """What the database believes this runner to hold, as far as is needed to give it back."""
    rows = driver.execute("select tenant_id, id, fence from held_jobs(%b)", (runner,)).fetchall()
    return [
        TakenJob(
            tenant_id=tenant_id,
            id=job_id,
            kind="",
            fence=fence,
            attempt=0,
            payload=b"",
            kept=b"",
            done=0,
            total=0,
            asker=None,
            scheduled_for=None,
            trace_context="",
        )
        for tenant_id, job_id, fence in rows
    ]


def beat(driver: Driver, runner: UUID, now: datetime, *, name: str, is_new: bool) -> dict[UUID, int]:
    """The beats of all runners; none when this one was given up by the others."""
    rows = driver.execute(
        "select id, beat from beat_job_runner(%s, %s, %s, %s)", (runner, name, now, is_new)
    ).fetchall()
    return dict(rows)


def bury(driver: Driver, *, dead: UUID, last_beat: int, now: datetime) -> int:
    """Gives a runner up unless it has beaten since, and says how many jobs that nobody held were let go."""
    row = driver.execute("select reclaimed from bury_job_runner(%s, %s, %s)", (dead, last_beat, now)).fetchone()
    return 0 if row is None else int(row[0])


def _jobs(jobs: Sequence[TakenJob]) -> tuple[arrays.PgArray, arrays.PgArray, arrays.PgArray]:
    return (
        arrays.uuids([job.tenant_id for job in jobs]),
        arrays.uuids([job.id for job in jobs]),
        arrays.integers([job.fence for job in jobs]),
    )
