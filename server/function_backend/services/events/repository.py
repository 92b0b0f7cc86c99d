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
_MOST_PURGED = 1_000


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


def keep_partitions(driver: Driver, kept_for: timedelta) -> None:
    """Makes the partitions of the days to come, and drops those of days that are over for so long."""
    driver.execute("select make_event_partitions(%s)", [_DAYS_AHEAD])
    driver.execute("select drop_event_partitions(%s)", [kept_for])
    driver.execute("select purge_stray_events(%s, %s)", [kept_for, _MOST_PURGED])
