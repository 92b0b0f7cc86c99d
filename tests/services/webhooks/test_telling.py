"""What came of attempts is stored, also when one of them cannot be."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from function_backend.kernel.identifiers import new_id
from function_backend.persistence.failures import DatabaseUnavailableError, UnstorableValueError
from function_backend.services.webhooks.adapters import sender as sender_module
from function_backend.services.webhooks.adapters.sender import Sender
from function_backend.services.webhooks.domain.delivery import Attempt, AttemptOutcome, DeliveryState, LeasedDelivery
from function_backend.services.webhooks.domain.outcomes import Outcomes, Told
from function_backend.services.webhooks.domain.retries import RetrySchedule
from function_backend.services.webhooks.repository.sending import Limits

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def told() -> Told:
    """An attempt that has arrived."""
    delivery = LeasedDelivery(
        tenant_id=new_id(),
        endpoint_id=new_id(),
        endpoint_revision=1,
        id=new_id(),
        event_id=new_id(),
        attempts=0,
        created_at=NOW,
        trace_context="",
        body=b"{}",
        lease=new_id(),
    )
    attempt = Attempt(
        number=1,
        started_at=NOW,
        duration=timedelta(seconds=1),
        outcome=AttemptOutcome.DELIVERED,
        error="",
        address="192.0.2.1",
        status=204,
        request_headers={},
        response_headers={},
        response_body=b"",
        response_truncated=False,
        retry_after=None,
    )
    return Told(delivery, attempt, DeliveryState.DELIVERED, None, None)


def store(attempts: Sequence[Told], refuse: Callable[[Sequence[Told]], None]) -> set[UUID]:
    """The deliveries of which it was stored what came of them; `refuse` may raise instead."""
    nothing: Any = None
    sender: Any = Sender(
        transactions=nothing,
        clock=nothing,
        posting=lambda: nothing,
        outcomes=Outcomes(RetrySchedule(), random.Random(1)),
        limits=Limits(10, 10, 0),
        attempt_timeout=timedelta(seconds=1),
        failing=lambda _standings, _gone: None,
    )
    stored: set[UUID] = set()

    def record(_driver: object, told: Sequence[Told]) -> list[object]:
        refuse(told)
        stored.update(each.delivery.id for each in told)
        return []

    async def ask(_running: object, use: Callable[[object], list[object]]) -> list[object]:
        return use(None)

    sender._record, sender._ask = record, ask

    async def run() -> None:
        running = sender_module._Running(asyncio.get_running_loop(), nothing)
        running.told.extend(attempts)
        running.all_told.clear()
        running.something_told.set()
        telling = asyncio.create_task(sender._tell(running))
        await running.all_told.wait()
        telling.cancel()

    asyncio.run(run())
    sender.close()
    return stored


@pytest.mark.parametrize("failure", [UnstorableValueError, ZeroDivisionError])
def test_one_that_cannot_be_stored_does_not_hold_up_the_others(failure: type[Exception]) -> None:
    attempts = [told() for _ in range(600)]
    bad = attempts[123].delivery.id

    def refuse(batch: Sequence[Told]) -> None:
        if any(each.delivery.id == bad for each in batch):
            raise failure

    assert store(attempts, refuse) == {each.delivery.id for each in attempts} - {bad}


def test_while_there_is_no_database_it_is_kept_and_stored_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender_module, "_AWAY_SECONDS", 0.001)
    attempts, failures = [told() for _ in range(3)], [DatabaseUnavailableError()] * 3

    def refuse(_: Sequence[Told]) -> None:
        if failures:
            raise failures.pop()

    assert store(attempts, refuse) == {each.delivery.id for each in attempts}
