"""Work that somebody asked for and that goes on behind the answer: what a slice says of it, and what it is handed.

A job is asked for inside a transaction and exists when that commits. It is run at least once: whoever ends the process
in the middle of it has it run again, from where it last kept its state. What a run writes together with its state
(`JobRun.keep`) is written exactly once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Literal, Protocol
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

INSTALLATION = UUID(int=0)
"""The tenant of what the service does for the installation, such as deleting what has expired of all tenants."""


class JobPriority(IntEnum):
    """Which of the jobs that wait goes first; equal ones go in the order in which they became due."""

    HIGH = 1
    NORMAL = 2
    LOW = 3


class JobStopError(BaseException):
    """The run is to end now, and what it still holds is to be let go.

    Not an `Exception`, so that no `except Exception` on the way swallows it.
    """


class JobCancelledError(JobStopError):
    """Somebody cancelled the job."""


class JobLostError(JobStopError):
    """The job is not this run's any more: another one has it, or it is over. Nothing more of this run counts."""


class JobInterruptedError(JobStopError):
    """The process ends. The job goes back and goes on elsewhere; the attempt does not count."""


class JobRun(Protocol):
    """One attempt at a job, as the function that does the work sees it."""

    @property
    def id(self) -> UUID:
        """The job, which is also the operation `operations/<id>`."""

    @property
    def tenant_id(self) -> UUID:
        """Whose job it is; `INSTALLATION` for the service's own."""

    @property
    def payload(self) -> bytes:
        """What it was asked for with."""

    @property
    def attempt(self) -> int:
        """The number of this attempt, from 1."""

    @property
    def kept(self) -> bytes:
        """The state that was kept last, by this attempt or one before; empty at first."""

    @property
    def scheduled_for(self) -> datetime | None:
        """The moment of its schedule that it was made for; None when no schedule made it."""

    def check(self) -> None:
        """Raises JobStopError when the run is to end; to be called often, it costs next to nothing."""

    def pause(self, seconds: float) -> None:
        """Waits, and raises as `check` as soon as the run is to end."""

    def progress(self, done: int, total: int = 0, *, details: bytes | None = None) -> None:
        """Says how far it is; others see it within a second or so.

        `total` is 0 when nobody knows. `details` is a message of the kind's `details_type`. May be called often.
        """

    def keep(self, state: bytes, work: Any) -> None:  # noqa: ANN401  a UnitOfWork, which the kernel does not know
        """Keeps the state and the progress as a part of the unit of work, which must be one of the job's tenant.

        What else the unit of work writes is committed with it or not at all, and never by a run that has lost the job.
        Raises JobLostError when this one has. With a state that differs from the one before the attempts are counted
        anew: what gets on is not given up for having been interrupted often.
        """

    def hold(self, work: Any) -> None:  # noqa: ANN401  as above
        """Makes sure that the unit of work commits only while the job is this run's; JobLostError when it is not."""


JobFunction = "Callable[[JobRun], bytes | None]"
"""Does the work; what it returns is the result, a message of the kind's `result_type`.

A ServiceError says how the attempt failed: one that tells the caller to come back later (UNAVAILABLE, ABORTED,
RESOURCE_EXHAUSTED, DEADLINE_EXCEEDED) is tried again, not before its `retry_after`; the others are final. Any other
exception is a defect and is tried again as well, since it may be one of the moment.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """How long a failed attempt waits for the next one: twice as long each time, give or take a quarter."""

    first: timedelta = timedelta(seconds=1)
    longest: timedelta = timedelta(minutes=10)

    def after(self, attempt: int, *, spread: float) -> timedelta:
        """The wait after the attempt with the number; `spread` is a random number from 0 to 1."""
        doubled = self.first.total_seconds() * 2.0 ** min(attempt - 1, 40)
        return timedelta(seconds=min(doubled, self.longest.total_seconds()) * (0.75 + 0.5 * spread))


@dataclass(frozen=True, slots=True, kw_only=True)
class JobKind:
    """A kind of jobs. Its name is stored with each; a kind that is renamed leaves the old ones behind."""

    name: str
    """Such as `rules.simulation`: the slice, and what is done."""
    run: Callable[[JobRun], bytes | None]
    """Does the work; see `JobFunction`."""
    permission: str = ""
    """What a caller must hold, beside the permission to see jobs, to see those of this kind. Empty for those that only
    operators of the installation see."""
    result_type: str = ""
    """Full name of the message that `run` returns, such as `function.rules.v1.Simulation`; empty for none."""
    details_type: str = ""
    """Full name of the message that says more of the progress; empty for none."""
    runs_as: Literal["asker", "service"] = "asker"
    """With whose permissions it runs: those that the caller had when it asked, or all."""
    priority: JobPriority = JobPriority.NORMAL
    max_attempts: int = 5
    """How often it is tried before it is set aside. Attempts that the end of a process interrupted do not count, those
    that a killed process made do."""
    backoff: Backoff = field(default_factory=Backoff)
    timeout: timedelta | None = None
    """How long one attempt may take; None for as long as it wants."""
    cancel_grace: timedelta = timedelta(seconds=30)
    """How long after a cancellation, or its timeout, a run may go on before the job is taken from it."""
    most_running: int = 0
    """How many may run at once in the installation; 0 for any number."""
    most_running_per_tenant: int = 0
    """How many of one tenant may run at once; 0 for any number."""
    most_running_per_process: int = 0
    """How many one process may run at once; 0 for as many as it has threads."""
    kept_for: timedelta = timedelta(days=7)
    """How long a job can be looked at after its end."""

    def __post_init__(self) -> None:
        if self.max_attempts < 1:
            raise ValueError(f"{self.name}: max_attempts must be at least 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A job that is asked for again and again, by the service itself.

    Each moment makes one job, however many processes there are. After a time in which no process ran, the moments that
    were missed make one job together. While the job of the moment before is not over, a moment makes none.
    """

    name: str
    """Such as `rules.purge_decisions`; it is what its state is stored under."""
    cron: str
    """Minute, hour, day of the month, month, day of the week, as cron reads them: `*/5 * * * *`."""
    kind: JobKind
    time_zone: str = "UTC"
    """The name of the zone that the cron expression is read in, such as `Europe/Berlin`. A moment that the clocks skip
    comes right after, one that they repeat comes once."""
    payload: bytes = b""
    per_tenant: bool = False
    """Whether each active tenant gets a job of its own, instead of the installation getting one."""
