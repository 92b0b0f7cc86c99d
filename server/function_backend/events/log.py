"""The log of events: read by position, which is the number of the event in the tenant's chain.

Positions are given in the order of the commits (ADR 22); records of the trail that are no events take numbers too. So a
cursor is one number: whoever has read up to a position has read everything before it, and nothing will appear there
later. `recorded_at` never goes back from one position to the next, so that reading after a known moment touches the
partitions since that day alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from function_backend.events.sealed_payload import is_sealed, masked, whole
from function_backend.persistence import arrays

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from function_backend.persistence.unit_of_work import UnitOfWork

TOPIC = "events"
"""The topic of the notification that follows commits of events; its text is the id of the tenant."""
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
"""A moment before all events."""
PREFIX_MARK = "*"
"""What a prefix of types ends with."""

_COLUMNS = """
    tenant_id, position, id, type, subject_type, subject_id, sequence, occurred_at, recorded_at, labels::text,
    trace_context, payload, actor
"""
_LABELS, _PAYLOAD = 9, 11
_READ_SQL = f"select {_COLUMNS} from event where tenant_id = %b and position > %b and recorded_at >= %b"  # noqa: S608
_FIND_SQL = f"select {_COLUMNS} from event where tenant_id = %b and id = %b"  # noqa: S608
_HEAD_SQL = "select head, recorded_at from event_head()"
_OLDEST_SQL = "select position from event where tenant_id = %b order by position limit 1"
_POSITION_AT_SQL = "select position - 1 from event where tenant_id = %b and recorded_at >= %b order by position limit 1"


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """One event as it is kept."""

    tenant_id: UUID
    position: int
    """Its number in the tenant's chain."""
    id: UUID
    type: str
    """The message that carries it, such as `function.company.v1.CompanyCreated`."""
    subject_type: str
    subject_id: UUID
    sequence: int
    """The number of the change among those of the resource, from 1."""
    occurred_at: datetime
    recorded_at: datetime
    """When it was written, by the clock of the database; it never goes back within a tenant."""
    labels: Mapping[str, str]
    """The labels of the resource, where its type has labels."""
    trace_context: str
    """The `traceparent` of the call that made it; empty when that was not traced."""
    payload: bytes
    """The serialised message, without what the contract marks as sensitive; see `opened`."""
    actor: str
    """Who did it, such as `user:01938d2e-…`."""
    sealed: bytes = field(default=b"", repr=False)
    """The payload as it is stored, when there is more to the message than `payload` shows."""


class Head(NamedTuple):
    """The end of a tenant's log."""

    position: int
    recorded_at: datetime


class Lane(NamedTuple):
    """One of several that share the resources of a tenant."""

    number: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Which events are wanted; what is empty leaves that open."""

    types: Sequence[str] = ()
    """Names of types; one that ends with `*` is a prefix, such as `function.company.*`."""
    subject_types: Sequence[str] = ()
    subject_ids: Sequence[UUID] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    """Labels that an event must all carry."""

    def matches(self, event: LoggedEvent) -> bool:
        """Whether the event is wanted."""
        return (
            (not self.types or any(type_matches(wanted, event.type) for wanted in self.types))
            and (not self.subject_types or event.subject_type in self.subject_types)
            and (not self.subject_ids or event.subject_id in self.subject_ids)
            and (not self.labels or self.labels.items() <= event.labels.items())
        )


EVERYTHING = EventFilter()


def type_matches(wanted: str, type_name: str) -> bool:
    """Whether the type has the name, or begins with it where it ends with `*`."""
    if wanted.endswith(PREFIX_MARK):
        return type_name.startswith(wanted[:-1])
    return type_name == wanted


def read_events(
    work: UnitOfWork,
    *,
    after: int,
    limit: int,
    since: datetime = BEGINNING,
    wanted: EventFilter = EVERYTHING,
    lane: Lane | None = None,
) -> list[LoggedEvent]:
    """The tenant's events that follow the position, in order.

    `since` is a moment at which the position had been given already, such as that of the event there: it spares looking
    into older partitions. `lane` leaves out the resources of other lanes.
    """
    statement, parameters = _READ_SQL, [work.tenant_id, after, since]
    for condition, value in _conditions(wanted, lane):
        statement += f" and {condition}"
        parameters.append(value)
    parameters.append(limit)
    return _rows(work, f"{statement} order by position limit %b", parameters)


def find_event(work: UnitOfWork, event_id: UUID) -> LoggedEvent | None:
    """The tenant's event with the id; None when there is none, or none any more."""
    found = _rows(work, _FIND_SQL, [work.tenant_id, event_id])
    return found[0] if found else None


