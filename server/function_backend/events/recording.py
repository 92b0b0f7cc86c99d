"""Writes what a transaction recorded: logged events and audit records, in one statement just before the commit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import orjson

from function_backend.events.sealed_payload import sealed_payload
from function_backend.events.sharding import shard_of
from function_backend.kernel.identifiers import new_id
from function_backend.persistence import arrays
from function_backend.persistence.field_cipher import NotSealableError

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


# Id, payload, digests of the states before and after, details. A bare tuple: each change of a company makes one, and a
# named one takes twenty times as long to make.
_Recorded: TypeAlias = "tuple[UUID, bytes, bytes | None, bytes | None, bytes | None]"


def _as_it_is(_: str, __: bytes) -> None:
    return None


class EventRecorder:
    """The sink of all units of work."""

    def __init__(
        self,
        clock: Clock,
        *,
        trace_context: Callable[[], str] = str,
        committed: Callable[[UUID], None] = lambda _: None,
        masked: Callable[[str, bytes], bytes | None] = _as_it_is,
    ) -> None:
        """`trace_context` gives the current `traceparent`, or nothing; it travels with the events.

        `committed` hears the tenant after each commit of events; it must neither fail nor take long. `masked` gives the
        message of a type without its sensitive fields; None when none of them is filled.
        """
        self._clock = clock
        self._committed = committed
        self._trace_context = trace_context
        self._masked = masked
        self._payloads: dict[type[DomainEvent], Callable[[Any], bytes]] = {}

    def learn(self, payloads: Mapping[type[DomainEvent], Callable[[Any], bytes]]) -> None:
        """Takes over how a slice serialises its events."""
        self._payloads.update(payloads)

    def append(self, work: UnitOfWork, events: Sequence[DomainEvent]) -> None:
        """Writes the events. It locks the tenant's chain until the commit, which must follow at once."""
        common = self._common(work.call)
        if len(events) == 1:
            # A quarter of the cost of the arrays, and most transactions change one thing.
            work.driver.execute(_RECORD_ONE_SQL, (*common, *self._row(work, events[0])))
        else:
            work.driver.execute(_RECORD_MANY_SQL, (*common, *self._columns(work, events)))

    def committed(self, work: UnitOfWork) -> None:
        """See EventSink."""
        self._committed(work.tenant_id)

    def _common(self, call: Call) -> tuple[object, ...]:
        actor = "" if call.principal is None else call.principal.actor
        return (self._clock.now(), actor, call.method, call.request_id, self._trace_context())

    def _row(self, work: UnitOfWork, event: DomainEvent) -> tuple[object, ...]:
        event_id, payload, before, after, details = self._recorded(work, event)
        return (
            event_id,
            shard_of(event.subject_id),
            event.type,
            event.subject_type,
            event.subject_id,
            event.sequence,
            event.occurred_at,
            before,
            after,
            None if details is None else details.decode(),
            payload,
            orjson.dumps(dict(event.labels)).decode() if event.labels else "{}",
        )

    def _columns(self, work: UnitOfWork, events: Sequence[DomainEvent]) -> tuple[object, ...]:
        ids, payloads, befores, afters, details = zip(*(self._recorded(work, event) for event in events), strict=True)
        return (
            arrays.uuids(ids),
            arrays.integers([shard_of(event.subject_id) for event in events]),
            arrays.texts([event.type for event in events]),
            arrays.texts([event.subject_type for event in events]),
            arrays.uuids([event.subject_id for event in events]),
            arrays.integers([event.sequence for event in events]),
            arrays.moments([event.occurred_at for event in events]),
            arrays.blobs(befores),
            arrays.blobs(afters),
            arrays.optional_texts(details),
            arrays.blobs(payloads),
            arrays.encoded_texts([orjson.dumps(dict(event.labels)) if event.labels else b"{}" for event in events]),
        )

    def _recorded(self, work: UnitOfWork, event: DomainEvent) -> _Recorded:
        """What is stored of the event; of a message with sensitive fields, nothing that they could be guessed from."""
        serialise = self._payloads.get(type(event))
        if serialise is None:
            raise RuntimeError(f"no slice says how {type(event).__name__} is serialised")
        event_id, whole = new_id(), serialise(event)
        masked = self._masked(event.type, whole)
        if masked is None:
            return event_id, whole, event.before_digest, event.after_digest, self._details(work, event)
        try:
            payload = sealed_payload(work, event_id, whole=whole, masked=masked)
            before, after = _keyed(work, event.before_digest), _keyed(work, event.after_digest)
        except NotSealableError:
            # Such as a sign-in to a tenant that does not exist: that it was tried is kept, and not from where.
            return event_id, masked, None, None, self._details(work, event)
        return event_id, payload, before, after, self._details(work, event)

    def _details(self, work: UnitOfWork, event: DomainEvent) -> bytes | None:
        """The details without what tells of a person; that two of a tenant are equal can still be seen."""
        if event.details is None:
            return None
        if not event.sensitive_details or self._masked is _as_it_is:
            return orjson.dumps(event.details)
        hidden = {
            key: _hidden(work, key, value) if key in event.sensitive_details else value
            for key, value in event.details.items()
        }
        return orjson.dumps(hidden)


def _keyed(work: UnitOfWork, digest: bytes | None) -> bytes | None:
    # The digest of a state of which all but an e-mail address is known would give the address away to whoever tries.
    return None if digest is None else work.fields.keyed(digest, index="audit_record.digest")


def _hidden(work: UnitOfWork, key: str, value: str) -> str:
    try:
        return work.fields.blind(value, index=f"audit_record.details.{key}") if value else ""
    except NotSealableError:
        return ""
