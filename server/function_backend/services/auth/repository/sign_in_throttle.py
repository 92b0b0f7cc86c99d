"""Counting failed sign-ins where every worker sees them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql

from function_backend.persistence.wire import Driver
from function_backend.services.auth.domain.throttle import Throttle, fresh
from function_backend.services.auth.tables.user import sign_in_throttle_table

if TYPE_CHECKING:
    from function_backend.persistence.unit_of_work import UnitOfWork

_throttle = sign_in_throttle_table.c


class SignInThrottleRepository:
    """The failed sign-ins of the unit of work's tenant."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def lock(self, keys: Sequence[bytes], *, now: datetime) -> dict[bytes, Throttle]:
        """What is counted under each key, which nobody else changes until the transaction ends."""
        blank = fresh(now)
        rows = [
            {
                "tenant_id": self._work.tenant_id,
                "who": key,
                "failures": blank.failures,
                "last_at": blank.last_at,
                "blocked_until": blank.blocked_until,
            }
            for key in sorted(keys)
        ]
        self._work.connection.execute(postgresql.insert(sign_in_throttle_table).values(rows).on_conflict_do_nothing())
        # In one order for everybody: two sign-ins that share two keys would else wait for each other.
        query = (
            select(_throttle.who, _throttle.failures, _throttle.last_at, _throttle.blocked_until)
            .where(_throttle.tenant_id == self._work.tenant_id, _throttle.who.in_(keys))
            .order_by(_throttle.who)
            .with_for_update()
        )
        return {
            row.who: Throttle(failures=row.failures, last_at=row.last_at, blocked_until=row.blocked_until)
            for row in self._work.connection.execute(query)
        }

    def save(self, throttles: Mapping[bytes, Throttle]) -> None:
        """Stores what is counted under each key."""
        for key in sorted(throttles):
            throttle = throttles[key]
            self._work.connection.execute(
                update(sign_in_throttle_table)
                .where(_throttle.tenant_id == self._work.tenant_id, _throttle.who == key)
                .values(failures=throttle.failures, last_at=throttle.last_at, blocked_until=throttle.blocked_until)
            )

    def forget(self, key: bytes) -> None:
        """Nothing is counted under the key any more."""
        self._work.connection.execute(
            delete(sign_in_throttle_table).where(_throttle.tenant_id == self._work.tenant_id, _throttle.who == key)
        )


def purge_throttles(driver: Driver, last_before: datetime, *, at_most: int = 1000) -> int:
    """Deletes counts of all tenants that are forgotten by now, and says how many; safe to call from many workers."""
    row = driver.execute("select purge_sign_in_throttles(%s, %s)", (last_before, at_most)).fetchone()
    return 0 if row is None else int(row[0])
