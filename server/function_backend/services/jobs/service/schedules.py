"""Looking at the schedules of the installation and steering them."""

from __future__ import annotations

from collections.abc import Sequence

from function_backend.jobs.cron import Cron
from function_backend.jobs.for_each_tenant import fired_kind
from function_backend.jobs.queue import TOPIC
from function_backend.jobs.registry import JobRegistry
from function_backend.kernel.clock import Clock
from function_backend.kernel.identifiers import new_id
from function_backend.kernel.jobs import INSTALLATION, Schedule
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.jobs.domain import Job, JobSchedule
from function_backend.services.jobs.errors import JobScheduleNotFoundError
from function_backend.services.jobs.events import JobSchedulePaused, JobScheduleResumed, JobScheduleRun
from function_backend.services.jobs.repository import JobRepository, ScheduleRepository, StoredSchedule


class ScheduleUseCases:
    """The use cases of schedules."""

    def __init__(self, *, transactions: Transactions, clock: Clock, registry: JobRegistry) -> None:
        self._transactions = transactions
        self._clock = clock
        self._registry = registry

    def list(self) -> Sequence[JobSchedule]:
        """All schedules of this release, by name."""
        with self._transactions.reading() as work:
            stored = ScheduleRepository(work).all()
        return [self._shown(name, stored.get(name)) for name in sorted(self._registry.schedules)]

    def pause(self, name: str) -> JobSchedule:
        """The schedule, which is paused."""
        schedule, cron = self._declared(name)
        with self._transactions() as work:
            stands = self._stands(work, name)
            if stands.paused_at is not None:
                return stands
            now = self._clock.now()
            schedules = ScheduleRepository(work)
            schedules.learn(name, cron=schedule.cron, time_zone=schedule.time_zone, next_at=cron.next(now) or now)
            principal = work.call.principal
            schedules.pause(name, at=now, by="" if principal is None else principal.actor)
            paused = self._stands(work, name)
            work.record(JobSchedulePaused.of(paused, at=now))
        return paused

    def resume(self, name: str) -> JobSchedule:
        """The schedule, which goes on."""
        _, cron = self._declared(name)
        with self._transactions() as work:
            stands = self._stands(work, name)
            if stands.paused_at is None:
                return stands
            now = self._clock.now()
            ScheduleRepository(work).resume(name, next_at=cron.next(now) or now)
            resumed = self._stands(work, name)
            work.record(JobScheduleResumed.of(resumed, at=now))
        return resumed

    def run(self, name: str) -> Job:
        """The job that the schedule asks for, or the one before, which is not over."""
        declared, _ = self._declared(name)
        with self._transactions() as work:
            now = self._clock.now()
            job_id = ScheduleRepository(work).run(name, at=now, job_id=new_id(), fired=fired_kind(declared))
            job = None if job_id is None else JobRepository(work).find(INSTALLATION, job_id)
            if job is None:
                raise JobScheduleNotFoundError(name)
            work.record(JobScheduleRun.of(self._stands(work, name), at=now, job_id=job.id))
            work.notify(TOPIC, "")
        return job

    def _declared(self, name: str) -> tuple[Schedule, Cron]:
        declared = self._registry.schedules.get(name)
        if declared is None:
            raise JobScheduleNotFoundError(name)
        return declared

    def _stands(self, work: UnitOfWork, name: str) -> JobSchedule:
        return self._shown(name, ScheduleRepository(work).all().get(name))

    def _shown(self, name: str, stored: StoredSchedule | None) -> JobSchedule:
        schedule, cron = self._declared(name)
        paused = stored is not None and stored.paused_at is not None
        return JobSchedule(
            name=name,
            kind=schedule.kind.name,
            cron=schedule.cron,
            time_zone=schedule.time_zone,
            per_tenant=schedule.per_tenant,
            next_at=None if paused else cron.next(self._clock.now()) if stored is None else stored.next_at,
            last_at=None if stored is None else stored.due_at,
            paused_at=None if stored is None else stored.paused_at,
            paused_by="" if stored is None else stored.paused_by,
            revision=0 if stored is None else stored.revision,
        )
