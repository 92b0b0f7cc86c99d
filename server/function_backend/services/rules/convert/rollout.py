"""Rollouts on the wire."""

from __future__ import annotations

from function.rules.v1 import decision_pb2, rollout_events_pb2, rollout_pb2, rollout_service_pb2
from function_backend.services.rules.domain.decision import LoggedDecision
from function_backend.services.rules.domain.rollout import Agreement, RolloutEnd, RolloutMode
from function_backend.services.rules.events import RolloutEvent
from function_backend.services.rules.service.rollouts import NamedRollout, RolloutComparison, WantedRollout
from function_backend.timestamps import timestamp

wire = rollout_pb2

_MODES = {
    RolloutMode.SHADOW: wire.ROLLOUT_MODE_SHADOW,
    RolloutMode.PERCENTAGE: wire.ROLLOUT_MODE_PERCENTAGE,
}
_MODES_BY_NUMBER = {number: mode for mode, number in _MODES.items()}
_ENDS = {RolloutEnd.PROMOTE: wire.ROLLOUT_END_PROMOTE, RolloutEnd.DROP: wire.ROLLOUT_END_DROP}
_ENDS_BY_NUMBER = {number: end for end, number in _ENDS.items()}
_AGREEMENTS = {
    Agreement.AGREED.value: wire.ROLLOUT_AGREEMENT_AGREED,
    Agreement.DIFFERED.value: wire.ROLLOUT_AGREEMENT_DIFFERED,
    Agreement.FAILED.value: wire.ROLLOUT_AGREEMENT_FAILED,
}


def wanted(message: rollout_service_pb2.SetRolloutRequest) -> WantedRollout:
    """Which candidate, and how."""
    return WantedRollout(
        candidate=message.candidate_version,
        mode=_MODES_BY_NUMBER[message.mode],
        percent=message.percent,
        key=message.key,
        comment=message.comment,
    )


def end(message: rollout_service_pb2.EndRolloutRequest) -> RolloutEnd:
    """How the rollout ends."""
    return _ENDS_BY_NUMBER[message.end]


def rollout(value: NamedRollout) -> wire.Rollout:
    """The rollout as callers see it."""
    found = value.rollout
    return wire.Rollout(
        name=value.name,
        candidate_version=found.candidate,
        content_hash=found.content_hash,
        mode=_MODES[found.mode],
        percent=found.hundredths / 100,
        key=found.key,
        start_time=timestamp(found.started_at),
        update_time=timestamp(found.updated_at),
        author=found.author,
        comment=found.comment,
        active=value.active,
    )


def comparison(value: RolloutComparison) -> rollout_service_pb2.GetRolloutComparisonResponse:
    """What the log says of a candidate."""
    counts = value.counts
    return rollout_service_pb2.GetRolloutComparisonResponse(
        candidate_version=value.candidate,
        agreed=counts.agreed,
        differed=counts.differed,
        failed=counts.failed,
        not_compared=counts.not_compared,
        answered_by_candidate=counts.answered_by_candidate,
        examples=map(_example, value.examples),
    )


def set_payload(event: RolloutEvent) -> bytes:
    """The event of a rollout that began or changed."""
    return rollout_events_pb2.RolloutSet(rollout=_of_event(event, active=True)).SerializeToString()


def ended_payload(event: RolloutEvent) -> bytes:
    """The event of a rollout that ended."""
    return rollout_events_pb2.RolloutEnded(
        rollout=_of_event(event, active=False),
        end=wire.ROLLOUT_END_UNSPECIFIED if event.end is None else _ENDS[event.end],
        comment=event.comment,
    ).SerializeToString()


def _of_event(event: RolloutEvent, *, active: bool) -> wire.Rollout:
    return rollout(NamedRollout(event.name, event.rollout, active))


def _example(decision: LoggedDecision) -> wire.RolloutExample:
    other = decision.other_outcome
    return wire.RolloutExample(
        decision_id=str(decision.id),
        agreement=_AGREEMENTS[decision.agreement or ""],
        answer=decision_pb2.Decision.FromString(decision.outcome),
        other=decision_pb2.Decision(version=decision.other_version or 0)
        if other is None
        else decision_pb2.Decision.FromString(other),
    )
