"""Writes what a transaction recorded: logged events and audit records, in one statement just before the commit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from function_backend.events.sharding import shard_of
from function_backend.kernel.identifiers import new_id
from function_backend.persistence import arrays

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from uuid import UUID

    from function_backend.kernel.call import Call
    from function_backend.kernel.clock import Clock
    from function_backend.kernel.events import DomainEvent
    from function_backend.persistence.unit_of_work import UnitOfWork

# On the psycopg connection with binary parameters: payloads as text would be twice as long.
_RECORD_ONE_SQL = """
    select record_event(
        %b::timestamptz, %b::text, %b::text, %b::text, %b::text, %b::uuid, %b::smallint, %b::text, %b::text, %b::uuid,
        %b::bigint, %b::timestamptz, %b::bytea, %b::bytea, %b::text::jsonb, %b::bytea, %b::text::jsonb
    )
"""
_RECORD_MANY_SQL = """
    select record_events(
        %b::timestamptz, %b::text, %b::text, %b::text, %b::text, %b::uuid[], %b::bigint[]::smallint[], %b::text[],
        %b::text[], %b::uuid[], %b::bigint[], %b::timestamptz[], %b::bytea[], %b::bytea[],
        %b::text[]::jsonb[], %b::bytea[], %b::text[]::jsonb[]
    )
"""


class EventRecorder:
    """The sink of all units of work."""

    def __init__(
        self,
        clock: Clock,
        *,
        trace_context: Callable[[], str] = str,
        committed: Callable[[UUID], None] = lambda _: None,
    ) -> None:
        """`trace_context` gives the current `traceparent`, or nothing; it travels with the events.

        `committed` hears the tenant after each commit of events; it must neither fail nor take long.
        """
        self._clock = clock
        self._committed = committed
        self._trace_context = trace_context
        self._payloads: dict[type[DomainEvent], Callable[[Any], bytes]] = {}

    def learn(self, payloads: Mapping[type[DomainEvent], Callable[[Any], bytes]]) -> None:
        """Takes over how a slice serialises its events."""
        self._payloads.update(payloads)

    def append(self, work: UnitOfWork, events: Sequence[DomainEvent]) -> None:
        """Writes the events. It locks the tenant's chain until the commit, which must follow at once."""
        common = self._common(work.call)
        if len(events) == 1:
            # A quarter of the cost of the arrays, and most transactions change one thing.
            work.driver.execute(_RECORD_ONE_SQL, (*common, *self._row(events[0])))
        else:
            work.driver.execute(_RECORD_MANY_SQL, (*common, *self._columns(events)))

    def committed(self, work: UnitOfWork) -> None:
        """See EventSink."""
        self._committed(work.tenant_id)

    def _common(self, call: Call) -> tuple[object, ...]:
        actor = "" if call.principal is None else call.principal.actor
        return (self._clock.now(), actor, call.method, call.request_id, self._trace_context())

    def _row(self, event: DomainEvent) -> tuple[object, ...]:
        return (
            new_id(),
            shard_of(event.subject_id),
            event.type,
            event.subject_type,
            event.subject_id,
            event.sequence,
            event.occurred_at,
            event.before_digest,
            event.after_digest,
            None if event.details is None else orjson.dumps(event.details).decode(),
            self._payload(event),
            orjson.dumps(dict(event.labels)).decode() if event.labels else "{}",
        )

    def _columns(self, events: Sequence[DomainEvent]) -> tuple[object, ...]:
        return (
            arrays.uuids([new_id() for _ in events]),
            arrays.integers([shard_of(event.subject_id) for event in events]),
            arrays.texts([event.type for event in events]),
            arrays.texts([event.subject_type for event in events]),
            arrays.uuids([event.subject_id for event in events]),
            arrays.integers([event.sequence for event in events]),
            arrays.moments([event.occurred_at for event in events]),
            arrays.blobs([event.before_digest for event in events]),
            arrays.blobs([event.after_digest for event in events]),
            arrays.optional_texts([None if item.details is None else orjson.dumps(item.details) for item in events]),
            arrays.blobs([self._payload(event) for event in events]),
            arrays.encoded_texts([orjson.dumps(dict(event.labels)) if event.labels else b"{}" for event in events]),
        )

    def _payload(self, event: DomainEvent) -> bytes:
        serialise = self._payloads.get(type(event))
        if serialise is None:
            raise RuntimeError(f"no slice says how {type(event).__name__} is serialised")
        return serialise(event)
