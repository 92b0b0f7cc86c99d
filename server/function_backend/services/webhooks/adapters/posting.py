"""One attempt: signed, posted, and described."""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor
from dataclasses import replace
from datetime import datetime, timedelta

from function_backend.kernel.clock import Clock
from function_backend.services.webhooks.adapters.recipients import Recipient, Recipients
from function_backend.services.webhooks.adapters.transport import Answer, Transport
from function_backend.services.webhooks.adapters.whole_bodies import WholeBodies
from function_backend.services.webhooks.domain.delivery import Attempt, AttemptOutcome, LeasedDelivery
from function_backend.services.webhooks.domain.retries import wished_pause
from function_backend.services.webhooks.domain.secret import signature_header

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
_USER_AGENT = "function-backend-webhooks/1"
_SIGNATURE = "webhook-signature"


class Posting:
    """Attempts deliveries. For one event loop."""

    def __init__(self, recipients: Recipients, whole: WholeBodies, transport: Transport, clock: Clock) -> None:
        self._recipients = recipients
        self._whole = whole
        self._transport = transport
        self._clock = clock

    async def close(self) -> None:
        """Closes the connections."""
        await self._transport.close()

    async def attempt(self, delivery: LeasedDelivery, database: Executor) -> Attempt | None:
        """What came of it; None when nothing is to be sent any more. `database` is where it may be waited for."""
        recipient = await self._recipient(delivery, database)
        if recipient is None:
            return None
        loop = asyncio.get_running_loop()
        if recipient.takes_everything:
            whose = (delivery.tenant_id, delivery.endpoint_id, delivery.event_id)
            whole = await loop.run_in_executor(database, self._whole.find, *whose)
            delivery = delivery if whole is None else replace(delivery, body=whole)
        begun_at = self._clock.now()
        clock_begun = loop.time()
        headers = _headers(delivery, recipient, begun_at)
        answer = await self._post(recipient, headers, delivery.body)
        taken = loop.time() - clock_begun
        return _attempt(delivery, answer, headers, begun_at, taken)

    async def _recipient(self, delivery: LeasedDelivery, database: Executor) -> Recipient | None:
        key = (delivery.tenant_id, delivery.endpoint_id, delivery.endpoint_revision)
        known = self._recipients.known(*key)
        if known is not None:
            return known
        return await asyncio.get_running_loop().run_in_executor(database, self._recipients.find, *key)

    async def _post(self, recipient: Recipient, headers: dict[str, str], body: bytes) -> Answer:
        if recipient.target is None:
            return Answer(AttemptOutcome.FORBIDDEN_ADDRESS, recipient.problem)
        if not headers[_SIGNATURE]:
            return Answer(AttemptOutcome.NOT_SIGNED, "the secrets of the endpoint are lost; rotate them")
        return await self._transport.post(recipient.target, headers, body)


def _headers(delivery: LeasedDelivery, recipient: Recipient, at: datetime) -> dict[str, str]:
    message_id, timestamp = str(delivery.event_id), int(at.timestamp())
    headers = {
        "Content-Type": CONTENT_TYPE,
        "User-Agent": _USER_AGENT,
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        _SIGNATURE: signature_header(
            recipient.signers_at(at), message_id=message_id, timestamp=timestamp, body=delivery.body
        ),
    }
    if delivery.trace_context:
        headers["traceparent"] = delivery.trace_context
    return headers


def _attempt(
    delivery: LeasedDelivery, answer: Answer, headers: dict[str, str], begun_at: datetime, taken: float
) -> Attempt:
    return Attempt(
        number=delivery.attempts + 1,
        started_at=begun_at,
        duration=timedelta(seconds=taken),
        outcome=answer.outcome,
        error=answer.error,
        address=answer.address,
        status=answer.status,
        # Who reads the log may not be who may forge.
        request_headers={name.lower(): value for name, value in headers.items() if name != _SIGNATURE},
        response_headers=answer.headers or {},
        response_body=answer.body,
        response_truncated=answer.truncated,
        retry_after=wished_pause(answer.status, answer.retry_after, now=begun_at),
    )
