"""How far the feeds are, and from where on events are kept. The events themselves are read by `events.log`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from function_backend.events.log import BEGINNING

if TYPE_CHECKING:
    from function_backend.persistence.unit_of_work import UnitOfWork
    from function_backend.persistence.wire import Driver

_HEADS_SQL = "select tenant_id, head from event_heads(%s)"
_FIRST_DAY_SQL = """
    select min(to_date(right(c.relname, 8), 'YYYYMMDD')) from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'event'::regclass and c.relname ~ '^event_[0-9]{8}$'
"""
_OLDEST_SQL = "select position, recorded_at from event where tenant_id = %s order by position limit 1"
_DAYS_AHEAD = 3


def heads(driver: Driver, tenants: Iterable[UUID]) -> dict[UUID, int]:
    """The last position of each of the tenants. Outside any tenant."""
    return dict(driver.execute(_HEADS_SQL, [list(tenants)]).fetchall())


def kept_since(work: UnitOfWork) -> datetime:
    """Whatever was recorded at this moment or later is kept."""
    row = work.driver.execute(_FIRST_DAY_SQL).fetchone()
    return BEGINNING if row is None or row[0] is None else datetime.combine(row[0], time(), UTC)


def oldest_kept(work: UnitOfWork) -> tuple[int, datetime] | None:
    """Position and moment of the tenant's oldest event; None when it has none."""
    row = work.driver.execute(_OLDEST_SQL, [work.tenant_id]).fetchone()
    return None if row is None else (int(row[0]), row[1])


def make_partitions(driver: Driver) -> None:
    """Makes the partitions of the days to come."""
    driver.execute("select make_event_partitions(%s)", [_DAYS_AHEAD])


def drop_old(driver: Driver, kept_for: timedelta) -> int:
    """Drops the partitions of days that are over for so long, and what else is as old; how much that was.

    Dead letters go when their events do.
    """
    dropped = 0
    for call in ("drop_event_partitions(%s)", "purge_stray_events(%s, 1000)", "purge_dead_letters(%s, 1000)"):
        row = driver.execute(f"select {call}", [kept_for]).fetchone()
        dropped += 0 if row is None else int(row[0])
    return dropped
