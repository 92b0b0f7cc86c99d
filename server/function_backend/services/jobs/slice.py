"""Wires the folder."""

from __future__ import annotations

from function_backend.jobs.queue import ENDED_TOPIC
from function_backend.jobs.settings import JobsSettings
from function_backend.kernel.slice import Slice
from function_backend.resources import Resources
from function_backend.services.jobs.adapters.job_feed import JobFeed
from function_backend.services.jobs.convert.messages import JobMessages, event_payloads
from function_backend.services.jobs.service.jobs import Jobs
from function_backend.services.jobs.service.schedules import ScheduleUseCases
from function_backend.services.jobs.service.sight import JobSight
from function_backend.services.jobs.service.waiting import Waiting
from function_backend.services.jobs.servicer.job import JobServicer
from function_backend.services.jobs.servicer.operations import OperationsServicer


def build(resources: Resources, _: JobsSettings) -> Slice:
    """The servicers of jobs. What runs them is wired by `bootstrap/job_running.py`."""
    transactions, clock, registry = resources.transactions, resources.clock, resources.jobs.registry
    messages = JobMessages(registry)
    jobs = Jobs(transactions=transactions, clock=clock, page_tokens=resources.page_tokens, sight=JobSight(registry))
    schedules = ScheduleUseCases(transactions=transactions, clock=clock, registry=registry)
    waiting, feed = Waiting(jobs), JobFeed(transactions)
    return Slice(
        name="jobs",
        servicers={
            "function.jobs.v1.JobService": JobServicer(jobs, schedules, feed, messages),
            "google.longrunning.Operations": OperationsServicer(jobs, waiting, messages),
        },
        event_payloads=event_payloads(messages),
        invalidations={ENDED_TOPIC: feed.changed},
        cache_resets=(feed.changed,),
        endings=(feed.end, waiting.end),
    )
