"""Running jobs in this process, wired like a slice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from function_backend.jobs.attempting import untraced
from function_backend.jobs.counting import JobCounts
from function_backend.jobs.for_each_tenant import ForEachTenant
from function_backend.jobs.purging import purge_jobs, purge_schedule
from function_backend.jobs.queue import CANCELLED_TOPIC, TOPIC
from function_backend.jobs.runner import JobRunner
from function_backend.jobs.schedules import Schedules
from function_backend.kernel.slice import Slice
from function_backend.observability.job_metrics import JobMetrics
from function_backend.persistence.idempotency import purge_expired

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from function_backend.jobs.settings import JobsSettings
    from function_backend.observability.tracing import Tracing
    from function_backend.resources import Resources


def job_running(
    resources: Resources, settings: JobsSettings, *, registry: CollectorRegistry, tracing: Tracing | None
) -> Slice:
    """What runs the jobs of all slices, and asks for those of their schedules."""
    queue, transactions, clock = resources.jobs, resources.transactions, resources.clock
    metrics = JobMetrics(registry)
    schedules = Schedules(transactions=transactions, registry=queue.registry, clock=clock)
    runner = JobRunner(
        transactions=transactions,
        registry=queue.registry,
        clock=clock,
        settings=settings,
        traced=untraced if tracing is None else tracing.job,
        ended=metrics.ended,
        beside=(schedules.look, JobCounts(transactions, metrics.count).look, lambda: metrics.held(runner.running)),
    )
    return Slice(
        name="job_running",
        servicers={},
        background=(runner,),
        invalidations={TOPIC: runner.wake, CANCELLED_TOPIC: runner.look_for_cancellations},
        cache_resets=(runner.wake,),
        job_kinds=(ForEachTenant(transactions=transactions, registry=queue.registry, clock=clock).kind(),),
        schedules=(
            purge_schedule("jobs.purge", purge_jobs, transactions=transactions, clock=clock),
            purge_schedule("calls.purge_stored_answers", purge_expired, transactions=transactions, clock=clock),
        ),
    )
