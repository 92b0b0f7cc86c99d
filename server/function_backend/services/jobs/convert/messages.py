"""Jobs on the wire: as messages of ours, and as operations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from google.longrunning import operations_pb2
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import error_details_pb2, status_pb2

from function.jobs.v1 import job_events_pb2, job_pb2
from function_backend.jobs.registry import JobRegistry
from function_backend.kernel.events import DomainEvent
from function_backend.kernel.jobs import JobKind
from function_backend.services.jobs import events
from function_backend.services.jobs.domain import Failure, Job, JobSchedule, JobState
from function_backend.services.jobs.events import JobEvent, ScheduleEvent

OPERATION_PREFIX = "operations/"
"""What stands before the id of a job in the name of its operation."""
_TYPE_PREFIX = "type.googleapis.com/"
_DOMAIN = "function-backend"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class JobMessages:
    """Writes jobs, with the types that their kinds declare."""

    def __init__(self, registry: JobRegistry) -> None:
        self._registry = registry

    def job(self, job: Job, *, outcome: bool = True) -> job_pb2.Job:
        """The message; without the `outcome` for where that stands elsewhere, or is left out."""
        kind = self._registry.kinds.get(job.kind)
        message = job_pb2.Job(
            id=str(job.id),
            kind=job.kind,
            state=job.state.value,  # type: ignore[arg-type]
            priority=job.priority,  # type: ignore[arg-type]
            creator=job.creator,
            request_id=job.request_id,
            dedupe_key=job.dedupe_key,
            schedule=job.schedule,
            attempt=job.attempt,
            max_attempts=job.max_attempts,
            cancel_requested=job.is_to_end,
            progress=job_pb2.JobProgress(done=job.done, total=job.total),
        )
        _write(
            message,
            schedule_time=job.scheduled_for,
            create_time=job.created_at,
            run_time=job.run_at,
            start_time=job.started_at,
            update_time=job.updated_at,
            end_time=job.ended_at,
            expire_time=job.expires_at,
        )
        if job.details and kind is not None and kind.details_type:
            message.progress.details.CopyFrom(_packed(kind.details_type, job.details))
        if outcome:
            if job.failure is not None:
                message.error.CopyFrom(_status(job.failure))
            if job.state is JobState.SUCCEEDED:
                message.response.CopyFrom(_response(kind, job.result))
        return message

    def operation(self, job: Job) -> operations_pb2.Operation:
        """The job as an operation."""
        operation = operations_pb2.Operation(name=f"{OPERATION_PREFIX}{job.id}", done=job.is_over)
        operation.metadata.Pack(job_pb2.JobMetadata(job=self.job(job, outcome=False)))
        if job.state is JobState.SUCCEEDED:
            operation.response.CopyFrom(_response(self._registry.kinds.get(job.kind), job.result))
        elif job.is_over and job.failure is not None:
            operation.error.CopyFrom(_status(job.failure))
        return operation


def schedule(found: JobSchedule) -> job_pb2.JobSchedule:
    """The message."""
    message = job_pb2.JobSchedule(
        name=found.name,
        kind=found.kind,
        cron=found.cron,
        time_zone=found.time_zone,
        per_tenant=found.per_tenant,
        paused_by=found.paused_by,
    )
    _write(message, next_time=found.next_at, last_time=found.last_at, pause_time=found.paused_at)
    return message


def event_payloads(messages: JobMessages) -> Mapping[type[DomainEvent], Callable[[Any], bytes]]:
    """How the events of the folder look outside."""

    def of_job(message: type[Any]) -> Callable[[JobEvent], bytes]:
        def payload(event: JobEvent) -> bytes:
            serialised: bytes = message(job=messages.job(event.job, outcome=False)).SerializeToString()
            return serialised

        return payload

    def of_schedule(message: type[Any]) -> Callable[[ScheduleEvent], bytes]:
        def payload(event: ScheduleEvent) -> bytes:
            more = {} if event.job_id is None else {"job_id": str(event.job_id)}
            serialised: bytes = message(schedule=schedule(event.schedule), **more).SerializeToString()
            return serialised

        return payload

    wire = job_events_pb2
    return {
        events.JobCancelled: of_job(wire.JobCancelled),
        events.JobRequeued: of_job(wire.JobRequeued),
        events.JobDeleted: of_job(wire.JobDeleted),
        events.JobSchedulePaused: of_schedule(wire.JobSchedulePaused),
        events.JobScheduleResumed: of_schedule(wire.JobScheduleResumed),
        events.JobScheduleRun: of_schedule(wire.JobScheduleRun),
    }


def _write(message: Message, **moments: datetime | None) -> None:
    """Writes the moments that there are."""
    for name, moment in moments.items():
        if moment is not None:
            since = moment - _EPOCH
            found: Timestamp = getattr(message, name)
            found.seconds, found.nanos = since.days * 86_400 + since.seconds, since.microseconds * 1000


def _response(kind: JobKind | None, result: bytes) -> AnyMessage:
    name = "" if kind is None else kind.result_type
    return _packed(name, result) if name else _packed(Empty.DESCRIPTOR.full_name, b"")


def _status(failure: Failure) -> status_pb2.Status:
    status = status_pb2.Status(code=failure.status, message=failure.message)
    status.details.add().Pack(error_details_pb2.ErrorInfo(reason=failure.reason, domain=_DOMAIN))
    return status


def _packed(name: str, value: bytes) -> AnyMessage:
    return AnyMessage(type_url=_TYPE_PREFIX + name, value=value)