def opened(work: UnitOfWork, event: LoggedEvent) -> LoggedEvent:
    """The event with the whole message, for those alone who may see what the contract marks as sensitive.

    The unit of work is the event's tenant's. Raises SecretLostError when the tenant's data key is gone.
    """
    if not event.sealed:
        return event
    return replace(event, payload=whole(work, event.id, event.sealed), sealed=b"")


def head(work: UnitOfWork) -> Head:
    """The tenant's last position, 0 before the first event. Events up to it are visible to what is read afterwards."""
    row = work.driver.execute(_HEAD_SQL).fetchone()
    return Head(0, BEGINNING) if row is None else Head(row[0], max(row[1], BEGINNING))


def oldest(work: UnitOfWork) -> int:
    """The position of the oldest event that is still kept; the one after the last when none is."""
    row = work.driver.execute(_OLDEST_SQL, [work.tenant_id]).fetchone()
    return head(work).position + 1 if row is None else int(row[0])


def position_at(work: UnitOfWork, moment: datetime) -> int:
    """The position after which the events follow that were recorded at the moment or later."""
    # The end first: what is recorded in between has a position behind it.
    end = head(work).position
    row = work.driver.execute(_POSITION_AT_SQL, [work.tenant_id, moment]).fetchone()
    return end if row is None else int(row[0])


def _conditions(wanted: EventFilter, lane: Lane | None) -> list[tuple[str, Any]]:
    conditions: list[tuple[str, Any]] = []
    if lane is not None and lane.of > 1:
        conditions.append((f"shard %% {int(lane.of)} = %b::int", lane.number))
    if wanted.types:
        patterns = [_pattern(name) for name in wanted.types]
        conditions.append(("type like any(%b::text[])", arrays.texts(patterns)))
    if wanted.subject_types:
        conditions.append(("subject_type = any(%b::text[])", arrays.texts(wanted.subject_types)))
    if wanted.subject_ids:
        conditions.append(("subject_id = any(%b::uuid[])", arrays.uuids(wanted.subject_ids)))
    if wanted.labels:
        conditions.append(("labels @> %b::text::jsonb", orjson.dumps(dict(wanted.labels)).decode()))
    return conditions


def _pattern(name: str) -> str:
    bare, is_prefix = name.removesuffix(PREFIX_MARK), name.endswith(PREFIX_MARK)
    escaped = bare.replace("\\", "\\\\").replace("_", "\\_").replace("%", "\\%")
    return f"{escaped}%" if is_prefix else escaped


def _rows(work: UnitOfWork, statement: str, parameters: Sequence[Any]) -> list[LoggedEvent]:
    # Binary: a payload as text is twice as long, and moments take three times as long to read.
    with work.driver.cursor(binary=True) as cursor:
        cursor.execute(statement.encode(), parameters)
        return [_event(row) for row in cursor]


def _event(row: tuple[Any, ...]) -> LoggedEvent:
    values = list(row)
    values[_LABELS] = {} if row[_LABELS] == "{}" else orjson.loads(row[_LABELS])
    stored = bytes(row[_PAYLOAD])
    if is_sealed(stored):
        values[_PAYLOAD] = masked(stored)
        values.append(stored)
    return LoggedEvent(*values)
