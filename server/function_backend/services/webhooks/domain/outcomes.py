"""What becomes of a delivery after an attempt."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from function_backend.services.webhooks.domain.delivery import (
    Attempt,
    AttemptOutcome,
    DeliveryState,
    LeasedDelivery,
)
from function_backend.services.webhooks.domain.retries import RetrySchedule, quiet_after

GONE = 410
"""The receiver is no more interested (RFC 9110 section 15.5.11)."""


class Told(NamedTuple):
    """What came of an attempt, and what becomes of the delivery."""

    delivery: LeasedDelivery
    attempt: Attempt
    state: DeliveryState
    due_at: datetime | None
    """When the next attempt is made; None when there is none."""
    quiet_until: datetime | None
    """Until when the receiver wants to be left alone as a whole."""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Decides by the schedule and by what the receiver asks for."""

    schedule: RetrySchedule
    chance: random.Random

    def of(self, delivery: LeasedDelivery, attempt: Attempt, *, now: datetime) -> Told:
        """What is to be stored of the attempt."""
        if attempt.outcome is AttemptOutcome.DELIVERED:
            return Told(delivery, attempt, DeliveryState.DELIVERED, None, None)
        if attempt.status == GONE:
            return Told(delivery, attempt, DeliveryState.FAILED, None, None)
        due_at = self.schedule.next_attempt(
            attempts=delivery.attempts + 1,
            queued_at=delivery.created_at,
            now=now,
            wish=attempt.retry_after,
            chance=self.chance,
        )
        quiet = quiet_after(attempt.status, attempt.retry_after)
        return Told(
            delivery,
            attempt,
            DeliveryState.FAILED if due_at is None else DeliveryState.PENDING,
            due_at,
            None if quiet is None else now + quiet,
        )
