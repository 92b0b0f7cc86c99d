"""Storing and finding deliveries of a tenant."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from sqlalchemy import select

from function_backend.kernel.identifiers import new_id
from function_backend.kernel.pagination import Page
from function_backend.persistence import arrays
from function_backend.services.webhooks.domain.delivery import (
    Attempt,
    AttemptOutcome,
    Delivery,
    DeliveryCause,
    DeliveryState,
    QueuedEvent,
)
from function_backend.services.webhooks.tables import attempt_table, delivery_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Row

    from function_backend.persistence.unit_of_work import UnitOfWork

_delivery = delivery_table.c
_attempt = attempt_table.c

TOPIC = "webhook_due"
"""The topic of the notification that something is to be sent."""

# The row of the queue is the lock of whatever changes the state of the endpoint's deliveries.
_LOCK_SQL = """
    select endpoint_id from webhook_queue
    where tenant_id = %b and endpoint_id = any(%b::uuid[]) order by endpoint_id for update
"""
_OPEN_SQL = """
    select distinct endpoint_id, subject_id from webhook_delivery
    where tenant_id = %b and endpoint_id = any(%b::uuid[]) and subject_id = any(%b::uuid[])
        and ordered and state in ('pending', 'waiting')
"""
_INSERT_SQL = """
    insert into webhook_delivery (
        tenant_id, id, endpoint_id, event_id, event_type, position, subject_type, subject_id, trace_context, body,
        cause, ordered, state, attempts, due_at, created_at, last_status, expires_at
    )
    select
        %b, id, endpoint_id, event_id, event_type, position, subject_type, subject_id, trace_context, body,
        cause, ordered = 1, state, 0, %b, %b, 0, %b
    from unnest(
        %b::uuid[], %b::uuid[], %b::uuid[], %b::text[], %b::bigint[], %b::text[], %b::uuid[], %b::text[], %b::bytea[],
        %b::text[], %b::bigint[], %b::text[]
    ) as new(
        id, endpoint_id, event_id, event_type, position, subject_type, subject_id, trace_context, body, cause, ordered,
        state
    )
"""
_DUE_SQL = """
    update webhook_queue set due_at = least(coalesce(due_at, 'infinity'), %b)
    where tenant_id = %b and endpoint_id = any(%b::uuid[]) and enabled
"""
_KNOWN_SQL = """
    select distinct event_id from webhook_delivery
    where tenant_id = %b and endpoint_id = %b and event_id = any(%b::uuid[]) and state <> 'failed'
