"""Seals in the background what was stored before it was sealed, or under a data key that was superseded.

One pass over the sealed places of a tenant, batch by batch, each batch with its progress in one transaction that locks
the tenant's row in `resealing`: it may be killed at any point and goes on where it was, and of several processes each
batch is done by one. When the pass is over and what it may have overtaken has ended, the superseded keys are dropped.
"""

from __future__ import annotations

import logging
import threading
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import func, select, update

from function_backend.kernel.background import acting_for
from function_backend.persistence.idempotency import KEPT_FOR
from function_backend.vault.resealing_table import resealing_table

if TYPE_CHECKING:
    from sqlalchemy import Row

    from function_backend.kernel.clock import Clock
    from function_backend.kernel.sealing import SealedPlaces
    from function_backend.persistence.unit_of_work import Transactions, UnitOfWork

_LOG = logging.getLogger(__name__)

DROPPED_AFTER = KEPT_FOR + timedelta(hours=1)
"""How long superseded keys are kept when nothing is sealed under them any more but answers kept for repetition."""

RESEALING_TOPIC = "resealing"
"""Told when a key was rotated."""

_NAME = "function-backend/resealing"
_EVERY_SECONDS = 15.0
_CLOSING_SECONDS = 5.0
_BATCH = 200
_TENANTS_AT_ONCE = 100
_RETRY = timedelta(minutes=1)
_TENANTS_SQL = "select read_tenants_to_reseal(%s, %s, %s)"

_row = resealing_table.c


class Resealing:
    """The background work; it is `kernel.background.Background`."""

    name = "resealing"

    def __init__(
        self, transactions: Transactions, places: SealedPlaces, clock: Clock, *, every: float = _EVERY_SECONDS
    ) -> None:
        """`every` is how many seconds it waits when there is nothing to do."""
        self._transactions = transactions
        self._places = places
        self._clock = clock
        self._every = every
        self._ending = threading.Event()
        self._woken = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begins in a thread of its own."""
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Begins no further batch."""
        self._ending.set()
        self._woken.set()

    def wake(self, _: str = "") -> None:
        """A key was rotated somewhere: there is something to do."""
        self._woken.set()

    def close(self) -> None:
        """Waits for the batch that runs."""
        self.end()
        if self._thread is not None:
            self._thread.join(_CLOSING_SECONDS)

    def run_once(self) -> int:
        """Does one batch for each tenant that has something to do; how many batches it did."""
        now = self._clock.now()
        asked = (now, now - DROPPED_AFTER, _TENANTS_AT_ONCE)
        rows = self._transactions.without_tenant(lambda driver: driver.execute(_TENANTS_SQL, asked).fetchall())
        return sum(self._attempt(tenant_id) for (tenant_id,) in rows if not self._ending.is_set())

    def _run(self) -> None:
        while not self._ending.is_set():
            try:
                done = self.run_once()
            except Exception:  # noqa: BLE001 - whatever it is, the thread must live on
                _LOG.exception("sealing again failed; it is tried again")
                done = 0
            if not done:
                self._woken.wait(self._every)
                self._woken.clear()

    def _attempt(self, tenant_id: UUID) -> bool:
        try:
            with acting_for(tenant_id, _NAME), self._transactions() as work:
                return self._batch(work)
        except Exception:  # noqa: BLE001 - the other tenants are not to wait for it
            # Such as a master key that is not in the settings.
            _LOG.exception("sealing again failed for tenant %s; it is tried again", tenant_id)
        with acting_for(tenant_id, _NAME), self._transactions() as work:
            self._note(work, retry_at=self._clock.now() + _RETRY)
        return False

    def _batch(self, work: UnitOfWork) -> bool:
        """Whether there was something to do, and nobody else at it."""
        # SKIP LOCKED: another process does the batch just now.
        query = select(resealing_table).where(_row.tenant_id == work.tenant_id).with_for_update(skip_locked=True)
        state = work.connection.execute(query).one_or_none()
        if state is None or state.dropped_at is not None:
            return False
        now = self._clock.now()
        if state.finished_at is None:
            self._go_on(work, state, now)
        elif state.faults == 0 and state.finished_at <= now - DROPPED_AFTER:
            work.connection.execute(select(func.drop_superseded_data_keys(now - DROPPED_AFTER, now)))
        else:
            return False
        return True

    def _go_on(self, work: UnitOfWork, state: Row[tuple[object, ...]], now: datetime) -> None:
        places = self._places.from_name(state.place)
        if not places:
            self._note(work, updated_at=now, finished_at=now, retry_at=None)
            return
        place = places[0]
        done = place.reseal(work, state.after if place.name == state.place else None, limit=_BATCH)
        following = place.name if done.after is not None else _following(place.name)
        self._note(
            work,
            updated_at=now,
            place=following,
            after=done.after,
            resealed=state.resealed + done.count,
            faults=state.faults + done.faults,
            retry_at=None,
        )

    def _note(self, work: UnitOfWork, **values: object) -> None:
        work.connection.execute(update(resealing_table).where(_row.tenant_id == work.tenant_id).values(**values))


def _following(name: str) -> str:
    """What stands right after the name in the order of names."""
    return f"{name} "
