"""What a service folder hands to the process."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from uuid import UUID

    from function_backend.kernel.background import Background
    from function_backend.kernel.call import Call
    from function_backend.kernel.events import DomainEvent
    from function_backend.kernel.gates import Gate
    from function_backend.kernel.identity import Authenticator
    from function_backend.kernel.jobs import JobKind, Schedule
    from function_backend.kernel.notices import Notice
    from function_backend.kernel.observed_calls import CallObserver
    from function_backend.kernel.references import ResourcePages
    from function_backend.kernel.sealing import SealedPlace
    from function_backend.kernel.statistics import CacheStatistics, ConsumerStatistics, Reading


@dataclass(frozen=True, slots=True)
class Chore:
    """Something small that a slice does now and then in each worker, on the connection that listens for changes."""

    every: float
    """Seconds between two runs, more or less."""
    run: Callable[[Any], object]
    """Is handed the psycopg connection. It must not take long: while it runs, no change is heard of."""
    once_more_at_the_end: bool = False
    """Whether it is also done when the worker ends, however long ago the last time was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """One service folder, wired: its servicers, and how its events look outside."""

    name: str
    """The folder's name, which is also the proto package's, such as `company`."""
    servicers: Mapping[str, object]
    """Full service name to the object with one method per RPC: `function.company.v1.CompanyService` → servicer."""
    event_payloads: Mapping[type[DomainEvent], Callable[[Any], bytes]] = field(default_factory=dict)
    """Event class to the function that serialises its message."""
    invalidations: Mapping[str, Callable[[str], None]] = field(default_factory=dict)
    """Topic of a change notification to what drops the cached copies; the text after the topic is handed over."""
    pushed: frozenset[str] = frozenset()
    """Topics that also travel through Redis where there is one, for workers that cannot listen to the database."""
    cache_resets: tuple[Callable[[], None], ...] = ()
    """Called when notifications may have been missed: drop everything cached."""
    caches: Mapping[str, CacheStatistics] = field(default_factory=dict)
    """The caches it keeps, by a name for people; their hits and misses become metrics."""
    consumers: Mapping[str, ConsumerStatistics] = field(default_factory=dict)
    """The consumers of events it has, by their names; lag, backlog and failures become metrics."""
    readings: Mapping[str, Reading] = field(default_factory=dict)
    """Other numbers that become metrics, by the end of the metric's name, such as `event_watchers`."""
    warm_ups: tuple[Callable[[], object], ...] = ()
    """What the first calls would otherwise wait for; called once, when the worker serves already."""
    chores: tuple[Chore, ...] = ()
    """What it does now and then by itself."""
    sealed_places: tuple[SealedPlace, ...] = ()
    """The tables in which it stores what is sealed under data keys; without it, a rotation would lose what is there."""
    background: tuple[Background, ...] = ()
    """What goes on without a call, in the processes that do background work."""
    job_kinds: tuple[JobKind, ...] = ()
    """What it can be asked to do behind an answer."""
    schedules: tuple[Schedule, ...] = ()
    """What it does again and again; the kinds of these jobs need not be named a second time."""
    call_observer: CallObserver | None = None
    """Hears of denied calls and sensitive reads; one slice of the service has it."""
    authenticator: Authenticator | None = None
    """Turns credentials into callers; one slice of the service has it."""
    references: Mapping[str, Callable[[UUID, Call], bytes]] = field(default_factory=dict)
    """Type of a resource, such as `company`, to what reads one by its id for other slices, as the caller sees it."""
    pages: Mapping[str, ResourcePages] = field(default_factory=dict)
    """Type of a resource to what reads all of them, page by page, for other slices."""
    gates: Callable[[str, Call], Gate | None] | None = None
    """Opens what changes of an operation must pass; one slice of the service has it."""
    notices: Callable[[Any, Notice], bool] | None = None
    """Sends what other slices have to tell people, in the unit of work that is handed over; one slice has it."""
    closings: tuple[Callable[[], None], ...] = ()
    """Called when the worker's last call is over, while the database can still be reached."""
    endings: tuple[Callable[[], None], ...] = ()
    """Called when the worker begins to end: streams that would never end by themselves are to end now."""