"""


class NewDelivery(NamedTuple):
    """What is to be queued."""

    endpoint_id: UUID
    event: QueuedEvent
    cause: DeliveryCause
    ordered: bool
    """Whether it waits for those about the same subject that are open."""


class DeliveryRepository:
    """The deliveries of the unit of work's tenant."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def enqueue(self, new: Sequence[NewDelivery], *, at: datetime, kept_for: timedelta) -> list[Delivery]:
        """Queues these, in their order, and tells the senders as soon as it is committed."""
        if not new:
            return []
        driver, tenant_id = self._work.driver, self._work.tenant_id
        endpoints = arrays.uuids(sorted({each.endpoint_id for each in new}))
        driver.execute(_LOCK_SQL, (tenant_id, endpoints))
        queued = self._stated(new, at)
        driver.execute(_INSERT_SQL, (tenant_id, at, at, at + kept_for, *_columns(new, queued)))
        driver.execute(_DUE_SQL, (at, tenant_id, endpoints))
        self._work.notify(TOPIC, "")
        return queued

    def known(self, endpoint_id: UUID, event_ids: Sequence[UUID]) -> frozenset[UUID]:
        """Which of the events were delivered to the endpoint, or are on their way."""
        rows = self._work.driver.execute(_KNOWN_SQL, (self._work.tenant_id, endpoint_id, arrays.uuids(event_ids)))
        return frozenset(row[0] for row in rows)

    def find(self, delivery_id: UUID) -> Delivery | None:
        """The one with the id."""
        query = select(delivery_table).where(_delivery.tenant_id == self._work.tenant_id, _delivery.id == delivery_id)
        row = self._work.connection.execute(query).one_or_none()
        return None if row is None else _read(row, row.body)

    def list_before(
        self,
        before: UUID | None,
        *,
        endpoint_id: UUID,
        state: DeliveryState | None,
        event_type: str,
        event_id: UUID | None,
        limit: int,
    ) -> Page[Delivery]:
        """Those of the endpoint that were queued before the given one, the newest first; without their bodies."""
        columns = [column for column in delivery_table.columns if column.name != "body"]
        query = select(*columns).where(
            _delivery.tenant_id == self._work.tenant_id, _delivery.endpoint_id == endpoint_id
        )
        if before is not None:
            query = query.where(_delivery.id < before)
        if state is not None:
            query = query.where(_delivery.state == state.value)
        if event_type:
            query = query.where(_delivery.event_type == event_type)
        if event_id is not None:
            query = query.where(_delivery.event_id == event_id)
        rows = self._work.connection.execute(query.order_by(_delivery.id.desc()).limit(limit + 1)).all()
        more, found = len(rows) > limit, [_read(row, b"") for row in rows[:limit]]
        return Page(found, (str(found[-1].id),) if more else None)

    def attempts(self, delivery_id: UUID) -> list[Attempt]:
        """The attempts of a delivery, the first one first."""
        query = (
            select(attempt_table)
            .where(_attempt.tenant_id == self._work.tenant_id, _attempt.delivery_id == delivery_id)
            .order_by(_attempt.number)
        )
        return [_read_attempt(row) for row in self._work.connection.execute(query)]

    def _stated(self, new: Sequence[NewDelivery], at: datetime) -> list[Delivery]:
        """The deliveries, each waiting where another one about its subject is open or comes before it."""
        ordered = [each for each in new if each.ordered]
        taken: set[tuple[UUID, UUID]] = set()
        if ordered:
            rows = self._work.driver.execute(
                _OPEN_SQL,
                (
                    self._work.tenant_id,
                    arrays.uuids(list({each.endpoint_id for each in ordered})),
                    arrays.uuids(list({each.event.subject_id for each in ordered})),
                ),
            )
            taken = {(row[0], row[1]) for row in rows}
        stated = []
        for each in new:
            key = (each.endpoint_id, each.event.subject_id)
            waits = each.ordered and key in taken
            if each.ordered:
                taken.add(key)
            stated.append(_new(each, DeliveryState.WAITING if waits else DeliveryState.PENDING, at))
        return stated


def _new(each: NewDelivery, state: DeliveryState, at: datetime) -> Delivery:
    return Delivery(
        id=new_id(),
        endpoint_id=each.endpoint_id,
        event=each.event,
        cause=each.cause,
        state=state,
        attempts=0,
        due_at=at,
        created_at=at,
        ended_at=None,
        last_outcome=None,
        last_status=0,
    )


def _columns(new: Sequence[NewDelivery], queued: Sequence[Delivery]) -> tuple[object, ...]:
    events = [each.event for each in queued]
    return (
        arrays.uuids([each.id for each in queued]),
        arrays.uuids([each.endpoint_id for each in queued]),
        arrays.uuids([event.event_id for event in events]),
        arrays.texts([event.event_type for event in events]),
        arrays.integers([event.position for event in events]),
        arrays.texts([event.subject_type for event in events]),
        arrays.uuids([event.subject_id for event in events]),
        arrays.texts([event.trace_context for event in events]),
        arrays.blobs([event.body for event in events]),
        arrays.texts([each.cause.value for each in queued]),
        arrays.integers([int(each.ordered) for each in new]),
        arrays.texts([each.state.value for each in queued]),
    )


def _read(row: Row[Any], body: bytes) -> Delivery:
    return Delivery(
        id=row.id,
        endpoint_id=row.endpoint_id,
        event=QueuedEvent(
            event_id=row.event_id,
            event_type=row.event_type,
            position=row.position,
            subject_type=row.subject_type,
            subject_id=row.subject_id,
            trace_context=row.trace_context,
            body=bytes(body),
        ),
        cause=DeliveryCause(row.cause),
        state=DeliveryState(row.state),
        attempts=row.attempts,
        due_at=row.due_at,
        created_at=row.created_at,
        ended_at=row.ended_at,
        last_outcome=None if row.last_outcome is None else AttemptOutcome(row.last_outcome),
        last_status=row.last_status,
    )


def _read_attempt(row: Row[Any]) -> Attempt:
    return Attempt(
        number=row.number,
        started_at=row.started_at,
        duration=timedelta(microseconds=row.duration),
        outcome=AttemptOutcome(row.outcome),
        error=row.error,
        address=row.address,
        status=row.status,
        request_headers=row.request_headers,
        response_headers=row.response_headers,
        response_body=bytes(row.response_body),
        response_truncated=row.response_truncated,
    )
