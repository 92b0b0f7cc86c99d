"""How long records are kept, and dropping those that are older."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from function_backend.kernel.clock import Clock
from function_backend.kernel.errors import ServiceError
from function_backend.persistence.unit_of_work import Transactions, UnitOfWork
from function_backend.services.audit.domain.retention import Retention
from function_backend.services.audit.errors import AuditRetentionTooShortError
from function_backend.services.audit.events import AuditRecordsDropped, AuditRetentionSet
from function_backend.services.audit.repository.checkpoint import CheckpointRepository
from function_backend.services.audit.repository.record import RecordRepository
from function_backend.services.audit.repository.retention import RetentionRepository, due_drops
from function_backend.services.audit.service.system import within

_log = logging.getLogger(__name__)

_TENANTS = 1_000
_BATCH = 10_000


class Retaining:
    """The use cases of retention."""

    def __init__(self, *, transactions: Transactions, clock: Clock, kept_for: timedelta, shortest: timedelta) -> None:
        """`kept_for` is what holds where a tenant decides nothing, 0 for ever."""
        self._transactions = transactions
        self._clock = clock
        self._default = kept_for or None
        self._shortest = shortest

    def get(self) -> Retention:
        """What holds for the caller's tenant."""
        with self._transactions.reading() as work:
            return self._found(work)

    def set(self, keep_for: timedelta | None) -> Retention:
        """Decides for the caller's tenant; None lets the installation decide. The same again changes nothing."""
        if keep_for is not None and keep_for < self._shortest:
            raise AuditRetentionTooShortError(self._shortest)
        with self._transactions() as work:
            before = self._found(work)
            if before.keep_for == keep_for:
                return before
            RetentionRepository(work).save(keep_for)
            retention = self._found(work)
            now = self._clock.now()
            work.record(AuditRetentionSet.of(work.tenant_id, retention, at=now, sequence=retention.first_seq))
        return retention

    def drop_all_due(self, done: Callable[[int], None] = lambda _: None) -> int:
        """Drops what is too old, of all tenants; of how many. `done` hears that after each of them, and may raise."""
        now = self._clock.now()
        due = self._transactions.without_tenant(
            lambda driver: due_drops(driver, default=self._default, at=now, at_most=_TENANTS)
        )
        dropped = 0
        for tenant_id, up_to in due:
            dropped += self._drop(tenant_id, up_to)
            done(dropped)
        return dropped

    def _drop(self, tenant_id: UUID, up_to: int) -> bool:
        try:
            with within(tenant_id, "audit-retention"):
                left = self._begin(up_to)
                while left:
                    # One after the other, so that no transaction is long; what is dropped is not seen meanwhile.
                    with self._transactions.edge() as work:
                        left = RecordRepository(work).drop(up_to, at_most=_BATCH)
        except ServiceError as error:
            _log.warning("old audit records of %s were not dropped: %s", tenant_id, error.message)
            return False
        return True

    def _begin(self, up_to: int) -> int:
        """Drops the records, and deletes the first of them; how many wait to be deleted."""
        with self._transactions.edge() as work:
            checkpoints, records = CheckpointRepository(work), RecordRepository(work)
            # Two processes that drop the same say so once.
            checkpoints.lock()
            beginning = records.beginning()
            checkpoint = checkpoints.newest(up_to=up_to)
            if checkpoint is None or checkpoint.seq != up_to:
                return 0
            head = records.head()
            if up_to > beginning and (head is None or head.record.seq <= up_to):
                # The chain needs a record to go on from; it is there after the next change.
                return 0
            left = records.drop(up_to, at_most=_BATCH)
            if up_to > beginning:
                work.record(AuditRecordsDropped.of(checkpoint, first_seq=beginning + 1, at=self._clock.now()))
            return left

    def _found(self, work: UnitOfWork) -> Retention:
        own = RetentionRepository(work).find()
        return Retention(
            keep_for=own,
            effective=self._default if own is None else own,
            first_seq=RecordRepository(work).beginning() + 1,
        )
