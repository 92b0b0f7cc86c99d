"""Jobs for their operators."""

from __future__ import annotations

from uuid import UUID

from function.jobs.v1 import job_pb2
from function.jobs.v1 import job_service_pb2 as wire
from function_backend.kernel.call import Call
from function_backend.kernel.stream import OpenStream, keeps_no_thread
from function_backend.services.jobs.adapters.job_feed import JobFeed
from function_backend.services.jobs.convert.messages import JobMessages, schedule
from function_backend.services.jobs.convert.requests import wanted
from function_backend.services.jobs.domain import Job
from function_backend.services.jobs.service.jobs import Jobs
from function_backend.services.jobs.service.schedules import ScheduleUseCases


class JobServicer:
    """`function.jobs.v1.JobService`."""

    def __init__(self, jobs: Jobs, schedules: ScheduleUseCases, feed: JobFeed, messages: JobMessages) -> None:
        self._jobs = jobs
        self._schedules = schedules
        self._feed = feed
        self._messages = messages

    def GetJob(self, request: wire.GetJobRequest, context: Call) -> wire.GetJobResponse:
        return wire.GetJobResponse(job=self._messages.job(self._jobs.get(UUID(request.id))))

    def ListJobs(self, request: wire.ListJobsRequest, context: Call) -> wire.ListJobsResponse:
        found, token = self._jobs.list(
            wanted(request),
            context,
            installation=request.installation,
            page_size=request.page_size,
            page_token=request.page_token,
        )
        return wire.ListJobsResponse(jobs=[self._listed(job) for job in found], next_page_token=token)

    @keeps_no_thread
    def WatchJob(self, request: wire.WatchJobRequest, context: Call, stream: OpenStream) -> None:
        self._feed.watch(self._jobs.get(UUID(request.id)), stream, self._told)

    def RequeueJob(self, request: wire.RequeueJobRequest, context: Call) -> wire.RequeueJobResponse:
        return wire.RequeueJobResponse(job=self._messages.job(self._jobs.requeue(UUID(request.id))))

    def ListSchedules(self, request: wire.ListSchedulesRequest, context: Call) -> wire.ListSchedulesResponse:
        return wire.ListSchedulesResponse(schedules=map(schedule, self._schedules.list()))

    def PauseSchedule(self, request: wire.PauseScheduleRequest, context: Call) -> wire.PauseScheduleResponse:
        return wire.PauseScheduleResponse(schedule=schedule(self._schedules.pause(request.name)))

    def ResumeSchedule(self, request: wire.ResumeScheduleRequest, context: Call) -> wire.ResumeScheduleResponse:
        return wire.ResumeScheduleResponse(schedule=schedule(self._schedules.resume(request.name)))

    def RunSchedule(self, request: wire.RunScheduleRequest, context: Call) -> wire.RunScheduleResponse:
        return wire.RunScheduleResponse(job=self._messages.job(self._schedules.run(request.name)))

    def _listed(self, job: Job) -> job_pb2.Job:
        message = self._messages.job(job)
        message.ClearField("response")
        return message

    def _told(self, job: Job) -> bytes:
        return wire.WatchJobResponse(job=self._messages.job(job)).SerializeToString()
