"""Seals in the background what was stored before it was sealed, or under a data key that was superseded.

One pass over the sealed places of a tenant, batch by batch, each batch with its progress in one transaction that locks
the tenant's row in `resealing`: it may be killed at any point and goes on where it was, and of several processes each
batch is done by one. When the pass is over and what it may have overtaken has ended, the superseded keys are dropped.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import func, select, update

from function_backend.kernel.background import acting_for
from function_backend.kernel.jobs import JobKind, JobPriority, Schedule
from function_backend.persistence.idempotency import KEPT_FOR
from function_backend.vault.resealing_table import resealing_table

if TYPE_CHECKING:
    from sqlalchemy import Row

    from function_backend.kernel.clock import Clock
    from function_backend.kernel.jobs import JobRun
    from function_backend.kernel.sealing import SealedPlaces
    from function_backend.persistence.unit_of_work import Transactions, UnitOfWork

_LOG = logging.getLogger(__name__)

DROPPED_AFTER = KEPT_FOR + timedelta(hours=1)
"""How long superseded keys are kept when nothing is sealed under them any more but answers kept for repetition."""

RESEALING_JOB = "auth.reseal"
"""The kind of jobs that seal what a tenant has stored; the payload is its id, and without one all that wait are meant.
"""

_NAME = "function-backend/resealing"
_CRON = "*/5 * * * *"
_BATCH = 200
_TENANTS_AT_ONCE = 100
_RETRY = timedelta(minutes=1)
_TAKEN_SECONDS = 0.2
_ATTEMPTS = 20
_TENANTS_SQL = "select read_tenants_to_reseal(%s, %s, %s)"

_row = resealing_table.c


class Resealing:
    """The jobs that do it."""

    def __init__(self, transactions: Transactions, places: SealedPlaces, clock: Clock) -> None:
        self._transactions = transactions
        self._places = places
        self._clock = clock

    def schedule(self) -> Schedule:
        """Looks for tenants that wait: those of a release before, those that failed, and keys to drop."""
        kind = JobKind(
            name=RESEALING_JOB,
            run=self.run,
            permission="auth.data_key.read",
            runs_as="service",
            priority=JobPriority.LOW,
            max_attempts=_ATTEMPTS,
        )
        return Schedule(name=RESEALING_JOB, cron=_CRON, kind=kind)

    def run(self, job: JobRun) -> None:
        """See JobKind."""
        if job.payload:
            self._go_through(UUID(job.payload.decode()), job)
            return
        done = 0
        while batches := self.run_once():
            done += batches
            job.progress(done)
            job.check()

    def _go_through(self, tenant_id: UUID, job: JobRun) -> None:
        """Seals what the tenant has, to the end of the pass."""
        while True:
            job.check()
            with acting_for(tenant_id, _NAME), self._transactions() as work:
                has_done = self._batch(work)
                state = work.connection.execute(
                    select(_row.resealed, _row.finished_at).where(_row.tenant_id == tenant_id)
                ).one_or_none()
            if state is None or state.finished_at is not None:
                return
            job.progress(state.resealed)
            if not has_done:
                # Another process is at a batch just now.
                job.pause(_TAKEN_SECONDS)

    def run_once(self) -> int:
        """Does one batch for each tenant that has something to do; how many batches it did."""
        now = self._clock.now()
        asked = (now, now - DROPPED_AFTER, _TENANTS_AT_ONCE)
        rows = self._transactions.without_tenant(lambda driver: driver.execute(_TENANTS_SQL, asked).fetchall())
        return sum(self._attempt(tenant_id) for (tenant_id,) in rows)

    def _attempt(self, tenant_id: UUID) -> bool:
        try:
            with acting_for(tenant_id, _NAME), self._transactions() as work:
                return self._batch(work)
        except Exception:  # noqa: BLE001 - the other tenants are not to wait for it
            # Such as a master key that is not in the settings.
            _LOG.exception("sealing again failed for tenant %s; it is tried again", tenant_id)
        with acting_for(tenant_id, _NAME), self._transactions() as work:
            self._note(work, retry_at=self._clock.now() + _RETRY)
        return False

    def _batch(self, work: UnitOfWork) -> bool:
        """Whether there was something to do, and nobody else at it."""
        # SKIP LOCKED: another process does the batch just now.
        query = select(resealing_table).where(_row.tenant_id == work.tenant_id).with_for_update(skip_locked=True)
        state = work.connection.execute(query).one_or_none()
        if state is None or state.dropped_at is not None:
            return False
        now = self._clock.now()
        if state.finished_at is None:
            self._go_on(work, state, now)
        elif state.faults == 0 and state.finished_at <= now - DROPPED_AFTER:
            work.connection.execute(select(func.drop_superseded_data_keys(now - DROPPED_AFTER, now)))
        else:
            return False
        return True

    def _go_on(self, work: UnitOfWork, state: Row[tuple[object, ...]], now: datetime) -> None:
        places = self._places.from_name(state.place)
        if not places:
            self._note(work, updated_at=now, finished_at=now, retry_at=None)
            return
        place = places[0]
        done = place.reseal(work, state.after if place.name == state.place else None, limit=_BATCH)
        following = place.name if done.after is not None else _following(place.name)
        self._note(
            work,
            updated_at=now,
            place=following,
            after=done.after,
            resealed=state.resealed + done.count,
            faults=state.faults + done.faults,
            retry_at=None,
        )

    def _note(self, work: UnitOfWork, **values: object) -> None:
        work.connection.execute(update(resealing_table).where(_row.tenant_id == work.tenant_id).values(**values))


def _following(name: str) -> str:
    """What stands right after the name in the order of names."""
    return f"{name} "
