"""As `operations`, for asyncio."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

from google.longrunning import operations_pb2

from function.jobs.v1 import job_pb2, job_service_pb2
from function_backend_client import requests
from function_backend_client.errors import FunctionBackendError
from function_backend_client.operations import (
    OVER,
    WATCH_SECONDS,
    Progress,
    Result,
    came_out,
    job_id,
    list_request,
    operation_name,
    passes,
    result_of,
)
from function_backend_client.pages import AsyncPager, Page

_PAUSE_SECONDS = 1.0


class AsyncOperations:
    """As `Operations`, with `await` and `async for`."""

    def __init__(self, jobs: Any, operations: Any) -> None:  # noqa: ANN401  generated stubs of aio
        self._jobs = jobs
        self._operations = operations

    async def wait(
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
                async for told in self._jobs.WatchJob(request, timeout=left):
                    if progress is not None:
                        progress(told.job)
                    if told.job.state in OVER:
                        return came_out(told.job, check=check)
            except FunctionBackendError as error:
                if not passes(error):
                    raise
                await asyncio.sleep(
                    _PAUSE_SECONDS if until is None else max(0.0, min(_PAUSE_SECONDS, until - time.monotonic()))
                )

    async def watch(self, operation: str, *, timeout: float | None = None) -> AsyncIterator[job_pb2.Job]:
        """The job as it is, and again with each change until it is over, or for five minutes."""
        request = job_service_pb2.WatchJobRequest(id=job_id(operation))
        async for told in self._jobs.WatchJob(request, timeout=timeout or WATCH_SECONDS):
            yield told.job

    async def get(self, operation: str, *, timeout: float | None = None) -> job_pb2.Job:
        """The job as it is."""
        request = job_service_pb2.GetJobRequest(id=job_id(operation))
        found: job_pb2.Job = (await self._jobs.GetJob(request, timeout=timeout)).job
        return found

    async def result(self, operation: str, into: Result, *, timeout: float | None = None) -> Result:
        """What a job that has succeeded came to, read into the message `into`.

        Raises the exception of the job's reason when it came to nothing, LookupError when it is not over or its result
        is another message.
        """
        request = operations_pb2.GetOperationRequest(name=operation_name(operation))
        return result_of(await self._operations.GetOperation(request, timeout=timeout), into)

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
    ) -> AsyncPager[job_pb2.Job]:
        """The jobs that the caller sees, the latest first; those of the installation instead when asked for."""
        request = list_request(kind, states, creator, installation=installation, page_size=page_size)

        async def fetch(token: str) -> Page[job_pb2.Job]:
            response = await self._jobs.ListJobs(requests.at_page(request, token), timeout=timeout)
            return Page(response.jobs, response.next_page_token)

        return AsyncPager(fetch, page_token)

    async def cancel(self, operation: str, *, timeout: float | None = None) -> None:
        """Cancels the job: it ends at once when it waits, and soon when it runs."""
        request = operations_pb2.CancelOperationRequest(name=operation_name(operation))
        await self._operations.CancelOperation(request, timeout=timeout)

    async def delete(self, operation: str, *, timeout: float | None = None) -> None:
        """Deletes a job that is over, with what came out."""
        request = operations_pb2.DeleteOperationRequest(name=operation_name(operation))
        await self._operations.DeleteOperation(request, timeout=timeout)

    async def requeue(
        self, operation: str, *, request_id: str | None = None, timeout: float | None = None
    ) -> job_pb2.Job:
        """Has a job that was set aside or cancelled tried again."""
        request = job_service_pb2.RequeueJobRequest(
            id=job_id(operation), request_id=requests.new_request_id(request_id)
        )
        found: job_pb2.Job = (await self._jobs.RequeueJob(request, timeout=timeout)).job
        return found

    async def schedules(self, *, timeout: float | None = None) -> Sequence[job_pb2.JobSchedule]:
        """The schedules of the installation, by name."""
        response = await self._jobs.ListSchedules(job_service_pb2.ListSchedulesRequest(), timeout=timeout)
        return list(response.schedules)

    async def pause_schedule(self, name: str, *, timeout: float | None = None) -> job_pb2.JobSchedule:
        """Pauses a schedule until it is resumed."""
        request = job_service_pb2.PauseScheduleRequest(name=name)
        found: job_pb2.JobSchedule = (await self._jobs.PauseSchedule(request, timeout=timeout)).schedule
        return found

    async def resume_schedule(self, name: str, *, timeout: float | None = None) -> job_pb2.JobSchedule:
        """Lets a schedule go on, with its next moment from now."""
        request = job_service_pb2.ResumeScheduleRequest(name=name)
        found: job_pb2.JobSchedule = (await self._jobs.ResumeSchedule(request, timeout=timeout)).schedule
        return found

    async def run_schedule(
        self, name: str, *, request_id: str | None = None, timeout: float | None = None
    ) -> job_pb2.Job:
        """Has a schedule ask for its job now; while its last one is not over, that one is returned."""
        request = job_service_pb2.RunScheduleRequest(name=name, request_id=requests.new_request_id(request_id))
        found: job_pb2.Job = (await self._jobs.RunSchedule(request, timeout=timeout)).job
        return found
