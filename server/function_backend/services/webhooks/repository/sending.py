"""What senders ask of all tenants, through the functions of the definer."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

import orjson

from function_backend.persistence import arrays
from function_backend.services.webhooks.domain.delivery import LeasedDelivery
from function_backend.services.webhooks.domain.outcomes import Told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from function_backend.persistence.wire import Driver

METHOD = "function-backend/webhooks"
"""What stands in audit records of what senders do by themselves."""
STATEMENT_SECONDS = 15.0

_LEASE_SQL = "select * from lease_webhook_deliveries(%b, %b, %b, %b::int, %b::int, %b::int)"
_RECORD_SQL = """
    select * from record_webhook_attempts(
        %b, %b::uuid[], %b::uuid[], %b::uuid[], %b::uuid[], %b::text[], %b::timestamptz[], %b::timestamptz[],
        %b::timestamptz[], %b::bigint[], %b::text[], %b::text[], %b::text[], %b::bigint[]::integer[],
        %b::text[]::jsonb[], %b::text[]::jsonb[], %b::bytea[], %b::bigint[]::integer[]::boolean[]
    )
"""


class Standing(NamedTuple):
    """How an endpoint fares."""

    tenant_id: UUID
    endpoint_id: UUID
    failing_since: datetime | None
    failures: int


class Limits(NamedTuple):
    """How much may be taken on."""

    most: int
    most_each: int
    """Of one endpoint at the same time, over all processes."""
    default_rate: int
    """Attempts per second of an endpoint that says nothing; 0 for no limit."""


def lease(driver: Driver, *, at: datetime, until: datetime, lease_id: UUID, limits: Limits) -> list[LeasedDelivery]:
    """Deliveries that are due, for this process alone until the moment."""
    with driver.cursor(binary=True) as cursor:
        cursor.execute(_LEASE_SQL, (at, until, lease_id, limits.most, limits.most_each, limits.default_rate))
        return [
            LeasedDelivery(
                tenant_id=tenant_id,
                endpoint_id=endpoint_id,
                endpoint_revision=revision,
                id=delivery_id,
                event_id=event_id,
                attempts=attempts,
                created_at=created_at,
                trace_context=trace_context,
                body=bytes(body),
                lease=lease_id,
            )
            for (
                tenant_id,
                endpoint_id,
                revision,
                delivery_id,
                event_id,
                attempts,
                created_at,
                trace_context,
                body,
            ) in cursor
        ]


def record(driver: Driver, told: Sequence[Told], *, at: datetime) -> list[Standing]:
    """Stores what came of attempts, and says how their endpoints fare.

    What was leased by somebody else meanwhile is passed over.
    """
    attempts = [each.attempt for each in told]
    deliveries = [each.delivery for each in told]
    values = (
        at,
        arrays.uuids([each.lease for each in deliveries]),
        arrays.uuids([each.tenant_id for each in deliveries]),
        arrays.uuids([each.endpoint_id for each in deliveries]),
        arrays.uuids([each.id for each in deliveries]),
        arrays.texts([each.state.value for each in told]),
        arrays.moments([each.due_at for each in told]),
        arrays.moments([each.quiet_until for each in told]),
        arrays.moments([each.started_at for each in attempts]),
        arrays.integers([round(each.duration.total_seconds() * 1e6) for each in attempts]),
        arrays.texts([each.outcome.value for each in attempts]),
        arrays.texts([each.error for each in attempts]),
        arrays.texts([each.address for each in attempts]),
        arrays.integers([each.status for each in attempts]),
        arrays.encoded_texts([orjson.dumps(each.request_headers) for each in attempts]),
        arrays.encoded_texts([orjson.dumps(each.response_headers) for each in attempts]),
        arrays.blobs([each.response_body for each in attempts]),
        arrays.integers([int(each.response_truncated) for each in attempts]),
    )
    with driver.cursor(binary=True) as cursor:
        cursor.execute(_RECORD_SQL, values)
        return [Standing(*row) for row in cursor]


def next_due(driver: Driver) -> datetime | None:
    """When something is due next; None when nothing is queued."""
    row = driver.execute("select next_webhook_due()", binary=True).fetchone()
    return None if row is None else row[0]


class Backlog(NamedTuple):
    """What waits."""

    deliveries: int
    endpoints: int


def backlog(driver: Driver, *, at: datetime) -> Backlog:
    """How many deliveries are open, and how many endpoints have some that are due."""
    row = driver.execute("select * from webhook_backlog(%b)", (at,)).fetchone()
    return Backlog(0, 0) if row is None else Backlog(int(row[0]), int(row[1]))


def open_replays(driver: Driver, *, limit: int) -> list[tuple[UUID, UUID]]:
    """Replays that go on: of which tenant, and which."""
    return [(row[0], row[1]) for row in driver.execute("select * from open_webhook_replays(%s)", (limit,))]


def purge(driver: Driver, now: datetime, *, at_most: int = 1000) -> int:
    """Deletes deliveries whose time is over, of all tenants, and says how many; safe to call from many workers."""
    row = driver.execute("select purge_webhook_deliveries(%s, %s)", (now, at_most)).fetchone()
    return 0 if row is None else int(row[0])
