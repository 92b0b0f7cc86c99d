"""Rotating the data keys of tenants while everything is served."""

from __future__ import annotations

from uuid import UUID

from function_backend.jobs.queue import JobQueue
from function_backend.kernel.clock import Clock
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.auth.domain.data_key import DataKey
from function_backend.services.auth.domain.tenant import TenantState
from function_backend.services.auth.errors.data_key import DataKeyNotFoundError, DataKeyRotationRunningError
from function_backend.services.auth.errors.tenant import TenantDeletedError
from function_backend.services.auth.events.data_key import DataKeyRotated
from function_backend.services.auth.repository.data_key import DataKeyRepository
from function_backend.services.auth.service.tenant_reach import reached
from function_backend.vault.resealing import RESEALING_JOB
from function_backend.vault.vault import Vault


class DataKeyService:
    """The use cases of data keys."""

    def __init__(self, *, transactions: Transactions, clock: Clock, vault: Vault, jobs: JobQueue) -> None:
        self._transactions = transactions
        self._clock = clock
        self._vault = vault
        self._jobs = jobs

    def rotate(self, tenant_id: UUID | None) -> tuple[DataKey, UUID]:
        """The tenant's new key, and the job that encrypts anew what was encrypted before."""
        now = self._clock.now()
        with self._transactions() as work:
            tenant = reached(work, tenant_id)
            if tenant.state is TenantState.DELETED:
                raise TenantDeletedError(tenant.id)
            keys = DataKeyRepository(work)
            key_id, wrapped = self._vault.new_data_key(tenant.id)
            if not keys.add_generation(tenant.id, key_id, wrapped, at=now):
                raise DataKeyRotationRunningError(tenant.id)
            key = keys.find(tenant.id)
            if key is None:
                raise DataKeyNotFoundError(tenant.id)
            work.record(DataKeyRotated.of(key, at=now))
            # A job of the caller's tenant, where it can be watched, whosever the key is.
            job_id = self._jobs.enqueue(work, RESEALING_JOB, str(tenant.id).encode())
        return key, job_id

    def get(self, tenant_id: UUID | None) -> DataKey:
        """The tenant's newest key, and how far everything is encrypted under it."""
        with self._transactions.reading() as work:
            tenant = reached(work, tenant_id)
            key = DataKeyRepository(work).find(tenant.id)
        if key is None:
            raise DataKeyNotFoundError(tenant.id)
        return key
