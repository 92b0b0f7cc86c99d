"""What is published, and what callers decided by it, on the wire."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from function.rules.v1 import decision_pb2
from function.rules.v1 import distribution_service_pb2 as wire
from function_backend.kernel.errors import FieldViolation, invalid_fields
from function_backend.services.rules.adapters.follower import Update
from function_backend.services.rules.convert.decision import status_of
from function_backend.services.rules.domain.decision import LoggedDecision
from function_backend.services.rules.domain.distribution import (
    Followed,
    PublishedDefinition,
    RefusedReport,
    ReportedDecision,
    Reporter,
)
from function_backend.services.rules.domain.version import Version
from function_backend.timestamps import read_optional_moment, timestamp
from function_backend_rules.recording.inputs import kept_inputs

_DEFAULT_HEARTBEAT = 5.0


def followed(request: wire.WatchPublishedRequest) -> Followed:
    """Which decisions somebody follows."""
    if not request.names and not request.name_prefix:
        raise invalid_fields(FieldViolation("names", "is empty; name decisions, or give a name_prefix"))
    return Followed(names=frozenset(request.names), prefix=request.name_prefix)


def heartbeat(request: wire.WatchPublishedRequest) -> float:
    """Seconds between two messages at most."""
    if not request.HasField("heartbeat"):
        return _DEFAULT_HEARTBEAT
    return request.heartbeat.seconds + request.heartbeat.nanos / 1e9


def messages(update: Update) -> Iterator[bytes]:
    """The messages of an update: a version in each, for they may be large, and the last one with the decisions."""
    as_of = timestamp(update.published.as_of)
    for version in update.versions:
        told = _version(version, known=version.content.content_hash in update.known)
        yield wire.WatchPublishedResponse(versions=[told], as_of=as_of).SerializeToString()
    yield wire.WatchPublishedResponse(
        definitions=map(_definition, update.definitions), complete=True, as_of=as_of
    ).SerializeToString()


def reported(message: wire.ReportedDecision) -> ReportedDecision:
    """A decision that a caller took itself."""
    decided_at = read_optional_moment(message, "decide_time")
    if decided_at is None:
        raise RuntimeError("validation lets no report through without its time")
    matched = message.status == decision_pb2.DECISION_STATUS_MATCHED
    outcome = decision_pb2.Decision(
        id=message.id,
        name=message.name,
        version=message.version,
        content_hash=message.content_hash,
        status=message.status,
        value=message.value if matched and message.HasField("value") else None,
        matches=message.matches,
        failures=message.failures,
        by_otherwise=message.by_otherwise,
    )
    return ReportedDecision(
        id=UUID(message.id),
        name=message.name,
        version=message.version,
        content_hash=message.content_hash,
        status=status_of(message.status),
        decided_at=decided_at,
        effective_at=read_optional_moment(message, "effective_time") or decided_at,
        outcome=outcome.SerializeToString(),
        inputs=message.inputs.SerializeToString(deterministic=True) if message.HasField("inputs") else None,
        redacted=message.redacted,
        digest=bytes.fromhex(message.inputs_digest),
    )


def recorded(total: int, refused: Sequence[RefusedReport]) -> wire.RecordDecisionsResponse:
    """What became of reports."""
    return wire.RecordDecisionsResponse(
        recorded=total - len(refused),
        refused=[
            wire.RefusedDecision(
                index=each.index, id=str(each.id), reason=each.failure.reason, message=each.failure.message
            )
            for each in refused
        ],
    )


class KeepingReports:
    """What the log keeps of reports."""

    def __init__(self, *, kept_for: timedelta, with_inputs: bool) -> None:
        self._kept_for = kept_for
        self._with_inputs = with_inputs

    def __call__(
        self, report: ReportedDecision, version: Version, by: Reporter, values: Mapping[str, Any]
    ) -> LoggedDecision:
        """What is kept of the report."""
        # Emptied here as well: that the caller did it is the caller's word.
        sent = decision_pb2.DecisionInputs.FromString(report.inputs or b"")
        inputs = kept_inputs(sent, values)
        given = report.inputs is not None
        return LoggedDecision(
            id=report.id,
            tenant_id=by.tenant_id,
            definition_id=version.definition_id,
            name=report.name,
            version=report.version,
            content_hash=report.content_hash,
            status=report.status,
            decided_at=report.decided_at,
            effective_at=report.effective_at,
            expires_at=report.decided_at + self._kept_for,
            caller=by.caller,
            outcome=report.outcome,
            inputs=inputs.message if self._with_inputs and given else None,
            redacted=report.redacted or inputs.redacted,
            inputs_digest=report.digest or (inputs.digest if given else b""),
            local=True,
        )


def _definition(value: PublishedDefinition) -> wire.PublishedDefinition:
    return wire.PublishedDefinition(
        name=value.name,
        periods=[
            wire.PublishedPeriod(
                version=each.version, valid_from=timestamp(each.valid_from), valid_until=timestamp(each.valid_until)
            )
            for each in value.periods
        ],
    )


def _version(value: Version, *, known: bool) -> wire.PublishedVersion:
    return wire.PublishedVersion(
        name=value.name,
        version=value.number,
        content=b"" if known else value.content.body,
        content_hash=value.content.content_hash,
        calls=[wire.CalledDefinition(name=call.name, version=call.version) for call in value.calls],
    )
