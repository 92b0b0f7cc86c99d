"""The jobs that this process holds: staying their holder, and finding out when it is not any more."""

from __future__ import annotations

import logging
import os
import socket
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from function_backend.jobs import statements
from function_backend.jobs.attempting import CANCELLED, TOO_LONG
from function_backend.jobs.lease import Peers
from function_backend.jobs.run import Run
from function_backend.jobs.statements import Finished
from function_backend.kernel.jobs import JobCancelledError, JobInterruptedError, JobLostError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from function_backend.jobs.hands import Hands
    from function_backend.jobs.lease import Lease
    from function_backend.jobs.statements import Progress, TakenJob
    from function_backend.kernel.clock import Clock
    from function_backend.kernel.jobs import JobKind
    from function_backend.persistence.unit_of_work import Transactions
    from function_backend.persistence.wire import Driver

_log = logging.getLogger(__name__)

_STALE_SECONDS = 2.0
_NOBODY = UUID(int=0)
_COMPARED_EVERY = 10


class Holding:
    """Used by one thread, but for `interrupt`."""

    def __init__(self, *, transactions: Transactions, clock: Clock, lease: Lease, hands: Hands) -> None:
        self.id = uuid4()
        """As whom this process holds jobs."""
        self.runs: dict[UUID, Run] = {}
        """By the ids of the jobs."""
        self._transactions = transactions
        self._clock = clock
        self._lease = lease
        self._hands = hands
        self._peers = Peers(lease)
        self._name = f"{socket.gethostname()}:{os.getpid()}"
        self._registered = False
        self._own_beat = 0
        self._beats = 0

    def add(self, job: TakenJob, kind: JobKind) -> Run:
        """A run for a job that was taken."""
        run = self.runs[job.id] = Run(job, kind, self._lease)
        return run

    def drop(self, runs: Iterable[Run]) -> None:
        """These are over."""
        for run in runs:
            if self.runs.get(run.id) is run:
                del self.runs[run.id]

    def working(self) -> Iterable[Run]:
        """Those that keep a thread, or wait for one."""
        return self.runs.values()

    def interrupt(self) -> None:
        """All are to end, since the process does."""
        for run in list(self.runs.values()):
            run.stop(JobInterruptedError)

    def beat(self) -> None:
        """Stays alive for the others, gives up those that are not, and acts on what has become of the jobs."""
        asked_at = self._lease.now()
        news = [run.news() for run in self.runs.values()]
        answer = self._transactions.across_tenants(lambda driver: self._ask(driver, news))
        if answer is None:
            self._start_anew()
            return
        beats, held = answer
        self._own_beat = beats[self.id]
        self._lease.renewed(asked_at)
        self._take_note(news, held)
        self._stop_the_late()
        self.give_back_unbegun(older_than=_STALE_SECONDS)
        self._bury(self._peers.observe(beats, own=self.id))

    def _ask(self, driver: Driver, news: Sequence[Progress]) -> tuple[dict[UUID, int], dict[UUID, bool]] | None:
        now = self._clock.now()
        # Nobody loses anything when the last beats before the end of the database are forgotten.
        driver.execute("set local synchronous_commit = off")
        beats = statements.beat(driver, self.id, now, name=self._name, is_new=not self._registered)
        if not beats:
            return None
        return beats, statements.tell(driver, self.id, now, news) if news else {}

    def _start_anew(self) -> None:
        """The others have given this process up, which may have stood still: nothing that it holds is its own."""
        _log.error("this process was silent for too long: its jobs were given to others")
        for run in self.runs.values():
            run.stop(JobLostError)
        self.id, self._registered = uuid4(), False
        self.beat()

    def _take_note(self, news: Sequence[Progress], held: dict[UUID, bool]) -> None:
        self._registered = True
        for told in news:
            run = self.runs.get(told.job.id)
            if run is None:
                continue
            run.told(told)
            if told.job.id not in held:
                run.stop(JobLostError)
            elif held[told.job.id]:
                run.stop(JobCancelledError)

    def _stop_the_late(self) -> None:
        """Ends runs whose time is over; takes the job from those that do not end although they were told to."""
        now = self._lease.now()
        late = [run for run in self.runs.values() if _is_late(run, now)]
        to_end = [(run.job, *end) for run in late if (end := _end_of(run)) is not None]
        ended = set[UUID]()
        if to_end:
            ended = self._transactions.across_tenants(
                lambda driver: statements.take_away(driver, self.id, self._clock.now(), to_end)
            )
        for run in late:
            if _end_of(run) is not None and run.id not in ended:
                continue  # Its run has it in a transaction just now, or has lost it: the next beat sees.
            _log.error("job does not end: its thread is written off", extra={"job": str(run.id), "kind": run.kind.name})
            run.abandoned = True
            del self.runs[run.id]
            self._hands.replace_one()

    def give_back_unbegun(self, *, older_than: float = 0.0) -> None:
        """Lets others have the jobs that no thread has come to."""
        now = self._lease.now()
        unbegun = [run for run in self.runs.values() if now - run.taken_at >= older_than and run.give_back()]
        self.drop(unbegun)
        self._let_go([run.job for run in unbegun])

    def _bury(self, silent: Sequence[tuple[UUID, int]]) -> None:
        self._beats += 1
        compares = self._beats % _COMPARED_EVERY == 1
        if not silent and not compares:
            return
        now = self._clock.now()
        # With nobody to bury it still lets go what nobody holds.
        for runner, last_beat in silent or [(_NOBODY, 0)]:
            let_go = self._transactions.across_tenants(
                partial(statements.bury, dead=runner, last_beat=last_beat, now=now)
            )
            if let_go:
                _log.warning("jobs of a process that is gone were let go", extra={"jobs": let_go})
        if compares:
            held = self._transactions.across_tenants(lambda driver: statements.held(driver, self.id))
            # Taken by a transaction whose answer was lost.
            self._let_go([job for job in held if job.id not in self.runs])

    def _let_go(self, jobs: Sequence[TakenJob]) -> None:
        if not jobs:
            return
        told = [Finished(job=job, state="queued", counts=False, done=-1) for job in jobs]
        self._transactions.across_tenants(lambda driver: statements.finish(driver, self.id, self._clock.now(), told))

    def depart(self) -> None:
        """Says good-bye: what is still held is free for others at once."""
        if not self._registered:
            return
        self._transactions.across_tenants(
            partial(statements.bury, dead=self.id, last_beat=self._own_beat, now=self._clock.now())
        )
        self._registered = False


def _is_late(run: Run, now: float) -> bool:
    """Whether the run was told to end long ago. One whose time is over is told so."""
    if run.started_at is None:
        return False
    timeout = run.kind.timeout
    if timeout is not None and run.stopped_at is None and now - run.started_at > timeout.total_seconds():
        run.timed_out = True
        run.stop(JobCancelledError)
    return run.stopped_at is not None and now - run.stopped_at > run.kind.cancel_grace.total_seconds()


def _end_of(run: Run) -> tuple[str, str] | None:
    """What is to become of the job of a run that does not end; None when it is not the run's any more."""
    if run.stop_reason is not JobCancelledError:
        return None
    return ("failed", TOO_LONG) if run.timed_out else ("cancelled", CANCELLED)
