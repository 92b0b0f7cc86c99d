"""Deliveries and replays on the wire."""

from __future__ import annotations

from uuid import UUID

from function.webhooks.v1 import delivery_pb2 as wire
from function.webhooks.v1 import webhook_service_pb2 as service
from function_backend.services.webhooks.domain.delivery import (
    Attempt,
    AttemptOutcome,
    Delivery,
    DeliveryCause,
    DeliveryState,
    Replay,
)
from function_backend.services.webhooks.service.deliveries import DeliveryQuery
from function_backend.timestamps import duration, timestamp

_STATES = {
    DeliveryState.PENDING: wire.DELIVERY_STATE_PENDING,
    DeliveryState.WAITING: wire.DELIVERY_STATE_WAITING,
    DeliveryState.DELIVERED: wire.DELIVERY_STATE_DELIVERED,
    DeliveryState.FAILED: wire.DELIVERY_STATE_FAILED,
}
_STATES_BY_NUMBER = {number: state for state, number in _STATES.items()}
_CAUSES = {
    DeliveryCause.EVENT: wire.DELIVERY_CAUSE_EVENT,
    DeliveryCause.RESEND: wire.DELIVERY_CAUSE_RESEND,
    DeliveryCause.REPLAY: wire.DELIVERY_CAUSE_REPLAY,
    DeliveryCause.TEST: wire.DELIVERY_CAUSE_TEST,
}
_OUTCOMES = {
    AttemptOutcome.DELIVERED: wire.ATTEMPT_OUTCOME_DELIVERED,
    AttemptOutcome.REFUSED: wire.ATTEMPT_OUTCOME_REFUSED,
    AttemptOutcome.TIMED_OUT: wire.ATTEMPT_OUTCOME_TIMED_OUT,
    AttemptOutcome.UNREACHABLE: wire.ATTEMPT_OUTCOME_UNREACHABLE,
    AttemptOutcome.FORBIDDEN_ADDRESS: wire.ATTEMPT_OUTCOME_FORBIDDEN_ADDRESS,
    AttemptOutcome.TLS_FAILED: wire.ATTEMPT_OUTCOME_TLS_FAILED,
    AttemptOutcome.PROTOCOL_ERROR: wire.ATTEMPT_OUTCOME_PROTOCOL_ERROR,
    AttemptOutcome.NOT_SIGNED: wire.ATTEMPT_OUTCOME_NOT_SIGNED,
}


def delivery_query(request: service.ListDeliveriesRequest) -> DeliveryQuery:
    """Which deliveries."""
    return DeliveryQuery(
        endpoint_id=UUID(request.endpoint_id),
        state=_STATES_BY_NUMBER.get(request.state),
        event_type=request.event_type,
        event_id=UUID(request.event_id) if request.event_id else None,
    )


def delivery(value: Delivery) -> wire.Delivery:
    """The delivery as callers see it."""
    event = value.event
    return wire.Delivery(
        id=str(value.id),
        endpoint_id=str(value.endpoint_id),
        event_id=str(event.event_id),
        event_type=event.event_type,
        event_position=event.position,
        subject_type=event.subject_type,
        subject_id=str(event.subject_id),
        cause=_CAUSES[value.cause],
        state=_STATES[value.state],
        attempts=value.attempts,
        next_attempt_time=timestamp(value.due_at if value.state is DeliveryState.PENDING else None),
        create_time=timestamp(value.created_at),
        end_time=timestamp(value.ended_at),
        last_outcome=wire.ATTEMPT_OUTCOME_UNSPECIFIED if value.last_outcome is None else _OUTCOMES[value.last_outcome],
        last_status_code=value.last_status,
    )


def attempt(value: Attempt) -> wire.Attempt:
    """The attempt as callers see it."""
    return wire.Attempt(
        number=value.number,
        start_time=timestamp(value.started_at),
        duration=duration(value.duration),
        outcome=_OUTCOMES[value.outcome],
        error=value.error,
        address=value.address,
        status_code=value.status,
        request_headers=value.request_headers,
        response_headers=value.response_headers,
        response_body=value.response_body,
        response_truncated=value.response_truncated,
    )


def replay(value: Replay) -> wire.Replay:
    """The replay as callers see it."""
    return wire.Replay(
        id=str(value.id),
        endpoint_id=str(value.endpoint_id),
        missed_only=value.missed_only,
        first_position=value.first_position,
        last_position=value.last_position,
        position=value.position,
        queued=value.queued,
        state=wire.REPLAY_STATE_RUNNING if value.ended_at is None else wire.REPLAY_STATE_DONE,
        create_time=timestamp(value.created_at),
        end_time=timestamp(value.ended_at),
    )
