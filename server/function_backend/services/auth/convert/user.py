"""Users on the wire."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from google.protobuf.duration_pb2 import Duration

from function.auth.v1 import user_events_pb2, user_pb2, user_service_pb2
from function_backend.services.auth.convert.structs import read_struct, struct
from function_backend.services.auth.domain.checks import Checks
from function_backend.services.auth.domain.user import Profile, User, UserState
from function_backend.services.auth.domain.user_import import (
    UserImportOutcome,
    UserImportPlan,
    UserImportResult,
    UserImportRow,
    UserImportStep,
)
from function_backend.services.auth.events.user import UserEvent, UserUpdated
from function_backend.timestamps import timestamp

_STATES = {
    UserState.INVITED: user_pb2.USER_STATE_INVITED,
    UserState.ACTIVE: user_pb2.USER_STATE_ACTIVE,
    UserState.LOCKED: user_pb2.USER_STATE_LOCKED,
    UserState.SUSPENDED: user_pb2.USER_STATE_SUSPENDED,
}
_READ_STATES = {wire: state for state, wire in _STATES.items()}


def profile(message: user_pb2.User, checks: Checks) -> Profile:
    """What the caller says about the user, yet to be checked."""
    return Profile(
        user_name=message.user_name,
        email=message.email,
        display_name=message.display_name,
        attributes=read_struct(checks, "user.attributes", message.attributes),
        labels=dict(message.labels),
    )


def user(value: User, *, now: datetime) -> user_pb2.User:
    """The user as callers see it at the moment."""
    locked_out = value.state is UserState.ACTIVE and value.state_at(now) is UserState.LOCKED
    return user_pb2.User(
        id=str(value.id),
        etag=value.etag,
        user_name=value.profile.user_name,
        email=value.profile.email,
        display_name=value.profile.display_name,
        state=_STATES[value.state_at(now)],
        attributes=struct(value.profile.attributes),
        labels=value.profile.labels,
        create_time=timestamp(value.created_at),
        update_time=timestamp(value.updated_at),
        lock_expire_time=timestamp(value.locked_until) if locked_out else None,
        second_factor=value.second_factor,
    )


def states(wanted: Iterable[user_pb2.UserState.ValueType]) -> list[UserState]:
    """The states, each once."""
    return [_READ_STATES[state] for state in dict.fromkeys(wanted)]


def lifetime(message: Duration) -> timedelta | None:
    """The span; None when the field, which then has no seconds, is absent."""
    span = message.ToTimedelta()
    return span or None


def import_steps(requests: Iterable[user_service_pb2.ImportUsersRequest]) -> Iterator[UserImportStep]:
    """The steps of the stream, each read when it is asked for."""
    for request in requests:
        if request.HasField("config"):
            config = request.config
            yield UserImportStep(plan=UserImportPlan(source=config.source, validate_only=config.validate_only))
        else:
            yield UserImportStep(rows=[_row(row) for row in request.batch.rows])


def import_response(results: Sequence[UserImportResult]) -> user_service_pb2.ImportUsersResponse:
    """What became of the rows."""

    def count(outcome: UserImportOutcome) -> int:
        return sum(result.outcome is outcome for result in results)

    return user_service_pb2.ImportUsersResponse(
        row_count=len(results),
        created_count=count(UserImportOutcome.CREATED),
        existing_count=count(UserImportOutcome.EXISTS),
        rejected_count=count(UserImportOutcome.REJECTED),
        results=[
            user_service_pb2.ImportUsersResult(
                row=result.row,
                outcome=_OUTCOMES[result.outcome],
                user_id="" if result.user_id is None else str(result.user_id),
                reason=result.reason,
                field=result.field,
                description=result.description,
            )
            for result in results
        ],
    )


_OUTCOMES = {
    UserImportOutcome.CREATED: user_service_pb2.IMPORT_USERS_OUTCOME_CREATED,
    UserImportOutcome.EXISTS: user_service_pb2.IMPORT_USERS_OUTCOME_EXISTS,
    UserImportOutcome.REJECTED: user_service_pb2.IMPORT_USERS_OUTCOME_REJECTED,
}


def user_event(message: Callable[..., object]) -> Callable[[UserEvent], bytes]:
    """A function that makes the event's message, which carries the user."""

    def write(event: UserEvent) -> bytes:
        return message(user=user(event.user, now=event.occurred_at)).SerializeToString()  # type: ignore[attr-defined,no-any-return]

    return write


def user_updated(event: UserUpdated) -> bytes:
    """The event's message."""
    message = user_events_pb2.UserUpdated(
        user=user(event.user, now=event.occurred_at), changed_fields=event.changed_fields
    )
    return message.SerializeToString()


def _row(row: user_service_pb2.ImportUsersRow) -> UserImportRow:
    checks = Checks()
    return UserImportRow(row=row.row, profile=profile(row.user, checks), checks=checks, password_hash=row.password_hash)
