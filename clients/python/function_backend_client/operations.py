"""Work that goes on behind an answer: waiting for it, looking at it, steering it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TypeVar

from google.longrunning import operations_pb2
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from grpc import StatusCode

from function.jobs.v1 import job_pb2, job_service_pb2
from function_backend_client import requests
from function_backend_client.errors import ErrorDetails, FunctionBackendError, UnavailableError
from function_backend_client.pages import Page, Pager
from function_backend_client.reasons.catalogue import class_of

PREFIX: Final = "operations/"
OVER: Final = frozenset(
    {job_pb2.JOB_STATE_SUCCEEDED, job_pb2.JOB_STATE_FAILED, job_pb2.JOB_STATE_CANCELLED},
)
WATCH_SECONDS: Final = 330.0
"""The server ends a stream after five minutes, so that it looks at the credential again."""
_PAUSE_SECONDS: Final = 1.0
_CODES: Final = {code.value[0]: code for code in StatusCode}

Result = TypeVar("Result", bound=Message)
Progress = Callable[[job_pb2.Job], object]
"""Is told of each change of a job."""


def job_id(operation: str) -> str:
    """The id of the job; `operation` is that, or the name of its operation (`operations/<id>`)."""
    return operation.removeprefix(PREFIX)


def operation_name(operation: str) -> str:
    """The name of the operation of a job."""
    return operation if operation.startswith(PREFIX) else f"{PREFIX}{operation}"


def failure_of(job: job_pb2.Job) -> FunctionBackendError | None:
    """Why the job came to nothing, as the exception of its reason; None when it has succeeded or goes on."""
    if job.state not in (job_pb2.JOB_STATE_FAILED, job_pb2.JOB_STATE_CANCELLED):
        return None
    return _failure(job.id, job.error)


def result_of(operation: operations_pb2.Operation, into: Result) -> Result:
    """What the operation came to, in the message `into`; see `Operations.result`."""
    if operation.HasField("error"):
        raise _failure(job_id(operation.name), operation.error)
    if not operation.HasField("response"):
        raise LookupError(f"{operation.name} is not over; wait for it first")
    if not operation.response.Unpack(into):
        found = operation.response.type_url.rpartition("/")[2]
        raise LookupError(f"{operation.name} came to a {found}, not to a {into.DESCRIPTOR.full_name}")
    return into


def _failure(failed: str, error: status_pb2.Status) -> FunctionBackendError:
    info = error_details_pb2.ErrorInfo()
    for detail in error.details:
        detail.Unpack(info)
    code = _CODES.get(error.code, StatusCode.UNKNOWN)
    details = ErrorDetails(reason=info.reason, domain=info.domain, metadata={"job_id": failed})
    return class_of(info.reason, code)(error.message, code=code, details=details)


def came_out(job: job_pb2.Job, *, check: bool) -> job_pb2.Job:
    """The job, which is over; what went wrong as an exception when that is wanted."""
    failure = failure_of(job) if check else None
    if failure is not None:
        raise failure
    return job


def list_request(
    kind: str, states: Sequence[job_pb2.JobState.ValueType], creator: str, *, installation: bool, page_size: int
) -> job_service_pb2.ListJobsRequest:
    """The request of the first page."""
    return job_service_pb2.ListJobsRequest(
        kind=kind, states=states, creator=creator, installation=installation, page_size=page_size
    )


class Operations:
    """Work that goes on behind an answer. Every method raises FunctionBackendError where the service refuses.

    An operation is named by the `operation` field of what asked for it, or by the id of its job.
    """

    def __init__(self, jobs: Any, operations: Any) -> None:  # noqa: ANN401  generated stubs, synchronous ones
        self._jobs = jobs
        self._operations = operations

    def wait(
        self,
        operation: str,
        *,
        progress: Progress | None = None,
        timeout: float | None = None,
        check: bool = True,
    ) -> job_pb2.Job:
        """The job when it is over. `progress` is told of each change until then.

        The server sends the changes; where it goes away, the wait goes on with another. Raises the exception of the
        job's reason when it failed or was cancelled, unless `check` is False; TimeoutError when it is not over after
        `timeout` seconds.
        """
        until = None if timeout is None else time.monotonic() + timeout
        request = job_service_pb2.WatchJobRequest(id=job_id(operation))
        while True:
            left = WATCH_SECONDS if until is None else min(WATCH_SECONDS, until - time.monotonic())
            if left <= 0:
                raise TimeoutError(f"{operation} was not over in time")
            try:
                for told in self._jobs.WatchJob(request, timeout=left):
                    if progress is not None:
                        progress(told.job)
                    if told.job.state in OVER:
                        return came_out(told.job, check=check)
            except FunctionBackendError as error:
                if not passes(error):
                    raise
                left = _PAUSE_SECONDS if until is None else until - time.monotonic()
                time.sleep(max(0.0, min(_PAUSE_SECONDS, left)))

    def watch(self, operation: str, *, timeout: float | None = None) -> Iterator[job_pb2.Job]:
        """The job as it is, and again with each change until it is over, or for five minutes."""
        request = job_service_pb2.WatchJobRequest(id=job_id(operation))
        for told in self._jobs.WatchJob(request, timeout=timeout or WATCH_SECONDS):
            yield told.job

    def get(self, operation: str, *, timeout: float | None = None) -> job_pb2.Job:
        """The job as it is."""
        request = job_service_pb2.GetJobRequest(id=job_id(operation))
        found: job_pb2.Job = self._jobs.GetJob(request, timeout=timeout).job
        return found

    def result(self, operation: str, into: Result, *, timeout: float | None = None) -> Result:
        """What a job that has succeeded came to, read into the message `into`.

        Raises the exception of the job's reason when it came to nothing, LookupError when it is not over or its result
        is another message.
        """
        request = operations_pb2.GetOperationRequest(name=operation_name(operation))
        return result_of(self._operations.GetOperation(request, timeout=timeout), into)

    def list(
        self,
        *,
        kind: str = "",
        states: Sequence[job_pb2.JobState.ValueType] = (),
        creator: str = "",
        installation: bool = False,
        page_size: int = 0,
        page_token: str = "",
        timeout: float | None = None,
    ) -> Pager[job_pb2.Job]:
        """The jobs that the caller sees, the latest first; those of the installation instead when asked for."""
        request = list_request(kind, states, creator, installation=installation, page_size=page_size)

        def fetch(token: str) -> Page[job_pb2.Job]:
            response = self._jobs.ListJobs(requests.at_page(request, token), timeout=timeout)
            return Page(response.jobs, response.next_page_token)

        return Pager(fetch, page_token)

    def cancel(self, operation: str, *, timeout: float | None = None) -> None:
        """Cancels the job: it ends at once when it waits, and soon when it runs."""
        request = operations_pb2.CancelOperationRequest(name=operation_name(operation))
        self._operations.CancelOperation(request, timeout=timeout)

    def delete(self, operation: str, *, timeout: float | None = None) -> None:
        """Deletes a job that is over, with what came out."""
        request = operations_pb2.DeleteOperationRequest(name=operation_name(operation))
        self._operations.DeleteOperation(request, timeout=timeout)

    def requeue(self, operation: str, *, request_id: str | None = None, timeout: float | None = None) -> job_pb2.Job:
        """Has a job that was set aside or cancelled tried again."""
        request = job_service_pb2.RequeueJobRequest(
            id=job_id(operation), request_id=requests.new_request_id(request_id)
        )
        found: job_pb2.Job = self._jobs.RequeueJob(request, timeout=timeout).job
        return found

    def schedules(self, *, timeout: float | None = None) -> Sequence[job_pb2.JobSchedule]:
        """The schedules of the installation, by name."""
        response = self._jobs.ListSchedules(job_service_pb2.ListSchedulesRequest(), timeout=timeout)
        return list(response.schedules)

    def pause_schedule(self, name: str, *, timeout: float | None = None) -> job_pb2.JobSchedule:
        """Pauses a schedule until it is resumed."""
        request = job_service_pb2.PauseScheduleRequest(name=name)
        found: job_pb2.JobSchedule = self._jobs.PauseSchedule(request, timeout=timeout).schedule
        return found

    def resume_schedule(self, name: str, *, timeout: float | None = None) -> job_pb2.JobSchedule:
        """Lets a schedule go on, with its next moment from now."""
        request = job_service_pb2.ResumeScheduleRequest(name=name)
        found: job_pb2.JobSchedule = self._jobs.ResumeSchedule(request, timeout=timeout).schedule
        return found

    def run_schedule(self, name: str, *, request_id: str | None = None, timeout: float | None = None) -> job_pb2.Job:
        """Has a schedule ask for its job now; while its last one is not over, that one is returned."""
        request = job_service_pb2.RunScheduleRequest(name=name, request_id=requests.new_request_id(request_id))
        found: job_pb2.Job = self._jobs.RunSchedule(request, timeout=timeout).job
        return found


def passes(error: FunctionBackendError) -> bool:
    """Whether waiting may go on after the failure: the server went away, or the stream had its time."""
    return isinstance(error, UnavailableError) or error.code in (
        StatusCode.UNAVAILABLE,
        StatusCode.DEADLINE_EXCEEDED,
        StatusCode.RESOURCE_EXHAUSTED,
    )
