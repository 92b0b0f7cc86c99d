"""Disabling endpoints to which nothing arrives."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from function_backend.kernel.background import acting_for
from function_backend.kernel.clock import Clock
from function_backend.persistence.unit_of_work import Transactions
from function_backend.services.webhooks.domain.endpoint import DisableReason
from function_backend.services.webhooks.domain.outcomes import Told
from function_backend.services.webhooks.events import EndpointDisabled
from function_backend.services.webhooks.repository.endpoint import EndpointRepository
from function_backend.services.webhooks.repository.sending import METHOD, STATEMENT_SECONDS, Standing

_FEWEST_FAILURES = 10


class Failing:
    """Looks at endpoints whose last attempts have failed."""

    def __init__(self, *, transactions: Transactions, clock: Clock, disable_after: timedelta) -> None:
        self._transactions = transactions
        self._clock = clock
        self._disable_after = disable_after

    def __call__(self, failing: Sequence[Standing], gone: Sequence[Told]) -> None:
        """Disables those that have failed for too long, and those that said that they are gone."""
        now = self._clock.now()
        told = {(each.delivery.tenant_id, each.delivery.endpoint_id): each.attempt.error for each in gone}
        for (tenant_id, endpoint_id), error in told.items():
            self._disable(tenant_id, endpoint_id, DisableReason.GONE, error)
        for each in failing:
            if (
                each.failing_since is not None
                and each.failures >= _FEWEST_FAILURES
                and now - each.failing_since >= self._disable_after
            ):
                error = f"every attempt failed since {each.failing_since.isoformat(timespec='seconds')}"
                self._disable(each.tenant_id, each.endpoint_id, DisableReason.FAILING, error)

    def _disable(self, tenant_id: UUID, endpoint_id: UUID, reason: DisableReason, error: str) -> None:
        now = self._clock.now()
        with acting_for(tenant_id, METHOD, seconds=STATEMENT_SECONDS), self._transactions.apart() as work:
            endpoints = EndpointRepository(work)
            before = endpoints.find(endpoint_id, lock=True)
            if before is None or not before.enabled:
                return
            after = before.disabled(reason, at=now)
            failures = endpoints.failures(endpoint_id)
            endpoints.save_disabled(after)
            work.record(EndpointDisabled.of(after, at=now, failures=failures, last_error=error))
